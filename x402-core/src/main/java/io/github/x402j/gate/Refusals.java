// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.SettlementResponse;
import io.github.x402j.mpp.PaymentProblem;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts refusals into HTTP (HTTP transport of the specification). */
final class Refusals {
  private static final String CACHE_CONTROL = "Cache-Control";
  private static final String NO_STORE = "no-store";

  /** What a client waits before it asks for a pending outcome again, in seconds. */
  private static final long RETRY_AFTER_SECONDS = 2;

  /** A refusal repeats the descriptor with a code in it, which base64 makes a third longer. */
  private static final int ROOM_FOR_ERROR = 128;

  private Refusals() {}

  /**
   * The 402 that asks for a payment, refused where its header would be longer than clients read.
   */
  static Refusal challenge(SettleableOffers.Descriptors offered, boolean olderHeader) {
    return requireShort(offered, paymentRequired(offered, olderHeader));
  }

  /**
   * Returns the 402.
   *
   * @throws IllegalArgumentException if its header would be longer than clients read
   */
  static Refusal requireShort(SettleableOffers.Descriptors offered, Refusal refusal) {
    int length = refusal.headers().getOrDefault(PaymentHeader.PAYMENT_REQUIRED, "").length();
    if (length > PaymentCodec.MAX_DESCRIPTOR_LENGTH - ROOM_FOR_ERROR) {
      throw new IllegalArgumentException(
          String.format(
              "the descriptor of %s takes %d characters as a header, clients read at most %d: offer"
                  + " fewer ways to pay or shorten the description",
              offered.v2().resource().url(),
              length,
              PaymentCodec.MAX_DESCRIPTOR_LENGTH - ROOM_FOR_ERROR));
    }
    return refusal;
  }

  /**
   * The 402 that asks for a payment. A version in which nothing can be settled is left out: the
   * header is that of version 2, the body that of version 1.
   */
  static Refusal paymentRequired(SettleableOffers.Descriptors offered, boolean olderHeader) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (!offered.v2().accepts().isEmpty()) {
      String header = PaymentCodec.encodeRequired(offered.v2());
      headers.put(PaymentHeader.PAYMENT_REQUIRED, header);
      if (olderHeader) {
        headers.put(PaymentHeader.X_PAYMENT_REQUIRED, header);
      }
    }
    headers.put(CACHE_CONTROL, NO_STORE);
    return new Refusal(402, headers, PaymentCodec.encodeRequiredBody(offered.v1(), offered.v2()));
  }

  /** The 402 for a payment that was decoded and is not good, or was not settled. */
  static Refusal refused(
      Challenge challenge,
      int x402Version,
      Network network,
      @Nullable Address payer,
      ErrorReason reason) {
    Refusal fresh =
        paymentRequired(
            challenge.offered().withError(reason.wireCode()), challenge.hasOlderHeader());
    Map<String, String> headers = new LinkedHashMap<>(fresh.headers());
    headers.putAll(
        responseHeader(x402Version, SettlementResponse.unsettled(network, payer, reason, null)));
    return new Refusal(402, headers, fresh.body());
  }

  /** The 400 for what is not a payment at all. */
  static Refusal malformed(MalformedPaymentException e) {
    return new Refusal(
        400,
        Map.of(CACHE_CONTROL, NO_STORE),
        PaymentCodec.errorBody(e.reason(), String.valueOf(e.getMessage())));
  }

  /** The refusal of a payment that came by the {@code Payment} HTTP scheme. */
  static Refusal problem(Challenge challenge, ErrorReason reason) {
    return problem(challenge, PaymentProblem.of(reason), reason.wireCode());
  }

  /** The same for a problem that only the scheme has. */
  static Refusal problem(Challenge challenge, PaymentProblem problem, String detail) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (problem.status() == 402) {
      headers.putAll(challenge.refusal().headers());
    }
    headers.put(CACHE_CONTROL, NO_STORE);
    headers.put(Refusal.CONTENT_TYPE, PaymentProblem.CONTENT_TYPE);
    return new Refusal(problem.status(), headers, problem.body(detail));
  }

  /** The 503 that asks for the same payment again later, never for another. */
  static Refusal unavailable(
      int x402Version, Network network, @Nullable Address payer, Optional<String> transaction) {
    return unavailable(x402Version, network, payer, transaction, Duration.ZERO);
  }

  /**
   * The same.
   *
   * @param freeIn the time after which it is worth asking again, if that is longer than usual: the
   *     rest of the lease of a server that has died
   */
  static Refusal unavailable(
      int x402Version,
      Network network,
      @Nullable Address payer,
      Optional<String> transaction,
      Duration freeIn) {
    long seconds = Math.max(RETRY_AFTER_SECONDS, freeIn.plusMillis(999).toSeconds());
    ErrorReason reason = ErrorReason.SETTLEMENT_PENDING;
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(CACHE_CONTROL, NO_STORE);
    headers.put("Retry-After", String.valueOf(seconds));
    headers.putAll(
        responseHeader(
            x402Version,
            SettlementResponse.unsettled(network, payer, reason, transaction.orElse(null))));
    return new Refusal(
        503,
        headers,
        PaymentCodec.errorBody(
            reason, "send the same payment again later; do not make another payment"));
  }

  /** The 503 for a request without a payment, while none could be settled. */
  static Refusal outage() {
    return new Refusal(
        503,
        Map.of(CACHE_CONTROL, NO_STORE, "Retry-After", String.valueOf(RETRY_AFTER_SECONDS)),
        PaymentCodec.errorBody(
            ErrorReason.UNEXPECTED_VERIFY_ERROR,
            "payments cannot be settled now; try again later"));
  }

  /** The 409 for a name that another payment has. */
  static Refusal identifierConflict() {
    return new Refusal(
        409,
        Map.of(CACHE_CONTROL, NO_STORE),
        PaymentCodec.errorBody(
            ErrorReason.PAYMENT_IDENTIFIER_CONFLICT,
            "extensions.payment-identifier: another payment has this id"));
  }

  /** The 429 for a payer that has caused too much work for nothing. */
  static Refusal tooManyFailures() {
    return new Refusal(
        429,
        Map.of(CACHE_CONTROL, NO_STORE, "Retry-After", "60"),
        PaymentCodec.errorBody(
            ErrorReason.UNEXPECTED_VERIFY_ERROR, "too many of this payer's requests failed"));
  }

  /** The refusal of an access hook, for a request without a payment. */
  static Refusal access(AccessDecision.Refuse refuse) {
    return new Refusal(
        refuse.status(),
        Map.of(CACHE_CONTROL, NO_STORE),
        PaymentCodec.errorBody(refuse.reason(), "access is refused; nothing was charged"));
  }

  /** The same for a request with a payment, which tells that no money has moved. */
  static Refusal access(AccessDecision.Refuse refuse, int x402Version, Network network) {
    Refusal refusal = access(refuse);
    Map<String, String> headers = new LinkedHashMap<>(refusal.headers());
    headers.putAll(
        responseHeader(
            x402Version,
            SettlementResponse.unsettled(network, null, ErrorReason.ACCESS_REFUSED, null)));
    return new Refusal(refusal.status(), headers, refusal.body());
  }

  /** The 503 for a request without a payment, if an access hook fails. */
  static Refusal accessUndecided() {
    return new Refusal(
        503,
        Map.of(CACHE_CONTROL, NO_STORE, "Retry-After", String.valueOf(RETRY_AFTER_SECONDS)),
        PaymentCodec.errorBody("access_undecided", "nothing was charged; try again later"));
  }

  static Map<String, String> responseHeader(int x402Version, SettlementResponse response) {
    return Map.of(
        PaymentHeader.responseName(x402Version),
        PaymentCodec.encodeSettlement(response, x402Version));
  }
}
