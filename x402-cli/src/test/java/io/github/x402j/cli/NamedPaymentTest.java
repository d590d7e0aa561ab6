// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.PaymentCodec;
import io.github.x402j.extension.PaymentIdentifiers;
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
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A seller that requires identifiers, and a payer whose answers are lost after the delivery: only
 * the stored answer brings it what it has paid for.
 */
class NamedPaymentTest {
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> payments = new CopyOnWriteArrayList<>();
  @TempDir private Path directory;
  private SampleShop shop;
  private SampleServer server;
  private HttpServer proxy;
  private volatile int answersToLose;

  @BeforeEach
  void open() throws Exception {
    shop = SampleShop.open();
    proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    proxy.createContext("/", this::pass);
    proxy.start();
    server =
        SampleServer.start(
            0,
            url(""),
            shop.token,
            shop.seller.address(),
            shop.facilitator(),
            filter -> filter.paymentIdentifiers(PaymentIdentifiers.required()));
  }

  @AfterEach
  void close() throws Exception {
    proxy.stop(0);
    server.close();
    shop.close();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + proxy.getAddress().getPort() + path;
  }

  private Invocation pay(String... more) {
    List<String> args = new ArrayList<>(List.of("pay", url("/premium"), "--json"));
    args.addAll(List.of("--key-env", "X402_KEY", "--max", "$0.05"));
    args.addAll(List.of("--rpc-url", shop.chain.rpcUrl().toString()));
    args.addAll(List.of("--token", shop.usdc.address()));
    args.addAll(List.of("--pending", directory.resolve("pending").toString()));
    args.addAll(List.of(more));
    return Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), args.toArray(String[]::new));
  }

  private static String name(String header) throws Exception {
    return PaymentIdentifiers.idOf(PaymentCodec.decodePayload(header, 2)).orElseThrow();
  }

  @Test
  void buysWhereANameIsRequiredAndFetchesALostAnswerByItself() throws Exception {
    BigInteger before = shop.sold();
    answersToLose = 1;
    Invocation paid = pay();
    assertThat(paid.status()).as(paid.err()).isZero();
    assertThat(paid.json().path("status").intValue()).isEqualTo(200);
    assertThat(paid.json().path("body").textValue()).contains("premium");
    assertThat(shop.sold().subtract(before)).isEqualTo(10_000);
    assertThat(payments).hasSize(2);
    assertThat(payments.get(1)).isEqualTo(payments.get(0));
    assertThat(name(payments.get(0))).matches("pay_[0-9a-f]{32}");
  }

  @Test
  void anotherProcessFetchesTheAnswerThatWasLostWithTheFirst() throws Exception {
    BigInteger before = shop.sold();
    answersToLose = Integer.MAX_VALUE;
    Invocation lost = pay("--resend-within", "1");
    assertThat(lost.status()).isEqualTo(ExitCode.PENDING);
    assertThat(shop.sold().subtract(before)).isEqualTo(10_000); // sold and answered, in vain
    answersToLose = 0;

    JsonNode pending = resend("--json").json();
    assertThat(pending).hasSize(1);
    Invocation fetched = resend(pending.get(0).path("nonce").textValue());
    assertThat(fetched.status()).as(fetched.err()).isZero();
    assertThat(fetched.out()).contains("200", "premium");
    assertThat(shop.sold().subtract(before)).isEqualTo(10_000);
    assertThat(payments).containsOnly(payments.get(0));
    assertThat(resend("--json").json()).isEmpty();
  }

  private Invocation resend(String... more) {
    List<String> args = new ArrayList<>(List.of("resend"));
    args.addAll(List.of("--pending", directory.resolve("pending").toString()));
    args.addAll(List.of(more));
    return Invocation.of(Map.of(), args.toArray(String[]::new));
  }

  /** Passes a request on to the shop, and loses the answers to some payments. */
  private void pass(HttpExchange exchange) throws IOException {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(server.url() + exchange.getRequestURI()));
      for (String name : List.of("Payment-Signature", "X-Payment-Secret")) {
        exchange
            .getRequestHeaders()
            .getOrDefault(name, List.of())
            .forEach(value -> request.header(name, value));
      }
      HttpResponse<byte[]> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      List<String> sent = exchange.getRequestHeaders().getOrDefault("Payment-Signature", List.of());
      payments.addAll(sent);
      if (!sent.isEmpty() && answersToLose > 0) {
        answersToLose--;
        return; // the connection breaks
      }
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
