// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.jdbc.JdbcSalesBook;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options with the database of a seller. */
final class DatabaseOptions {
  private static final int LOGIN_SECONDS = 10;

  @Option(
      names = "--database",
      paramLabel = "URL",
      required = true,
      defaultValue = "${env:X402_DATABASE}",
      description =
          "The JDBC URL of the seller's database, without a password. Default: $$X402_DATABASE.")
  String url = "";

  @Option(
      names = "--user",
      paramLabel = "NAME",
      defaultValue = "${env:X402_DATABASE_USER}",
      description = "The user of the database. Default: $$X402_DATABASE_USER.")
  @Nullable String user;

  @Option(
      names = "--password-env",
      paramLabel = "NAME",
      defaultValue = "X402_DATABASE_PASSWORD",
      description = "The environment variable with the password. Default: ${DEFAULT-VALUE}.")
  String passwordVariable = "";

  /**
   * Opens the sales book.
   *
   * @throws IllegalArgumentException if there is no driver for the URL
   * @throws IllegalStateException if the database does not answer, or has no sales book
   */
  JdbcSalesBook open(Terminal terminal) {
    Properties login = new Properties();
    if (user != null && !user.isEmpty()) {
      login.setProperty("user", user);
    }
    String password = terminal.environment().apply(passwordVariable);
    if (password != null) {
      login.setProperty("password", password);
    }
    return JdbcSalesBook.open(new Connections(driver(), url, login));
  }

  /** The message does not repeat the URL, which could hold a password after all. */
  private Driver driver() {
    try {
      DriverManager.setLoginTimeout(LOGIN_SECONDS);
      return DriverManager.getDriver(url);
    } catch (SQLException e) {
      throw new IllegalArgumentException(
          "--database: expected a JDBC URL, such as jdbc:postgresql://localhost/shop, and a driver"
              + " for it; the driver for PostgreSQL is there, X402_CLASSPATH names the jar of"
              + " another");
    }
  }

  /** Connections of a driver, each of its own: a command needs one or two. */
  private record Connections(Driver driver, String url, Properties login) implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
      return driver.connect(url, login);
    }

    @Override
    public Connection getConnection(String otherUser, String password) throws SQLException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
      return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
      return LOGIN_SECONDS;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }

    @Override
    public String toString() {
      return "Connections"; // of what is in no message
    }
  }
}
