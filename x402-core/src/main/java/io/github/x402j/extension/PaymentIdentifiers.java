// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.x402j.Address;
import io.github.x402j.Extension;
import io.github.x402j.Hashes;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code payment-identifier} extension: a payer may name its payment, and gets the stored
 * answer when it sends the same payment for the same request again.
 *
 * <p>Names belong to their payer, whose signature is checked before anything is looked up. Answers
 * are kept in an {@link AnswerStore}; the payment of one that is no longer there is refused as
 * used. Safe for use by several threads.
 */
public final class PaymentIdentifiers {
  /** The extension's name. */
  public static final String EXTENSION = "payment-identifier";

  /** How long an answer is kept unless said otherwise. */
  public static final Duration DEFAULT_KEEP = Duration.ofMinutes(10);

  /** The most that one answer takes, in bytes. */
  public static final long MAX_ANSWER_BYTES = 256L * 1024;

  private static final Logger log = LoggerFactory.getLogger(PaymentIdentifiers.class);
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{16,128}");
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

  /** Members in one order, whatever order they came in. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private final boolean required;
  private final Duration keep;
  private final AnswerStore answers;

  private PaymentIdentifiers(boolean required, Duration keep, AnswerStore answers) {
    if (keep.toMillis() < 1) {
      throw new IllegalArgumentException(
          "payment identifiers: expected to keep answers for a time");
    }
    this.required = required;
    this.keep = keep;
    this.answers = answers;
  }

  /** Returns the extension for payers that use it, with answers in memory. */
  public static PaymentIdentifiers optional() {
    return new PaymentIdentifiers(false, DEFAULT_KEEP, InMemoryAnswerStore.create());
  }

  /** Returns the extension, without which no payment is taken, with answers in memory. */
  public static PaymentIdentifiers required() {
    return new PaymentIdentifiers(true, DEFAULT_KEEP, InMemoryAnswerStore.create());
  }

  /** Returns this with answers that are kept for so long. Default: 10 min. */
  public PaymentIdentifiers keepingFor(Duration newKeep) {
    return new PaymentIdentifiers(required, newKeep, answers);
  }

  /**
   * Returns this with answers that are kept there, such as in the database that several servers
   * share. Default: in the memory of this process.
   */
  public PaymentIdentifiers storedIn(AnswerStore newAnswers) {
    return new PaymentIdentifiers(required, keep, newAnswers);
  }

  /** Returns the descriptor with the extension. */
  public PaymentRequired announce(PaymentRequired descriptor) {
    return descriptor.withExtension(EXTENSION, Extension.of(Map.of("required", required), SCHEMA));
  }

  /** Returns whether a payment without a name is refused. */
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

  /**
   * Returns the payment under its name, bound to all that it says: the answer is for who can repeat
   * that, down to the signature and the echo.
   *
   * @param payer who pays, by a signature that was checked
   * @param id the name that it brings
   * @param claim what it pays for, and what the payer proves itself with
   */
  public static NamedPayment named(Address payer, String id, PaymentPayload payload, String claim) {
    try {
      byte[] message = Base64.getDecoder().decode(PaymentCodec.encodePayload(payload));
      String inOrder = JSON.writeValueAsString(JSON.readValue(message, Map.class));
      String binding = HexFormat.of().formatHex(Hashes.sha256(claim + "\n" + inOrder));
      return new NamedPayment(payer, id, binding);
    } catch (IOException e) {
      throw new UncheckedIOException("the payment's message could not be written", e);
    }
  }

  /**
   * Takes the name for the payment unless it is taken.
   *
   * @throws RuntimeException if the store does not answer
   */
  public AnswerStore.Taken take(NamedPayment payment) {
    return answers.take(payment, keep);
  }

  /** Keeps the answer, if it is not too large and the store can. The sale does not depend on it. */
  public void store(NamedPayment payment, StoredAnswer answer) {
    if (answer.size() > MAX_ANSWER_BYTES) {
      notKept(payment);
    } else {
      attempt("an answer is not kept", () -> answers.store(payment, answer));
    }
  }

  /** Notes that the answer of the payment is not kept. */
  public void notKept(NamedPayment payment) {
    attempt("a name stays in progress until it expires", () -> answers.notKept(payment));
  }

  /** Gives the name of a payment back that has cost nothing. */
  public void free(NamedPayment payment) {
    attempt("a name stays taken until it expires", () -> answers.free(payment));
  }

  private static void attempt(String otherwise, Runnable write) {
    try {
      write.run();
    } catch (RuntimeException e) {
      log.warn("{}: the store of answers failed: {}", otherwise, e.toString());
    }
  }
}
