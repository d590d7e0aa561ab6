// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts signed statements into descriptors and settlement responses. */
public final class OfferReceipts {
  static final String EXTENSION = "offer-receipt";

  private static final Duration SHORTEST_VALIDITY = Duration.ofSeconds(10);
  private static final Duration LONGEST_VALIDITY = Duration.ofDays(30);

  private final OfferReceiptSigner signer;
  private final Duration validity;
  private final Clock clock;

  public OfferReceipts(OfferReceiptSigner signer, Duration validity, Clock clock) {
    this.signer = signer;
    this.validity = validity;
    this.clock = clock;
  }

  public static Duration requireValidity(Duration validity) {
    if (validity.getNano() != 0
        || validity.compareTo(SHORTEST_VALIDITY) < 0
        || validity.compareTo(LONGEST_VALIDITY) > 0) {
      throw new IllegalArgumentException(
          "signOffers: expected a validity of whole seconds, "
              + SHORTEST_VALIDITY.toSeconds()
              + " s to "
              + LONGEST_VALIDITY.toDays()
              + " days, found "
              + validity);
    }
    return validity;
  }

  /** Returns when offers that are signed now should be replaced: half of them is left then. */
  public Instant renewAt() {
    return clock.instant().plus(validity.dividedBy(2));
  }

  /** Returns whether that time has come; at this very time it has. */
  public boolean isDue(Instant renewAt) {
    return !clock.instant().isBefore(renewAt);
  }

  /** Returns the descriptor with a signed offer for each way to pay, good from now on. */
  public PaymentRequired offer(PaymentRequired required) {
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
  public Map<String, Object> receipt(
      Network network, String resourceUrl, Settlement.Settled settled) {
    Map<String, Object> signed =
        signer.sign(
            new ReceiptStatement(
                network, resourceUrl, settled.payer(), clock.instant(), settled.transaction()));
    return Map.of(EXTENSION, Map.of("info", Map.of("receipt", signed)));
  }
}
