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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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
  private static final BigInteger WALLET_CALL_GAS = BigInteger.valueOf(150_000);
  private static final String EIP_6492_SUFFIX = "6492".repeat(16);

  private final Network network;
  private final Chain chain;
  private final GasAccount gasAccount;
  private final Clock clock;
  private final BigInteger feeCeiling;
  private final Duration settleTimeout;
  private final int confirmations;
  private final long lookBackBlocks;
  private final boolean contractWallets;
  private final Map<Token, byte[]> domainSeparators = new ConcurrentHashMap<>();

  private ExactEvmFacilitator(Builder builder) {
    network = builder.network;
    chain = builder.chain;
    gasAccount = new GasAccount(builder.gasKey, builder.chain, builder.network.chainId());
    clock = builder.clock;
    feeCeiling = builder.feeCeiling;
    settleTimeout = builder.settleTimeout;
    confirmations = builder.confirmations;
    lookBackBlocks = builder.lookBackBlocks;
    contractWallets = builder.contractWallets;
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

  @Override
  public void start(List<PaymentRequirements> offered) {
    List<Token> tokens = offered.stream().map(ExactEvmFacilitator::tokenOf).distinct().toList();
    StartUpChecks checks = new StartUpChecks(chain, network);
    checks.requireChain();
    tokens.forEach(checks::requireToken);
    checks.warnIfWithoutGas(gasAccount.address());
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    ExactEvmPayload exact = ExactEvmPayload.parse(payload.payload());
    ExactEvmChecks checks = new ExactEvmChecks(payload, exact, requirements, clock.instant());
    Optional<Verification.Invalid> refused = checks.terms();
    if (refused.isPresent()) {
      return refused.get();
    }
    if (!isSignedByPayer(exact, requirements)) {
      return checks.signatureRefused("signature: not the payer's over this authorization");
    }
    return checks.hasTimeToSettle()
        ? new Verification.Valid(checks.signed())
        : new Verification.Expired(checks.signed());
  }

  private boolean isSignedByPayer(ExactEvmPayload exact, PaymentRequirements requirements)
      throws FacilitatorException {
    byte[] digest = Eip712.digest(domainSeparator(requirements), exact.authorization());
    return payersSignature(exact, digest).isPresent()
        || (contractWallets && isSignedByWallet(exact, digest));
  }

  /** Returns the signature if it is the payer's own, rather than one for a contract to judge. */
  private static Optional<EvmSignature> payersSignature(ExactEvmPayload exact, byte[] digest) {
    return ownerSignature(exact.signature())
        .filter(
            signature ->
                signature
                    .signerOf(digest)
                    .filter(exact.authorization().from()::equals)
                    .isPresent());
  }

  /** EIP-1271: the payer is a contract and says itself whether it signed. */
  private boolean isSignedByWallet(ExactEvmPayload exact, byte[] digest)
      throws FacilitatorException {
    // EIP-6492 would deploy the wallet by a contract of the payer's choice: no factory is trusted.
    if (exact.signature().endsWith(EIP_6492_SUFFIX)
        || !chain.hasCode(exact.authorization().from())) {
      return false;
    }
    Chain.CallResult result =
        chain
            .call(
                List.of(
                    new Chain.Call(
                        null,
                        exact.authorization().from(),
                        Eip3009.isValidSignature(digest, Hex.bytes(exact.signature())),
                        false,
                        WALLET_CALL_GAS)))
            .get(0);
    return result instanceof Chain.CallResult.Returned returned
        && returned.data().equals(Eip3009.EIP_1271_MAGIC);
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    ExactEvmPayload exact = payloadOf(payment);
    TransferAuthorization authorization = exact.authorization();
    Address asset = payment.requirements().asset();
    List<Chain.CallResult> results =
        chain.call(
            List.of(
                Chain.Call.latest(
                    asset, Eip3009.authorizationState(authorization.from(), authorization.nonce())),
                Chain.Call.latest(asset, Eip3009.balanceOf(authorization.from())),
                transferCall(payment, exact)));
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
    Chain.Call transfer = transferCall(payment, payloadOf(payment));
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
    GasAccount.Sent sent =
        gasAccount.send(
            transfer.to(),
            transfer.data(),
            gas,
            fees,
            settleTimeout,
            () -> clock.instant().isBefore(payment.validBefore()),
            beforeBroadcast);
    if (sent == null) {
      return new Settlement.Failed(
          ErrorReason.AUTHORIZATION_EXPIRED, "the window closed before the transaction was sent");
    }
    if (sent.broadcast() instanceof Chain.Broadcast.Rejected rejected) {
      return rejectedBroadcast(payment, sent.hash(), rejected);
    }
    Settlement outcome =
        new SettlementWait(chain, clock, outcomeOf(payment), deadline).until(sent.hash());
    if (outcome instanceof Settlement.Pending) {
      gasAccount.recount(); // the node may have lost the transaction: its number is free again
    }
    return outcome;
  }

  /** Our transaction is nowhere, but somebody else's may have been quicker. */
  private Settlement rejectedBroadcast(
      SignedPayment payment, String hash, Chain.Broadcast.Rejected rejected)
      throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.of(hash));
    if (!(outcome instanceof Settlement.Pending)) {
      return outcome;
    }
    log.error("the node rejected a settlement of {}: {}", gasAccount.address(), rejected.reason());
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

  /** Names the network and the gas account; holds no key. */
  @Override
  public String toString() {
    return "ExactEvmFacilitator[" + network + ", gas account " + gasAccount.address() + "]";
  }

  private AuthorizationOutcome outcomeOf(SignedPayment payment) {
    return new AuthorizationOutcome(
        chain,
        payment.requirements().asset(),
        payloadOf(payment).authorization(),
        gasAccount.address(),
        confirmations,
        lookBackBlocks);
  }

  /** A contract wallet gets the bytes that it was asked about, not a spelling of ours. */
  private Chain.Call transferCall(SignedPayment payment, ExactEvmPayload exact) {
    byte[] digest = Eip712.digest(domainSeparator(payment.requirements()), exact.authorization());
    String data =
        payersSignature(exact, digest)
            .map(signature -> Eip3009.transfer(exact.authorization(), signature))
            .orElseGet(() -> Eip3009.transfer(exact.authorization(), Hex.bytes(exact.signature())));
    return new Chain.Call(gasAccount.address(), payment.requirements().asset(), data, true, null);
  }

  private byte[] domainSeparator(PaymentRequirements requirements) {
    return domainSeparators.computeIfAbsent(tokenOf(requirements), Eip712::domainSeparator);
  }

  /** The token as far as its signatures depend on it; its decimals do not matter here. */
  private static Token tokenOf(PaymentRequirements requirements) {
    return new Token(
        requirements.network(),
        requirements.asset(),
        0,
        extra(requirements, "name"),
        extra(requirements, "version"));
  }

  private static String extra(PaymentRequirements requirements, String name) {
    if (requirements.extra().get(name) instanceof String text) {
      return text;
    }
    throw new IllegalStateException(
        "extra." + name + ": the EIP-712 domain of " + requirements.asset() + " needs it");
  }

  private static Optional<EvmSignature> ownerSignature(String signature) {
    try {
      return Optional.of(EvmSignature.of(Hex.bytes(signature)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static ExactEvmPayload payloadOf(SignedPayment payment) {
    try {
      return ExactEvmPayload.parse(payment.payload().payload());
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException("the payment did not come from check()", e);
    }
  }

  private static Verification invalid(SignedPayment payment, ErrorReason reason, String detail) {
    return new Verification.Invalid(reason, detail, payment.payer());
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final Network network;
    private final Chain chain;
    private final EvmSigner gasKey;
    private Clock clock = Clock.systemUTC();
    private BigInteger feeCeiling = DEFAULT_FEE_CEILING;
    private Duration settleTimeout = DEFAULT_SETTLE_TIMEOUT;
    private int confirmations = 1;
    private long lookBackBlocks = 5_000;
    private boolean contractWallets;

    private Builder(Network network, Chain chain, EvmSigner gasKey) {
      this.network = network;
      this.chain = chain;
      this.gasKey = gasKey;
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
      if (blocks < 1 || blocks > 1000) {
        throw new IllegalArgumentException(
            "confirmations: expected 1 to 1000 blocks, found " + blocks);
      }
      confirmations = blocks;
      return this;
    }

    /** Searches so many blocks back for who used an authorization; 5,000 unless said otherwise. */
    public Builder lookBackBlocks(long blocks) {
      if (blocks < 1) {
        throw new IllegalArgumentException("lookBackBlocks: expected at least 1");
      }
      lookBackBlocks = blocks;
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

    /** Returns the facilitator; nothing is sent yet. */
    public ExactEvmFacilitator build() {
      return new ExactEvmFacilitator(this);
    }
  }
}
