// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One line of a {@link SpendJournal}: something that was decided, or that became known.
 *
 * @param sequence 1 for the first line, without gaps
 * @param time when it was written, by the writer's clock
 * @param event what happened
 * @param agent whose wallet
 * @param requestId which request; {@code -} where there is none
 * @param details what else is known, by name: {@code method}, {@code host}, {@code path}, {@code
 *     resource} (what is paid for, where path does not name it), {@code price}, {@code amount},
 *     {@code token}, {@code network}, {@code payTo}, {@code nonce}, {@code validBefore}, {@code
 *     rule}, {@code limit}, {@code asked}, {@code left}, {@code transaction}, {@code receipt} (a
 *     fingerprint), {@code reason}; of a wallet {@code address}, {@code limit}, {@code period},
 *     {@code domains}, {@code expires}, {@code onLimit}, {@code refusals}. No signature, no query,
 *     no free text of a seller
 */
public record JournalEntry(
    long sequence,
    Instant time,
    Event event,
    String agent,
    String requestId,
    Map<String, String> details) {

  /** What happened. */
  public enum Event {
    /** A wallet was provisioned, or its terms were changed. */
    PROVISIONED,
    /** A seller asked for a payment. */
    ASKED,
    /** A rule refused it. */
    REFUSED,
    /** The rules allow it, and its amount is reserved. */
    ALLOWED,
    /** It was signed, and may be sent from now on. */
    SIGNED,
    /** The seller, or the chain, says that it was settled. */
    SETTLED,
    /** The seller delivered and did not show that it was settled. */
    UNCONFIRMED,
    /** The outcome is not known. The amount stays reserved. */
    PENDING,
    /** The seller says that it did not take the payment, and could do so still: reserved. */
    REJECTED,
    /** Nobody can take it any more: the amount is free again. */
    RETURNED,
    /** The wallet signs nothing any more. */
    REVOKED;

    /** Whether power may not fail between the writing of it and what is done next. */
    boolean mustBeDurable() {
      return this == ALLOWED || this == REVOKED;
    }
  }

  /** What is to be written. */
  record Draft(
      Instant time, Event event, String agent, String requestId, Map<String, String> details) {
    JournalEntry at(long sequence) {
      return new JournalEntry(sequence, time, event, agent, requestId, details);
    }
  }

  /** Copies the details. */
  public JournalEntry {
    details = Collections.unmodifiableMap(new TreeMap<>(details));
  }

  /** Returns the detail of this name, empty if there is none. */
  public Optional<String> detail(String name) {
    return Optional.ofNullable(details.get(name));
  }

  /** Returns the detail that an entry of this kind always has. */
  String need(String name) {
    return detail(name)
        .orElseThrow(
            () -> new IllegalArgumentException("entry " + sequence + ": expected " + name));
  }
}
