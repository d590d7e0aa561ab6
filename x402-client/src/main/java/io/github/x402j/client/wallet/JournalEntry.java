// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One entry of a {@link SpendJournal}: a decision, or an outcome that became known. Immutable.
 *
 * @param sequence 1 for the first entry, without gaps
 * @param time when it was written, by the writer's clock
 * @param event what happened
 * @param agent the agent whose wallet it is about
 * @param requestId the name of the request; {@code -} where there is none
 * @param details more, by name: {@code method}, {@code host}, {@code path}, {@code resource} (what
 *     is paid for, if the path does not name it), {@code price}, {@code amount}, {@code token},
 *     {@code network}, {@code payTo}, {@code nonce}, {@code validBefore}, {@code rule}, {@code
 *     limit}, {@code asked}, {@code left}, {@code transaction}, {@code receipt} (a fingerprint),
 *     {@code reason}, {@code task}, {@code offers} (those that the seller made), {@code choice}
 *     (why one of them was taken), {@code by} (who provisioned, revoked, reinstated, approved or
 *     denied), {@code fingerprint} (a hash of the request), {@code delivered}, {@code approval},
 *     {@code approvalOf}, {@code until}, {@code within}, {@code waitsFor}; for a wallet {@code
 *     address}, {@code limit}, {@code period}, {@code domains}, {@code expires}, {@code onLimit},
 *     {@code refusals}, {@code policy}, {@code policyVersion}. Holds no signature, no query and no
 *     free text of a seller's
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
    /** A rule declined it. */
    REFUSED,
    /** The rules allow it, and its amount is reserved. */
    ALLOWED,
    /** It was signed, and may be sent. */
    SIGNED,
    /** The seller, or the chain, says that it was settled. */
    SETTLED,
    /** The seller delivered, but did not say that it was settled. */
    UNCONFIRMED,
    /** The outcome is not known. The amount stays reserved. */
    PENDING,
    /** The seller says that it did not take the payment. It still could: reserved. */
    REJECTED,
    /** The payment can no longer be settled: the amount is free again. */
    RETURNED,
    /** The wallet signs nothing from now on. */
    REVOKED,
    /** The wallet signs again, or pays a host again. */
    REINSTATED,
    /** A payment waits for its owner's approval. */
    WAITING,
    /** The owner approved a payment. */
    APPROVED,
    /** The owner denied a payment. */
    DENIED;

    /** Returns whether it must be on the disk before anything acts on it. */
    boolean mustBeDurable() {
      return this == ALLOWED || this == REVOKED;
    }
  }

  /** An entry to be written, which has no number yet. */
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

  /**
   * Returns the detail of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  String need(String name) {
    return detail(name)
        .orElseThrow(
            () -> new IllegalArgumentException("entry " + sequence + ": expected " + name));
  }
}
