// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.extension.AnswerStore;
import io.github.x402j.extension.NamedPayment;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.LedgerException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * The answers of named payments in a database: what one server has sold, each of them gives again,
 * also after a restart.
 *
 * <pre>{@code
 * JdbcAnswerStore answers = JdbcAnswerStore.open(dataSource);
 * PaymentFilter.builder()
 *     .ledger(JdbcPaymentLedger.open(dataSource))
 *     .paymentIdentifiers(PaymentIdentifiers.optional().storedIn(answers))...
 * }</pre>
 *
 * <p>The database needs the tables of {@code x402-answers.sql}, which is beside this class in the
 * jar. They hold what was paid for, and perhaps passes, as it went out; names are kept as hashes.
 * Every few seconds what has expired is deleted, and the oldest answers beyond the limits.
 *
 * <p>Safe for use by several threads. Close it when the webapp ends; the data source stays open.
 */
public final class JdbcAnswerStore implements AnswerStore, AutoCloseable {
  /** How many names are kept by default. */
  public static final int DEFAULT_MAX_ANSWERS = 100_000;

  /** How many bytes all answers take by default: 256 MiB. */
  public static final long DEFAULT_MAX_BYTES = 256L * 1024 * 1024;

  private static final String NAME = "the answer store";
  private static final SchemaScript SCRIPT =
      new SchemaScript(
          "x402-answers.sql", NAME, "JdbcAnswerStore.createTables(dataSource)", tables());

  private static final Duration BETWEEN_CLEANUPS = Duration.ofSeconds(10);
  private static final int ATTEMPTS = 8;

  /** How many rows one transaction deletes. */
  private static final int STEP = 200;

  /** At most this many steps follow one another, so that the database has time for others. */
  private static final int MAX_STEPS = 100;

  private static final String TAKEN = "TAKEN";
  private static final String NOT_KEPT = "NOT_KEPT";
  private static final String KEPT = "KEPT";

  private static final String SELECT =
      "SELECT binding_hash, state, parts, keep_until FROM x402_answer WHERE name_hash = ?";
  private static final String INSERT =
      "INSERT INTO x402_answer (name_hash, binding_hash, state, keep_until) VALUES (?, ?, '"
          + TAKEN
          + "', ?)";
  private static final String CHANGE =
      "UPDATE x402_answer SET state = ?, parts = ?, size_bytes = ? WHERE name_hash = ? AND"
          + " binding_hash = ? AND state <> '"
          + KEPT
          + "'";
  private static final String FREE =
      "DELETE FROM x402_answer WHERE name_hash = ? AND binding_hash = ? AND state <> '"
          + KEPT
          + "'";
  private static final String SELECT_PARTS =
      "SELECT content FROM x402_answer_part WHERE name_hash = ? ORDER BY part";
  private static final String INSERT_PART =
      "INSERT INTO x402_answer_part (name_hash, part, content) VALUES (?, ?, ?)";
  private static final String DELETE_PARTS = "DELETE FROM x402_answer_part WHERE name_hash = ?";
  private static final String OLDEST =
      "SELECT name_hash, keep_until, size_bytes FROM x402_answer ORDER BY keep_until";
  private static final String DELETE =
      "DELETE FROM x402_answer WHERE name_hash = ? AND keep_until = ?";
  private static final String COUNT = "SELECT COUNT(*), SUM(size_bytes) FROM x402_answer";

  private final Database database;
  private final Clock clock;
  private final int maxAnswers;
  private final long maxBytes;
  private final Chores chores = new Chores("x402-answers", NAME);

  private static Map<String, String> tables() {
    Map<String, String> tables = new LinkedHashMap<>();
    tables.put("x402_answer", "name_hash, binding_hash, state, parts, size_bytes, keep_until");
    tables.put("x402_answer_part", "name_hash, part, content");
    return tables;
  }

  private JdbcAnswerStore(Builder builder) {
    clock = builder.clock;
    maxAnswers = builder.maxAnswers;
    maxBytes = builder.maxBytes;
    try {
      database = Database.at(NAME, builder.dataSource, JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    } catch (SQLException e) {
      throw Database.failure(NAME, "connecting", e);
    }
    SCRIPT.require(builder.dataSource);
    chores.repeat("deleting old answers", this::deleteOld, BETWEEN_CLEANUPS);
  }

  /**
   * Returns the store in this database.
   *
   * @param dataSource gives connections, from a pool
   * @throws IllegalStateException if the database does not answer, or its tables are not there or
   *     not as they have to be
   */
  public static JdbcAnswerStore open(DataSource dataSource) {
    return builder(dataSource).open();
  }

  /** Returns a builder for a store in this database. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  /**
   * Makes the tables that are missing.
   *
   * @throws SQLException if the database does not let it
   */
  public static void createTables(DataSource dataSource) throws SQLException {
    SCRIPT.create(dataSource);
  }

  // ---- names

  /** A payer's name, of any letter case, as 64 hex digits. */
  private static String hash(NamedPayment payment) {
    return Database.hash(payment.payer().lowerCase() + "\n" + payment.id());
  }

  /** A row as it was read. */
  private record Row(String binding, String state, int parts, long keepUntil) {}

  @Override
  public Taken take(NamedPayment payment, Duration keep) {
    String name = hash(payment);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Taken> taken =
          database.transaction(
              "taking a name", connection -> take(connection, name, payment, keep));
      if (taken.isPresent()) {
        return taken.get();
      }
    }
    throw new LedgerException("a name does not stay in " + NAME);
  }

  /** Returns what the name stands for; empty if another server changes that now. */
  private Optional<Taken> take(
      Connection connection, String name, NamedPayment payment, Duration keep) throws SQLException {
    long now = clock.millis();
    Optional<Row> found = row(connection, name);
    if (found.isEmpty() || found.get().keepUntil <= now) {
      return (found.isEmpty() || delete(connection, name, found.get().keepUntil))
              && insert(connection, name, payment, now + keep.toMillis())
          ? Optional.of(new Taken.Begun())
          : Optional.empty();
    }
    Row row = found.get();
    if (!row.binding.equals(payment.binding())) {
      return Optional.of(new Taken.Another());
    }
    return switch (row.state) {
      case KEPT -> answer(connection, name, row.parts).map(Taken.Answered::new);
      case NOT_KEPT -> Optional.of(new Taken.NotKept());
      default -> Optional.of(new Taken.InProgress());
    };
  }

  private Optional<Row> row(Connection connection, String name) throws SQLException {
    return database.query(
        connection,
        SELECT,
        query -> query.setString(1, name),
        rows ->
            rows.next()
                ? Optional.of(
                    new Row(rows.getString(1), rows.getString(2), rows.getInt(3), rows.getLong(4)))
                : Optional.empty());
  }

  private boolean insert(Connection connection, String name, NamedPayment payment, long keepUntil)
      throws SQLException {
    return database.insertOrUpdate(
        connection,
        database.insertingIfAbsent(INSERT),
        row -> {
          row.setString(1, name);
          row.setString(2, payment.binding());
          row.setLong(3, keepUntil);
        });
  }

  @Override
  public void notKept(NamedPayment payment) {
    database.run(
        "noting that an answer is not kept",
        connection -> change(connection, payment, NOT_KEPT, 0, 0));
  }

  private boolean change(
      Connection connection, NamedPayment payment, String state, int parts, long bytes)
      throws SQLException {
    return database.update(
            connection,
            CHANGE,
            row -> {
              row.setString(1, state);
              row.setInt(2, parts);
              row.setLong(3, bytes);
              row.setString(4, hash(payment));
              row.setString(5, payment.binding());
            })
        > 0;
  }

  @Override
  public void free(NamedPayment payment) {
    database.run(
        "freeing a name",
        connection ->
            database.update(
                connection,
                FREE,
                row -> {
                  row.setString(1, hash(payment));
                  row.setString(2, payment.binding());
                }));
  }

  // ---- answers

  @Override
  public void store(NamedPayment payment, StoredAnswer answer) {
    List<String> parts = AnswerText.of(answer);
    long bytes = parts.stream().mapToLong(String::length).sum();
    database.transaction(
        "storing an answer",
        connection ->
            change(connection, payment, KEPT, parts.size(), bytes)
                && insert(connection, hash(payment), parts));
  }

  private boolean insert(Connection connection, String name, List<String> parts)
      throws SQLException {
    List<Database.Parameters> rows = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      int part = i;
      rows.add(
          row -> {
            row.setString(1, name);
            row.setInt(2, part);
            row.setString(3, parts.get(part));
          });
    }
    database.updateAll(connection, INSERT_PART, rows);
    return true;
  }

  private Optional<StoredAnswer> answer(Connection connection, String name, int parts)
      throws SQLException {
    List<String> read =
        database.query(
            connection, SELECT_PARTS, query -> query.setString(1, name), JdbcAnswerStore::texts);
    return read.size() == parts ? AnswerText.parse(read) : Optional.empty();
  }

  private static List<String> texts(ResultSet rows) throws SQLException {
    List<String> texts = new ArrayList<>();
    while (rows.next()) {
      texts.add(rows.getString(1));
    }
    return texts;
  }

  // ---- chores

  /** What all answers take. */
  private record Load(long answers, long bytes) {
    Load without(Old old) {
      return new Load(answers - 1, bytes - old.bytes);
    }
  }

  private record Old(String name, long keepUntil, long bytes) {}

  /** Deletes what has expired, and the oldest beyond the limits. */
  void deleteOld() {
    int steps = 1;
    while (deleteStep() == STEP && steps < MAX_STEPS) {
      steps++;
    }
  }

  private int deleteStep() {
    return database.transaction("deleting answers", this::deleteStep);
  }

  private int deleteStep(Connection connection) throws SQLException {
    long now = clock.millis();
    Load load = load(connection);
    int deleted = 0;
    for (Old old : oldest(connection)) {
      if (old.keepUntil > now && load.answers <= maxAnswers && load.bytes <= maxBytes) {
        break;
      }
      delete(connection, old.name, old.keepUntil);
      load = load.without(old);
      deleted++;
    }
    return deleted;
  }

  private Load load(Connection connection) throws SQLException {
    return database.query(
        connection,
        COUNT,
        query -> {},
        rows -> {
          rows.next();
          return new Load(rows.getLong(1), rows.getLong(2));
        });
  }

  private List<Old> oldest(Connection connection) throws SQLException {
    return database.query(
        connection,
        OLDEST,
        query -> query.setMaxRows(STEP),
        rows -> {
          List<Old> old = new ArrayList<>();
          while (rows.next()) {
            old.add(new Old(rows.getString(1), rows.getLong(2), rows.getLong(3)));
          }
          return old;
        });
  }

  /** Deletes a name and its answer; returns false if another server has done so. */
  private boolean delete(Connection connection, String name, long keepUntil) throws SQLException {
    int deleted =
        database.update(
            connection,
            DELETE,
            row -> {
              row.setString(1, name);
              row.setLong(2, keepUntil);
            });
    if (deleted > 0) {
      database.update(connection, DELETE_PARTS, row -> row.setString(1, name));
    }
    return deleted > 0;
  }

  @Override
  public void close() {
    chores.stop();
  }

  @Override
  public String toString() {
    return "JdbcAnswerStore[at most " + maxAnswers + " answers, " + maxBytes + " bytes]";
  }

  /** Collects what a store needs. Not safe for use by several threads. */
  public static final class Builder {
    private final DataSource dataSource;
    private int maxAnswers = DEFAULT_MAX_ANSWERS;
    private long maxBytes = DEFAULT_MAX_BYTES;
    private Clock clock = Clock.systemUTC();

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /**
     * Sets how many names are kept, at least one. The oldest are deleted first. Default: {@value
     * JdbcAnswerStore#DEFAULT_MAX_ANSWERS}.
     */
    public Builder maxAnswers(int answers) {
      if (answers < 1) {
        throw new IllegalArgumentException("maxAnswers: expected at least 1, found " + answers);
      }
      maxAnswers = answers;
      return this;
    }

    /**
     * Sets how many bytes all answers take, in base64; at least 1 MiB. The oldest are deleted
     * first. Default: 256 MiB.
     */
    public Builder maxBytes(long bytes) {
      if (bytes < 1024 * 1024) {
        throw new IllegalArgumentException("maxBytes: expected at least 1 MiB, found " + bytes);
      }
      maxBytes = bytes;
      return this;
    }

    /** Reads the time from this clock instead of the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Returns the store.
     *
     * @throws IllegalStateException if the database does not answer, or its tables are not there or
     *     not as they have to be
     */
    public JdbcAnswerStore open() {
      return new JdbcAnswerStore(this);
    }
  }
}
