// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts signed statements into descriptors and settlement responses. */
final class OfferReceipts {
  static final String EXTENSION = "offer-receipt";

  private static final Duration SHORTEST = Duration.ofSeconds(10);

  private final OfferReceiptSigner signer;
  private final Duration validity;
  private final Clock clock;

  OfferReceipts(OfferReceiptSigner signer, Duration validity, Clock clock) {
    this.signer = signer;
    this.validity = validity;
    this.clock = clock;
  }

  static Duration requireValidity(Duration validity) {
    if (validity.getNano() != 0
        || validity.compareTo(SHORTEST) < 0
        || validity.compareTo(PaymentGate.LONGEST_OFFER_VALIDITY) > 0) {
      throw new IllegalArgumentException(
          "signOffers: expected a validity of whole seconds, "
              + SHORTEST.toSeconds()
              + " s to "
              + PaymentGate.LONGEST_OFFER_VALIDITY.toDays()
              + " days, found "
              + validity);
    }
    return validity;
  }

  /** Returns when offers that are signed now should be replaced: half of them is left then. */
  Instant renewAt() {
    return clock.instant().plus(validity.dividedBy(2));
  }

  /** Returns whether that time has come; at this very time it has. */
  boolean isDue(Instant renewAt) {
    return !clock.instant().isBefore(renewAt);
  }

  /** Returns the descriptor with a signed offer for each way to pay, good from now on. */
  PaymentRequired offer(PaymentRequired required) {
    Instant until = clock.instant().plus(validity);
    List<Map<String, Object>> offers = new ArrayList<>();
    for (int i = 0; i < required.accepts().size(); i++) {
      Map<String, Object> signed =
          new LinkedHashMap<>(
              signer.sign(
                  OfferStatement.of(required.resource().url(), required.accepts().get(i))
                      .until(until)));
      signed.put("acceptIndex", (long) i);
      offers.add(signed);
    }
    return required.withExtension(EXTENSION, Map.of("info", Map.of("offers", offers)));
  }

  /** Returns the extension of a settlement response. */
  Map<String, Object> receipt(VerifiedPayment payment, Settlement.Settled settled) {
    Map<String, Object> signed =
        signer.sign(
            new ReceiptStatement(
                payment.requirements().network(),
                payment.required().resource().url(),
                settled.payer(),
                clock.instant(),
                settled.transaction()));
    return Map.of(EXTENSION, Map.of("info", Map.of("receipt", signed)));
  }
}
