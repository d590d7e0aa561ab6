// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.Bytes32;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a chain shows of one payment, whatever its seller says: whether a successful transaction
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
   * @param chain the one that the token is on; the caller ensures it
   * @param asset the token's contract
   * @param authorization what the payer signed
   * @param named the transaction that is said to have made the payment, empty if none is. Without
   *     one it is searched among the newest blocks only
   * @throws FacilitatorException if the chain does not answer
   */
  static OnChainPayment read(
      Chain chain, Address asset, TransferAuthorization authorization, String named)
      throws FacilitatorException {
    PaymentOutcome outcome =
        new PaymentOutcome(
            chain,
            BlockReads.once(chain),
            new Eip3009Payment.Proof(asset, authorization),
            Set.of(),
            1,
            EventSearchWindow.byDefault());
    if (named.isEmpty()) {
      return unnamed(chain, outcome.now(List.of()));
    }
    String hash = named.toLowerCase(Locale.ROOT);
    return Bytes32.isCanonical(hash)
        ? named(chain, hash, outcome.now(List.of(hash)))
        : new Contradicted(
            "what is named is no transaction", transaction(outcome.now(List.of())).orElse(null));
  }

  private static OnChainPayment unnamed(Chain chain, Settlement found) throws FacilitatorException {
    if (found instanceof Settlement.Failed failed) {
      return new NotMade(failed.detail());
    }
    Optional<String> transaction = transaction(found);
    return transaction.isPresent() ? confirmed(chain, transaction.get()) : new NotFound();
  }

  private static OnChainPayment named(Chain chain, String hash, Settlement found)
      throws FacilitatorException {
    if (found instanceof Settlement.Failed failed) {
      return new Contradicted(failed.detail(), null);
    }
    Optional<String> actual = transaction(found);
    if (actual.isEmpty()) {
      return new NotFound();
    }
    return actual.get().equals(hash)
        ? confirmed(chain, hash)
        : new Contradicted("another transaction made the payment", actual.get());
  }

  private static Optional<String> transaction(Settlement found) {
    return found instanceof Settlement.Settled settled
        ? Optional.of(settled.transaction())
        : Optional.empty();
  }

  private static OnChainPayment confirmed(Chain chain, String transaction)
      throws FacilitatorException {
    Optional<Chain.Receipt> receipt = chain.receipt(transaction);
    if (receipt.isEmpty()) {
      return new NotFound(); // its block was dropped in between
    }
    BigInteger depth = chain.head().number().subtract(receipt.get().block()).add(BigInteger.ONE);
    return new Confirmed(transaction, depth.max(BigInteger.ONE).longValueExact());
  }
}
