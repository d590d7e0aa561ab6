// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.in;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v1;
import static io.github.x402j.client.Asking.v2;
import static io.github.x402j.client.Asking.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sellers that want more than the caller allowed; section H of the cases. */
@Timeout(30)
class HostileSellerTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  static Stream<Arguments> unacceptableOptions() {
    Address lookAlike = Address.parse("0x" + "13".repeat(20));
    return Stream.of(
        Arguments.of("price bait", "maxPerPayment", option("$50")),
        Arguments.of(
            "an amount of 2^256 - 1",
            "maxPerPayment",
            replace(
                new TokenAmount(BigInteger.TWO.pow(256).subtract(BigInteger.ONE)), Asking.SELLER)),
        Arguments.of(
            "a look-alike token with the right name",
            "tokens",
            in(new Token(USDC.network(), lookAlike, 6, USDC.name(), USDC.version()), 1)),
        Arguments.of(
            "the same address on another chain",
            "tokens",
            in(new Token(Network.BASE, USDC.contract(), 6, USDC.name(), USDC.version()), 1)),
        Arguments.of("mainnet for testnet", "tokens", in(Usdc.BASE, 1)),
        Arguments.of("another domain name", "tokenDomain", with(option("$0.01"), "name", "Evil")),
        Arguments.of("a name of no text", "tokenDomain", with(option("$0.01"), "name", 7L)),
        Arguments.of("another version", "tokenDomain", with(option("$0.01"), "version", "9")),
        Arguments.of(
            "a permit2 transfer",
            "transferMethod",
            with(option("$0.01"), "assetTransferMethod", "permit2")),
        Arguments.of("nothing", "amount", replace(TokenAmount.of(0), Asking.SELLER)),
        Arguments.of(
            "a burning recipient",
            "payTo",
            replace(TokenAmount.of(1), Address.parse("0x" + "00".repeat(20)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unacceptableOptions")
  void declinesAnOptionBeforeSigning(String what, String rule, PaymentRequirements option) {
    seller.does(call -> v2(forUrl(seller.url("/a"), option)));
    assertDeclined(rule);
  }

  @Test
  void paysTheGoodOptionAmongBadOnes() throws Exception {
    PaymentRequirements[] options =
        Stream.concat(
                unacceptableOptions().map(row -> (PaymentRequirements) row.get()[2]),
                Stream.of(option("$0.02")))
            .toArray(PaymentRequirements[]::new);
    seller.does(
        call -> call.isPaid() ? delivery(call, "ok") : v2(forUrl(seller.url("/a"), options)));
    assertThat(get("/a").statusCode()).isEqualTo(200);
    assertThat(seller.paidCalls().get(0).payment().accepted()).isEqualTo(option("$0.02"));
  }

  @Test
  void declinesADescriptorWithNoWayToPayThatIsKnown() {
    seller.does(call -> v2(new PaymentRequired(ResourceInfo.of("/a"), List.of(), null, Map.of())));
    assertDeclined("tokens");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example/a",
        "http://127.0.0.1:1/a",
        "http://127.0.0.1@evil.example/a",
        "//evil.example/a",
        "http://127.0.0.1.evil.example/a",
        "http:\\\\127.0.0.1\\a",
        "http://",
        "mailto:a@127.0.0.1",
        "file://127.0.0.1/a",
        "not a url"
      })
  void declinesADescriptorOfAnotherResource(String resource) {
    PaymentRequired required =
        PaymentRequired.of(ResourceInfo.of(resource), List.of(option("$0.01")));
    seller.does(call -> v2(required));
    assertDeclined("resource");
    seller.does(call -> v1(required));
    assertDeclined("resource");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://127.0.0.1/a", "http://127.0.0.1/other"})
  void letsASellerBehindAProxyNotKnowItsSchemeAndPortOnlyWhereThatIsAllowed(String resource)
      throws Exception {
    PaymentRequired required =
        PaymentRequired.of(ResourceInfo.of(resource), List.of(option("$0.01")));
    seller.does(call -> call.isPaid() ? delivery(call, "ok") : v2(required));
    assertDeclined("resource");
    HttpResponse<String> response =
        buyer(wrapped)
            .allowResourceOfSameHost()
            .build()
            .send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a", "a", "/other"})
  void takesARelativeResourceForOneOfTheOriginThatWasAsked(String resource) throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : v2(PaymentRequired.of(ResourceInfo.of(resource), List.of(option("$0.01")))));
    assertThat(get("/a").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"31536000,600", "2147483647,600", "601,600", "600,600", "599,599", "1,1"})
  void capsTheWindow(long asked, long signed) throws Exception {
    PaymentRequirements option =
        PaymentRequirements.exact(
            USDC, TokenAmount.of(1), Asking.SELLER, Duration.ofSeconds(asked));
    seller.does(
        call -> call.isPaid() ? delivery(call, "ok") : v2(forUrl(seller.url("/a"), option)));
    get("/a");
    assertThat(seller.paidCalls().get(0).authorization().authorization().validBefore())
        .isEqualTo(NOW.plusSeconds(signed).getEpochSecond());
  }

  @Test
  void doesNotPayARecipientThatChangesAfterThePayment() throws Exception {
    PaymentRequirements other =
        replace(option("$0.01").amount(), Address.parse("0x" + "66".repeat(20)));
    seller.does(call -> v2(forUrl(seller.url("/a"), call.isPaid() ? other : option("$0.01"))));
    assertThat(get("/a").statusCode()).isEqualTo(402);
    assertThat(seller.paidCalls())
        .singleElement()
        .satisfies(
            call -> assertThat(call.authorization().authorization().to()).isEqualTo(Asking.SELLER));
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "AAAA", "bnVsbA==", "eyJ4NDAyVmVyc2lvbiI6Mn0=", "", " "})
  void declinesAHeaderThatIsNoDescriptor(String header) {
    seller.does(call -> Seller.Answer.of(402, Map.of("PAYMENT-REQUIRED", header), "{}"));
    assertDeclined("descriptor");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"x402Version\":1}",
        "{\"x402Version\":3,\"accepts\":[]}",
        "{\"x402Version\":1,\"x402Version\":1,\"accepts\":[]}",
        "{\"x402Version\":1,\"accepts\":[{\"scheme\":\"exact\",\"network\":\"base\"}]}"
      })
  void declinesABodyThatIsNoDescriptor(String body) {
    seller.does(call -> Seller.Answer.of(402, body));
    assertDeclined("descriptor");
  }

  @Test
  void doesNotPayOverPlainHttpExceptLoopback() throws Exception {
    assertThat(confidential("https://seller.example/a")).isTrue();
    assertThat(confidential("http://seller.example/a")).isFalse();
    assertThat(confidential("http://127.0.0.1.example/a")).isFalse();
    assertThat(confidential("http://localhost.example/a")).isFalse();
    assertThat(confidential("http://192.168.0.1/a")).isFalse();
    assertThat(confidential("http://127.0.0.1:8080/a")).isTrue();
    assertThat(confidential("http://LOCALHOST/a")).isTrue();
    assertThat(confidential("http://[::1]:1/a")).isTrue();

    // The proxy is the seller in disguise, so the name of the host is never resolved.
    HttpClient proxied =
        HttpClient.newBuilder()
            .proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", seller.url("/").getPort())))
            .build();
    URI url = URI.create("http://seller.example/a");
    seller.does(call -> v2(forUrl(url, option("$0.01"))));
    assertThatThrownBy(
            () ->
                buyer(proxied)
                    .build()
                    .send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString()))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("confidential"));
    assertThat(seller.calls()).hasSize(1);
    assertThat(seller.paidCalls()).isEmpty();
  }

  private static Stream<SettlementResponse> settlementsOfOtherPayments() {
    return Stream.of(
        new SettlementResponse(true, Asking.TRANSACTION, USDC.network(), Asking.SELLER, null, null),
        new SettlementResponse(
            true, Asking.TRANSACTION, USDC.network(), null, null, TokenAmount.of(9_999)),
        new SettlementResponse(
            true, Asking.TRANSACTION, USDC.network(), null, null, TokenAmount.of(10_001)),
        new SettlementResponse(true, Asking.TRANSACTION, Network.BASE, null, null, null));
  }

  @ParameterizedTest
  @MethodSource("settlementsOfOtherPayments")
  void doesNotBelieveASettlementOfAnotherPayment(SettlementResponse other) throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? Seller.Answer.of(
                    200, Map.of("PAYMENT-RESPONSE", PaymentCodec.encodeSettlement(other, 2)), "ok")
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    Payment payment = Payment.of(get("/a")).orElseThrow();
    assertThat(payment.settlement()).isPresent();
    assertThat(payment.settled()).isFalse();
  }

  @Test
  void aStormOf402sCostsOnePayment() throws Exception {
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.05"))));
    for (int i = 0; i < 3; i++) {
      assertThat(get("/a").statusCode()).isEqualTo(402);
    }
    assertThat(seller.paidCalls()).hasSize(3);
  }

  @Test
  void honestSellersArePaidAllTheSame() throws Exception {
    seller.does(honest(seller, "$0.05"));
    assertThat(get("/a").statusCode()).isEqualTo(200);
  }

  private static boolean confidential(String url) {
    return Origin.of(URI.create(url)).orElseThrow().isConfidential();
  }

  private static PaymentRequirements replace(TokenAmount amount, Address payTo) {
    PaymentRequirements option = option("$0.01");
    return new PaymentRequirements(
        option.scheme(),
        option.network(),
        amount,
        option.asset(),
        payTo,
        option.maxTimeout(),
        option.extra());
  }

  private void assertDeclined(String rule) {
    assertThatThrownBy(() -> get("/a"))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
    assertThat(seller.paidCalls()).isEmpty();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return buyer(wrapped)
        .build()
        .send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }
}
