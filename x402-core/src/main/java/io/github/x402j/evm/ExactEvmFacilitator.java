// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies payments against a chain and settles them on it, with a gas-paying key of the seller's:
 * scheme {@code exact} with EIP-3009 authorizations.
 *
 * <pre>{@code
 * Facilitator facilitator =
 *     ExactEvmFacilitator.builder(
 *             Network.BASE, Web3jChain.at(rpcUrl), EvmSigner.fromEnvironment("GAS_KEY"))
 *         .build();
 * }</pre>
 *
 * <p>The gas key moves no tokens and needs only enough of the chain's coin for gas: the payer's
 * signature fixes amount and recipient. Safe for use by several threads.
 */
public final class ExactEvmFacilitator implements Facilitator {
  /** How long a settlement waits for its receipt unless said otherwise. */
  public static final Duration DEFAULT_SETTLE_TIMEOUT = Duration.ofSeconds(30);

  /** The most that a unit of gas may cost unless said otherwise: 100 gwei, in wei. */
  public static final BigInteger DEFAULT_FEE_CEILING = BigInteger.valueOf(100_000_000_000L);

  /** The most gas that a settlement may use; a transfer of USDC uses about 90,000. */
  public static final BigInteger MAX_GAS = BigInteger.valueOf(300_000);

  private static final Logger log = LoggerFactory.getLogger(ExactEvmFacilitator.class);

  private final Network network;
  private final Chain chain;
  private final GasPool gasPool;
  private final AuthorizationChecks authorizations;
  private final Clock clock;
  private final BigInteger feeCeiling;
  private final Duration settleTimeout;
  private final int confirmations;
  private final LookBack lookBack;

  private ExactEvmFacilitator(Builder builder) {
    network = builder.network;
    chain = builder.chain;
    gasPool =
        new GasPool(
            builder.gasKeys.stream()
                .map(key -> new GasAccount(key, builder.chain, builder.network.chainId()))
                .toList(),
            builder.clock);
    authorizations =
        new AuthorizationChecks(
            builder.clock,
            any -> builder.contractWallets ? Optional.of(builder.chain) : Optional.empty());
    clock = builder.clock;
    feeCeiling = builder.feeCeiling;
    settleTimeout = builder.settleTimeout;
    confirmations = builder.confirmations;
    lookBack = builder.lookBack;
  }

  /**
   * Returns a builder.
   *
   * @param network the chain that is expected behind the port; another one stops the start
   * @param gasKey pays the gas
   */
  public static Builder builder(Network network, Chain chain, EvmSigner gasKey) {
    return new Builder(network, chain, gasKey);
  }

  @Override
  public boolean supports(String scheme, Network candidate) {
    return scheme.equals(PaymentRequirements.EXACT) && candidate.equals(network);
  }

  /** Returns the gas accounts. */
  @Override
  public Set<Address> signers() {
    return gasPool.addresses();
  }

  @Override
  public void start(List<PaymentRequirements> offered) {
    List<Token> tokens = offered.stream().map(AuthorizationChecks::tokenOf).distinct().toList();
    StartUpChecks checks = new StartUpChecks(chain, network);
    checks.requireChain();
    tokens.forEach(checks::requireToken);
    gasPool.addresses().forEach(checks::warnIfWithoutGas);
    lookBack.measure(chain, offered);
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return authorizations.check(payload, requirements);
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    TransferAuthorization authorization = AuthorizationChecks.payloadOf(payment).authorization();
    Address asset = payment.requirements().asset();
    List<Chain.CallResult> results =
        chain.call(
            List.of(
                Chain.Call.latest(
                    asset, Eip3009.authorizationState(authorization.from(), authorization.nonce())),
                Chain.Call.latest(asset, Eip3009.balanceOf(authorization.from())),
                transferCall(payment)));
    if (Words.isTrue(results.get(0), "authorizationState")) {
      return invalid(payment, ErrorReason.NONCE_ALREADY_USED, "authorization: used or cancelled");
    }
    BigInteger balance = Words.number(results.get(1), "balanceOf");
    if (balance.compareTo(authorization.value().atomicUnits()) < 0) {
      return invalid(payment, ErrorReason.INSUFFICIENT_FUNDS, "the payer's balance is too low");
    }
    if (results.get(2) instanceof Chain.CallResult.Reverted) {
      return invalid(
          payment, ErrorReason.INVALID_TRANSACTION_STATE, "the simulated transfer reverts");
    }
    return new Verification.Valid(payment);
  }

  @Override
  public Settlement settle(SignedPayment payment, Consumer<String> beforeBroadcast)
      throws FacilitatorException {
    Instant deadline = clock.instant().plus(settleTimeout);
    Chain.Call transfer = transferCall(payment);
    Chain.Quote quote = chain.quote(transfer);
    if (quote.reverted() != null) {
      return revertedBeforeSending(payment);
    }
    GasFees fees = GasFees.of(quote, feeCeiling);
    if (quote.gas().compareTo(MAX_GAS) > 0) {
      return new Settlement.Failed(
          ErrorReason.INVALID_TRANSACTION_STATE, "the transfer needs more gas than is allowed");
    }
    BigInteger gas = quote.gas().multiply(BigInteger.valueOf(6)).divide(BigInteger.valueOf(5));
    GasPool.Sent sent =
        gasPool.send(
            new GasAccount.Task(transfer.to(), transfer.data(), gas, fees),
            settleTimeout,
            () -> clock.instant().isBefore(payment.validBefore()),
            beforeBroadcast);
    if (sent == null) {
      return new Settlement.Failed(
          ErrorReason.AUTHORIZATION_EXPIRED, "the window closed before the transaction was sent");
    }
    String hash = sent.transaction().hash();
    if (sent.transaction().broadcast() instanceof Chain.Broadcast.Rejected rejected) {
      return rejectedBroadcast(payment, sent, rejected);
    }
    Settlement outcome = new SettlementWait(chain, clock, outcomeOf(payment), deadline).until(hash);
    if (outcome instanceof Settlement.Pending) {
      sent.account().recount(); // the node may have lost the transaction: its number is free again
    }
    return outcome;
  }

  /** Our transaction is nowhere, but somebody else's may have been quicker. */
  private Settlement rejectedBroadcast(
      SignedPayment payment, GasPool.Sent sent, Chain.Broadcast.Rejected rejected)
      throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.of(sent.transaction().hash()));
    if (!(outcome instanceof Settlement.Pending)) {
      return outcome;
    }
    log.error(
        "the node rejected a settlement of {}: {}",
        sent.account().address(),
        SendErrors.shown(rejected));
    throw new FacilitatorException("the node rejected the settlement");
  }

  /** Nothing was sent by us; perhaps somebody else's transaction has used the authorization. */
  private Settlement revertedBeforeSending(SignedPayment payment) throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.empty());
    return outcome instanceof Settlement.Pending
        ? new Settlement.Failed(
            ErrorReason.INVALID_TRANSACTION_STATE, "the transfer would revert; nothing was sent")
        : outcome;
  }

  @Override
  public Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    return outcomeOf(payment).now(transaction);
  }

  /** Names the network and the gas accounts; holds no key. */
  @Override
  public String toString() {
    return "ExactEvmFacilitator[" + network + ", gas accounts " + gasPool.addresses() + "]";
  }

  private AuthorizationOutcome outcomeOf(SignedPayment payment) {
    return new AuthorizationOutcome(
        chain,
        payment.requirements().asset(),
        AuthorizationChecks.payloadOf(payment).authorization(),
        gasPool.addresses(),
        confirmations,
        lookBack);
  }

  /** Capped as the settlement is: code at the payer's account could keep the node busy. */
  private Chain.Call transferCall(SignedPayment payment) {
    return new Chain.Call(
        gasPool.any(),
        payment.requirements().asset(),
        authorizations.transfer(payment),
        true,
        MAX_GAS);
  }

  private static Verification invalid(SignedPayment payment, ErrorReason reason, String detail) {
    return new Verification.Invalid(reason, detail, payment.payer());
  }

  static int requireConfirmations(int blocks) {
    if (blocks < 1 || blocks > 1000) {
      throw new IllegalArgumentException(
          "confirmations: expected 1 to 1000 blocks, found " + blocks);
    }
    return blocks;
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final Network network;
    private final Chain chain;
    private final List<EvmSigner> gasKeys = new ArrayList<>();
    private Clock clock = Clock.systemUTC();
    private BigInteger feeCeiling = DEFAULT_FEE_CEILING;
    private Duration settleTimeout = DEFAULT_SETTLE_TIMEOUT;
    private int confirmations = 1;
    private LookBack lookBack = LookBack.byDefault();
    private boolean contractWallets;

    private Builder(Network network, Chain chain, EvmSigner gasKey) {
      this.network = network;
      this.chain = chain;
      gasKeys.add(gasKey);
    }

    /**
     * Adds a further gas key: settlements are spread over all of them and go out at the same time.
     * Each needs funds, and each belongs to this facilitator alone.
     */
    public Builder gasKey(EvmSigner another) {
      gasKeys.add(another);
      return this;
    }

    /** Reads the time from this clock instead of the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /** Sends nothing while a unit of gas costs more than so many wei; payments get a 503 then. */
    public Builder feeCeiling(BigInteger weiPerGas) {
      if (weiPerGas.signum() <= 0) {
        throw new IllegalArgumentException("feeCeiling: expected more than zero wei per gas");
      }
      feeCeiling = weiPerGas;
      return this;
    }

    /** Waits so long for a receipt; after that the settlement is pending. More than zero. */
    public Builder settleTimeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("settleTimeout: expected more than zero");
      }
      settleTimeout = timeout;
      return this;
    }

    /**
     * Takes a settlement for final when so many blocks hold it, its own included: 1 (the default)
     * to 1000. A reorganisation that reaches deeper is not noticed.
     */
    public Builder confirmations(int blocks) {
      confirmations = requireConfirmations(blocks);
      return this;
    }

    /**
     * Searches so many blocks back for who used an authorization. Unless this is called: at least
     * 5,000, and on a fast chain as many as it makes while a payment can be asked about, measured
     * at the start. A number that is too small for the chain is a warning.
     */
    public Builder lookBackBlocks(long blocks) {
      if (blocks < 1) {
        throw new IllegalArgumentException("lookBackBlocks: expected at least 1");
      }
      lookBack = LookBack.of(blocks);
      return this;
    }

    /**
     * Accepts payers that are contracts (EIP-1271). The contract is then asked about signatures
     * that are not an owner's, by a static call with a gas cap: a network call before the signature
     * is known to be good, which is why this is off unless called. Wallets that are not deployed
     * yet (EIP-6492) are refused.
     */
    public Builder acceptContractWallets() {
      contractWallets = true;
      return this;
    }

    /**
     * Returns the facilitator; nothing is sent yet.
     *
     * @throws IllegalArgumentException if a gas key was given twice
     */
    public ExactEvmFacilitator build() {
      return new ExactEvmFacilitator(this);
    }
  }
}
