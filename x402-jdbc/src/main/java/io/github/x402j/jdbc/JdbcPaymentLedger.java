// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import io.github.x402j.Recent;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.jdbc.GroupWrites.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in a database: it survives restarts, and all servers that sell for one {@code payTo} can
 * share it.
 *
 * <pre>{@code
 * JdbcPaymentLedger ledger = JdbcPaymentLedger.open(dataSource);
 * PaymentFilter.builder().ledger(ledger)...
 * }</pre>
 *
 * <p>The database needs the tables of {@code x402-ledger.sql}, which is beside this class in the
 * jar. Every claim is an insert under a unique key or an update of exactly what was read, so it
 * needs no more than read committed. Writes that come while another is under way share the next
 * transaction.
 *
 * <p>What a process holds depends on its lease, which it renews while it lives. When a process has
 * died, its payments are resumed by the next request that brings them, once its lease has run out:
 * that asks the chain, and broadcasts nothing. A process that was only slow finds that it has lost
 * its hold before it broadcasts and before it delivers, and does neither. What it had recorded as
 * delivered in its last seconds may not have been sent: it can be fetched again, once its lease has
 * run out.
 *
 * <p>When the database does not answer, methods throw {@link LedgerException}, and the gate answers
 * 503. A change of which it is not known whether it took effect is taken back when the database is
 * there again.
 *
 * <p>Safe for use by several threads. Close it when the webapp ends.
 */
public final class JdbcPaymentLedger implements PaymentLedger, AutoCloseable {
  /** How long what a process held stays its own after its last sign of life. */
  public static final Duration DEFAULT_LEASE = Duration.ofSeconds(30);

  /** How long one statement may take unless said otherwise. */
  public static final Duration DEFAULT_QUERY_TIMEOUT = Duration.ofSeconds(5);

  /** An answer has gone out so long after its delivery was recorded. */
  private static final Duration DELIVERY_TAKES = Duration.ofSeconds(10);

  private static final int ATTEMPTS = 8;
  private static final int STRIPES = 1024;
  private static final int MAX_DELIVERIES_KNOWN = 10_000;

  private final DataSource dataSource;
  private final Clock clock;
  private final String id;
  private final Lease lease;
  private final PaymentRows payments;
  private final GroupWrites writes;
  private final ReceiptUses receipts;
  private final PendingWrites pending = new PendingWrites();
  private final LedgerMaintenance maintenance;
  private final EntryCount entries;

  /** What exchanges of this process are at work on, and under which hold. */
  private final Map<PaymentKey, String> held = new ConcurrentHashMap<>();

  /** Under which hold exchanges of this process have recorded deliveries that may break off. */
  private final Recent<PaymentKey, String> deliveredAs = new Recent<>(MAX_DELIVERIES_KNOWN);

  private final Object[] stripes =
      IntStream.range(0, STRIPES).mapToObj(i -> new Object()).toArray();

  private JdbcPaymentLedger(Builder builder) {
    dataSource = builder.dataSource;
    clock = builder.clock;
    Database database = connect(builder);
    LedgerTables.require(builder.dataSource, database);
    id = StoreId.of(database);
    lease = new Lease(database, clock, builder.lease);
    payments = new PaymentRows(database);
    writes = new GroupWrites(database);
    receipts = new ReceiptUses(database, lease, pending, clock);
    lease.ensure();
    entries = new EntryCount(database, EntryCount.MOST);
    maintenance = LedgerMaintenance.start(builder.lease, lease, pending, database, entries, clock);
  }

  private static Database connect(Builder builder) {
    try {
      return Database.at(builder.dataSource, builder.queryTimeout);
    } catch (SQLException e) {
      throw Database.failure("connecting", e);
    }
  }

  /**
   * Returns the ledger in this database, with defaults.
   *
   * @param dataSource gives connections, from a pool; a request needs one for a moment, three to
   *     five times
   * @throws IllegalStateException if the database does not answer, or its tables are not there or
   *     not as they have to be
   */
  public static JdbcPaymentLedger open(DataSource dataSource) {
    return builder(dataSource).open();
  }

  /** Returns a builder for a ledger in this database. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  /**
   * Makes those tables that are missing.
   *
   * @throws SQLException if the database does not let it
   */
  public static void createTables(DataSource dataSource) throws SQLException {
    LedgerTables.create(dataSource);
  }

  /**
   * Returns how many payments the database holds, as counted within the last minute: 100,000 means
   * that or more.
   */
  @Override
  public OptionalLong entries() {
    return OptionalLong.of(entries.get());
  }

  /** Is kept in the database, and written there when it is asked for first. */
  @Override
  public String id() {
    return id;
  }

  @Override
  public Claim claim(PaymentKey key, String binding, Instant keepUntil) {
    lease.ensure();
    String bindingHash = Database.hash(binding);
    synchronized (stripes[Math.floorMod(key.hashCode(), STRIPES)]) {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (insert(key, bindingHash, keepUntil)) {
          return new Claim.Granted();
        }
        Optional<PaymentRows.Row> row = payments.find(key);
        Optional<Claim> claim = row.flatMap(found -> claim(key, bindingHash, found));
        if (claim.isPresent()) {
          return claim.get();
        }
      }
    }
    throw new LedgerException("the payment does not stay as it is in the ledger's database");
  }

  private boolean insert(PaymentKey key, String bindingHash, Instant keepUntil) {
    String hold = lease.newHold();
    try {
      boolean isNew =
          make(
              "claiming a payment",
              key,
              payments.claiming(key, hold, bindingHash, lease.id(), keepUntil));
      if (isNew) {
        held.put(key, hold);
      }
      return isNew;
    } catch (LedgerException e) {
      pending.add(() -> payments.release(key, hold));
      throw e;
    }
  }

  /** Returns what the claim meets in the row, empty if it is not so any more. */
  private Optional<Claim> claim(PaymentKey key, String bindingHash, PaymentRows.Row row) {
    State state = row.stateAt(clock.instant());
    if (!row.bindingHash().equals(bindingHash) || (state == State.DELIVERED && !mayBeCutOff(row))) {
      return Optional.of(new Claim.Used());
    }
    // An exchange of this process may be at work though its lease has run out, or on a row that
    // another process has taken over since. It has to end before another of this process begins,
    // as the two could not be told apart afterwards.
    if (held.containsKey(key)) {
      return Optional.of(new Claim.InProgress(row.newestTransaction()));
    }
    if (state != State.SUSPENDED && row.leaseUntil() > clock.millis()) {
      return Optional.of(
          new Claim.InProgress(
              row.newestTransaction(), lease.freeIn(Instant.ofEpochMilli(row.leaseUntil()))));
    }
    return resume(key, row);
  }

  /**
   * Returns whether the process that has recorded the delivery seems to have died before it can be
   * sure to have sent it. It renewed its lease for the last time at most a third of it before.
   */
  private boolean mayBeCutOff(PaymentRows.Row row) {
    boolean isClosed = row.leaseUntil() == 0;
    boolean isOurs = row.hold().startsWith(lease.id());
    Instant leaseUntil = Instant.ofEpochMilli(row.leaseUntil());
    Instant lastSeen = leaseUntil.minus(lease.length());
    return !isClosed
        && !isOurs
        && !lease.isRenewed(leaseUntil)
        && row.deliveries() < MAX_DELIVERIES
        && !Instant.ofEpochMilli(row.deliveredAt()).isBefore(lastSeen.minus(DELIVERY_TAKES));
  }

  private Optional<Claim> resume(PaymentKey key, PaymentRows.Row row) {
    String hold = lease.newHold();
    try {
      Optional<PaymentRows.Row> taken = payments.take(key, row, hold, lease.id());
      taken.ifPresent(mine -> held.put(key, hold));
      return taken.map(mine -> new Claim.Resumed(mine.transactions()));
    } catch (LedgerException e) {
      pending.add(() -> payments.takeBack(key, hold));
      throw e;
    }
  }

  @Override
  public void settling(PaymentKey key, String transaction) {
    thrown(settling(Set.of(key), transaction).get(key));
  }

  @Override
  public Map<PaymentKey, RuntimeException> settling(Set<PaymentKey> keys, String transaction) {
    return settling(
        keys,
        (key, hold) -> {
          Statement change = payments.settling(key, hold, transaction);
          return write("recording a transaction", key, change);
        });
  }

  /** A row that is written beside that of a payment, in one transaction. */
  interface Beside {
    /** Returns two statements: where the first changes nothing, the second has to. */
    List<Statement> statements();

    /** Does the same; throws {@link LedgerException} if neither changes anything. */
    boolean write(Connection connection) throws SQLException;
  }

  /** Records transactions, each together with something else in this database. */
  Map<PaymentKey, RuntimeException> settling(
      Map<PaymentKey, String> transactions, Map<PaymentKey, ? extends Beside> beside) {
    return settling(
        transactions.keySet(),
        (key, hold) -> {
          String transaction = Objects.requireNonNull(transactions.get(key));
          Beside row = Objects.requireNonNull(beside.get(key));
          return new GroupWrites.Write(
              key,
              payments.settling(key, hold, transaction),
              row.statements(),
              () -> payments.settling(key, hold, transaction, row::write));
        });
  }

  private interface WriteOfHold {
    GroupWrites.Write of(PaymentKey key, String hold);
  }

  private Map<PaymentKey, RuntimeException> settling(Set<PaymentKey> keys, WriteOfHold write) {
    Map<PaymentKey, RuntimeException> failed = new LinkedHashMap<>();
    List<GroupWrites.Write> made = new ArrayList<>();
    for (PaymentKey key : keys) {
      String hold = held.get(key);
      if (hold == null) {
        failed.put(key, notHeld());
      } else {
        made.add(write.of(key, hold));
      }
    }
    List<GroupWrites.Result> results = writes.make(made);
    for (int i = 0; i < results.size(); i++) {
      RuntimeException failure = results.get(i).failure();
      if (failure != null || !results.get(i).isMade()) {
        failed.put(made.get(i).key(), failure != null ? failure : takenOver());
      }
    }
    return failed;
  }

  static void thrown(@Nullable RuntimeException failure) {
    if (failure != null) {
      throw failure;
    }
  }

  private GroupWrites.Write write(String what, PaymentKey key, Statement change) {
    return new GroupWrites.Write(key, change, List.of(), () -> payments.make(what, change));
  }

  private boolean make(String what, PaymentKey key, Statement change) {
    return writes.make(write(what, key, change));
  }

  @Override
  public void suspend(PaymentKey key) {
    String hold = requireHeld(held.remove(key));
    end(
        () -> make("suspending a payment", key, payments.suspending(key, hold)),
        () -> payments.takeBack(key, hold));
  }

  @Override
  public void delivered(PaymentKey key) {
    String hold = requireHeld(held.remove(key));
    delivered(key, hold);
    deliveredAs.put(key, hold);
  }

  private void delivered(PaymentKey key, String hold) {
    end(
        () -> make("recording a delivery", key, payments.delivering(key, hold, clock.instant())),
        () -> payments.takeBack(key, hold));
  }

  @Override
  public boolean takeBack(PaymentKey key) {
    Optional<String> hold = deliveredAs.get(key);
    if (hold.isEmpty()) {
      return false;
    }
    deliveredAs.remove(key);
    try {
      return payments.deliveryBrokeOff(key, hold.get());
    } catch (LedgerException e) {
      pending.add(() -> payments.deliveryBrokeOff(key, hold.get()));
      throw e;
    }
  }

  /**
   * Records the delivery together with something else in this database, in one transaction; alone
   * if the other cannot be done.
   *
   * @return whether the other was done
   */
  boolean delivered(PaymentKey key, Beside beside) {
    String hold = requireHeld(held.remove(key));
    Statement delivering = payments.delivering(key, hold, clock.instant());
    GroupWrites.Write write =
        new GroupWrites.Write(
            key,
            delivering,
            beside.statements(),
            () -> payments.delivered(delivering, beside::write));
    boolean both = true;
    try {
      end(() -> writes.make(write), () -> payments.takeBack(key, hold));
    } catch (PaymentRows.BesideException e) {
      both = false;
      delivered(key, hold);
    }
    deliveredAs.put(key, hold);
    return both;
  }

  /** Returns whether it is in this database. */
  boolean isIn(DataSource other) {
    return dataSource == other;
  }

  @Override
  public void release(PaymentKey key) {
    String hold = requireHeld(held.remove(key));
    end(
        () -> make("releasing a payment", key, payments.releasing(key, hold)),
        () -> payments.release(key, hold));
  }

  private interface Change {
    boolean isMade();
  }

  private void end(Change change, Runnable correction) {
    boolean isMade;
    try {
      isMade = change.isMade();
    } catch (LedgerException e) {
      pending.add(correction);
      throw e;
    }
    if (!isMade) {
      throw takenOver();
    }
  }

  private static String requireHeld(@Nullable String hold) {
    if (hold == null) {
      throw notHeld();
    }
    return hold;
  }

  private static IllegalStateException notHeld() {
    return new IllegalStateException("the payment is not held by an exchange");
  }

  private static LedgerException takenOver() {
    return new LedgerException(
        "another process has taken the payment over: the lease of this one had run out");
  }

  @Override
  public Use use(ReceiptKey key, long uses, Instant keepUntil) {
    return receipts.use(key, uses, keepUntil);
  }

  @Override
  public void useDelivered(ReceiptKey key) {
    receipts.delivered(key);
  }

  @Override
  public void useReleased(ReceiptKey key) {
    receipts.released(key);
  }

  @Override
  public boolean useTakenBack(ReceiptKey key) {
    return receipts.takenBack(key);
  }

  @Override
  public Optional<Entry> find(PaymentKey key) {
    return payments
        .find(key)
        .map(row -> new Entry(row.stateAt(clock.instant()), row.transactions()));
  }

  /**
   * Ends the lease: what exchanges of this process still hold can be taken over at once. The data
   * source stays open.
   */
  @Override
  public void close() {
    maintenance.stop();
    lease.end();
  }

  @Override
  public String toString() {
    return "JdbcPaymentLedger[instance=" + lease.id() + "]";
  }

  /** Collects what a ledger needs. Not safe for use by several threads. */
  public static final class Builder {
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
    private static final Duration LONGEST_LEASE = Duration.ofHours(1);
    private static final Duration SHORTEST_QUERY = Duration.ofSeconds(1);

    private final DataSource dataSource;
    private Duration lease = DEFAULT_LEASE;
    private Duration queryTimeout = DEFAULT_QUERY_TIMEOUT;
    private Clock clock = Clock.systemUTC();

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /**
     * Lets others take over what this process held so long after its last sign of life. A third of
     * it passes between two of those. {@link #DEFAULT_LEASE} unless called.
     *
     * @param length one second to one hour; longer than pauses of the process and differences
     *     between the clocks of the servers, together
     */
    public Builder lease(Duration length) {
      if (length.compareTo(SHORTEST_LEASE) < 0 || length.compareTo(LONGEST_LEASE) > 0) {
        throw new IllegalArgumentException("lease: expected 1 second to 1 hour, found " + length);
      }
      lease = length;
      return this;
    }

    /**
     * Lets a statement take so long. {@link #DEFAULT_QUERY_TIMEOUT} unless called.
     *
     * @param timeout whole seconds, at least one, less than the lease
     */
    public Builder queryTimeout(Duration timeout) {
      if (timeout.compareTo(SHORTEST_QUERY) < 0 || timeout.toNanosPart() != 0) {
        throw new IllegalArgumentException(
            "queryTimeout: expected whole seconds, at least 1, found " + timeout);
      }
      queryTimeout = timeout;
      return this;
    }

    /** Reads the time from this clock instead of the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Returns the ledger.
     *
     * @throws IllegalStateException if the database does not answer, or its tables are not there or
     *     not as they have to be
     */
    public JdbcPaymentLedger open() {
      return new JdbcPaymentLedger(this);
    }
  }
}
