// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.ledger;

import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentLedger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A ledger in the memory of one process, bounded in size.
 *
 * <p>Entries live until their {@code keepUntil}; when there is no room for another the ledger says
 * {@code Full} and forgets nothing. A restart forgets everything: an authorization that was settled
 * before is then refused because the chain knows it as used; one that was broadcast and not yet
 * mined is settled once by the chain. Several servers that sell for one {@code payTo} need a shared
 * ledger instead.
 *
 * <p>Safe for use by several threads.
 */
public final class InMemoryPaymentLedger implements PaymentLedger {
  /** How many authorizations are remembered unless said otherwise; about 100 MB when full. */
  public static final int DEFAULT_CAPACITY = 200_000;

  /** A held entry is kept a little longer than asked, so that its holder finds it. */
  private static final Duration GRACE_FOR_HOLDER = Duration.ofMinutes(10);

  private final int capacity;
  private final Clock clock;
  private final Map<PaymentKey, Record> records = new HashMap<>();
  private final TreeSet<Expiry> expiries = new TreeSet<>();
  private long claims;

  private InMemoryPaymentLedger(int capacity, Clock clock) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, found " + capacity);
    }
    this.capacity = capacity;
    this.clock = clock;
  }

  /** Returns an empty ledger with {@link #DEFAULT_CAPACITY}. */
  public static InMemoryPaymentLedger create() {
    return new InMemoryPaymentLedger(DEFAULT_CAPACITY, Clock.systemUTC());
  }

  /** Returns an empty ledger for at most so many authorizations at a time. */
  public static InMemoryPaymentLedger withCapacity(int capacity) {
    return new InMemoryPaymentLedger(capacity, Clock.systemUTC());
  }

  /** Returns an empty ledger that reads this clock. */
  public static InMemoryPaymentLedger withCapacity(int capacity, Clock clock) {
    return new InMemoryPaymentLedger(capacity, clock);
  }

  @Override
  public synchronized Claim claim(PaymentKey key, String request, Instant keepUntil) {
    forgetExpired();
    Record record = records.get(key);
    if (record == null) {
      return grant(key, request, keepUntil);
    }
    if (record.state == State.DELIVERED || !record.request.equals(request)) {
      return new Claim.Used();
    }
    if (record.state == State.HELD) {
      return new Claim.InProgress(record.transaction);
    }
    record.state = State.HELD;
    return new Claim.Resumed(record.transaction);
  }

  private Claim grant(PaymentKey key, String request, Instant keepUntil) {
    if (records.size() >= capacity) {
      return new Claim.Full();
    }
    Record record = new Record(request, new Expiry(keepUntil, claims++, key));
    records.put(key, record);
    expiries.add(record.expiry);
    return new Claim.Granted();
  }

  @Override
  public synchronized void settling(PaymentKey key, String transaction) {
    held(key).transaction = Optional.of(transaction);
  }

  @Override
  public synchronized void suspend(PaymentKey key) {
    held(key).state = State.SUSPENDED;
  }

  @Override
  public synchronized void delivered(PaymentKey key) {
    held(key).state = State.DELIVERED;
  }

  @Override
  public synchronized void release(PaymentKey key) {
    expiries.remove(held(key).expiry); // or a payment that never comes through would leave a trace
    records.remove(key);
  }

  @Override
  public synchronized Optional<Entry> find(PaymentKey key) {
    return Optional.ofNullable(records.get(key))
        .map(record -> new Entry(record.request, record.state, record.transaction));
  }

  /** Returns how many authorizations are remembered now. */
  public synchronized int size() {
    forgetExpired();
    return records.size();
  }

  private Record held(PaymentKey key) {
    Record record = records.get(key);
    if (record == null || record.state != State.HELD) {
      throw new IllegalStateException("the payment is not held by an exchange");
    }
    return record;
  }

  private void forgetExpired() {
    Instant now = clock.instant();
    while (!expiries.isEmpty() && !expiries.first().at.isAfter(now)) {
      Expiry expired = expiries.pollFirst();
      Record record = Objects.requireNonNull(records.get(expired.key));
      if (record.state == State.HELD) {
        record.expiry = new Expiry(now.plus(GRACE_FOR_HOLDER), claims++, expired.key);
        expiries.add(record.expiry);
      } else {
        records.remove(expired.key);
      }
    }
  }

  private static final class Record {
    private final String request;
    private State state = State.HELD;
    private Optional<String> transaction = Optional.empty();

    private Expiry expiry;

    Record(String request, Expiry expiry) {
      this.request = request;
      this.expiry = expiry;
    }
  }

  /** When an entry may be forgotten; the number of the claim tells equal times apart. */
  private record Expiry(Instant at, long claim, PaymentKey key) implements Comparable<Expiry> {
    @Override
    public int compareTo(Expiry other) {
      int byTime = at.compareTo(other.at);
      return byTime != 0 ? byTime : Long.compare(claim, other.claim);
    }
  }
}
