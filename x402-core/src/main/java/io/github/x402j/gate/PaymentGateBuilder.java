// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Facilitator;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferReceipts;
import io.github.x402j.extension.PaymentIdentifiers;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Collects what a {@link PaymentGate} needs. Not safe for use by several threads. */
public final class PaymentGateBuilder {
  final PaymentLedger ledger;
  final FacilitatorSettings settings = new FacilitatorSettings();
  @Nullable ReceiptAcceptor acceptor;
  @Nullable ReceiptSource receipts;
  @Nullable OfferReceiptSigner statements;
  Duration offerValidity = PaymentGate.DEFAULT_OFFER_VALIDITY;
  boolean olderHeader;
  @Nullable PaymentIdentifiers identifiers;

  PaymentGateBuilder(PaymentLedger ledger) {
    this.ledger = ledger;
  }

  /**
   * Adds a facilitator; the first that supports a payment's scheme and network handles it. At least
   * one is needed.
   */
  public PaymentGateBuilder facilitator(Facilitator facilitator) {
    settings.add(facilitator);
    return this;
  }

  /** Adds an observer. */
  public PaymentGateBuilder listener(PaymentListener listener) {
    settings.add(listener);
    return this;
  }

  /** Reads the time from this clock instead of the system's. */
  public PaymentGateBuilder clock(Clock newClock) {
    settings.clock(newClock);
    return this;
  }

  /**
   * Looks at no more than so many payments on the chain at a time; over that a payment gets a 503.
   * 64 unless this is called; at least 1.
   */
  public PaymentGateBuilder maxConcurrentVerifications(int payments) {
    settings.maxConcurrentVerifications(payments);
    return this;
  }

  /**
   * Lets a payer cause so many failures in a minute (handlers that fail, transfers that do not go
   * through) before it gets a 429. 30 unless this is called; at least 1.
   */
  public PaymentGateBuilder failuresPerMinute(int failures) {
    settings.failuresPerMinute(failures);
    return this;
  }

  /** Accepts receipts in {@code X-PAYMENT} and {@code X-Payment-Receipt}; none unless called. */
  public PaymentGateBuilder acceptReceipts(ReceiptAcceptor newAcceptor) {
    acceptor = newAcceptor;
    return this;
  }

  /** Hands out a receipt with every settled payment; none unless called. */
  public PaymentGateBuilder issueReceipts(ReceiptSource source) {
    receipts = source;
    return this;
  }

  /**
   * Signs offers and deliveries as the {@code offer-receipt} extension says; not unless called.
   * Offers are good for {@link PaymentGate#DEFAULT_OFFER_VALIDITY}.
   */
  public PaymentGateBuilder signOffers(OfferReceiptSigner signer) {
    return signOffers(signer, PaymentGate.DEFAULT_OFFER_VALIDITY);
  }

  /**
   * Signs offers and deliveries.
   *
   * @param validity from the signature to {@code validUntil}: whole seconds, 10 s to 30 days.
   *     Offers are signed again when half of it has gone, so a client has the other half at least
   * @throws IllegalArgumentException if it is out of range
   */
  public PaymentGateBuilder signOffers(OfferReceiptSigner signer, Duration validity) {
    offerValidity = OfferReceipts.requireValidity(validity);
    statements = signer;
    return this;
  }

  /**
   * Lets payers name their payments; not unless called. The server must then call {@link
   * PaymentGate#store}.
   */
  public PaymentGateBuilder paymentIdentifiers(PaymentIdentifiers newIdentifiers) {
    identifiers = newIdentifiers;
    return this;
  }

  /**
   * Repeats the descriptor in the {@code X-Payment-Required} header of a 402, for agents that know
   * the older name; not unless called.
   */
  public PaymentGateBuilder olderRequiredHeader() {
    olderHeader = true;
    return this;
  }

  /**
   * Returns the gate.
   *
   * @throws IllegalStateException if there is no facilitator
   */
  public PaymentGate build() {
    return new PaymentGate(this);
  }
}
