// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.time.Duration;

/**
 * Keeps the answers that named payments have bought, bounded in number, size and time. What does
 * not fit is forgotten. Servers that share a ledger should share one, {@code JdbcAnswerStore} of
 * {@code x402-jdbc}: then each gives the answers of the others.
 *
 * <p>A name is of one payer and stands for one {@linkplain NamedPayment#binding payment}. An answer
 * leaves the store for this payment only. Implementations are safe for use by several threads, and
 * throw a {@link RuntimeException} if they cannot answer: then nothing is sold. Tests of an
 * implementation extend {@code AnswerStoreContract} of {@code x402-testing}.
 */
public interface AnswerStore {
  /** What a name stands for. */
  sealed interface Taken {
    /** It stood for nothing, and is taken for this payment now. */
    record Begun() implements Taken {}

    /** It stands for this payment, whose answer may be yet to come. */
    record InProgress() implements Taken {}

    /** It stands for this payment, whose answer is not kept. */
    record NotKept() implements Taken {}

    /** It stands for this payment, which has bought this answer. */
    record Answered(StoredAnswer answer) implements Taken {}

    /** It stands for another payment of this payer. */
    record Another() implements Taken {}
  }

  /**
   * Takes the name for the payment unless it is taken. Of several callers at once, one gets {@link
   * Taken.Begun}.
   *
   * @param keep how long the name, and the answer, is kept
   */
  Taken take(NamedPayment payment, Duration keep);

  /** Keeps the answer, if the name is taken for this payment and has none. */
  void store(NamedPayment payment, StoredAnswer answer);

  /** Notes that no answer of this payment will be kept. */
  void notKept(NamedPayment payment);

  /** Gives the name back, if it is taken for this payment and has no answer. */
  void free(NamedPayment payment);
}
