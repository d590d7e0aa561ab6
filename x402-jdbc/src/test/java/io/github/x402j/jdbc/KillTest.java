// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of a server with a payment in its hands, and what the next one makes of it. */
@Timeout(120)
class KillTest {
  @TempDir private Path directory;
  private final Shop shop = new Shop();
  private final TestWallet gas = shop.gasAccount();
  private String jdbcUrl;

  @BeforeEach
  void open() {
    jdbcUrl = // H2 writes what is committed half a second later unless told not to
        "jdbc:h2:file:" + directory.resolve("ledger") + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0";
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private SellingProcess server(String mode) throws Exception {
    return SellingProcess.start(mode, shop, gas, jdbcUrl);
  }

  /** Returns all that the next server answers until it has an answer. */
  private List<String> resume() throws Exception {
    List<String> lines = new ArrayList<>();
    try (SellingProcess server = server("go")) {
      String line = "";
      while (!line.equals("200") && !line.equals("402")) {
        line = server.line();
        lines.add(line);
      }
    }
    return lines;
  }

  /** Returns all that a server which takes no payment says of the sales. */
  private List<String> watch() throws Exception {
    List<String> lines = new ArrayList<>();
    try (SellingProcess server = server("watch")) {
      do {
        lines.add(server.line());
      } while (lines.get(lines.size() - 1).contains("SENT"));
    }
    return lines;
  }

  @Test
  void losesNoSaleAfterAKillBetweenTheBroadcastAndTheAnswer() throws Exception {
    killBetweenTheBroadcastAndTheAnswer();
    assertThat(watch()).containsExactly("[SENT " + Shop.URL + "]", "[SETTLED " + Shop.URL + "]");
    assertThat(resume()).endsWith("settled", "200"); // the payer comes back after all
    assertThat(watch()).containsExactly("[DELIVERED " + Shop.URL + "]");
    assertThat(shop.broadcasts()).isEqualTo(1);
  }

  @Test
  void losesNoSaleAfterAKillBetweenTheSettlementAndTheDelivery() throws Exception {
    try (SellingProcess server = server("stop")) {
      assertThat(server.line()).isEqualTo("settling");
      assertThat(server.line()).isEqualTo("settled");
      server.kill();
    }
    assertThat(watch()).containsExactly("[SENT " + Shop.URL + "]", "[SETTLED " + Shop.URL + "]");
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void findsThatASaleHasFailedAfterAKillBeforeTheBroadcast() throws Exception {
    shop.chain.faults().swallowTransactions();
    killBetweenTheBroadcastAndTheAnswer();
    shop.chain.advanceTime(Duration.ofMinutes(10));
    shop.chain.mine();
    assertThat(watch()).containsExactly("[SENT " + Shop.URL + "]", "[FAILED " + Shop.URL + "]");
    assertThat(shop.earned()).isZero();
  }

  private void killBetweenTheBroadcastAndTheAnswer() throws Exception {
    shop.chain.faults().withholdReceipts();
    try (SellingProcess server = server("go")) {
      assertThat(server.line()).isEqualTo("settling");
      while (shop.broadcasts() == 0) {
        Thread.sleep(20);
      }
      server.kill();
    }
    shop.chain.faults().clear();
  }

  @Test
  void deliversOnceAfterAKillBetweenTheBroadcastAndTheAnswer() throws Exception {
    killBetweenTheBroadcastAndTheAnswer();
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);

    assertThat(resume()).endsWith("settled", "200");
    assertThat(resume()).containsExactly("402");
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  /** Its answer may not have gone out: the payer can fetch it from another server, and no more. */
  @Test
  void deliversAgainAfterAKillRightAfterTheDeliveryWasRecorded() throws Exception {
    try (SellingProcess server = server("killed")) {
      assertThat(server.line()).isEqualTo("settling");
      assertThat(server.line()).isEqualTo("settled");
      assertThat(server.line()).as("recorded").isEqualTo("200");
      server.kill();
    }
    assertThat(resume()).endsWith("settled", "200");
    assertThat(resume()).containsExactly("402");
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void deliversOnceAfterAKillBetweenTheSettlementAndTheDelivery() throws Exception {
    try (SellingProcess server = server("stop")) {
      assertThat(server.line()).isEqualTo("settling");
      assertThat(server.line()).isEqualTo("settled");
      server.kill();
    }
    assertThat(resume()).endsWith("settled", "200");
    assertThat(resume()).containsExactly("402");
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }
}
