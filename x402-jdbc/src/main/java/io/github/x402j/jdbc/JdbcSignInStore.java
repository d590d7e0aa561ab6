// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.SignInStore;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Remembers who has bought what, and which sign-ins were used, in a database: it survives restarts,
 * and any number of servers can share it.
 *
 * <pre>{@code
 * PaymentFilter.builder().signInStore(JdbcSignInStore.open(dataSource))...
 * }</pre>
 *
 * <p>The database needs the tables of {@code x402-sign-in.sql}, which is beside this class in the
 * jar. Rows whose time is over are deleted within minutes. Safe for use by several threads. Close
 * it when the webapp ends; the data source stays open.
 */
public final class JdbcSignInStore implements SignInStore, AutoCloseable {
  private static final String NAME = "the sign-in store";
  private static final int SLOT = 1;
  private static final Duration BETWEEN_CLEANUPS = Duration.ofMinutes(1);

  /** How many rows one transaction deletes. */
  private static final int STEP = 500;

  /** At most this many steps follow one another, so that the database has time for others. */
  private static final int MAX_STEPS = 100;

  private static final String KEY = "SELECT nonce_key FROM x402_sign_in_key WHERE slot = ?";
  private static final String INSERT_KEY =
      "INSERT INTO x402_sign_in_key (slot, nonce_key) VALUES (?, ?)";
  private static final String INSERT =
      "INSERT INTO x402_sign_in (open_until, item, payer, network) VALUES (?, ?, ?, ?)";
  private static final String PROLONG =
      "UPDATE x402_sign_in SET open_until = ?"
          + " WHERE item = ? AND payer = ? AND network = ? AND open_until < ?";
  private static final String BOUGHT =
      "SELECT network FROM x402_sign_in WHERE item = ? AND payer = ? AND open_until > ?";
  private static final String USE =
      "INSERT INTO x402_sign_in_nonce (nonce, keep_until) VALUES (?, ?)";
  private static final String ENDED =
      "SELECT item, payer, network FROM x402_sign_in WHERE open_until <= ?";
  private static final String DELETE =
      "DELETE FROM x402_sign_in WHERE item = ? AND payer = ? AND network = ? AND open_until <= ?";
  private static final String USED = "SELECT nonce FROM x402_sign_in_nonce WHERE keep_until <= ?";
  private static final String FORGET =
      "DELETE FROM x402_sign_in_nonce WHERE nonce = ? AND keep_until <= ?";

  private static final Map<String, String> TABLES = new LinkedHashMap<>();

  static {
    TABLES.put("x402_sign_in_key", "slot, nonce_key");
    TABLES.put("x402_sign_in", "item, payer, network, open_until");
    TABLES.put("x402_sign_in_nonce", "nonce, keep_until");
  }

  private static final SchemaScript SCRIPT =
      new SchemaScript(
          "x402-sign-in.sql", NAME, "JdbcSignInStore.createTables(dataSource)", TABLES);

  private final Database database;
  private final byte[] key;
  private final Chores chores = new Chores("x402-sign-in", NAME);

  private JdbcSignInStore(DataSource dataSource, Clock clock) {
    try {
      database = Database.at(NAME, dataSource, JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    } catch (SQLException e) {
      throw Database.failure(NAME, "connecting", e);
    }
    SCRIPT.require(dataSource);
    requireUniqueNonces();
    key = sharedKey();
    chores.repeat("deleting what is over", () -> deleteEnded(clock.instant()), BETWEEN_CLEANUPS);
  }

  /**
   * Returns the store in this database.
   *
   * @param dataSource gives connections, from a pool
   * @throws IllegalStateException if the database does not answer, or its tables are not there or
   *     not as they have to be
   */
  public static JdbcSignInStore open(DataSource dataSource) {
    return new JdbcSignInStore(dataSource, Clock.systemUTC());
  }

  /**
   * Makes the tables that are missing.
   *
   * @throws SQLException if the database does not let it
   */
  public static void createTables(DataSource dataSource) throws SQLException {
    SCRIPT.create(dataSource);
  }

  /** A sign-in is used once only where the second row with its nonce is refused; so try it. */
  private void requireUniqueNonces() {
    String probe = "probe" + UUID.randomUUID().toString().replace("-", "");
    if (!use(probe, Instant.EPOCH, Instant.EPOCH) || use(probe, Instant.EPOCH, Instant.EPOCH)) {
      throw new IllegalStateException(
          NAME
              + "'s database: x402_sign_in_nonce has to have the primary key (nonce), and takes a row"
              + " with the same key twice"
              + SCRIPT.whatToRun());
    }
  }

  // ---- the key

  private byte[] sharedKey() {
    Optional<String> known = readKey();
    if (known.isEmpty()) {
      byte[] mine = new byte[KEY_BYTES];
      new SecureRandom().nextBytes(mine);
      insertKey(HexFormat.of().formatHex(mine));
      known = readKey();
    }
    return HexFormat.of()
        .parseHex(
            known.orElseThrow(
                () -> new LedgerException(NAME + "'s database does not keep its key")));
  }

  private Optional<String> readKey() {
    return database.run(
        "reading the key",
        connection ->
            database.query(
                connection,
                KEY,
                row -> row.setInt(1, SLOT),
                rows -> rows.next() ? Optional.of(rows.getString(1)) : Optional.empty()));
  }

  private void insertKey(String text) {
    database.run(
        "writing the key",
        connection ->
            database.insertOrUpdate(
                connection,
                database.insertingIfAbsent(INSERT_KEY),
                row -> {
                  row.setInt(1, SLOT);
                  row.setString(2, text);
                }));
  }

  @Override
  public byte[] nonceKey() {
    return key.clone();
  }

  // ---- purchases

  @Override
  public void record(Bought bought) {
    long until = bought.until().toEpochMilli();
    boolean isNew =
        database.run(
            "recording a purchase",
            connection ->
                database.insertOrUpdate(
                    connection,
                    database.insertingIfAbsent(INSERT),
                    row -> {
                      row.setLong(1, until);
                      row.setString(2, bought.item());
                      row.setString(3, bought.payer().lowerCase());
                      row.setString(4, bought.network().caip2());
                    }));
    if (!isNew) {
      prolong(bought, until);
    }
  }

  private void prolong(Bought bought, long until) {
    database.run(
        "recording a purchase",
        connection ->
            database.update(
                connection,
                PROLONG,
                row -> {
                  row.setLong(1, until);
                  row.setString(2, bought.item());
                  row.setString(3, bought.payer().lowerCase());
                  row.setString(4, bought.network().caip2());
                  row.setLong(5, until);
                }));
  }

  @Override
  public Set<Network> boughtOn(String item, Address payer, Instant now) {
    return database.run(
        "looking for a purchase",
        connection ->
            database.query(
                connection,
                BOUGHT,
                row -> {
                  row.setString(1, item);
                  row.setString(2, payer.lowerCase());
                  row.setLong(3, now.toEpochMilli());
                },
                rows -> {
                  Set<Network> networks = new HashSet<>();
                  while (rows.next()) {
                    networks.add(Network.parse(rows.getString(1)));
                  }
                  return networks;
                }));
  }

  // ---- nonces

  @Override
  public boolean use(String nonce, Instant until, Instant now) {
    return database.run(
        "using a sign-in",
        connection ->
            database.insertOrUpdate(
                connection,
                database.insertingIfAbsent(USE),
                row -> {
                  row.setString(1, nonce);
                  row.setLong(2, until.toEpochMilli());
                }));
  }

  // ---- chores

  /** Deletes what is over, a bounded number of rows. */
  void deleteEnded(Instant now) {
    deleteAll(ENDED, DELETE, 3, now);
    deleteAll(USED, FORGET, 1, now);
  }

  private void deleteAll(String select, String delete, int columns, Instant now) {
    int steps = 1;
    while (deleteStep(select, delete, columns, now) && steps < MAX_STEPS) {
      steps++;
    }
  }

  /** Deletes one step, and returns whether there may be more. */
  private boolean deleteStep(String select, String delete, int columns, Instant now) {
    long time = now.toEpochMilli();
    return database.transaction(
            "deleting what is over",
            connection -> {
              List<String[]> ended = ended(connection, select, columns, time);
              for (String[] row : ended) {
                database.update(
                    connection,
                    delete,
                    values -> {
                      for (int i = 0; i < columns; i++) {
                        values.setString(i + 1, row[i]);
                      }
                      values.setLong(columns + 1, time);
                    });
              }
              return ended.size();
            })
        == STEP;
  }

  private List<String[]> ended(Connection connection, String select, int columns, long time)
      throws SQLException {
    return database.query(
        connection,
        select,
        query -> {
          query.setMaxRows(STEP);
          query.setLong(1, time);
        },
        rows -> {
          List<String[]> read = new ArrayList<>();
          while (rows.next()) {
            String[] row = new String[columns];
            for (int i = 0; i < columns; i++) {
              row[i] = rows.getString(i + 1);
            }
            read.add(row);
          }
          return read;
        });
  }

  @Override
  public void close() {
    chores.stop();
  }

  @Override
  public String toString() {
    return "JdbcSignInStore";
  }
}
