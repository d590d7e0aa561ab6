// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Verifies and settles payments (specification 7).
 *
 * <p>{@code EvmFacilitator} in {@code io.github.x402j.evm} does both itself against a chain.
 * Implementations are safe for use by several threads and put a deadline on everything they wait
 * for.
 */
public interface Facilitator {
  /** How long after its window a payment's outcome may still be asked for. */
  Duration OUTCOME_KEPT_FOR = Duration.ofMinutes(10);

  /**
   * Checks the configuration against reality, once, before the first request: the chain answers and
   * is the right one, the token is there, signs as configured and has the decimals of {@link
   * PaymentRequirements#withDecimals}.
   *
   * @param offered every way to pay that will be offered (the amount does not matter)
   * @throws UnreachableException if that could not be found out now; it may be called again
   * @throws IllegalStateException if a payment in one of these ways could not be verified or
   *     settled; the message names the setting
   */
  void start(List<PaymentRequirements> offered);

  /**
   * Returns why no payment can be settled at present, empty if one can: for example, nothing is
   * left to pay the gas with. Answers from what is known, without a call; only during an outage it
   * asks again, now and then. The text holds no secret, as it is shown in health and log. Default:
   * empty.
   */
  default Optional<String> outage() {
    return Optional.empty();
  }

  /**
   * Returns why no payment of this kind can be settled at present, as {@link #outage()} does.
   *
   * @param offered what is sold
   */
  default Optional<String> outage(PaymentRequirements offered) {
    return outage();
  }

  /** Returns the accounts that send its settlements, as far as it tells them. */
  default Set<Address> signers() {
    return Set.of();
  }

  /**
   * Returns what checks signatures that are no payments, such as those of sign-ins. Makes no call
   * itself. Default: none is good.
   */
  default WalletSignatures wallets() {
    return WalletSignatures.NONE;
  }

  /** Returns whether this facilitator handles payments of the scheme and network. */
  boolean supports(String scheme, Network network);

  /**
   * Returns whether payments of this kind that are written in this version of the protocol can be
   * settled at present. What is offered follows it. Default: as {@link #supports(String, Network)},
   * whatever the version.
   *
   * @param x402Version 1 or 2
   */
  default boolean supports(int x402Version, String scheme, Network network) {
    return supports(scheme, network);
  }

  /**
   * Returns what it supports, for people, if it has learned that from elsewhere. A gate offers what
   * such a facilitator can settle, and leaves out the rest; where none has learned it, an offer
   * that cannot be settled fails the start. Default: empty, it supports what it is configured for.
   */
  default Optional<String> supported() {
    return Optional.empty();
  }

  /**
   * Returns what a seller has to know of it to offer payments of this kind: {@code extra} of the
   * kind in the answer of {@code /supported}. Default: nothing.
   */
  default Map<String, Object> extra(String scheme, Network network) {
    return Map.of();
  }

  /**
   * Checks everything that can be checked without the state of the chain: the terms, the window,
   * the signature. Touches no network, unless the signature is a contract wallet's and those are
   * switched on, because then the contract must be asked.
   *
   * @param requirements the seller's own, against which the payload is held
   * @throws MalformedPaymentException if the payload is not what its scheme defines
   * @throws FacilitatorException if a contract wallet could not be asked
   */
  Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException;

  /**
   * Checks against the chain that the payment would go through now: unused, funded, and a simulated
   * transfer succeeds.
   *
   * @param payment as {@link #check} returned it
   * @return {@code Valid} or {@code Invalid}, never {@code Expired}
   * @throws FacilitatorException if that could not be found out
   */
  Verification verify(SignedPayment payment) throws FacilitatorException;

  /**
   * Returns whether {@link #settle} itself refuses at no cost what {@link #verify} would refuse. A
   * payment that is settled before its handler runs is then settled without being verified first
   * (specification 6.1, {@code upfront}). Default: false.
   */
  default boolean settleVerifies() {
    return false;
  }

  /**
   * Moves the money, and waits for the outcome.
   *
   * @param payment as {@link #check} returned it
   * @param beforeBroadcast is handed the transaction's hash before the transaction leaves this
   *     process, again if another takes its place; if it throws, nothing is sent. Where another
   *     process sends it, is handed the hash as soon as that is told and the outcome is not known
   * @throws FacilitatorException if nothing was sent, for certain
   */
  Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException;

  /**
   * Moves the money without keeping the caller's thread, where the implementation can. Default:
   * calls {@link #settle} in the caller's thread.
   *
   * @param payment as {@link #check} returned it
   * @param beforeBroadcast as {@link #settle} takes it, called from any thread
   * @return the outcome; completes with a {@link FacilitatorException} if nothing was sent, for
   *     certain, and with what {@code beforeBroadcast} threw if it did. The thread that completes
   *     it settles other payments too: what follows and takes time belongs in another
   */
  default CompletionStage<Settlement> settleLater(
      SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    try {
      return CompletableFuture.completedFuture(settle(payment, beforeBroadcast));
    } catch (FacilitatorException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Returns whether {@link #settle} hands over the hash of every transaction before the transaction
   * can be on its way. If not, a seller records each payment once more before it settles it.
   * Default: false.
   */
  default boolean tellsBeforeBroadcast() {
    return false;
  }

  /**
   * Finds out how an earlier settlement of this payment ended. Sends no transaction of its own; a
   * remote facilitator may be asked again to settle what it was asked to settle before.
   *
   * @param transactions the hashes that were recorded, oldest first; none if nothing was sent
   * @throws FacilitatorException if that could not be found out now
   */
  Settlement outcome(SignedPayment payment, List<String> transactions) throws FacilitatorException;
}
