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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Verifies payments against a chain and settles them on it, with a gas-paying key of the seller's:
 * scheme {@code exact} with EIP-3009 authorizations.
 *
 * <pre>{@code
 * Facilitator facilitator =
 *     EvmFacilitator.builder(
 *             Network.BASE, Web3jChain.at(rpcUrl), EvmSigner.fromEnvironment("GAS_KEY"))
 *         .build();
 * }</pre>
 *
 * <p>The gas key moves no tokens and needs only enough of the chain's coin for gas: the payer's
 * signature fixes amount and recipient. Safe for use by several threads.
 */
public final class EvmFacilitator implements Facilitator {
  /** How long a settlement waits for its receipt unless said otherwise. */
  public static final Duration DEFAULT_SETTLE_TIMEOUT = Duration.ofSeconds(30);

  /** The most that a unit of gas may cost unless said otherwise: 100 gwei, in wei. */
  public static final BigInteger DEFAULT_FEE_CEILING = BigInteger.valueOf(100_000_000_000L);

  /** The most gas that a settlement may use; a transfer of USDC uses about 90,000. */
  public static final BigInteger MAX_GAS = BigInteger.valueOf(300_000);

  private final Network network;
  private final Chain chain;
  private final GasPool gasPool;
  private final AuthorizationChecks authorizations;
  private final ExactEvmSettlement settlement;
  private final EventSearchWindow lookBack;

  private EvmFacilitator(Builder builder) {
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
    lookBack = builder.lookBack;
    settlement =
        new ExactEvmSettlement(
            chain,
            gasPool,
            builder.clock,
            new ExactEvmSettlement.Terms(
                builder.feeCeiling, builder.settleTimeout, builder.confirmations, lookBack));
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
    if (AbiValues.isTrue(results.get(0), "authorizationState")) {
      return invalid(payment, ErrorReason.NONCE_ALREADY_USED, "authorization: used or cancelled");
    }
    BigInteger balance = AbiValues.number(results.get(1), "balanceOf");
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
    return settlement.settle(payment, transferCall(payment), beforeBroadcast);
  }

  @Override
  public Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    return settlement.outcome(payment, transaction);
  }

  /** Names the network and the gas accounts; holds no key. */
  @Override
  public String toString() {
    return "EvmFacilitator[" + network + ", gas accounts " + gasPool.addresses() + "]";
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
    private EventSearchWindow lookBack = EventSearchWindow.byDefault();
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
      lookBack = EventSearchWindow.of(blocks);
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
    public EvmFacilitator build() {
      return new EvmFacilitator(this);
    }
  }
}
