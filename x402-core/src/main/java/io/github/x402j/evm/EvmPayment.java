// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.SchemePayload;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A payment as its {@link EvmScheme} understands it. The methods are in the order in which they are
 * asked: without the chain, with it, the transaction, the proof.
 */
interface EvmPayment extends SchemePayload {

  /** Returns who pays, and whose signature is expected. */
  Address payer();

  /** Returns what makes the authorization unique for its payer and asset. */
  String nonce();

  /** Returns the time in Unix seconds from which the chain refuses the authorization. */
  BigInteger validBefore();

  // ---- without the chain

  /** Returns the first clause that the terms break, cheap ones first; the signature is not one. */
  Optional<Verification.Invalid> checkTerms(Instant now);

  /** Returns the 32 bytes that the payer signs. */
  byte[] digest();

  /** Returns the signature as it came: {@code 0x} and an even number of hex digits. */
  String signature();

  /** Returns the members that were read, and no other. JSON as JDK types. */
  Map<String, Object> members();

  // ---- with the chain

  /** Returns the calls that say whether the authorization is unused and funded. */
  List<Chain.Call> questions();

  /**
   * Returns the refusal that follows from the results of {@link #questions}, in their order.
   *
   * @throws FacilitatorException if a result makes no sense
   */
  Optional<Verification.Invalid> answer(List<Chain.CallResult> results) throws FacilitatorException;

  // ---- the transaction

  /**
   * Returns the call that moves the money.
   *
   * @param gasAccount who sends it
   * @param owner the payer's own signature, or empty if a contract wallet judges {@link #signature}
   */
  Chain.Call transfer(Address gasAccount, Optional<EvmSignature> owner);

  /** Returns what proves that the money has moved. */
  EvmProof proof();
}
