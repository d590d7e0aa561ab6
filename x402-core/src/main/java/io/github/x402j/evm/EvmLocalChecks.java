// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import io.github.x402j.facilitator.LocalChecks;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a seller checks by itself of {@code exact} payments that a remote facilitator settles:
 * always the terms, the window and the signature; with a chain to read, also what the facilitator
 * says of the settlement.
 *
 * <pre>{@code
 * LocalChecks checks =
 *     EvmLocalChecks.builder().chain(Network.BASE, Web3jChain.at(rpcUrl)).build();
 * }</pre>
 *
 * <p>Holds no key and sends nothing. Safe for use by several threads.
 */
public final class EvmLocalChecks implements LocalChecks {
  /**
   * An authorization counts as unused for ever only this long after its window, in the chain's
   * time: the node that says "unused" may be some blocks behind the one that tells the time.
   */
  static final Duration MARGIN = Duration.ofSeconds(30);

  private final Map<Network, Chain> chains;
  private final EvmSchemes schemes = EvmSchemes.standard();
  private final OfflineChecks checks;
  private final int confirmations;
  private final Map<Network, EventSearchWindow> lookBacks = new LinkedHashMap<>();

  private EvmLocalChecks(Builder builder) {
    chains = Map.copyOf(builder.chains);
    confirmations = builder.confirmations;
    checks =
        new OfflineChecks(
            schemes,
            builder.clock,
            network ->
                builder.contractWallets
                    ? Optional.ofNullable(chains.get(network))
                    : Optional.empty());
    chains.keySet().forEach(network -> lookBacks.put(network, EventSearchWindow.byDefault()));
  }

  /** Returns checks that use no network at all; the facilitator is trusted with the settlement. */
  public static EvmLocalChecks withoutChain() {
    return builder().build();
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Compares the tokens with their contracts where the chain can be read, and with the known
   * stablecoins elsewhere.
   */
  @Override
  public void start(List<PaymentRequirements> offered) {
    for (PaymentRequirements option : offered) {
      Chain chain = chains.get(option.network());
      if (chain != null) {
        EvmSchemes.requireChain(chain, option.network());
      }
      schemes.start(List.of(option), chain);
    }
    chains.forEach((network, chain) -> startLookBack(network, chain, offered));
  }

  private void startLookBack(Network network, Chain chain, List<PaymentRequirements> offered) {
    EventSearchWindow lookBack = lookBacks.get(network);
    if (lookBack != null) {
      lookBack.measure(
          chain, offered.stream().filter(option -> option.network().equals(network)).toList());
    }
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return checks.check(payload, requirements);
  }

  @Override
  public WalletSignatures wallets() {
    return checks.wallets();
  }

  @Override
  public Optional<Settlement> outcome(
      SignedPayment payment, List<String> transactions, Set<Address> others)
      throws FacilitatorException {
    Network network = payment.requirements().network();
    Chain chain = chains.get(network);
    EventSearchWindow lookBack = lookBacks.get(network);
    if (chain == null || lookBack == null) {
      return Optional.empty();
    }
    Settlement now =
        new PaymentOutcome(
                chain,
                BlockReads.once(chain),
                OfflineChecks.Checked.of(payment).payment().proof(),
                others,
                confirmations,
                lookBack)
            .now(transactions);
    boolean isTooEarly = isExpired(now) && !hasPassed(chain, payment.validBefore().plus(MARGIN));
    return Optional.of(isTooEarly ? PaymentOutcome.pending(transactions) : now);
  }

  private static boolean isExpired(Settlement settlement) {
    return settlement instanceof Settlement.Failed failed
        && failed.reason() == ErrorReason.AUTHORIZATION_EXPIRED;
  }

  private static boolean hasPassed(Chain chain, Instant end) throws FacilitatorException {
    return !chain.head().time().isBefore(end);
  }

  /** Shows the networks that can be read, and no URL. */
  @Override
  public String toString() {
    return "EvmLocalChecks[reading " + chains.keySet() + "]";
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final Map<Network, Chain> chains = new LinkedHashMap<>();
    private Clock clock = Clock.systemUTC();
    private int confirmations = 1;
    private boolean contractWallets;

    private Builder() {}

    /** Reads outcomes on this network from this chain; the node behind it must be on it. */
    public Builder chain(Network network, Chain chain) {
      chains.put(network, chain);
      return this;
    }

    /**
     * Sets how many blocks make a settlement final, its own included: 1 to 1000. It matters only
     * where there is a chain to read. Default: 1.
     */
    public Builder confirmations(int blocks) {
      confirmations = EvmFacilitator.requireConfirmations(blocks);
      return this;
    }

    /**
     * Accepts payers that are contracts (EIP-1271), on the networks whose chain can be read. See
     * {@link EvmFacilitator.Builder#acceptContractWallets}. Default: off.
     */
    public Builder acceptContractWallets() {
      contractWallets = true;
      return this;
    }

    /** Reads the time from this clock. Default: the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Returns the checks; nothing is sent yet.
     *
     * @throws IllegalStateException if contract wallets are accepted and there is no chain to ask
     */
    public EvmLocalChecks build() {
      if (contractWallets && chains.isEmpty()) {
        throw new IllegalStateException(
            "acceptContractWallets: expected a chain to ask about their signatures, found none");
      }
      return new EvmLocalChecks(this);
    }
  }
}
