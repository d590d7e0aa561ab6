// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in the memory of one process, bounded in size.
 *
 * <p>Entries live until their {@code keepUntil}; when there is no room for another the ledger says
 * {@code Full} and forgets nothing. A restart forgets everything: an authorization that was settled
 * before is then refused because the chain knows it as used; one that was broadcast and not yet
 * mined is settled once by the chain. Several servers that sell for one {@code payTo} need {@code
 * JdbcPaymentLedger} of {@code x402-jdbc} instead.
 *
 * <p>Safe for use by several threads.
 */
public final class InMemoryPaymentLedger implements PaymentLedger {
  /**
   * How many authorizations and receipts are remembered unless said otherwise; about 100 MB when
   * full.
   */
  public static final int DEFAULT_CAPACITY = 200_000;

  /** A held entry is kept a little longer than asked, so that its holder finds it. */
  private static final Duration GRACE_FOR_HOLDER = Duration.ofMinutes(10);

  private final String id = UUID.randomUUID().toString();
  private final int capacity;
  private final Clock clock;
  private final Map<PaymentKey, Record> records = new HashMap<>();
  private final Expiries<PaymentKey> expiries = new Expiries<>();
  private final Map<ReceiptKey, Count> counts = new HashMap<>();
  private final Expiries<ReceiptKey> countExpiries = new Expiries<>();

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

  /** Returns an empty ledger for at most this many authorizations at a time. */
  public static InMemoryPaymentLedger withCapacity(int capacity) {
    return new InMemoryPaymentLedger(capacity, Clock.systemUTC());
  }

  /** Returns an empty ledger that reads this clock. */
  public static InMemoryPaymentLedger withCapacity(int capacity, Clock clock) {
    return new InMemoryPaymentLedger(capacity, clock);
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public synchronized Claim claim(PaymentKey key, String binding, Instant keepUntil) {
    forgetExpired();
    Record record = records.get(key);
    if (record == null) {
      return grant(key, binding, keepUntil);
    }
    if (record.state == State.DELIVERED || !record.binding.equals(binding)) {
      return new Claim.Used();
    }
    if (record.state == State.HELD) {
      return new Claim.InProgress(record.transaction);
    }
    record.state = State.HELD;
    return new Claim.Resumed(record.transaction);
  }

  private Claim grant(PaymentKey key, String binding, Instant keepUntil) {
    if (isFull()) {
      return new Claim.Full();
    }
    records.put(key, new Record(binding, expiries.add(keepUntil, key)));
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
    Record record = held(key);
    record.state = State.DELIVERED;
    record.deliveries++;
  }

  @Override
  public synchronized boolean takeBack(PaymentKey key) {
    Record record = records.get(key);
    if (record == null || record.state != State.DELIVERED || record.deliveries >= MAX_DELIVERIES) {
      return false;
    }
    record.state = State.SUSPENDED;
    return true;
  }

  @Override
  public synchronized void release(PaymentKey key) {
    expiries.remove(held(key).expiry); // or a payment that never comes through would leave a trace
    records.remove(key);
  }

  @Override
  public synchronized Use use(ReceiptKey key, long uses, Instant keepUntil) {
    if (uses < 1) {
      throw new IllegalArgumentException("uses: expected at least 1, found " + uses);
    }
    forgetExpired();
    Count count = counts.get(key);
    if (count == null) {
      if (isFull()) {
        return new Use.Full();
      }
      count = new Count(countExpiries.add(keepUntil, key));
      counts.put(key, count);
    } else if (keepUntil.isAfter(count.expiry.at())) {
      countExpiries.remove(count.expiry);
      count.expiry = countExpiries.add(keepUntil, key);
    }
    if (count.delivered >= uses) {
      return new Use.UsedUp();
    }
    if (count.delivered + count.held >= uses) {
      return new Use.InProgress();
    }
    count.held++;
    return new Use.Granted(uses - count.delivered - count.held);
  }

  @Override
  public synchronized void useDelivered(ReceiptKey key) {
    Count count = heldUse(key);
    count.held--;
    count.delivered++;
  }

  @Override
  public synchronized void useReleased(ReceiptKey key) {
    Count count = heldUse(key);
    count.held--;
    if (count.held == 0 && count.delivered == 0 && count.takenBack == 0) {
      countExpiries.remove(count.expiry); // it has bought nothing yet: no need to remember it
      counts.remove(key);
    }
  }

  @Override
  public synchronized boolean useTakenBack(ReceiptKey key) {
    Count count = counts.get(key);
    if (count == null || count.delivered == 0 || count.takenBack >= MAX_DELIVERIES - 1) {
      return false;
    }
    count.delivered--;
    count.takenBack++;
    return true;
  }

  private Count heldUse(ReceiptKey key) {
    Count count = counts.get(key);
    if (count == null || count.held == 0) {
      throw new IllegalStateException("no use of the receipt is held by an exchange");
    }
    return count;
  }

  private boolean isFull() {
    return records.size() + counts.size() >= capacity;
  }

  @Override
  public synchronized Optional<Entry> find(PaymentKey key) {
    return Optional.ofNullable(records.get(key))
        .map(record -> new Entry(record.state, record.transaction));
  }

  /** Returns how many authorizations and receipts are remembered now. */
  public synchronized int size() {
    forgetExpired();
    return records.size() + counts.size();
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
    for (Expiries.@Nullable Expiry<PaymentKey> expired = expiries.poll(now);
        expired != null;
        expired = expiries.poll(now)) {
      Record record = Objects.requireNonNull(records.get(expired.key()));
      if (record.state == State.HELD) {
        record.expiry = expiries.add(now.plus(GRACE_FOR_HOLDER), expired.key());
      } else {
        records.remove(expired.key());
      }
    }
    for (Expiries.@Nullable Expiry<ReceiptKey> expired = countExpiries.poll(now);
        expired != null;
        expired = countExpiries.poll(now)) {
      Count count = Objects.requireNonNull(counts.get(expired.key()));
      if (count.held > 0) {
        count.expiry = countExpiries.add(now.plus(GRACE_FOR_HOLDER), expired.key());
      } else {
        counts.remove(expired.key());
      }
    }
  }

  /** How often a receipt was used. */
  private static final class Count {
    private long held;
    private long delivered;
    private int takenBack;
    private Expiries.Expiry<ReceiptKey> expiry;

    Count(Expiries.Expiry<ReceiptKey> expiry) {
      this.expiry = expiry;
    }
  }

  /** How an authorization stands. */
  private static final class Record {
    private final String binding;
    private State state = State.HELD;
    private int deliveries;
    private Optional<String> transaction = Optional.empty();
    private Expiries.Expiry<PaymentKey> expiry;

    Record(String binding, Expiries.Expiry<PaymentKey> expiry) {
      this.binding = binding;
      this.expiry = expiry;
    }
  }

  /** Keys in the order of the times at which they may be forgotten. */
  static final class Expiries<K> {
    /** When a key may be forgotten; the number tells equal times apart. */
    record Expiry<K>(Instant at, long number, K key) implements Comparable<Expiry<K>> {
      @Override
      public int compareTo(Expiry<K> other) {
        int byTime = at.compareTo(other.at);
        return byTime != 0 ? byTime : Long.compare(number, other.number);
      }
    }

    private final TreeSet<Expiry<K>> inOrder = new TreeSet<>();
    private long added;

    Expiry<K> add(Instant at, K key) {
      Expiry<K> expiry = new Expiry<>(at, added++, key);
      inOrder.add(expiry);
      return expiry;
    }

    void remove(Expiry<K> expiry) {
      inOrder.remove(expiry);
    }

    /** Removes and returns the first whose time has come, now included; null if there is none. */
    @Nullable Expiry<K> poll(Instant now) {
      return inOrder.isEmpty() || inOrder.first().at.isAfter(now) ? null : inOrder.pollFirst();
    }

    int size() {
      return inOrder.size();
    }
  }
}
