// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code x402 pay --header} signs what {@code x402 pay} would pay, and nothing else. */
class PayHeaderTest {
  private static final String KEY =
      "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
  private static final Token USDC = Usdc.BASE_SEPOLIA;

  private final List<String> payments = new ArrayList<>();
  @TempDir private Path directory;
  private HttpServer server;

  @BeforeEach
  void open() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/honest", exchange -> ask(exchange, url("/honest"), "$0.01", USDC));
    server.createContext("/dear", exchange -> ask(exchange, url("/dear"), "$9", USDC));
    server.createContext(
        "/other-origin", exchange -> ask(exchange, "https://other.example/", "$0.01", USDC));
    server.createContext(
        "/other-domain",
        exchange ->
            ask(
                exchange,
                url("/other-domain"),
                "$0.01",
                new Token(USDC.network(), USDC.contract(), USDC.decimals(), "Other", "2")));
    server.createContext("/unreadable", exchange -> answer(exchange, 402, "PAYMENT-REQUIRED", "!"));
    server.createContext(
        "/redirect",
        exchange ->
            answer(
                exchange,
                302,
                "Location",
                "http://localhost:" + server.getAddress().getPort() + "/honest"));
    server.createContext("/free", exchange -> answer(exchange, 200, "X-Free", "yes"));
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
  }

  @ParameterizedTest
  @CsvSource({
    "/honest, 0, 0, ",
    "/dear, 3, 3, maxPerPayment",
    "/other-origin, 3, 3, resource",
    "/other-domain, 3, 3, tokenDomain",
    "/unreadable, 3, 3, descriptor",
    "/redirect, 0, 2, ",
    "/free, 0, 2, "
  })
  void signsWhatWouldBePaid(String path, int paid, int signed, String rule) throws Exception {
    Invocation pay = pay(path, "--max", "$0.05", "--json");
    assertThat(pay.status()).as(pay.err()).isEqualTo(paid);
    Invocation header = pay(path, "--max", "$0.05", "--json", "--header");
    assertThat(header.status()).as(header.out()).isEqualTo(signed);
    if (rule != null) {
      assertThat(pay.json().path("error").path("rule").textValue()).isEqualTo(rule);
      assertThat(header.json().path("error").path("rule").textValue()).isEqualTo(rule);
    }
    assertThat(header.json().has("header")).isEqualTo(path.equals("/honest"));
    assertThat(payments).hasSize(path.equals("/honest") ? 1 : 0);
  }

  @Test
  void signsWithinAWalletAndItsBookKnows() throws Exception {
    String journal = directory.resolve("agents.journal").toString();
    Map<String, String> key = Map.of("X402_KEY", KEY);
    Invocation.of(
        key,
        "wallet",
        "new",
        "scout",
        "--key-env",
        "X402_KEY",
        "--limit",
        "$0.01",
        "--domains",
        "127.0.0.1",
        "--journal",
        journal);
    String[] within = {"--agent", "scout", "--journal", journal, "--header"};
    assertThat(pay("/honest", within).out()).startsWith("PAYMENT-SIGNATURE: ey");
    Invocation second = pay("/honest?again", within);
    assertThat(second.status()).isEqualTo(ExitCode.DECLINED);
    assertThat(Invocation.of(Map.of(), "spend", "--journal", journal, "--jsonl").out())
        .contains("\"PENDING\"", "handed to the caller");
  }

  private Invocation pay(String path, String... more) {
    List<String> args = new ArrayList<>(List.of("pay", url(path)));
    args.addAll(List.of(more));
    return Invocation.of(Map.of("X402_KEY", KEY), args.toArray(String[]::new));
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private void ask(HttpExchange exchange, String resource, String price, Token token)
      throws IOException {
    String payment = exchange.getRequestHeaders().getFirst("PAYMENT-SIGNATURE");
    if (payment != null) {
      payments.add(payment);
      answer(exchange, 200, "X-Paid", "yes");
      return;
    }
    PaymentRequirements option =
        PaymentRequirements.exact(
            token,
            Price.parse(price).in(token),
            Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c"),
            Duration.ofMinutes(1));
    answer(
        exchange,
        402,
        "PAYMENT-REQUIRED",
        PaymentCodec.encodeRequired(
            PaymentRequired.of(ResourceInfo.of(resource), List.of(option))));
  }

  private static void answer(HttpExchange exchange, int status, String header, String value)
      throws IOException {
    exchange.getResponseHeaders().add(header, value);
    byte[] body = "body".getBytes(UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
