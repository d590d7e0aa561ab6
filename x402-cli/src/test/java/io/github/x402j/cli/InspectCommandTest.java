// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code x402 inspect}, against our own server and against ones that say odd things. */
class InspectCommandTest {
  private static final Address PAYEE = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");

  private static SampleShop shop;
  private HttpServer otherServer;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  @BeforeEach
  void startOtherServer() throws Exception {
    otherServer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    otherServer.start();
  }

  @AfterEach
  void stopOtherServer() {
    otherServer.stop(0);
  }

  private String otherServerSays(String body) {
    otherServer.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.getBytes(UTF_8);
          exchange.sendResponseHeaders(402, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    return "http://127.0.0.1:" + otherServer.getAddress().getPort() + "/";
  }

  private static PaymentRequired costs(String url, String description) {
    return PaymentRequired.of(
        new ResourceInfo(url, description, null),
        List.of(
            PaymentRequirements.exact(
                Usdc.BASE_SEPOLIA, TokenAmount.of(12_500), PAYEE, Duration.ofMinutes(5))));
  }

  private static Invocation inspect(String... args) {
    return Invocation.of(Map.of(), args);
  }

  @Test
  void showsWhatAResourceCosts() {
    Invocation shown =
        inspect("inspect", shop.url("/premium"), "--rpc-url", shop.chain.rpcUrl().toString());
    assertThat(shown.status()).isZero();
    assertThat(shown.out())
        .contains(
            "402 Payment Required, x402 version 2",
            "resource   " + shop.url("/premium"),
            "price      $0.01 (10000 atomic units)",
            "(eip155:31337)",
            shop.usdc.address() + ", calls itself \"USDC\" with 6 decimals",
            "recipient  " + shop.seller.address(),
            "an authorization for at most 60 s")
        .doesNotContain("warning", "objection");
    assertThat(shop.sold()).isZero();
  }

  @Test
  void doesNotTrustATokenThatItDoesNotKnow() {
    assertThat(inspect("inspect", shop.url("/premium")).out())
        .contains("10000 atomic units of a token that is not known here", "by the seller")
        .doesNotContain("$0.01");
  }

  @Test
  void tellsProgramsTheSame() throws Exception {
    JsonNode shown =
        inspect(
                "inspect",
                shop.url("/report/7"),
                "--json",
                "--rpc-url",
                shop.chain.rpcUrl().toString())
            .json();
    assertThat(shown.path("status").intValue()).isEqualTo(402);
    JsonNode option = shown.path("accepts").path(0);
    assertThat(option.path("price").textValue()).isEqualTo("$0.02");
    assertThat(option.path("network").textValue()).isEqualTo("eip155:31337");
    assertThat(option.path("assetKnown").booleanValue()).isFalse();
    assertThat(option.path("payTo").textValue()).isEqualTo(shop.seller.address());
    assertThat(shown.path("warnings")).isEmpty();
  }

  @Test
  void saysThatNothingIsAskedForWhatIsFree() throws Exception {
    assertThat(inspect("inspect", shop.url("/free")).out())
        .isEqualTo("200, no payment is asked for\n");
    assertThat(inspect("inspect", shop.url("/free"), "--json").json().path("accepts")).isEmpty();
  }

  @Test
  void readsVersionOneAndKnowsItsNetworksAndTokens() {
    String url = otherServerSays("");
    otherServer.removeContext("/");
    otherServerSays(PaymentCodec.encodeRequiredV1(costs(url, "A report")));
    assertThat(inspect("inspect", url).out())
        .contains(
            "x402 version 1",
            "A report",
            "$0.0125 (12500 atomic units)",
            "Base Sepolia (eip155:84532)",
            "0x036CbD53842c5426634e7929541eC2318f3dCF7e, USDC",
            "at most 300 s")
        .doesNotContain("warning");
  }

  @Test
  void warnsOfAResourceOfAnotherHostAndShowsNoControlCharacters() {
    String url =
        otherServerSays(
            PaymentCodec.encodeRequiredV1(
                costs("https://bank.example/x", "cheap\u001b[2J\u202e" + "y".repeat(5_000))));
    Invocation shown = inspect("inspect", url);
    assertThat(shown.out())
        .contains("warning: the descriptor names a resource of another host", "cheap?[2J?yyy")
        .doesNotContain("\u001b", "\u202e", "y".repeat(300));
  }

  @Test
  void failsOnADescriptorThatCannotBeRead() {
    Invocation shown = inspect("inspect", otherServerSays("<html>402</html>"));
    assertThat(shown.status()).isEqualTo(ExitCode.FAILED);
    assertThat(shown.err()).startsWith("x402: ").doesNotContain("\tat ");
    assertThat(shown.out()).isEmpty();
  }

  @Test
  void showsWhatItCannotUseBesideWhatItCan() throws Exception {
    String url = otherServerSays("");
    otherServer.removeContext("/");
    String good = PaymentCodec.encodeRequiredV1(costs(url, "A report"));
    otherServerSays(
        good.replace(
            "\"accepts\":[",
            "\"accepts\":[{\"scheme\":\"upto\\u001b[2J\",\"network\":\"base\"},7,"));

    assertThat(inspect("inspect", url).out())
        .contains(
            "way to pay 1 of 1",
            "not usable here: upto??2J on base (scheme: not known here)",
            "not usable here: ? on ? (expected an object)")
        .doesNotContain("\u001b");
    JsonNode json = inspect("inspect", url, "--json").json();
    assertThat(json.get("accepts")).hasSize(1);
    assertThat(json.at("/others/0/scheme").textValue()).isEqualTo("upto??2J");
    assertThat(json.at("/others/0/network").textValue()).isEqualTo("base");
    assertThat(json.at("/others/0/reason").textValue()).isEqualTo("scheme: not known here");
  }

  @Test
  void saysWhatIsOfferedWhereNothingOfItIsKnown() {
    String url =
        otherServerSays(
            "{\"x402Version\":2,\"accepts\":[{\"scheme\":\"upto\",\"network\":\"eip155:8453\"}]}");
    Invocation shown = inspect("inspect", url);
    assertThat(shown.status()).isEqualTo(ExitCode.OK);
    assertThat(shown.out())
        .contains(
            "not usable here: upto on eip155:8453 (scheme: not known here)",
            "warning: none of its ways to pay is known here")
        .doesNotContain("another host");

    Invocation paid =
        Invocation.of(Map.of("X402_KEY", shop.payer.privateKey()), "pay", url, "--max", "$1");
    assertThat(paid.err()).contains("upto on eip155:8453 (scheme: not known here)");
  }

  @Test
  void saysThatItWaitsWhenItTakesMoreThanASecond() {
    otherServer.createContext(
        "/",
        exchange -> {
          try {
            Thread.sleep(1_500);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    Invocation shown =
        inspect("inspect", "http://127.0.0.1:" + otherServer.getAddress().getPort() + "/");
    assertThat(shown.err()).contains("waiting for an answer of 127.0.0.1 (1 s)");
    assertThat(shown.out()).startsWith("204");
  }
}
