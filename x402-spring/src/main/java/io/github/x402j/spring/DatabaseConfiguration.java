// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.gate.SignInStore;
import io.github.x402j.jdbc.JdbcPaymentLedger;
import io.github.x402j.jdbc.JdbcSalesBook;
import io.github.x402j.jdbc.JdbcSignInStore;
import java.sql.SQLException;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** Keeps used authorizations and sales in the database of the {@code DataSource}. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(prefix = "x402", name = "ledger", havingValue = "jdbc")
final class DatabaseConfiguration {

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(JdbcPaymentLedger.class)
  static final class Tables {
    @Bean
    @ConditionalOnMissingBean(PaymentLedger.class)
    @DependsOnDatabaseInitialization
    JdbcPaymentLedger x402Ledger(X402Properties properties, ObjectProvider<DataSource> sources) {
      DataSource source = requireSource(sources);
      return open(
          properties,
          () -> JdbcPaymentLedger.createTables(source),
          () -> JdbcPaymentLedger.open(source));
    }

    @Bean
    @ConditionalOnMissingBean(SalesBook.class)
    @DependsOnDatabaseInitialization
    JdbcSalesBook x402SalesBook(X402Properties properties, ObjectProvider<DataSource> sources) {
      DataSource source = requireSource(sources);
      return open(
          properties, () -> JdbcSalesBook.createTables(source), () -> JdbcSalesBook.open(source));
    }

    /** Lazy, as its tables are needed only where a rule lets payers sign in. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean(SignInStore.class)
    @DependsOnDatabaseInitialization
    JdbcSignInStore x402SignInStore(X402Properties properties, ObjectProvider<DataSource> sources) {
      DataSource source = requireSource(sources);
      return open(
          properties,
          () -> JdbcSignInStore.createTables(source),
          () -> JdbcSignInStore.open(source));
    }

    /** Makes tables. */
    private interface Script {
      void run() throws SQLException;
    }

    private static DataSource requireSource(ObjectProvider<DataSource> sources) {
      DataSource source = sources.getIfUnique();
      if (source == null) {
        throw new StartFailedException(
            "x402.ledger=jdbc: expected one DataSource, found none or several",
            "Set spring.datasource.url, or make one DataSource bean @Primary.",
            null);
      }
      return source;
    }

    private static <T> T open(X402Properties properties, Script script, Supplier<T> opened) {
      try {
        if (properties.createTables()) {
          script.run();
        }
        return opened.get();
      } catch (IllegalStateException | SQLException e) {
        throw new StartFailedException(
            "x402.ledger=jdbc: " + e.getMessage(),
            "Run the scripts x402-ledger.sql and x402-sales.sql of x402-jdbc (x402-sign-in.sql where"
                + " a rule has sign-in), or set x402.create-tables=true.",
            e);
      }
    }
  }

  /** Says what is missing. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnMissingClass("io.github.x402j.jdbc.JdbcPaymentLedger")
  static final class WithoutTables {
    @Bean
    PaymentLedger x402Ledger() {
      throw new StartFailedException(
          "x402.ledger=jdbc: io.github.x402j:x402-jdbc is not on the class path",
          "Add the dependency io.github.x402j:x402-jdbc, or remove x402.ledger.",
          null);
    }
  }
}
