// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Three payments of two agents, and what the commands show of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpendCommandTest {
  private static final String TODAY = LocalDate.now(ZoneOffset.UTC).toString();

  @TempDir static Path files;

  private SampleShop shop;

  @BeforeAll
  void pay() throws Exception {
    shop = SampleShop.open();
    for (String agent : List.of("scout", "clerk")) {
      String[] terms = {"--limit", "$1", "--domains", "127.0.0.1", "--key-env", "X402_KEY"};
      List<String> args = new ArrayList<>(List.of("wallet", "new", agent, "--by", "alice"));
      args.addAll(List.of(terms));
      Invocation made = x402(args.toArray(String[]::new));
      assertThat(made.status()).as(made.err()).isZero();
    }
    buy("scout", "report-42");
    buy("scout", "=cmd, \"weekly\"");
    buy("clerk", "report-42");
  }

  @AfterAll
  void close() throws Exception {
    shop.close();
  }

  private void buy(String agent, String task) {
    Invocation paid =
        x402(
            "pay",
            shop.url("/premium"),
            "--agent",
            agent,
            "--task",
            task,
            "--key-env",
            "X402_KEY",
            "--token",
            shop.usdc.address(),
            "--rpc-url",
            shop.chain.rpcUrl().toString());
    assertThat(paid.status()).as(paid.err()).isZero();
  }

  private Path journal() {
    return files.resolve("journal");
  }

  private Invocation x402(String... args) {
    return on(journal(), args);
  }

  private Invocation on(Path journal, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--journal", journal.toString()));
    return Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "--agent scout, 2",
    "--host 127.0.0.1, 3",
    "--host other.example, 0",
    "--task report-42, 2",
    "--state settled, 3",
    "--state returned, 0",
    "--from 2000-01-01 --until 2000-12-31, 0",
    "--from TODAY --until TODAY, 3",
    "--agent scout --task report-42, 1",
    "--limit 1, 1",
  })
  void eachFormShowsThePaymentsThatAreSelected(String options, int payments) throws Exception {
    String[] selection = options.replace("TODAY", TODAY).split(" ");
    assertThat(spend(selection, "--list", "--json").json()).hasSize(payments);
    assertThat(spend(selection, "--list").out().lines()).hasSize(1 + payments);
    assertThat(spend(selection, "--csv").out().split("\r\n")).hasSize(1 + payments);
    assertThat(spend(selection, "--jsonl").out().lines()).hasSize(payments);
    long counted = 0;
    for (JsonNode day : spend(selection, "--json").json()) {
      counted += day.path("payments").intValue();
    }
    assertThat(counted).isEqualTo(payments);
  }

  private Invocation spend(String[] selection, String... form) {
    List<String> args = new ArrayList<>(List.of("spend"));
    args.addAll(List.of(selection));
    args.addAll(List.of(form));
    Invocation shown = x402(args.toArray(String[]::new));
    assertThat(shown.status()).as(shown.err()).isZero();
    return shown;
  }

  @Test
  void aPaymentSaysForWhatItWasAndWhyItWasTaken() throws Exception {
    JsonNode payment =
        new JsonMapper()
            .readTree(
                spend(new String[] {"--agent", "clerk"}, "--jsonl").out().lines().toList().get(0));
    assertThat(payment.path("task").textValue()).isEqualTo("report-42");
    assertThat(payment.path("path").textValue()).isEqualTo("/premium");
    assertThat(payment.path("price").textValue()).isEqualTo("$0.01");
    assertThat(payment.path("offers").textValue()).containsIgnoringCase(shop.usdc.address());
    assertThat(payment.path("choice").textValue()).isNotEmpty();
    assertThat(payment.path("transaction").textValue()).startsWith("0x");
    assertThat(x402("journal", "export", "--jsonl").out()).contains("\"by\":\"alice\"");
    assertThat(spend(new String[] {"--agent", "scout"}, "--csv").out())
        .contains("\"'=cmd, \"\"weekly\"\"\"");
  }

  @Test
  void refusesAStateThatNoPaymentHas() {
    Invocation refused = x402("spend", "--state", "revoked");
    assertThat(refused.status()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err()).contains("--state", "settled");
  }

  @Test
  void aBackupIsABookAndTheCheckSaysWhatIsDamaged() throws Exception {
    Path copy = files.resolve("copy");
    assertThat(x402("journal", "backup", copy.toString()).status()).isZero();
    assertThat(x402("journal", "backup", copy.toString()).err()).contains("is there already");
    assertThat(check(copy).out()).isEqualTo("in order\n");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + copy);
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE x402_journal_payment SET price = '$0.001'");
    }
    Invocation damaged = check(copy);
    assertThat(damaged.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(damaged.out()).contains("damaged: payment 0x");
  }

  private Invocation check(Path file) {
    return on(file, "journal", "check");
  }
}
