// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.TokenAmount;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code x402 pay --check-on-chain}, against our own server and against those that lie. */
class CheckOnChainTest {
  private static SampleShop shop;
  private @Nullable HttpServer liar;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  @AfterEach
  void stopLiar() {
    if (liar != null) {
      liar.stop(0);
    }
  }

  private static Invocation pay(String url, String... more) {
    List<String> args = new ArrayList<>(List.of("pay", url, "--key-env", "AGENT_KEY"));
    args.addAll(List.of("--rpc-url", shop.chain.rpcUrl().toString()));
    args.addAll(List.of("--token", shop.usdc.address(), "--max", "$0.05", "--check-on-chain"));
    args.addAll(List.of(more));
    return Invocation.of(Map.of("AGENT_KEY", shop.payer.privateKey()), args.toArray(String[]::new));
  }

  @Test
  void confirmsWhatWasSettled() throws Exception {
    Invocation paid = pay(shop.url("/premium"));
    assertThat(paid.status()).isZero();
    assertThat(paid.out()).containsPattern("on chain   made by 0x[0-9a-f]{64}, confirmations: 1");
    Invocation json = pay(shop.url("/premium"), "--json");
    assertThat(json.json().path("onChain").path("verdict").textValue()).isEqualTo("confirmed");
    assertThat(json.json().path("onChain").path("transaction"))
        .isEqualTo(json.json().path("settlement").path("transaction"));
  }

  @Test
  void reportsASettlementThatWasSomebodyElses() throws Exception {
    String other =
        pay(shop.url("/premium"), "--json").json().path("onChain").path("transaction").textValue();
    Invocation cheated = pay(liarWhoNames(other));
    assertThat(cheated.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(cheated.out())
        .contains("settled in " + other, "on chain   NOT AS THE SERVER SAYS: ", "garbage");
    Invocation json = pay(liarWhoNames(other), "--json");
    assertThat(json.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(json.json().path("onChain").path("verdict").textValue()).isEqualTo("contradicted");
    Invocation silent = pay(liarWhoNames(other), "--silent");
    assertThat(silent.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(silent.out()).isEqualTo("garbage\n");
    assertThat(silent.err()).contains("on chain: NOT AS THE SERVER SAYS");
  }

  @Test
  void reportsADeliveryWithoutASettlement() throws Exception {
    Invocation paid = pay(liarWhoNames(null));
    assertThat(paid.status()).isEqualTo(ExitCode.PENDING);
    assertThat(paid.out()).contains("not settled", "on chain   not found, or not yet", "garbage");
  }

  @Test
  void printsWhatWasBoughtWhenTheChainDoesNotAnswer() throws Exception {
    String url = liarWhoNames("0x" + "ab".repeat(32));
    shop.chain.faults().status("eth_getTransactionReceipt", 503);
    try {
      Invocation paid = pay(url);
      assertThat(paid.out()).contains("on chain   could not be asked", "garbage");
      assertThat(paid.status()).isEqualTo(ExitCode.PENDING);
    } finally {
      shop.chain.faults().clear();
    }
  }

  @Test
  void needsAChainToAsk() {
    Invocation paid =
        Invocation.of(
            Map.of("X402_KEY", shop.payer.privateKey()),
            "pay",
            shop.url("/premium"),
            "--max",
            "$0.05",
            "--check-on-chain");
    assertThat(paid.status()).isEqualTo(ExitCode.USAGE);
    assertThat(paid.err()).contains("--rpc-url: needed with --check-on-chain");
  }

  /** Returns the URL of a server that delivers garbage, and names a transaction if it is given. */
  private String liarWhoNames(@Nullable String transaction) throws Exception {
    stopLiar();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    PaymentRequired required =
        PaymentRequired.of(
            ResourceInfo.of(url),
            List.of(
                PaymentRequirements.exact(
                    shop.token,
                    TokenAmount.of(10_000),
                    Address.parse(shop.seller.address()),
                    Duration.ofMinutes(1))));
    server.createContext(
        "/",
        exchange -> {
          boolean paid = exchange.getRequestHeaders().containsKey("PAYMENT-SIGNATURE");
          if (!paid) {
            exchange
                .getResponseHeaders()
                .add("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(required));
          } else if (transaction != null) {
            SettlementResponse lie =
                new SettlementResponse(true, transaction, shop.token.network(), null, null, null);
            exchange
                .getResponseHeaders()
                .add("PAYMENT-RESPONSE", PaymentCodec.encodeSettlement(lie, 2));
          }
          byte[] garbage = "garbage".getBytes(UTF_8);
          exchange.sendResponseHeaders(paid ? 200 : 402, garbage.length);
          exchange.getResponseBody().write(garbage);
          exchange.close();
        });
    server.start();
    liar = server;
    return url;
  }
}
