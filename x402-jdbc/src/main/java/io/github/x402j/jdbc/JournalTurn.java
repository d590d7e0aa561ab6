// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.ExportLines;
import io.github.x402j.client.wallet.BookedPayment;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.JournalStorage;
import io.github.x402j.client.wallet.SpendSum;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A turn in a database. What was read is read once; sums and payments are written at the end, or
 * before a query over several of them.
 */
final class JournalTurn implements JournalStorage.Turn {
  private static final String LAST =
      "SELECT seq, checksum FROM x402_journal_entry"
          + " WHERE seq = (SELECT MAX(seq) FROM x402_journal_entry)";
  private static final String APPEND =
      "INSERT INTO x402_journal_entry (seq, written_at, event, agent, request_id, details,"
          + " checksum) VALUES (?, ?, ?, ?, ?, ?, ?)";

  private static final String AGENTS =
      "SELECT agent FROM x402_journal_note WHERE name = ? ORDER BY since, agent";
  private static final String NOTE =
      "SELECT content FROM x402_journal_note WHERE agent = ? AND name = ?";
  private static final String NOTES = "SELECT name, content FROM x402_journal_note WHERE agent = ?";
  private static final String ADD_NOTE =
      "INSERT INTO x402_journal_note (since, content, agent, name) VALUES (?, ?, ?, ?)";
  private static final String CHANGE_NOTE =
      "UPDATE x402_journal_note SET content = ? WHERE agent = ? AND name = ?";
  private static final String REMOVE_NOTE =
      "DELETE FROM x402_journal_note WHERE agent = ? AND name = ?";

  private static final String PAYMENTS =
      "SELECT " + JournalTables.PAYMENT_COLUMNS + " FROM x402_journal_payment WHERE agent = ?";
  private static final String PAYMENT = PAYMENTS + " AND nonce = ?";
  private static final String OPEN =
      PAYMENTS
          + " AND state IN ('ALLOWED', 'SIGNED', 'PENDING', 'REJECTED', 'UNCONFIRMED')"
          + " ORDER BY paid_at";
  private static final String BETWEEN =
      PAYMENTS + " AND paid_at > ? AND paid_at < ? AND state <> 'RETURNED' ORDER BY paid_at";

  /** What was allowed does not change, but for what became known of it. */
  private static final String CHANGE_PAYMENT =
      "UPDATE x402_journal_payment SET state = ?, confirmed = ?, tx_hash = ?, more = ?"
          + " WHERE agent = ? AND nonce = ?";

  private static final String SUM =
      "SELECT spent, confirmed, settled, payments, name FROM x402_journal_sum"
          + " WHERE agent = ? AND sum_of = ? AND name = ?";
  private static final String SUMS = SUM.replace("name = ?", "name >= ?");
  private static final String ADD_SUM =
      "INSERT INTO x402_journal_sum (spent, confirmed, settled, payments, agent, sum_of, name)"
          + " VALUES (?, ?, ?, ?, ?, ?, ?)";
  private static final String CHANGE_SUM =
      "UPDATE x402_journal_sum SET spent = ?, confirmed = ?, settled = ?, payments = ?"
          + " WHERE agent = ? AND sum_of = ? AND name = ?";

  private final JournalAccess.Held held;
  private final Map<NoteKey, Optional<String>> notes = new HashMap<>();
  private final Map<PaymentKey, Optional<BookedPayment>> payments = new HashMap<>();
  private final Map<SumKey, SpendSum> sums = new HashMap<>();
  private final Map<PaymentKey, BookedPayment> changedPayments = new LinkedHashMap<>();
  private final Map<SumKey, SpendSum> changedSums = new LinkedHashMap<>();
  private final Set<SumKey> storedSums = new HashSet<>();
  private JournalStorage.@Nullable Last last;

  private record NoteKey(String agent, String name) {}

  private record PaymentKey(String agent, String nonce) {}

  private record SumKey(String agent, JournalStorage.SumOf what, String name) {}

  JournalTurn(JournalAccess.Held held) {
    this.held = held;
  }

  private interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  private <T> List<T> query(String sql, Row<T> reader, Object... values) throws IOException {
    return query(Integer.MAX_VALUE, sql, reader, values);
  }

  private <T> List<T> query(int most, String sql, Row<T> reader, Object... values)
      throws IOException {
    try {
      List<T> found = new ArrayList<>();
      PreparedStatement statement = held.statement(sql);
      set(statement, values);
      try (ResultSet rows = statement.executeQuery()) {
        while (found.size() < most && rows.next()) {
          found.add(reader.read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      held.failed();
      throw new IOException("journal: the database cannot be read", e);
    } catch (IllegalArgumentException e) {
      throw new IOException("journal: a row is damaged: " + e.getMessage(), e);
    }
  }

  private int update(String sql, Object... values) throws IOException {
    try {
      PreparedStatement statement = held.statement(sql);
      set(statement, values);
      return statement.executeUpdate();
    } catch (SQLException e) {
      held.failed();
      throw new IOException("journal: the database cannot be written", e);
    }
  }

  private static void set(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      if (values[i] instanceof Long number) {
        statement.setLong(i + 1, number);
      } else {
        statement.setString(i + 1, values[i].toString());
      }
    }
  }

  @Override
  public JournalStorage.Last last() throws IOException {
    JournalStorage.Last known = last;
    if (known == null) {
      known =
          query(LAST, row -> new JournalStorage.Last(row.getLong(1), row.getString(2))).stream()
              .findFirst()
              .orElse(new JournalStorage.Last(0, ""));
      last = known;
    }
    return known;
  }

  @Override
  public void append(JournalEntry entry, String checksum) throws IOException {
    update(
        APPEND,
        entry.sequence(),
        nanos(entry.time()),
        entry.event().name(),
        entry.agent(),
        entry.requestId(),
        ExportLines.json(entry.details()).strip(),
        checksum);
    last = new JournalStorage.Last(entry.sequence(), checksum);
  }

  private static long nanos(Instant time) throws IOException {
    try {
      return JournalTables.nanos(time);
    } catch (SQLException e) {
      throw new IOException("journal: " + e.getMessage(), e);
    }
  }

  @Override
  public List<String> agentsWith(String note) throws IOException {
    return query(AGENTS, row -> row.getString(1), note);
  }

  @Override
  public Optional<String> note(String agent, String name) throws IOException {
    NoteKey key = new NoteKey(agent, name);
    Optional<String> known = notes.get(key);
    if (known == null) {
      known = query(NOTE, row -> row.getString(1), agent, name).stream().findFirst();
      notes.put(key, known);
    }
    return known;
  }

  @Override
  public SortedMap<String, String> notes(String agent, String prefix) throws IOException {
    SortedMap<String, String> found = new TreeMap<>();
    query(NOTES, row -> new String[] {row.getString(1), row.getString(2)}, agent).stream()
        .filter(note -> note[0].startsWith(prefix))
        .forEach(note -> found.put(note[0], note[1]));
    return found;
  }

  @Override
  public void note(String agent, String name, @Nullable String value) throws IOException {
    notes.put(new NoteKey(agent, name), Optional.ofNullable(value));
    if (value == null) {
      update(REMOVE_NOTE, agent, name);
    } else if (update(CHANGE_NOTE, value, agent, name) == 0) {
      update(ADD_NOTE, last().sequence(), value, agent, name);
    }
  }

  @Override
  public Optional<BookedPayment> payment(String agent, String nonce) throws IOException {
    PaymentKey key = new PaymentKey(agent, nonce);
    Optional<BookedPayment> known = payments.get(key);
    if (known == null) {
      known = query(PAYMENT, JournalTables::payment, agent, nonce).stream().findFirst();
      payments.put(key, known);
    }
    return known;
  }

  @Override
  public List<BookedPayment> openPayments(String agent) throws IOException {
    flush();
    return query(OPEN, JournalTables::payment, agent);
  }

  @Override
  public List<BookedPayment> payments(String agent, Instant after, Instant before, int most)
      throws IOException {
    flush();
    return query(
        most,
        BETWEEN,
        JournalTables::payment,
        agent,
        JournalTables.nearestNanos(after),
        JournalTables.nearestNanos(before));
  }

  @Override
  public void payment(BookedPayment payment) {
    PaymentKey key = new PaymentKey(payment.agent(), payment.nonce());
    payments.put(key, Optional.of(payment));
    changedPayments.put(key, payment);
  }

  @Override
  public SpendSum sum(String agent, JournalStorage.SumOf what, String name) throws IOException {
    SumKey key = new SumKey(agent, what, name);
    SpendSum known = sums.get(key);
    if (known == null) {
      List<SpendSum> stored = query(SUM, JournalTurn::sum, agent, what.name(), name);
      known = stored.isEmpty() ? SpendSum.NONE : stored.get(0);
      sums.put(key, known);
      if (!stored.isEmpty()) {
        storedSums.add(key);
      }
    }
    return known;
  }

  @Override
  public SortedMap<String, SpendSum> sums(String agent, JournalStorage.SumOf what, String from)
      throws IOException {
    flush();
    SortedMap<String, SpendSum> found = new TreeMap<>();
    query(SUMS, row -> found.put(row.getString(5), sum(row)), agent, what.name(), from);
    return found;
  }

  private static SpendSum sum(ResultSet row) throws SQLException {
    return new SpendSum(
        Dollars.parse(row.getString(1)),
        Dollars.parse(row.getString(2)),
        Dollars.parse(row.getString(3)),
        row.getLong(4));
  }

  @Override
  public void sum(String agent, JournalStorage.SumOf what, String name, SpendSum sum)
      throws IOException {
    sum(agent, what, name); // so that it is known whether there is a row
    SumKey key = new SumKey(agent, what, name);
    sums.put(key, sum);
    changedSums.put(key, sum);
  }

  /** Writes what has changed. */
  private void flush() throws IOException {
    for (BookedPayment payment : changedPayments.values()) {
      write(payment);
    }
    changedPayments.clear();
    for (Map.Entry<SumKey, SpendSum> each : changedSums.entrySet()) {
      SumKey key = each.getKey();
      SpendSum sum = each.getValue();
      update(
          storedSums.add(key) ? ADD_SUM : CHANGE_SUM,
          sum.spent(),
          sum.confirmed(),
          sum.settled(),
          sum.payments(),
          key.agent(),
          key.what().name(),
          key.name());
    }
    changedSums.clear();
  }

  private void write(BookedPayment payment) throws IOException {
    try {
      PreparedStatement change = held.statement(CHANGE_PAYMENT);
      change.setString(1, payment.state().name());
      change.setInt(2, payment.confirmed() ? 1 : 0);
      change.setString(3, payment.detail("transaction").orElse(null));
      change.setString(4, JournalTables.more(payment));
      change.setString(5, payment.agent());
      change.setString(6, payment.nonce());
      if (change.executeUpdate() == 0) {
        PreparedStatement add = held.statement(JournalTables.ADD_PAYMENT);
        JournalTables.set(add, payment);
        add.executeUpdate();
      }
    } catch (SQLException e) {
      held.failed();
      throw new IOException("journal: the database cannot be written", e);
    }
  }

  @Override
  public void commit() throws IOException {
    flush();
    try {
      held.commit();
    } catch (SQLException e) { // if it took effect after all, the next turn sees it
      held.failed();
      throw new IOException("journal: the database cannot be written", e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      held.close();
    } catch (SQLException e) {
      throw new IOException("journal: the database lock cannot be released", e);
    }
  }
}
