// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.State;
import io.github.x402j.jdbc.JdbcSalesBook;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a seller sold, from the command line. */
class SalesCommandTest {
  private static final String PASSWORD = "p4ssw0rd-of-the-shop";
  private static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final Address OTHER = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");
  private static final String TX = "0x" + "cd".repeat(32);

  private final String url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
  private final Map<String, String> environment =
      new HashMap<>(Map.of("X402_DATABASE_PASSWORD", PASSWORD));

  @BeforeEach
  void sell() throws Exception {
    JdbcDataSource database = new JdbcDataSource();
    database.setURL(url);
    database.setUser("shop");
    database.setPassword(PASSWORD);
    JdbcSalesBook.createTables(database);
    try (JdbcSalesBook book = JdbcSalesBook.open(database)) {
      book.write(sale("1", "2026-10-31T23:59:59.999Z", State.DELIVERED, "GET /a", PAYER, null));
      book.write(sale("2", "2026-11-01T00:00:00Z", State.DELIVERED, "GET /a", PAYER, null));
      book.write(sale("3", "2026-11-30T23:59:59.999Z", State.SETTLED, "GET /b", OTHER, null));
      book.write(
          sale("4", "2026-11-30T12:00:00Z", State.FAILED, "GET /\u001b[31m", OTHER, "reverted"));
      book.write(sale("5", "2026-12-01T00:00:00Z", State.DELIVERED, "GET /b", PAYER, null));
    }
  }

  private static Entry sale(
      String id, String time, State state, String route, Address payer, String reason) {
    return new Entry(
        id,
        Instant.parse(time),
        state,
        route,
        payer,
        OTHER,
        new Currency(Usdc.BASE.network(), Usdc.BASE.contract(), "USDC", 6),
        TokenAmount.of(10_000),
        TX,
        null,
        reason,
        null);
  }

  private Invocation sales(String... args) {
    List<String> all = new ArrayList<>(List.of("sales"));
    all.addAll(List.of(args));
    all.addAll(List.of("--database", url, "--user", "shop"));
    return Invocation.of(environment, all.toArray(String[]::new));
  }

  @Test
  void answersWhatWasSoldInNovember() throws Exception {
    Invocation totals = sales("totals", "--from", "2026-11-01", "--until", "2026-11-30", "--json");
    assertThat(totals.status()).isEqualTo(ExitCode.OK);
    JsonNode days = totals.json();
    assertThat(days).hasSize(2);
    assertThat(days.path(0).path("group").textValue()).isEqualTo("2026-11-01");
    assertThat(days.path(0).path("amount").textValue()).isEqualTo("10000");
    assertThat(days.path(0).path("sales").intValue()).isEqualTo(1);
    assertThat(days.path(1).path("group").textValue()).isEqualTo("2026-11-30");
    assertThat(days.path(1).path("undelivered").intValue()).isEqualTo(1);
    assertThat(days.path(1).path("failed").intValue()).isEqualTo(1);
  }

  @Test
  void addsUpByRouteAndPayer() throws Exception {
    JsonNode routes = sales("totals", "--by", "ROUTE", "--json").json();
    assertThat(routes.findValuesAsText("group")).containsExactly("GET /?[31m", "GET /a", "GET /b");
    JsonNode payers = sales("totals", "--by", "PAYER", "--route", "GET /b", "--json").json();
    assertThat(payers.findValuesAsText("group")).containsExactly(OTHER.text(), PAYER.text());
    assertThat(sales("totals", "--by", "PAYER").out())
        .contains(PAYER.text())
        .containsPattern("0\\.030000 USDC +3 +0 +0 +0 +0 eip155:8453");
  }

  @Test
  void listsTheLastSales() throws Exception {
    JsonNode last = sales("list", "--limit", "2", "--json").json();
    assertThat(last.findValuesAsText("id")).containsExactly("3", "5");
    assertThat(sales("list", "--payer", OTHER.text()).out())
        .contains("GET /b", "settled", "0.010000 USDC", TX, "failed", "reverted")
        .doesNotContain("GET /a", "\u001b");
  }

  @Test
  void exportsCsvAndJsonLines() {
    String csv = sales("export", "--from", "2026-11-30", "--until", "2026-11-30").out();
    assertThat(csv.lines()).hasSize(3).first().asString().startsWith("time,state,route,payer");
    assertThat(csv).contains("2026-11-30T12:00:00Z,failed,").contains(",reverted,4");
    String lines = sales("export", "--jsonl", "--route", "GET /b").out();
    assertThat(lines.lines()).hasSize(2).allMatch(line -> line.startsWith("{\"time\":"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"list", "export", "totals"})
  void saysWhatIsWrongWithoutASecret(String command) {
    environment.put("X402_DATABASE_PASSWORD", "wr0ng-p4ssword");
    Invocation refused = sales(command);
    assertThat(refused.status()).isEqualTo(ExitCode.FAILED);
    assertThat(refused.err()).startsWith("x402: the sales book's database failed at connecting");
    Invocation unknown =
        Invocation.of(Map.of(), "sales", command, "--database", "jdbc:shop://u:" + PASSWORD + "@h");
    assertThat(unknown.status()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("--database", "X402_CLASSPATH");
    assertThat(refused.err() + unknown.err()).doesNotContain(PASSWORD, "wr0ng", "jdbc:shop");
  }

  @Test
  void needsADatabaseAndAGoodLimit() {
    assertThat(Invocation.of(Map.of(), "sales", "list").status()).isEqualTo(ExitCode.USAGE);
    assertThat(sales("list", "--limit", "0").status()).isEqualTo(ExitCode.USAGE);
    assertThat(sales("list", "--from", "yesterday").status()).isEqualTo(ExitCode.USAGE);
  }
}
