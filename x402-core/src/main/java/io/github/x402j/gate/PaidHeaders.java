// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Bytes32;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import io.github.x402j.extension.OfferReceipts;
import io.github.x402j.mpp.ChargeReceipt;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The headers of a paid response: the settlement, and the receipt where one is issued. */
final class PaidHeaders {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  private static final int MAX_SHOWN = 1_000;

  /** Of receipts that were shown lately: a pass is shown often, and gets the same each time. */
  private final Recent<SettlementResponse, Map<String, String>> shown = new Recent<>(MAX_SHOWN);

  private final @Nullable ReceiptSource receipts;
  private final @Nullable OfferReceipts statements;
  private final Clock clock;

  PaidHeaders(@Nullable ReceiptSource receipts, @Nullable OfferReceipts statements, Clock clock) {
    this.receipts = receipts;
    this.statements = statements;
    this.clock = clock;
  }

  Map<String, String> of(VerifiedPayment payment, Settlement.Settled settled) {
    SettlementResponse response =
        SettlementResponse.settled(payment.requirements().network(), settled);
    Map<String, String> headers = new LinkedHashMap<>();
    if (payment.receipt().isEmpty()) {
      headers.putAll(issue(payment));
      if (payment.challengeId().isPresent()) {
        headers.put(PaymentHeader.PAYMENT_RECEIPT, receipt(payment, settled));
        return headers;
      }
      response = response.withExtensions(signed(payment, settled));
      headers.putAll(Refusals.responseHeader(payment.x402Version(), response));
    } else {
      headers.put(PaymentHeader.X_PAYMENT_RECEIPT_REMAINING, remaining(payment.remainingUses()));
      headers.putAll(shown(payment.x402Version(), response));
    }
    return headers;
  }

  private String receipt(VerifiedPayment payment, Settlement.Settled settled) {
    return new ChargeReceipt(
            new Bytes32(settled.transaction()),
            clock.instant(),
            payment.challengeId().orElse(null),
            payment.requirements().network())
        .header();
  }

  private Map<String, String> shown(int x402Version, SettlementResponse response) {
    Optional<Map<String, String>> known = shown.get(response);
    if (known.isPresent()) {
      return known.get();
    }
    Map<String, String> header = Refusals.responseHeader(x402Version, response);
    shown.put(response, header);
    return header;
  }

  /**
   * Issues the receipt. The money has moved: whatever goes wrong here, the answer itself must go
   * out, so nothing is thrown on.
   */
  private Map<String, String> issue(VerifiedPayment payment) {
    if (receipts == null) {
      return Map.of();
    }
    Purchase purchase = payment.purchase();
    Map<String, String> headers = new LinkedHashMap<>();
    try {
      headers.put(PaymentHeader.X_PAYMENT_RECEIPT, receipts.issue(payment, purchase));
      purchase
          .pass()
          .ifPresent(
              pass ->
                  headers.put(PaymentHeader.X_PAYMENT_RECEIPT_REMAINING, remaining(pass.uses())));
      return headers;
    } catch (RuntimeException e) {
      log.error("{}: no receipt could be issued", payment, e);
      return Map.of();
    }
  }

  private Map<String, Object> signed(VerifiedPayment payment, Settlement.Settled settled) {
    if (statements == null) {
      return Map.of();
    }
    try {
      return statements.receipt(
          payment.requirements().network(), payment.required().resource().url(), settled);
    } catch (RuntimeException e) { // as above
      log.error("{}: the offer-receipt extension could not be signed", payment, e);
      return Map.of();
    }
  }

  private static String remaining(OptionalLong uses) {
    return uses.isPresent() ? Long.toString(uses.getAsLong()) : "unlimited";
  }
}
