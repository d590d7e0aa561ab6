// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts signed statements into descriptors and settlement responses. */
final class OfferReceipts {
  static final String EXTENSION = "offer-receipt";

  private final OfferReceiptSigner signer;
  private final Clock clock;

  OfferReceipts(OfferReceiptSigner signer, Clock clock) {
    this.signer = signer;
    this.clock = clock;
  }

  /** Returns the descriptor with a signed offer for each way to pay. */
  PaymentRequired offer(PaymentRequired required) {
    List<Map<String, Object>> offers = new ArrayList<>();
    for (int i = 0; i < required.accepts().size(); i++) {
      Map<String, Object> signed =
          new LinkedHashMap<>(
              signer.sign(OfferStatement.of(required.resource().url(), required.accepts().get(i))));
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
