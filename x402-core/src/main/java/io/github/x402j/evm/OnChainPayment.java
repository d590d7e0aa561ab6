// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a chain shows of one payment, whatever its seller says: whether a transaction succeeded that
 * used this authorization and moved this amount from payer to payee ({@code AuthorizationUsed} and
 * {@code Transfer} of the token, EIP-3009).
 */
public sealed interface OnChainPayment {
  /**
   * The payment was made, once.
   *
   * @param transaction the hash of the transaction that made it, {@code 0x} and 64 lower-case hex
   *     digits
   * @param confirmations how many blocks hold it, its own included, at least 1. A chain can still
   *     drop its newest blocks
   */
  record Confirmed(String transaction, long confirmations) implements OnChainPayment {}

  /**
   * The chain does not show the payment, or not yet: a transaction may be on its way, or the node
   * behind. Ask again; once the authorization has expired there is an answer.
   */
  record NotFound() implements OnChainPayment {}

  /**
   * The payment was not made and will not be: its time is over, or the payer cancelled it. The
   * seller named no transaction, so it did not lie about one.
   *
   * @param detail for people
   */
  record NotMade(String detail) implements OnChainPayment {}

  /**
   * The transaction that was named does not make this payment: there is no such one in time, it
   * reverted, it is of another transfer, or another transaction made the payment.
   *
   * @param detail for people; repeats nothing of what was named
   * @param actual the hash of the transaction that did make the payment, or null where none did
   */
  record Contradicted(String detail, @Nullable String actual) implements OnChainPayment {
    /** Returns the transaction that did make the payment, empty where none did. */
    public Optional<String> actualTransaction() {
      return Optional.ofNullable(actual);
    }
  }

  /**
   * Reads from the chain what became of an authorization. Sends nothing.
   *
   * @param chain the one that the token is on; that is for the caller to see to
   * @param asset the token's contract
   * @param authorization what the payer signed
   * @param named the transaction that is said to have made the payment, empty if none is. Without
   *     one it is searched among the newest blocks only
   * @throws FacilitatorException if the chain does not answer
   */
  static OnChainPayment read(
      Chain chain, Address asset, TransferAuthorization authorization, String named)
      throws FacilitatorException {
    return new OnChainPaymentReader(chain, asset, authorization).read(named);
  }
}
