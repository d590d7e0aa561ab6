// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/** What proves on the chain that an authorization was used, by whomever. */
interface EvmProof {

  /** Returns who pays. */
  Address payer();

  /** Returns the time in Unix seconds from which the chain refuses the authorization. */
  BigInteger validBefore();

  /** Returns the call that says whether the authorization is used or cancelled. */
  Chain.Call usedQuestion();

  /**
   * Returns whether it is.
   *
   * @throws FacilitatorException if the result makes no sense
   */
  boolean isUsed(Chain.CallResult result) throws FacilitatorException;

  /** Returns what to search for to find the transaction that used the authorization. */
  Chain.EventFilter uses();

  /** Returns what to search for to find out that the payer cancelled it. */
  Chain.EventFilter cancellations();

  /** Returns how much a transaction with these events moved by the authorization, empty if none. */
  Optional<TokenAmount> moved(List<Chain.Event> events);
}
