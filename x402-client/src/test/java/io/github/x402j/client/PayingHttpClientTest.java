// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.TRANSACTION;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.v1;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import io.github.x402j.Price;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.io.ByteArrayInputStream;
import java.net.CookieManager;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PayingHttpClientTest {
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

  @Test
  void paysA402OnceAndReturnsTheAnswerWithThePayment() throws Exception {
    seller.does(honest(seller, "$0.01"));
    HttpResponse<String> response = get(buyer(wrapped).build(), "/premium");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("paid: GET ");
    assertThat(seller.calls()).hasSize(2);
    Payment payment = Payment.of(response).orElseThrow();
    assertThat(payment.settled()).isTrue();
    assertThat(payment.transaction()).contains(TRANSACTION);
    assertThat(payment.amount()).isEqualTo(TokenAmount.of(10_000));
    assertThat(payment.offer().price()).isEqualTo(Price.parse("$0.01"));
    assertThat(payment.network()).isEqualTo(USDC.network());
    assertThat(payment.payTo()).isEqualTo(SELLER);
    assertThat(payment.payer()).isEqualTo(SIGNER.address());
  }

  @Test
  void leavesAFreeResponseExactlyAsItIs() throws Exception {
    seller.does(call -> Seller.Answer.of(200, "free"));
    HttpResponse<String> response = get(buyer(wrapped).build(), "/free");
    assertThat(response.body()).isEqualTo("free");
    assertThat(Payment.of(response)).isEmpty();
    assertThat(seller.calls()).hasSize(1);
  }

  @Test
  void paysAVersion2SellerInVersion2AndEchoesTheChosenOption() throws Exception {
    var required = forUrl(seller.url("/a"), option("$0.01"));
    seller.does(call -> call.isPaid() ? delivery(call, "ok") : v2(required));
    assertThat(get(buyer(wrapped).build(), "/a").body()).isEqualTo("ok");
    Seller.Call paid = seller.paidCalls().get(0);
    assertThat(paid.header("X-PAYMENT")).isEmpty();
    assertThat(paid.payment().accepted()).isEqualTo(required.accepts().get(0));
  }

  @Test
  void paysAVersion1SellerInVersion1() throws Exception {
    seller.does(
        call ->
            call.isPaid() ? delivery(call, "ok") : v1(forUrl(seller.url("/a"), option("$0.01"))));
    HttpResponse<String> response = get(buyer(wrapped).build(), "/a");
    assertThat(response.body()).isEqualTo("ok");
    Seller.Call paid = seller.paidCalls().get(0);
    assertThat(paid.header("PAYMENT-SIGNATURE")).isEmpty();
    assertThat(paid.payment().x402Version()).isEqualTo(1);
    assertThat(Payment.of(response).orElseThrow().settled()).isTrue();
  }

  @Test
  void paysAVersion2DescriptorThatStandsOnlyInTheBodyInVersion2() throws Exception {
    seller.does(
        call -> {
          if (call.isPaid()) {
            return delivery(call, "ok");
          }
          String header = PaymentCodec.encodeRequired(forUrl(seller.url("/a"), option("$0.01")));
          return Seller.Answer.of(
              402, new String(Base64.getDecoder().decode(header), StandardCharsets.UTF_8));
        });
    assertThat(get(buyer(wrapped).build(), "/a").body()).isEqualTo("ok");
    assertThat(seller.paidCalls().get(0).header("PAYMENT-SIGNATURE")).isPresent();
  }

  @Test
  void signsExactlyTheOfferInAWindowAroundNow() throws Exception {
    seller.does(honest(seller, "$0.01"));
    get(buyer(wrapped).build(), "/a");
    ExactEvmPayload sent = seller.paidCalls().get(0).authorization();
    TransferAuthorization expected =
        TransferAuthorization.between(
            SIGNER.address(),
            SELLER,
            TokenAmount.of(10_000),
            NOW.minusSeconds(600),
            NOW.plusSeconds(60),
            sent.authorization().nonce());
    assertThat(sent).isEqualTo(ExactEvmPayload.sign(USDC, expected, SIGNER));
  }

  @Test
  void usesANewNonceForEachPayment() throws Exception {
    seller.does(honest(seller, "$0.01"));
    PayingHttpClient client = buyer(wrapped).build();
    IntStream.range(0, 20)
        .forEach(i -> assertThat(getUnchecked(client).statusCode()).isEqualTo(200));
    assertThat(payments(seller)).hasSize(20);
    assertThat(
            seller.paidCalls().stream()
                .map(call -> call.authorization().authorization().nonce())
                .collect(Collectors.toSet()))
        .hasSize(20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"string", "stream", "async-stream"})
  void sendsMethodHeadersAndBodyAgainWithThePayment(String kind) throws Exception {
    seller.does(honest(seller, "$0.01"));
    byte[] bytes = "the body".getBytes(StandardCharsets.UTF_8);
    HttpRequest request =
        HttpRequest.newBuilder(seller.url("/a"))
            .header("X-Mine", "yes")
            .PUT(
                kind.equals("string")
                    ? BodyPublishers.ofString("the body")
                    : BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
            .build();
    PayingHttpClient client = buyer(wrapped).build();
    HttpResponse<String> response =
        kind.startsWith("async")
            ? client.sendAsync(request, BodyHandlers.ofString()).get()
            : client.send(request, BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("paid: PUT the body");
    assertThat(seller.paidCalls().get(0).header("X-Mine")).contains("yes");
  }

  @Test
  void servesEveryBodyHandler() throws Exception {
    seller.does(honest(seller, "$0.01"));
    PayingHttpClient client = buyer(wrapped).build();
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).build();
    assertThat(client.send(request, BodyHandlers.ofByteArray()).body()).hasSize(10);
    try (var stream = client.send(request, BodyHandlers.ofInputStream()).body()) {
      assertThat(stream.readAllBytes()).hasSize(10);
    }
    try (var lines = client.send(request, BodyHandlers.ofLines()).body()) {
      assertThat(lines).containsExactly("paid: GET ");
    }
    assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    assertThat(client.sendAsync(request, BodyHandlers.ofString(), null).get().body())
        .isEqualTo("paid: GET ");
  }

  @Test
  void returnsASecond402AndDoesNotPayAgain() throws Exception {
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.01"))));
    HttpResponse<String> response = get(buyer(wrapped).build(), "/a");
    assertThat(response.statusCode()).isEqualTo(402);
    assertThat(response.body()).isEqualTo("{}");
    assertThat(Payment.of(response).orElseThrow().settled()).isFalse();
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @Test
  void reportsADeliveryWithoutSettlement() throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? Seller.Answer.of(200, "garbage")
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    Payment payment = Payment.of(get(buyer(wrapped).build(), "/a")).orElseThrow();
    assertThat(payment.settlement()).isEmpty();
    assertThat(payment.settled()).isFalse();
    assertThat(payment.toString()).contains("not known to be settled");
  }

  @Test
  void refusesARequestThatCarriesAPayment() {
    for (String header : List.of("PAYMENT-SIGNATURE", "x-payment")) {
      HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).header(header, "x").build();
      PayingHttpClient client = buyer(wrapped).build();
      assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> client.sendAsync(request, BodyHandlers.ofString()))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(seller.calls()).isEmpty();
  }

  @Test
  void showsNoSignatureInTextOrRequestOfAResponse() throws Exception {
    seller.does(honest(seller, "$0.01"));
    PayingHttpClient client = buyer(wrapped).build();
    HttpResponse<String> response = get(client, "/a");
    Payment payment = Payment.of(response).orElseThrow();
    String signature = seller.paidCalls().get(0).authorization().signature().substring(2);
    assertThat(payment.secretHeaderValue()).isEqualTo(payments(seller).get(0));
    assertThat(response.request().headers().map())
        .doesNotContainKeys("PAYMENT-SIGNATURE", "X-Payment-Secret");
    for (Object shown : List.of(client, response, payment, payment.offer())) {
      assertThat(shown.toString())
          .doesNotContain(signature, payment.secretHeaderValue(), Asking.KEY.substring(2))
          .doesNotContain(payment.resumptionSecret());
    }
  }

  @Test
  void hasTheSettingsOfTheWrappedClient() {
    CookieManager cookies = new CookieManager();
    HttpClient inner =
        HttpClient.newBuilder()
            .cookieHandler(cookies)
            .connectTimeout(Duration.ofSeconds(7))
            .followRedirects(HttpClient.Redirect.NORMAL)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    PayingHttpClient client = buyer(inner).build();
    assertThat(client.cookieHandler()).contains(cookies);
    assertThat(client.connectTimeout()).contains(Duration.ofSeconds(7));
    assertThat(client.followRedirects()).isEqualTo(HttpClient.Redirect.NORMAL);
    assertThat(client.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    assertThat(client.sslContext()).isSameAs(inner.sslContext());
    assertThat(client.proxy()).isEqualTo(Optional.empty());
    assertThat(client.authenticator()).isEmpty();
    assertThat(client.executor()).isEmpty();
    assertThat(client.sslParameters().getProtocols())
        .isEqualTo(inner.sslParameters().getProtocols());
    assertThat(client.newWebSocketBuilder()).isNotNull();
  }

  private HttpResponse<String> get(PayingHttpClient client, String path) throws Exception {
    return client.send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> getUnchecked(PayingHttpClient client) {
    try {
      return get(client, "/a");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
