// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Hashes;
import java.io.IOException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * What the payments of a wallet have brought: which requests wait for an outcome, and which hosts
 * took payments and delivered nothing. Kept as notes of the journal.
 */
final class OutcomeNotes {
  /** The detail with the hash of a request; none if its caller does not tell it from others. */
  static final String FINGERPRINT = "fingerprint";

  /** The detail that says whether what was paid for came: {@code yes} or {@code no}. */
  static final String DELIVERED = "delivered";

  private static final String OPEN = "open ";
  private static final String UNDELIVERED = "undelivered ";
  private static final int LONGEST_NAME = 150;

  private final String agent;
  private final JournalStorage.Turn turn;

  OutcomeNotes(String agent, JournalStorage.Turn turn) {
    this.agent = agent;
    this.turn = turn;
  }

  /** A payment for a request whose outcome is not known. */
  record Open(String nonce, Instant time, String host) {
    private static Open of(String note) {
      String[] parts = note.split(" ");
      return new Open(parts[0], Instant.parse(parts[1]), parts[2]);
    }

    private String note() {
      return nonce + " " + time + " " + host;
    }
  }

  /** Notes that a payment for a request is allowed. */
  void allowed(BookedPayment payment) throws IOException {
    Optional<String> request = payment.detail(FINGERPRINT);
    if (request.isPresent()) {
      Open open = new Open(payment.nonce(), payment.time(), payment.host());
      turn.note(agent, OPEN + request.get(), open.note());
    }
  }

  /** Notes what became known of a payment. */
  void changed(BookedPayment before, BookedPayment after) throws IOException {
    boolean delivered = hasDelivered(after);
    boolean failed =
        after.state() == JournalEntry.Event.PENDING
            || after.state() == JournalEntry.Event.REJECTED
            || "no".equals(after.detail(DELIVERED).orElse(""));
    if (delivered) {
      turn.note(agent, undelivered(after.host()), null);
    } else if (failed && isNew(before)) {
      int inARow = undeliveredInARow(after.host()) + 1;
      turn.note(agent, undelivered(after.host()), String.valueOf(inARow));
    }
    boolean known =
        after.state() != JournalEntry.Event.PENDING && after.state() != JournalEntry.Event.SIGNED;
    Optional<String> request = after.detail(FINGERPRINT);
    if (known && request.isPresent() && isOf(request.get(), after.nonce())) {
      turn.note(agent, OPEN + request.get(), null);
    }
  }

  private static boolean hasDelivered(BookedPayment payment) {
    return payment.state() == JournalEntry.Event.UNCONFIRMED
        || payment.state() == JournalEntry.Event.SETTLED
            && "yes".equals(payment.detail(DELIVERED).orElse(""));
  }

  /** A payment counts once, when its first outcome becomes known. */
  private static boolean isNew(BookedPayment before) {
    return before.state() == JournalEntry.Event.ALLOWED
        || before.state() == JournalEntry.Event.SIGNED;
  }

  private boolean isOf(String request, String nonce) throws IOException {
    return open(request).filter(open -> open.nonce().equals(nonce)).isPresent();
  }

  /** Lets the host be paid again, whatever it did before. */
  void forget(String host) throws IOException {
    turn.note(agent, undelivered(host), null);
    for (Map.Entry<String, String> note : turn.notes(agent, OPEN).entrySet()) {
      if (Open.of(note.getValue()).host().equals(host)) {
        turn.note(agent, note.getKey(), null);
      }
    }
  }

  /** Returns the payment for the request whose outcome is not known, empty if there is none. */
  Optional<Open> open(String request) throws IOException {
    return turn.note(agent, OPEN + request).map(Open::of);
  }

  /** Returns how many payments in a row the host took without delivering. */
  int undeliveredInARow(String host) throws IOException {
    return turn.note(agent, undelivered(host)).map(Integer::parseInt).orElse(0);
  }

  /** The name of a note has a greatest length, that of a host has a greater one. */
  private static String undelivered(String host) {
    return UNDELIVERED
        + (host.length() <= LONGEST_NAME ? host : HexFormat.of().formatHex(Hashes.sha256(host)));
  }
}
