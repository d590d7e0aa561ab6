// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Address;
import io.github.x402j.Extension;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code payment-identifier} extension: a payer may name its payment, and gets the stored
 * answer when it asks again with the same name and payment.
 *
 * <p>Names belong to their payer, whose signature is checked before anything is looked up. Answers
 * are kept in memory, bounded in number, size and time; what does not fit is forgotten, and its
 * payment is then refused as used. Safe for use by several threads.
 */
public final class PaymentIdentifiers {
  /** The extension's name. */
  public static final String EXTENSION = "payment-identifier";

  /** How long an answer is kept unless said otherwise. */
  public static final Duration DEFAULT_KEEP = Duration.ofMinutes(10);

  /** The most that all answers take, in bytes. */
  public static final long MAX_BYTES = 16L * 1024 * 1024;

  /** The most that one answer takes, in bytes. */
  public static final long MAX_ANSWER_BYTES = 256L * 1024;

  private static final Map<String, Object> SCHEMA =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of(
              "required",
              Map.of("type", "boolean"),
              "id",
              Map.of("type", "string", "pattern", "^[A-Za-z0-9_-]{16,128}$")),
          "required",
          List.of("required"));

  private static final int MAX_ENTRIES = 10_000;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{16,128}");

  private final boolean required;
  private final Duration keep;
  private final Clock clock;
  private final Map<Name, Entry> entries = new LinkedHashMap<>();
  private long bytes;

  private PaymentIdentifiers(boolean required, Duration keep, Clock clock) {
    if (keep.toMillis() < 1) {
      throw new IllegalArgumentException(
          "payment identifiers: expected to keep answers for a time");
    }
    this.required = required;
    this.keep = keep;
    this.clock = clock;
  }

  /** Returns the extension for payers that use it. */
  public static PaymentIdentifiers optional() {
    return new PaymentIdentifiers(false, DEFAULT_KEEP, Clock.systemUTC());
  }

  /** Returns the extension, without which no payment is taken. */
  public static PaymentIdentifiers required() {
    return new PaymentIdentifiers(true, DEFAULT_KEEP, Clock.systemUTC());
  }

  /** Returns this, keeping answers for so long by this clock; nothing is stored in it yet. */
  public PaymentIdentifiers keepingFor(Duration newKeep, Clock newClock) {
    return new PaymentIdentifiers(required, newKeep, newClock);
  }

  /** A name and whose it is. */
  public record Name(Address payer, String id) {}

  /** What a name was used for before. */
  public enum Earlier {
    /** Nothing. */
    NOTHING,
    /** The same payment, which has no stored answer. */
    THE_SAME,
    /** Another payment. */
    ANOTHER
  }

  private static final class Entry {
    private final String payment;
    private final Instant until;
    private @Nullable StoredAnswer answer;

    Entry(String payment, Instant until) {
      this.payment = payment;
      this.until = until;
    }
  }

  public PaymentRequired announce(PaymentRequired descriptor) {
    return descriptor.withExtension(EXTENSION, Extension.of(Map.of("required", required), SCHEMA));
  }

  public boolean isRequired() {
    return required;
  }

  /** Returns the name that the payment brings, empty if none. */
  public static Optional<String> idOf(PaymentPayload payload) throws MalformedPaymentException {
    Object extension = payload.extensions().get(EXTENSION);
    if (extension == null) {
      return Optional.empty();
    }
    if (extension instanceof Map<?, ?> object && object.get("info") instanceof Map<?, ?> info) {
      Object id = info.get("id");
      if (id == null) {
        return Optional.empty(); // the announcement, sent back as it came
      }
      if (id instanceof String text && ID.matcher(text).matches()) {
        return Optional.of(text);
      }
    }
    throw new MalformedPaymentException(
        "extensions.payment-identifier.info.id: expected 16 to 128 of A-Z, a-z, 0-9, _ and -");
  }

  /** Takes the name for the payment unless it was taken before. */
  public synchronized Earlier take(Name name, String payment) {
    forgetExpired();
    Entry entry = entries.get(name);
    if (entry != null) {
      return entry.payment.equals(payment) ? Earlier.THE_SAME : Earlier.ANOTHER;
    }
    entries.put(name, new Entry(payment, clock.instant().plus(keep)));
    makeRoom();
    return Earlier.NOTHING;
  }

  public synchronized Optional<StoredAnswer> answer(Name name) {
    Entry entry = entries.get(name);
    return entry == null ? Optional.empty() : Optional.ofNullable(entry.answer);
  }

  public synchronized void store(Name name, StoredAnswer answer) {
    Entry entry = entries.get(name);
    if (entry == null || entry.answer != null || answer.size() > MAX_ANSWER_BYTES) {
      return;
    }
    entry.answer = answer;
    bytes += answer.size();
    makeRoom();
  }

  /** Gives a name back whose payment has cost nothing. */
  public synchronized void free(Name name) {
    Entry entry = entries.get(name);
    if (entry != null && entry.answer == null) {
      entries.remove(name);
    }
  }

  private void forgetExpired() {
    Instant now = clock.instant();
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.until.isAfter(now)) {
        return; // all are kept for the same time, so the order is that of their ends
      }
      remove(oldest, entry);
    }
  }

  private void makeRoom() {
    Iterator<Entry> oldest = entries.values().iterator();
    while ((entries.size() > MAX_ENTRIES || bytes > MAX_BYTES) && oldest.hasNext()) {
      remove(oldest, oldest.next());
    }
  }

  private void remove(Iterator<Entry> at, Entry entry) {
    at.remove();
    bytes -= entry.answer == null ? 0 : entry.answer.size();
  }
}
