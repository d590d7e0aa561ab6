// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.gate.DiscoveryCatalog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * The catalog of a facilitator in a database: it survives restarts, and any number of servers can
 * share it.
 *
 * <p>The database needs the table of {@code x402-discovery.sql}, which is beside this class in the
 * jar. Safe for use by several threads.
 */
public final class JdbcDiscoveryCatalog implements DiscoveryCatalog {
  /** How many resources it lists unless said otherwise. */
  public static final int DEFAULT_CAPACITY = 100_000;

  private static final String NAME = "the catalog";
  private static final SchemaScript SCRIPT =
      new SchemaScript(
          "x402-discovery.sql",
          NAME,
          "JdbcDiscoveryCatalog.createTables(dataSource)",
          Map.of(
              "x402_resource",
              "id, updated_at, kind, pay_to, ways, extensions, search_text, listing"));

  private static final String INSERT =
      "INSERT INTO x402_resource (updated_at, kind, pay_to, ways, extensions, search_text, listing,"
          + " id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
  private static final String UPDATE =
      "UPDATE x402_resource SET updated_at = ?, kind = ?, pay_to = ?, ways = ?, extensions = ?,"
          + " search_text = ?, listing = ? WHERE id = ?";

  private static final int LONGEST_SEARCH_TEXT = 4000;

  private final Database database;
  private final int capacity;

  private JdbcDiscoveryCatalog(DataSource dataSource, int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, found " + capacity);
    }
    this.capacity = capacity;
    try {
      database = Database.at(NAME, dataSource, JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    } catch (SQLException e) {
      throw Database.failure(NAME, "connecting", e);
    }
    SCRIPT.require(dataSource);
  }

  /**
   * Returns the catalog in this database.
   *
   * @param dataSource gives connections, from a pool
   * @throws IllegalStateException if the database does not answer, or its table is not there or not
   *     as it has to be
   */
  public static JdbcDiscoveryCatalog open(DataSource dataSource) {
    return open(dataSource, DEFAULT_CAPACITY);
  }

  /**
   * Returns the catalog in this database, of at most this many resources.
   *
   * @throws IllegalStateException as {@link #open(DataSource)} does
   */
  public static JdbcDiscoveryCatalog open(DataSource dataSource, int capacity) {
    return new JdbcDiscoveryCatalog(dataSource, capacity);
  }

  /**
   * Makes the table if it is missing.
   *
   * @throws SQLException if the database does not let it
   */
  public static void createTables(DataSource dataSource) throws SQLException {
    SCRIPT.create(dataSource);
  }

  // ---- writing

  @Override
  public void put(DiscoveredResource resource) {
    String id = Database.hash(resource.key());
    database.transaction(
        "listing a resource",
        connection -> {
          Optional<DiscoveredResource> before = read(connection, id);
          DiscoveredResource now =
              before.map(known -> DiscoveryCatalog.renewed(known, resource)).orElse(resource);
          if (before.isEmpty() && insert(connection, id, now)) {
            deleteOldest(connection);
          } else {
            database.update(connection, UPDATE, row(id, now));
          }
          return true;
        });
  }

  private boolean insert(Connection connection, String id, DiscoveredResource resource)
      throws SQLException {
    return database.insertOrUpdate(
        connection, database.insertingIfAbsent(INSERT), row(id, resource));
  }

  private static Database.Parameters row(String id, DiscoveredResource resource) {
    String text = resource.searchText();
    return statement -> {
      statement.setLong(1, resource.lastUpdated().toEpochMilli());
      statement.setString(2, resource.type());
      statement.setString(3, payTo(resource));
      statement.setString(4, ways(resource));
      statement.setString(5, between(List.copyOf(resource.extensions().keySet())));
      statement.setString(6, text.substring(0, Math.min(text.length(), LONGEST_SEARCH_TEXT)));
      statement.setString(7, DiscoveryMessages.write(resource));
      statement.setString(8, id);
    };
  }

  private static String payTo(DiscoveredResource resource) {
    return resource.accepts().stream()
        .findFirst()
        .map(option -> option.payTo().text().toLowerCase(Locale.ROOT))
        .orElse("");
  }

  private static String ways(DiscoveredResource resource) {
    return between(
        resource.accepts().stream()
            .map(option -> option.scheme() + "@" + option.network().caip2())
            .distinct()
            .toList());
  }

  private static String between(List<String> values) {
    return values.stream().collect(Collectors.joining("|", "|", "|"));
  }

  private Optional<DiscoveredResource> read(Connection connection, String id) throws SQLException {
    return database.query(
        connection,
        "SELECT listing FROM x402_resource WHERE id = ?",
        statement -> statement.setString(1, id),
        rows -> rows.next() ? resource(rows) : Optional.empty());
  }

  /**
   * Returns a resource; empty if it cannot be read, which is no reason to show none of the list.
   */
  private static Optional<DiscoveredResource> resource(ResultSet rows) throws SQLException {
    try {
      return Optional.of(DiscoveryMessages.read(rows.getString(1)));
    } catch (MalformedPaymentException e) {
      return Optional.empty();
    }
  }

  private void deleteOldest(Connection connection) throws SQLException {
    long tooMany = count(connection, new Condition(DiscoveryQuery.everything())) - capacity;
    if (tooMany <= 0) {
      return;
    }
    List<String> oldest =
        database.query(
            connection,
            "SELECT id FROM x402_resource ORDER BY updated_at, id FETCH FIRST "
                + tooMany
                + " ROWS ONLY",
            statement -> {},
            rows -> {
              List<String> ids = new ArrayList<>();
              while (rows.next()) {
                ids.add(rows.getString(1));
              }
              return ids;
            });
    for (String id : oldest) {
      database.update(
          connection,
          "DELETE FROM x402_resource WHERE id = ?",
          statement -> statement.setString(1, id));
    }
  }

  // ---- reading

  @Override
  public Page find(DiscoveryQuery query) {
    Condition condition = new Condition(query);
    return database.run(
        "reading the catalog",
        connection -> new Page(page(connection, query, condition), count(connection, condition)));
  }

  private List<DiscoveredResource> page(
      Connection connection, DiscoveryQuery query, Condition condition) throws SQLException {
    return database.query(
        connection,
        "SELECT listing FROM x402_resource"
            + condition.sql()
            + " ORDER BY updated_at DESC, id OFFSET "
            + query.offset()
            + " ROWS FETCH NEXT "
            + query.limit()
            + " ROWS ONLY",
        condition,
        rows -> {
          List<DiscoveredResource> found = new ArrayList<>();
          while (rows.next()) {
            resource(rows).ifPresent(found::add);
          }
          return found;
        });
  }

  private long count(Connection connection, Condition condition) throws SQLException {
    return database.query(
        connection,
        "SELECT COUNT(*) FROM x402_resource" + condition.sql(),
        condition,
        rows -> {
          rows.next();
          return rows.getLong(1);
        });
  }

  /** The WHERE of a query. What is looked for is a parameter, and nothing in it is a wildcard. */
  private static final class Condition implements Database.Parameters {
    private final List<String> terms = new ArrayList<>();
    private final List<String> values = new ArrayList<>();

    Condition(DiscoveryQuery query) {
      query.words().forEach(word -> like("search_text", "%" + escaped(word) + "%"));
      query.extensions().forEach(name -> like("extensions", "%|" + escaped(name) + "|%"));
      if (query.type() != null) {
        add("kind = ?", query.type());
      }
      if (query.payTo() != null) {
        add("pay_to = ?", query.payTo().toLowerCase(Locale.ROOT));
      }
      if (query.scheme() != null || query.network() != null) {
        String scheme = query.scheme() == null ? "" : "|" + escaped(query.scheme());
        String network = query.network() == null ? "" : escaped(query.network()) + "|";
        like("ways", "%" + scheme + "@" + network + "%");
      }
    }

    private void like(String column, String pattern) {
      add(column + " LIKE ? ESCAPE '!'", pattern);
    }

    private void add(String term, String value) {
      terms.add(term);
      values.add(value);
    }

    private static String escaped(String text) {
      return text.replaceAll("[!%_]", "!$0");
    }

    String sql() {
      return terms.isEmpty() ? "" : " WHERE " + String.join(" AND ", terms);
    }

    @Override
    public void set(PreparedStatement statement) throws SQLException {
      for (int i = 0; i < values.size(); i++) {
        statement.setString(i + 1, values.get(i));
      }
    }
  }
}
