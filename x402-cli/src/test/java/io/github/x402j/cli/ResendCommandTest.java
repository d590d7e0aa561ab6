// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code x402 pay} gets no answer, and {@code x402 resend} fetches what was paid for. */
class ResendCommandTest {
  private static final Set<String> RESTRICTED =
      Set.of("host", "connection", "content-length", "upgrade", "http2-settings", "expect");

  private final HttpClient http = HttpClient.newHttpClient();
  @TempDir private Path directory;
  private SampleShop shop;
  private SampleServer server;
  private HttpServer proxy;
  private volatile boolean losesPayments = true;

  @BeforeEach
  void open() throws Exception {
    shop = SampleShop.open();
    proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    proxy.createContext("/", this::pass);
    proxy.start();
    server = SampleServer.start(0, url(""), shop.token, shop.seller.address(), shop.facilitator());
  }

  @AfterEach
  void close() throws Exception {
    proxy.stop(0);
    server.close();
    shop.close();
  }

  @Test
  void whatWasPaidForIsFetchedByAnotherProcessWithoutAKeyAndWithoutAnotherPayment()
      throws Exception {
    Invocation made =
        run(
            "wallet",
            "new",
            "scout",
            "--key-env",
            "X402_KEY",
            "--limit",
            "$1",
            "--domains",
            "127.0.0.1",
            "--journal",
            journal());
    assertThat(made.status()).as(made.err()).isZero();
    BigInteger before = shop.sold();
    Invocation lost = pay("--json");
    assertThat(lost.status()).isEqualTo(ExitCode.PENDING);
    String nonce = lost.json().path("error").path("nonce").textValue();
    assertThat(lost.err()).contains("x402 resend " + nonce, "Do not pay again");
    assertThat(shop.sold()).isEqualTo(before);

    JsonNode listed = resend("--json").json();
    assertThat(listed).hasSize(1);
    assertThat(listed.get(0).path("nonce").textValue()).isEqualTo(nonce);
    assertThat(listed.get(0).path("url").textValue()).isEqualTo(url("/premium"));
    assertThat(resend().out()).contains(nonce, "$0.01", "GET " + url("/premium"));
    assertThat(resend("0xnone").status()).isEqualTo(ExitCode.USAGE);

    losesPayments = false;
    assertThat(resend(nonce).err()).contains("--journal: needed");
    Invocation fetched = resend(nonce.substring(0, 12), "--journal", journal());
    assertThat(fetched.status()).as(fetched.err()).isZero();
    assertThat(fetched.out()).startsWith("status     200\npaid       10000").contains("premium");
    assertThat(shop.sold().subtract(before)).isEqualTo(10_000);
    assertThat(resend("--json").json()).isEmpty();
    assertThat(
            Invocation.of(Map.of(), "wallet", "show", "--journal", journal(), "--json")
                .json()
                .get(0)
                .path("reserved")
                .textValue())
        .isEqualTo("$0");
  }

  private Invocation pay(String... more) {
    List<String> args = new ArrayList<>(List.of("pay", url("/premium"), "--agent", "scout"));
    args.addAll(List.of("--rpc-url", shop.chain.rpcUrl().toString(), "--journal", journal()));
    args.addAll(List.of("--token", shop.usdc.address(), "--resend-within", "1"));
    args.addAll(List.of("--pending", directory.resolve("pending").toString()));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private Invocation resend(String... more) {
    List<String> args = new ArrayList<>(List.of("resend"));
    args.addAll(List.of("--pending", directory.resolve("pending").toString()));
    args.addAll(List.of(more));
    return Invocation.of(Map.of(), args.toArray(String[]::new));
  }

  private Invocation run(String... args) {
    return Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), args);
  }

  private String journal() {
    return directory.resolve("agents.journal").toString();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + proxy.getAddress().getPort() + path;
  }

  /** Passes a request on to the shop; loses payments on their way. */
  private void pass(HttpExchange exchange) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url() + exchange.getRequestURI()));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              if (!RESTRICTED.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
              }
            });
    if (losesPayments && exchange.getRequestHeaders().containsKey("Payment-Signature")) {
      exchange.close();
      return;
    }
    try {
      HttpResponse<byte[]> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      answer.headers().map().forEach(exchange.getResponseHeaders()::put);
      exchange.getResponseHeaders().remove("content-length");
      exchange.sendResponseHeaders(answer.statusCode(), answer.body().length);
      exchange.getResponseBody().write(answer.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }
}
