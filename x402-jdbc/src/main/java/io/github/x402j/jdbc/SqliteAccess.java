// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A journal's way to a file of SQLite: one connection that writes, and more to read.
 *
 * <p>A commit is in the write-ahead log when it returns, so {@code kill -9} loses nothing; the
 * power can. {@link #makeDurable} forces the log to the disk, once for all threads that wrote
 * meanwhile. SQLite would force it at each commit ({@code synchronous=FULL}), also where nothing
 * depends on it.
 */
final class SqliteAccess implements JournalAccess {
  private static final int BUSY = 5;
  private static final int VERSION = 1;
  private static final Duration LOCKED_WITHIN = Duration.ofSeconds(10);
  private static final long PAUSE_NANOS = 200_000;

  private final Path file;
  private final OwnersFiles files;
  private final Connection writer;
  private FileChannel log;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private final Object durability = new Object();
  private volatile long committed;
  private long durable;
  private volatile boolean broken;
  private boolean closed;

  private SqliteAccess(Path file, OwnersFiles files, Connection writer) throws IOException {
    this.file = file;
    this.files = files;
    this.writer = writer;
    this.log = FileChannel.open(files.log(), StandardOpenOption.WRITE);
  }

  static SqliteAccess open(Path file) throws IOException {
    OwnersFiles files = new OwnersFiles(file);
    files.create();
    files.requireOwnersOnly();
    requireDriver();
    try {
      Connection writer = connect(file);
      try {
        prepare(writer);
        files.requireOwnersOnly();
        files.remember();
        return new SqliteAccess(file, files, writer);
      } catch (SQLException | IOException e) {
        writer.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("journal: " + file + " cannot be used: " + e.getMessage(), e);
    }
  }

  private static void requireDriver() throws IOException {
    try {
      Class.forName("org.sqlite.JDBC");
    } catch (ClassNotFoundException e) {
      throw new IOException(
          "journal: a journal in a file needs org.xerial:sqlite-jdbc on the class path; add it", e);
    }
  }

  private static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file.toUri());
  }

  /** Waits in {@link #patiently} rather than in SQLite, whose pauses grow to 100 ms. */
  private static void prepare(Connection writer) throws SQLException {
    execute(writer, "PRAGMA busy_timeout = 0");
    patiently(writer, "PRAGMA journal_mode = WAL");
    execute(writer, "PRAGMA synchronous = NORMAL");
    execute(writer, "PRAGMA wal_autocheckpoint = 2000"); // 8 MB
    execute(writer, "PRAGMA cache_size = -16000"); // 16 MB
    patiently(writer, "BEGIN IMMEDIATE");
    try {
      int version = number(writer, "PRAGMA user_version");
      if (version > VERSION) {
        throw new SQLException("it was written by a later version of x402j");
      }
      if (version < VERSION) {
        JournalTables.create(writer);
        execute(writer, "PRAGMA user_version = " + VERSION);
      }
      execute(writer, "COMMIT");
    } catch (SQLException e) {
      execute(writer, "ROLLBACK");
      throw e;
    }
  }

  private static void patiently(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      patiently(statement);
    }
  }

  /** Runs the statement as soon as no other connection is in its way. */
  private static void patiently(PreparedStatement statement) throws SQLException {
    long deadline = System.nanoTime() + LOCKED_WITHIN.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          statement.execute();
          return;
        } catch (SQLException e) {
          if (e.getErrorCode() != BUSY || System.nanoTime() > deadline) {
            throw e;
          }
        }
        LockSupport.parkNanos(PAUSE_NANOS);
        interrupted |= Thread.interrupted(); // else parking returns at once from now on
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  @Override
  public Held hold() throws SQLException, IOException {
    if (broken) {
      throw new IOException("journal: the disk failed before; open it again");
    }
    files.requireSame();
    try {
      patiently(statement("BEGIN IMMEDIATE"));
    } catch (SQLException e) {
      closeStatements();
      throw e;
    }
    return new Transaction();
  }

  private PreparedStatement statement(String sql) throws SQLException {
    PreparedStatement known = statements.get(sql);
    if (known == null) {
      known = writer.prepareStatement(sql);
      statements.put(sql, known);
    }
    return known;
  }

  @Override
  public Connection reading() throws SQLException {
    Connection reader = connect(file);
    execute(reader, "PRAGMA busy_timeout = " + LOCKED_WITHIN.toMillis());
    return reader;
  }

  /** One thread waits for the disk for all that wrote meanwhile. */
  @Override
  public void makeDurable() throws IOException {
    long written = committed;
    synchronized (durability) {
      if (durable >= written) {
        return;
      }
      long reached = committed;
      try {
        force();
      } catch (IOException e) {
        broken = true; // what is on the disk is unknown now
        throw e;
      }
      durable = reached;
    }
  }

  /** Forces the content alone: the log keeps its size once it has been filled. */
  private void force() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          log.force(false);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
          log = FileChannel.open(files.log(), StandardOpenOption.WRITE);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void check(Consumer<String> damage) throws IOException {
    try (Connection reader = reading();
        Statement statement = reader.createStatement();
        ResultSet rows = statement.executeQuery("PRAGMA integrity_check")) {
      while (rows.next()) {
        String found = rows.getString(1);
        if (!found.equals("ok")) {
          damage.accept("the file: " + found);
        }
      }
    } catch (SQLException e) {
      damage.accept("the file: " + e.getMessage());
    }
  }

  @Override
  public void backup(Path copy) throws IOException {
    Path target = copy.toAbsolutePath();
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException("journal: " + target + " is there already");
    }
    OwnersFiles.createFor(target);
    try (Connection reader = reading();
        PreparedStatement statement = reader.prepareStatement("VACUUM INTO ?")) {
      statement.setString(1, target.toString());
      statement.execute();
    } catch (SQLException e) {
      Files.deleteIfExists(target);
      throw new IOException("journal: no copy could be written: " + e.getMessage(), e);
    }
    try (RandomAccessFile written = new RandomAccessFile(target.toFile(), "rw")) {
      written.getFD().sync();
    }
  }

  /** Limits the size of the database, as a full disk does. */
  void limitPages(int pages) throws SQLException {
    execute(writer, "PRAGMA max_page_count = " + pages);
  }

  /** The last process that closes the database moves the log into it, and removes the log. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    broken = true;
    try (FileChannel last = log) {
      closeStatements();
      writer.close();
    } catch (SQLException e) {
      throw new IOException("journal: the file cannot be closed", e);
    }
  }

  @Override
  public String toString() {
    return "SQLite";
  }

  /** The driver closes a statement that fails. */
  private void closeStatements() throws SQLException {
    List<PreparedStatement> all = List.copyOf(statements.values());
    statements.clear();
    for (PreparedStatement statement : all) {
      statement.close();
    }
  }

  private final class Transaction implements Held {
    private boolean isOpen = true;
    private boolean failed;

    @Override
    public PreparedStatement statement(String sql) throws SQLException {
      return SqliteAccess.this.statement(sql);
    }

    @Override
    public void failed() {
      failed = true;
    }

    @Override
    public void commit() throws SQLException {
      SqliteAccess.this.statement("COMMIT").execute();
      isOpen = false;
      committed = committed + 1; // one thread at a time
    }

    @Override
    public void close() throws SQLException {
      if (failed) {
        closeStatements();
      }
      if (isOpen) {
        isOpen = false;
        rollBack();
      }
    }

    private void rollBack() throws SQLException {
      try {
        SqliteAccess.this.statement("ROLLBACK").execute();
      } catch (SQLException e) {
        closeStatements();
        if (!failed) { // else SQLite has undone it already, as it does when the disk is full
          throw e;
        }
      }
    }
  }
}
