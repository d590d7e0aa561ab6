// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Bytes32;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

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
   * How many authorizations and receipts are remembered by default; about 150 MB when full, which
   * stay reserved afterwards.
   */
  public static final int DEFAULT_CAPACITY = 1_000_000;

  /** A held entry is kept a little longer than asked, so that its holder finds it. */
  private static final Duration GRACE_FOR_HOLDER = Duration.ofMinutes(10);

  // The fields of an authorization: two hashes of four words each, and how it stands.
  private static final int HASH_WORDS = 4;
  private static final int BINDING = 0;
  private static final int TRANSACTION = BINDING + HASH_WORDS;
  private static final int STATUS = TRANSACTION + HASH_WORDS;

  // Its status: the number of the state plus one, whether a transaction is known, and how often it
  // was delivered. A receipt has the status 0.
  private static final long STATE_BITS = 3;
  private static final long HAS_TRANSACTION = 4;
  private static final long ONE_DELIVERY = 8;

  // The fields of a receipt.
  private static final int USES_HELD = 0;
  private static final int USES_DELIVERED = 1;
  private static final int USES_TAKEN_BACK = 2;

  private final String id = UUID.randomUUID().toString();
  private final int capacity;
  private final Clock clock;
  private final PackedEntries entries = new PackedEntries();

  /** Transactions that are no hash of 32 bytes in its only spelling, by their entries. */
  private final Map<Integer, List<String>> otherTransactions = new HashMap<>();

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
  public Claim claim(PaymentKey key, String binding, Instant keepUntil) {
    long[] hash = hash(key);
    long[] bound = hash(binding);
    synchronized (this) {
      forgetExpired();
      int entry = entries.find(hash);
      if (entry == PackedEntries.NONE) {
        return grant(hash, bound, keepUntil);
      }
      State state = state(entry);
      if (state == State.DELIVERED || !Arrays.equals(words(entry, BINDING), bound)) {
        return new Claim.Used();
      }
      if (state == State.HELD) {
        return new Claim.InProgress(newest(transactions(entry)));
      }
      setState(entry, State.HELD);
      return new Claim.Resumed(transactions(entry));
    }
  }

  private Claim grant(long[] hash, long[] bound, Instant keepUntil) {
    if (isFull()) {
      return new Claim.Full();
    }
    int entry = entries.add(hash, millis(keepUntil));
    setWords(entry, BINDING, bound);
    setState(entry, State.HELD);
    return new Claim.Granted();
  }

  @Override
  public void settling(PaymentKey key, String transaction) {
    long[] hash = hash(key);
    synchronized (this) {
      addTransaction(held(hash), transaction);
    }
  }

  @Override
  public void suspend(PaymentKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      setState(held(hash), State.SUSPENDED);
    }
  }

  @Override
  public void delivered(PaymentKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = held(hash);
      setState(entry, State.DELIVERED);
      entries.set(entry, STATUS, entries.get(entry, STATUS) + ONE_DELIVERY);
    }
  }

  @Override
  public boolean takeBack(PaymentKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = entries.find(hash);
      if (entry == PackedEntries.NONE
          || state(entry) != State.DELIVERED
          || entries.get(entry, STATUS) / ONE_DELIVERY >= MAX_DELIVERIES) {
        return false;
      }
      setState(entry, State.SUSPENDED);
      return true;
    }
  }

  @Override
  public void release(PaymentKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      forget(held(hash));
    }
  }

  @Override
  public Use use(ReceiptKey key, long uses, Instant keepUntil) {
    if (uses < 1) {
      throw new IllegalArgumentException("uses: expected at least 1, found " + uses);
    }
    long[] hash = hash(key);
    synchronized (this) {
      forgetExpired();
      int entry = entries.find(hash);
      if (entry == PackedEntries.NONE) {
        if (isFull()) {
          return new Use.Full();
        }
        entry = entries.add(hash, millis(keepUntil));
      } else if (millis(keepUntil) > entries.keepUntil(entry)) {
        entries.keepUntil(entry, millis(keepUntil));
      }
      return use(entry, uses);
    }
  }

  private Use use(int entry, long uses) {
    long delivered = entries.get(entry, USES_DELIVERED);
    long held = entries.get(entry, USES_HELD);
    if (delivered >= uses) {
      return new Use.UsedUp();
    }
    if (delivered + held >= uses) {
      return new Use.InProgress();
    }
    add(entry, USES_HELD, 1);
    return new Use.Granted(uses - delivered - held - 1);
  }

  @Override
  public void useDelivered(ReceiptKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = heldUse(hash);
      add(entry, USES_HELD, -1);
      add(entry, USES_DELIVERED, 1);
    }
  }

  @Override
  public void useReleased(ReceiptKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = heldUse(hash);
      add(entry, USES_HELD, -1);
      if (entries.get(entry, USES_HELD) == 0
          && entries.get(entry, USES_DELIVERED) == 0
          && entries.get(entry, USES_TAKEN_BACK) == 0) {
        forget(entry); // it has bought nothing yet: no need to remember it
      }
    }
  }

  @Override
  public boolean useTakenBack(ReceiptKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = entries.find(hash);
      if (entry == PackedEntries.NONE
          || entries.get(entry, USES_DELIVERED) == 0
          || entries.get(entry, USES_TAKEN_BACK) >= MAX_DELIVERIES - 1) {
        return false;
      }
      add(entry, USES_DELIVERED, -1);
      add(entry, USES_TAKEN_BACK, 1);
      return true;
    }
  }

  @Override
  public Optional<Entry> find(PaymentKey key) {
    long[] hash = hash(key);
    synchronized (this) {
      int entry = entries.find(hash);
      return entry == PackedEntries.NONE
          ? Optional.empty()
          : Optional.of(new Entry(state(entry), transactions(entry)));
    }
  }

  /** Returns how many authorizations and receipts are remembered now. */
  public synchronized int size() {
    forgetExpired();
    return entries.size();
  }

  @Override
  public OptionalLong entries() {
    return OptionalLong.of(size());
  }

  // ---- entries

  private boolean isFull() {
    return entries.size() >= capacity;
  }

  private int held(long[] hash) {
    int entry = entries.find(hash);
    if (entry == PackedEntries.NONE || state(entry) != State.HELD) {
      throw new IllegalStateException("the payment is not held by an exchange");
    }
    return entry;
  }

  private int heldUse(long[] hash) {
    int entry = entries.find(hash);
    if (entry == PackedEntries.NONE || entries.get(entry, USES_HELD) == 0) {
      throw new IllegalStateException("no use of the receipt is held by an exchange");
    }
    return entry;
  }

  private void forgetExpired() {
    Instant now = clock.instant();
    for (int first = entries.first();
        first != PackedEntries.NONE && entries.keepUntil(first) <= now.toEpochMilli();
        first = entries.first()) {
      if (isHeld(first)) {
        entries.keepUntil(first, millis(now.plus(GRACE_FOR_HOLDER)));
      } else {
        forget(first);
      }
    }
  }

  private boolean isHeld(int entry) {
    return entries.get(entry, STATUS) == 0
        ? entries.get(entry, USES_HELD) > 0
        : state(entry) == State.HELD;
  }

  private void forget(int entry) {
    otherTransactions.remove(entry);
    entries.remove(entry);
  }

  // ---- fields

  private static final State[] STATES = State.values();

  private State state(int entry) {
    return STATES[(int) (entries.get(entry, STATUS) & STATE_BITS) - 1];
  }

  private void setState(int entry, State state) {
    entries.set(entry, STATUS, entries.get(entry, STATUS) & ~STATE_BITS | (state.ordinal() + 1));
  }

  private List<String> transactions(int entry) {
    if ((entries.get(entry, STATUS) & HAS_TRANSACTION) == 0) {
      return List.of();
    }
    List<String> other = otherTransactions.get(entry);
    return other != null ? other : List.of(text(words(entry, TRANSACTION)));
  }

  private static Optional<String> newest(List<String> transactions) {
    return transactions.isEmpty()
        ? Optional.empty()
        : Optional.of(transactions.get(transactions.size() - 1));
  }

  /** Few have more than one, or one that is no hash. */
  private void addTransaction(int entry, String transaction) {
    List<String> all = new ArrayList<>(transactions(entry));
    if (all.contains(transaction)) {
      return;
    }
    all.add(transaction);
    entries.set(entry, STATUS, entries.get(entry, STATUS) | HAS_TRANSACTION);
    if (all.size() == 1 && Bytes32.isCanonical(transaction)) {
      setWords(entry, TRANSACTION, words(transaction));
    } else {
      otherTransactions.put(entry, List.copyOf(all));
    }
  }

  private void add(int entry, int field, long number) {
    entries.set(entry, field, entries.get(entry, field) + number);
  }

  private long[] words(int entry, int field) {
    long[] words = new long[HASH_WORDS];
    for (int i = 0; i < HASH_WORDS; i++) {
      words[i] = entries.get(entry, field + i);
    }
    return words;
  }

  private void setWords(int entry, int field, long[] words) {
    for (int i = 0; i < HASH_WORDS; i++) {
      entries.set(entry, field + i, words[i]);
    }
  }

  private static long[] words(String hex) {
    long[] words = new long[HASH_WORDS];
    for (int i = 0; i < HASH_WORDS; i++) {
      words[i] = HexFormat.fromHexDigitsToLong(hex, 2 + 16 * i, 2 + 16 * (i + 1));
    }
    return words;
  }

  private static String text(long[] words) {
    StringBuilder text = new StringBuilder("0x");
    for (long word : words) {
      text.append(HexFormat.of().toHexDigits(word));
    }
    return text.toString();
  }

  /** An entry is never forgotten too early, so what is left of a millisecond counts whole. */
  private static long millis(Instant keepUntil) {
    return keepUntil.plusNanos(999_999).toEpochMilli();
  }

  // ---- hashes: what they are of cannot be chosen to collide, as the id is secret

  private long[] hash(PaymentKey key) {
    return hash(
        "payment "
            + key.network().chainId()
            + key.asset().text()
            + key.payer().text()
            + key.nonce());
  }

  private long[] hash(ReceiptKey key) {
    return hash("receipt " + key.issuer().length() + " " + key.issuer() + key.id());
  }

  private long[] hash(String text) {
    LongBuffer hash = ByteBuffer.wrap(Hashes.sha256(id + text)).asLongBuffer();
    long[] words = new long[HASH_WORDS];
    hash.get(words);
    return words;
  }
}
