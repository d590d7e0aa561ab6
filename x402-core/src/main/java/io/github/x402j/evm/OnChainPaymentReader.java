// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Holds what was named against what is there. */
final class OnChainPaymentReader {
  private static final Pattern HASH = Pattern.compile("0x[0-9a-f]{64}");

  private final Chain chain;
  private final PaymentOutcome outcome;

  OnChainPaymentReader(Chain chain, Address asset, TransferAuthorization authorization) {
    this.chain = chain;
    this.outcome =
        new PaymentOutcome(
            chain,
            new Eip3009Proof(asset, authorization),
            Set.of(),
            1,
            EventSearchWindow.byDefault());
  }

  OnChainPayment read(String named) throws FacilitatorException {
    if (named.isEmpty()) {
      return unnamed(outcome.now(Optional.empty()));
    }
    String hash = named.toLowerCase(Locale.ROOT);
    if (!HASH.matcher(hash).matches()) {
      return new OnChainPayment.Contradicted(
          "what is named is no transaction",
          transaction(outcome.now(Optional.empty())).orElse(null));
    }
    return named(hash, outcome.now(Optional.of(hash)));
  }

  private OnChainPayment unnamed(Settlement found) throws FacilitatorException {
    if (found instanceof Settlement.Failed failed) {
      return new OnChainPayment.NotMade(failed.detail());
    }
    Optional<String> transaction = transaction(found);
    return transaction.isPresent() ? confirmed(transaction.get()) : new OnChainPayment.NotFound();
  }

  private OnChainPayment named(String hash, Settlement found) throws FacilitatorException {
    if (found instanceof Settlement.Failed failed) {
      return new OnChainPayment.Contradicted(failed.detail(), null);
    }
    Optional<String> actual = transaction(found);
    if (actual.isEmpty()) {
      return new OnChainPayment.NotFound();
    }
    return actual.get().equals(hash)
        ? confirmed(hash)
        : new OnChainPayment.Contradicted("another transaction made the payment", actual.get());
  }

  private static Optional<String> transaction(Settlement found) {
    return found instanceof Settlement.Settled settled
        ? Optional.of(settled.transaction())
        : Optional.empty();
  }

  private OnChainPayment confirmed(String transaction) throws FacilitatorException {
    Optional<Chain.Receipt> receipt = chain.receipt(transaction);
    if (receipt.isEmpty()) {
      return new OnChainPayment.NotFound(); // its block was dropped while we looked
    }
    BigInteger depth = chain.head().number().subtract(receipt.get().block()).add(BigInteger.ONE);
    return new OnChainPayment.Confirmed(transaction, depth.max(BigInteger.ONE).longValueExact());
  }
}
