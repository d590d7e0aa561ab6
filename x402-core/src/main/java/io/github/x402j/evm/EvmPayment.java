// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentKey;
import io.github.x402j.SchemePayload;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A payment as its {@link EvmScheme} has read it. The methods are in the order in which they are
 * called: without the chain, with it, the transaction, the proof.
 */
interface EvmPayment extends SchemePayload {

  /** Returns who pays, and whose signature is expected. */
  Address payer();

  /**
   * Returns which authorization this is. Its asset is the contract that takes the nonce: two
   * payments with one key can never both be settled.
   */
  PaymentKey key();

  /** Returns the time in Unix seconds from which the chain refuses the authorization. */
  BigInteger validBefore();

  // ---- without the chain

  /**
   * Returns the first check that fails, empty if none does. Cheap checks come first; the signature
   * is checked elsewhere.
   */
  Optional<Verification.Invalid> checkTerms(Instant now);

  /** Returns the 32 bytes that the payer signs. */
  byte[] digest();

  /** Returns what a signature that is not the payer's is refused with. */
  default ErrorReason invalidSignature() {
    return ErrorReason.INVALID_SIGNATURE;
  }

  /** Returns the signature as the payer sent it: {@code 0x} and an even number of hex digits. */
  String signature();

  /** Returns the members of the payload that were read, and no others, as JSON in JDK types. */
  Map<String, Object> members();

  // ---- with the chain

  /**
   * Returns the calls that find out whether the authorization is unused. The payer's balance of the
   * asset is asked elsewhere, for every scheme.
   */
  List<Chain.Call> questions();

  /**
   * Returns the refusal that follows from the results of {@link #questions}, in their order.
   *
   * @throws FacilitatorException if a result is invalid
   */
  Optional<Verification.Invalid> answer(List<Chain.CallResult> results) throws FacilitatorException;

  // ---- the transaction

  /**
   * Returns the gas account that alone may send the transaction, empty if any account may. In the
   * scheme {@code upto}, the payer names it.
   */
  default Optional<Address> sender() {
    return Optional.empty();
  }

  /**
   * Returns whether the transfer may share a transaction with others. The proof must then hold in a
   * transaction of many transfers.
   */
  default boolean mayShare() {
    return sender().isEmpty();
  }

  /**
   * Returns the call that moves the money. Its {@code to} need not be the token.
   *
   * @param gasAccount who sends it
   * @param owner the payer's own signature, or empty if a contract wallet checks {@link #signature}
   * @param amount how much to move: the amount of the requirements in {@code SignedPayment}. A
   *     scheme may allow less than the signed amount
   * @throws IllegalArgumentException if the authorization does not allow this amount
   */
  Chain.Call transfer(Address gasAccount, Optional<EvmSignature> owner, TokenAmount amount);

  /** Returns what proves that the money has moved. */
  Proof proof();

  /** Reads from the chain whether an authorization was used, whoever sent the transaction. */
  interface Proof {

    /** Returns who pays. */
    Address payer();

    /** Returns the time in Unix seconds from which the chain refuses the authorization. */
    BigInteger validBefore();

    /** Returns the call that says whether the authorization is used or cancelled. */
    Chain.Call usedQuestion();

    /**
     * Returns whether the authorization is used or cancelled.
     *
     * @throws FacilitatorException if the result is invalid
     */
    boolean isUsed(Chain.CallResult result) throws FacilitatorException;

    /**
     * Returns the events to search for the transaction that used the authorization. If no event
     * names the authorization, they may also match other transactions; {@link #use} decides.
     */
    Chain.EventFilter uses();

    /**
     * Returns what a transaction that succeeded did with the authorization.
     *
     * @param chain to read what the events do not say
     * @throws FacilitatorException if the chain does not answer
     */
    Use use(Chain.Receipt receipt, Chain chain) throws FacilitatorException;

    /** Returns the events to search for a cancellation; {@link #isCancelledBy} decides. */
    Chain.EventFilter cancellations();

    /** Returns whether an event of {@link #cancellations} cancelled this authorization. */
    default boolean isCancelledBy(Chain.Event event) {
      return true;
    }
  }

  /** What a transaction did with an authorization. */
  sealed interface Use {
    /** It did not use the authorization. */
    record None() implements Use {}

    /** It used the authorization and moved this amount. */
    record Moved(TokenAmount amount) implements Use {}

    /** It used the authorization, and the money did not move as signed. */
    record WithoutTransfer() implements Use {}
  }
}
