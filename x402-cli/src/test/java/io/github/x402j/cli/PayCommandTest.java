// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code x402 pay}, called as a user calls it. */
class PayCommandTest {
  private static SampleShop shop;

  @TempDir Path files;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  private static Invocation pay(String path, String max, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "pay",
                shop.url(path),
                "--rpc-url",
                shop.chain.rpcUrl().toString(),
                "--token",
                shop.usdc.address(),
                "--key-env",
                "AGENT_KEY",
                "--max",
                max));
    args.addAll(List.of(more));
    return Invocation.of(Map.of("AGENT_KEY", shop.payer.privateKey()), args.toArray(String[]::new));
  }

  @Test
  void saysWhatWasPaidAndPrintsTheBody() {
    BigInteger before = shop.sold();
    Invocation paid = pay("/premium", "$0.05");
    assertThat(paid.status()).isZero();
    assertThat(paid.out())
        .startsWith("status     200\npaid       10000 atomic units to " + shop.seller.address())
        .contains(", settled in 0x", "premium content, paid for by " + shop.payer.address());
    assertThat(paid.err()).isEmpty();
    assertThat(shop.sold().subtract(before)).isEqualTo(10_000);
  }

  @Test
  void givesStatusSettlementAndBodyToPrograms() throws Exception {
    JsonNode paid = pay("/report/7", "$0.02", "--json").json();
    assertThat(paid.path("status").intValue()).isEqualTo(200);
    assertThat(paid.path("body").textValue()).isEqualTo("report 7\n");
    JsonNode settlement = paid.path("settlement");
    assertThat(settlement.path("success").booleanValue()).isTrue();
    assertThat(settlement.path("transaction").textValue()).matches("0x[0-9a-f]{64}");
    assertThat(settlement.path("network").textValue()).isEqualTo("eip155:31337");
    assertThat(settlement.path("amount").textValue()).isEqualTo("20000");
    assertThat(settlement.path("payer").textValue()).isEqualTo(shop.payer.address());
    assertThat(settlement.path("payTo").textValue()).isEqualTo(shop.seller.address());
  }

  @Test
  void sendsMethodHeadersAndBodyAsCurlDoes() throws Exception {
    Path body = Files.writeString(files.resolve("body.json"), "{\"a\":1}");
    assertThat(pay("/premium", "$0.05", "-d", "abc").out()).contains("premium answer to 3 bytes");
    assertThat(pay("/premium", "$0.05", "-d", "@" + body, "-H", "Content-Type: application/json"))
        .extracting(Invocation::out)
        .asString()
        .contains("premium answer to 7 bytes");
    assertThat(pay("/premium", "$0.05", "-XPOST", "-s").out())
        .isEqualTo("premium answer to 0 bytes\n\n");
  }

  @Test
  void writesTheBodyToAFile() throws Exception {
    Path file = files.resolve("report");
    Invocation paid = pay("/report/8", "$0.05", "-o", file.toString());
    assertThat(paid.out()).startsWith("status     200").doesNotContain("report 8");
    assertThat(file).hasContent("report 8");
  }

  @Test
  void declinesWhatCostsMoreThanTheLimitAndSignsNothing() throws Exception {
    BigInteger before = shop.sold();
    Invocation declined = pay("/report/7", "$0.01", "--json");
    assertThat(declined.status()).isEqualTo(ExitCode.DECLINED);
    assertThat(declined.err()).contains("maxPerPayment", "$0.01", "$0.02");
    assertThat(declined.json().path("error").path("rule").textValue()).isEqualTo("maxPerPayment");
    assertThat(shop.sold()).isEqualTo(before);
  }

  @Test
  void endsAsCurlDoesWhenTheServerFails() {
    assertThat(pay("/fails", "$0.05").status()).isZero();
    Invocation failing = pay("/fails", "$0.05", "--fail");
    assertThat(failing.status()).isEqualTo(ExitCode.ERROR_STATUS);
    assertThat(failing.out())
        .startsWith("status     500\nsigned     10000")
        .contains("not settled");
  }

  @Test
  void makesAHeaderForAnotherTool() {
    assertThat(pay("/premium", "$0.05", "--header").out()).startsWith("PAYMENT-SIGNATURE: ey");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "pay http://127.0.0.1:1/ --max 0.05, expected a dollar sign",
        "pay http://127.0.0.1:1/, --max",
        "pay --max $0.05, URL",
        "pay ftp://host/ --max $0.05, expected http:// or https://",
        "pay http://127.0.0.1:1/ --max $0.05, environment variable X402_KEY",
        "pay http://127.0.0.1:1/ --max $0.05 --key-env BAD, a private key is 64 hex digits",
        "pay http://127.0.0.1:1/ --max $0.05 --key-env KEY -H nothing, expected 'Name: value'",
        "pay http://127.0.0.1:1/ --max $0.05 --key-env KEY --token 0x12, --token",
        "pay http://127.0.0.1:1/ --max $0.05 --prot 1, --prot",
        "serve --port x, --port",
        "serve --rpc-url http://127.0.0.1:1/, --token: needed with --rpc-url",
        "bogus, bogus"
      })
  void saysWhatIsWrongWithTheCommandLine(String line, String expected) {
    Invocation wrong =
        Invocation.of(Map.of("BAD", "hunter2", "KEY", shop.payer.privateKey()), line.split(" "));
    assertThat(wrong.status()).isEqualTo(ExitCode.USAGE);
    assertThat(wrong.err())
        .startsWith("x402: ")
        .contains(expected)
        .doesNotContain("hunter2", "\tat ");
    assertThat(wrong.out()).isEmpty();
  }

  @Test
  void saysThatNoServerAnswers() throws Exception {
    try (Socket bound = new Socket()) { // takes the port and does not listen
      bound.bind(new InetSocketAddress("127.0.0.1", 0));
      Invocation failed =
          Invocation.of(
              Map.of("X402_KEY", shop.payer.privateKey()),
              "pay",
              "http://127.0.0.1:" + bound.getLocalPort() + "/",
              "--max",
              "$0.05");
      assertThat(failed.status()).isEqualTo(ExitCode.FAILED);
      assertThat(failed.err()).contains("cannot connect");
    }
  }

  @Test
  void tellsHowItIsUsed() {
    Invocation help = Invocation.of(Map.of(), "--help");
    assertThat(help.status()).isZero();
    assertThat(help.out()).contains("serve", "pay", "wallet", "receipt", "Exit status");
    assertThat(Invocation.of(Map.of(), "pay", "--help").out()).contains("--max", "--key-env");
  }

  /** The list of commands shows the first line of each description, so that is a sentence. */
  @Test
  void cutsNoTextOfItsHelpAt80Columns() {
    List<CommandLine> all = new ArrayList<>();
    collect(X402Command.commandLine(Terminal.system()), all);
    assertThat(all)
        .hasSizeGreaterThan(9)
        .allSatisfy(
            command -> {
              assertThat(command.getCommandSpec().usageMessage().description()[0]).endsWith(".");
              assertThat(command.getUsageMessage().lines()).allMatch(line -> line.length() <= 80);
            });
  }

  private static void collect(CommandLine command, List<CommandLine> into) {
    into.add(command);
    command.getSubcommands().values().forEach(each -> collect(each, into));
  }

  @Test
  void needsACommand() {
    for (String line : List.of("", "wallet", "receipt")) {
      Invocation missing = line.isEmpty() ? Invocation.of(Map.of()) : Invocation.of(Map.of(), line);
      assertThat(missing.status()).isEqualTo(ExitCode.USAGE);
      assertThat(missing.err()).contains("--help");
    }
  }

  @Test
  void keepsNoBodyWithoutEndAndWaitsForNoneForEver() throws Exception {
    HttpServer endless =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    endless.setExecutor(Executors.newCachedThreadPool());
    endless.createContext("/flood", exchange -> send(exchange, new byte[1 << 16], 0));
    endless.createContext("/drip", exchange -> send(exchange, new byte[1], 100));
    endless.start();
    String url = "http://127.0.0.1:" + endless.getAddress().getPort();
    try {
      Invocation flooded = payAt(url + "/flood");
      assertThat(flooded.status()).isEqualTo(ExitCode.FAILED);
      assertThat(flooded.err()).contains("longer than 16 MiB; --output takes any length");
      Invocation dripped = payAt(url + "/drip", "--max-time", "1");
      assertThat(dripped.status()).isEqualTo(ExitCode.FAILED);
      Invocation inspected = Invocation.of(Map.of(), "inspect", url + "/drip", "-m", "1");
      assertThat(inspected.status()).isEqualTo(ExitCode.FAILED);
    } finally {
      endless.stop(0);
    }
  }

  private static Invocation payAt(String url, String... more) {
    List<String> args = new ArrayList<>(List.of("pay", url, "--max", "$0.01"));
    args.addAll(List.of(more));
    return Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), args.toArray(String[]::new));
  }

  /** Sends a body that does not end. */
  private static void send(HttpExchange exchange, byte[] drop, long pauseMillis)
      throws IOException {
    exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/drip") ? 402 : 200, 0);
    try (OutputStream body = exchange.getResponseBody()) {
      while (true) {
        body.write(drop);
        body.flush();
        Thread.sleep(pauseMillis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
