// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Extension;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Puts signed statements into descriptors and settlement responses.
 *
 * <p>Anyone can ask for offers, of any number of resources and prices. So each offer is signed once
 * for half of its validity, and there is a bound on how many are signed in a second; beyond it they
 * go out unsigned. A signer that fails or hangs keeps nothing up: what it would sign goes out
 * without. Safe for use by several threads.
 */
public final class OfferReceipts {
  static final String EXTENSION = "offer-receipt";

  private static final Map<String, Object> OFFERS_SCHEMA =
      schema("offers", Map.of("type", "array", "items", statementSchema()));
  private static final Map<String, Object> RECEIPT_SCHEMA = schema("receipt", statementSchema());

  /** Offers signed in a second, on average. */
  static final int OFFERS_PER_SECOND = 10;

  /** Offers that are signed at once after a quiet time. */
  static final int MAX_BURST = 100;

  private static final Duration SHORTEST_VALIDITY = Duration.ofSeconds(10);
  private static final Duration LONGEST_VALIDITY = Duration.ofDays(30);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final int MAX_REMEMBERED = 10_000;

  private final OfferReceiptSigner signer;
  private final Duration validity;
  private final Clock clock;
  private final Recent<OfferStatement, Signed> offers = new Recent<>(MAX_REMEMBERED);
  private final TimedSigner offerSigner = new TimedSigner("offers", 2, 16, Duration.ofMillis(250));
  private final TimedSigner receiptSigner =
      new TimedSigner("receipt statements", 4, 256, Duration.ofSeconds(2));
  private double allowance = MAX_BURST;
  private Instant allowedAt = Instant.EPOCH;

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

  /**
   * A descriptor with the offers that are signed, and when it should be replaced: at half of their
   * validity, or soon if one is missing.
   */
  public record Offered(PaymentRequired required, Instant renewAt) {}

  /**
   * What is known of an offer.
   *
   * @param statement null if there is none yet
   * @param until the end of its validity
   * @param next the signature that is being made, or has failed; null if none is
   * @param nextUntil the end of its validity
   */
  private record Signed(
      @Nullable Map<String, Object> statement,
      Instant until,
      @Nullable CompletableFuture<Optional<Map<String, Object>>> next,
      Instant nextUntil) {}

  /** Returns whether that time has come; at this very time it has. */
  public boolean isDue(Instant renewAt) {
    return !clock.instant().isBefore(renewAt);
  }

  /**
   * Returns the descriptor with a signed offer for each way to pay, good from now on. For the
   * start, where a signer that does not work is to be found.
   *
   * @throws RuntimeException as the signer throws it
   */
  public Offered offerNow(PaymentRequired required) {
    Instant until = clock.instant().plus(validity);
    List<Map<String, Object>> signed = new ArrayList<>();
    for (int i = 0; i < required.accepts().size(); i++) {
      OfferStatement offer = statement(required, i);
      Map<String, Object> statement = signer.sign(offer.until(until));
      offers.put(offer, new Signed(statement, until, null, until));
      signed.add(at(i, statement));
    }
    return new Offered(with(required, signed), renewAt(until));
  }

  /** Returns the descriptor with the offers that are signed, or can be within a short time. */
  public Offered offer(PaymentRequired required) {
    Instant renewAt = Instant.MAX;
    List<Map<String, Object>> signed = new ArrayList<>();
    for (int i = 0; i < required.accepts().size(); i++) {
      Signed known = signed(statement(required, i));
      Map<String, Object> statement = known.statement();
      Instant renew = renewAt(known.until());
      if (statement != null && clock.instant().isBefore(known.until())) {
        signed.add(at(i, statement));
      } else {
        renew = Instant.MIN;
      }
      if (isDue(renew)) {
        renew = clock.instant().plus(RETRY_AFTER);
      }
      renewAt = renew.isBefore(renewAt) ? renew : renewAt;
    }
    return new Offered(signed.isEmpty() ? required : with(required, signed), renewAt);
  }

  private static OfferStatement statement(PaymentRequired required, int index) {
    return OfferStatement.of(required.resource().url(), required.accepts().get(index));
  }

  private Instant renewAt(Instant until) {
    return until.minus(validity.dividedBy(2));
  }

  private static Map<String, Object> at(int index, Map<String, Object> statement) {
    Map<String, Object> offer = new LinkedHashMap<>(statement);
    offer.put("acceptIndex", (long) index);
    return offer;
  }

  private static PaymentRequired with(PaymentRequired required, List<Map<String, Object>> signed) {
    return required.withExtension(EXTENSION, Extension.of(Map.of("offers", signed), OFFERS_SCHEMA));
  }

  private static Map<String, Object> schema(String member, Map<String, Object> type) {
    return Map.of(
        "type", "object", "properties", Map.of(member, type), "required", List.of(member));
  }

  private static Map<String, Object> statementSchema() {
    return Map.of("type", "object", "required", List.of("format", "signature"));
  }

  /** Returns what is signed, after a short wait for what is not. */
  private Signed signed(OfferStatement offer) {
    Signed known = begin(offer);
    CompletableFuture<Optional<Map<String, Object>>> next = known.next();
    if (next == null) {
      return known;
    }
    Optional<Map<String, Object>> made = offerSigner.await(next);
    return made.isPresent()
        ? new Signed(made.get(), known.nextUntil(), null, known.nextUntil())
        : known;
  }

  /** Takes the place of what was signed before once it is there, and begins what is due. */
  private synchronized Signed begin(OfferStatement offer) {
    Signed known = offers.get(offer).orElse(new Signed(null, Instant.EPOCH, null, Instant.EPOCH));
    CompletableFuture<Optional<Map<String, Object>>> next = known.next();
    if (next != null && !next.isDone()) {
      return known;
    }
    if (next != null) {
      Optional<Map<String, Object>> made = next.join();
      known =
          made.isPresent()
              ? new Signed(made.get(), known.nextUntil(), null, known.nextUntil())
              : new Signed(known.statement(), known.until(), null, known.nextUntil());
    }
    if ((known.statement() == null || isDue(renewAt(known.until()))) && isAllowed()) {
      Instant until = clock.instant().plus(validity);
      known =
          new Signed(
              known.statement(),
              known.until(),
              offerSigner.begin(() -> signer.sign(offer.until(until))),
              until);
    }
    if (known.statement() != null || known.next() != null) {
      offers.put(offer, known);
    }
    return known;
  }

  /** A token bucket. A clock that was set back fills it no further. */
  private boolean isAllowed() {
    Instant now = clock.instant();
    if (now.isAfter(allowedAt)) {
      double millis = Math.min(Duration.between(allowedAt, now).toMillis(), 60_000);
      allowance = Math.min(MAX_BURST, allowance + millis * OFFERS_PER_SECOND / 1000);
    }
    allowedAt = now;
    if (allowance < 1) {
      return false;
    }
    allowance--;
    return true;
  }

  /** Returns the extension of a settlement response, empty if it cannot be signed in time. */
  public Map<String, Object> receipt(
      Network network, String resourceUrl, Settlement.Settled settled) {
    ReceiptStatement statement =
        new ReceiptStatement(
            network, resourceUrl, settled.payer(), clock.instant(), settled.transaction());
    Optional<Map<String, Object>> signed =
        receiptSigner.await(receiptSigner.begin(() -> signer.sign(statement)));
    return signed.isEmpty()
        ? Map.of()
        : Map.of(EXTENSION, Extension.of(Map.of("receipt", signed.get()), RECEIPT_SCHEMA).toMap());
  }
}
