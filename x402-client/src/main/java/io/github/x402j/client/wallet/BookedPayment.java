// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One payment as the journal has it: what was allowed, and what became of it. Immutable.
 *
 * @param agent the agent whose wallet pays
 * @param nonce of the authorization
 * @param requestId the journal's name for the request
 * @param time when it was allowed, by the clock of its process
 * @param state the last that is known: {@code ALLOWED}, {@code SIGNED}, {@code SETTLED}, {@code
 *     UNCONFIRMED}, {@code PENDING}, {@code REJECTED} or {@code RETURNED}
 * @param confirmed whether it was settled, or its seller delivered
 * @param details more, by name, as in {@link JournalEntry#details}: those of the entry that allowed
 *     it, and those of the later ones
 */
public record BookedPayment(
    String agent,
    String nonce,
    String requestId,
    Instant time,
    JournalEntry.Event state,
    boolean confirmed,
    Map<String, String> details) {

  /** Copies the details. */
  public BookedPayment {
    details = Collections.unmodifiableMap(new TreeMap<>(details));
  }

  /** Returns the payment that the entry allows. */
  static BookedPayment allowed(JournalEntry entry) {
    Map<String, String> details = new TreeMap<>(entry.details());
    details.remove("nonce");
    BookedPayment payment =
        new BookedPayment(
            entry.agent(),
            entry.need("nonce"),
            entry.requestId(),
            entry.time(),
            JournalEntry.Event.ALLOWED,
            false,
            details);
    payment.price();
    payment.host();
    return payment;
  }

  /** Returns the payment after the entry, which is about it. */
  BookedPayment after(JournalEntry entry) {
    Map<String, String> all = new TreeMap<>(details);
    all.putAll(entry.details());
    all.remove("nonce");
    boolean gone =
        entry.event() == JournalEntry.Event.SETTLED
            || entry.event() == JournalEntry.Event.UNCONFIRMED;
    return new BookedPayment(agent, nonce, requestId, time, entry.event(), confirmed || gone, all);
  }

  /** Returns whether its outcome is not known: it is neither settled nor returned. */
  public boolean isOpen() {
    return state != JournalEntry.Event.SETTLED && state != JournalEntry.Event.RETURNED;
  }

  /** Returns the detail of this name, empty if there is none. */
  public Optional<String> detail(String name) {
    return Optional.ofNullable(details.get(name));
  }

  /** Returns the price. One token counts as one dollar. */
  public Dollars price() {
    return Dollars.parse(need("price"));
  }

  /** Returns the host that asked for it. */
  public String host() {
    return need("host");
  }

  Network network() {
    return Network.parse(need("network"));
  }

  Address token() {
    return Address.parse(need("token"));
  }

  /** Returns the time from which on the chain rejects the authorization. */
  Instant validBefore() {
    return Instant.parse(need("validBefore"));
  }

  private String need(String name) {
    return detail(name)
        .orElseThrow(() -> new IllegalArgumentException("payment " + nonce + ": expected " + name));
  }
}
