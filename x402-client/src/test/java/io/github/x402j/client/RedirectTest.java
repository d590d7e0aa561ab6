// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import java.net.CookieManager;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A payment goes to the origin that the caller asked, and to no other. */
@Timeout(30)
class RedirectTest {
  private Seller seller;
  private Seller thief;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    thief = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
    thief.close();
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Redirect.class)
  void aRedirectThatAnswersAPaymentDoesNotTakeItAlong(HttpClient.Redirect policy) throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? redirect(302, thief.url("/steal").toString())
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    thief.does(call -> Seller.Answer.of(200, "stolen"));
    HttpResponse<String> response = get(policy, "/a");
    assertThat(response.statusCode()).isEqualTo(302);
    assertThat(Payment.of(response)).isPresent();
    assertThat(thief.calls()).isEmpty();
  }

  @Test
  void a402BehindARedirectToAnotherOriginIsNotPaid() {
    seller.does(call -> redirect(302, thief.url("/a").toString()));
    thief.does(honest(thief, "$0.01"));
    assertThatThrownBy(() -> get(HttpClient.Redirect.NORMAL, "/a"))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("redirect"));
    assertThat(thief.paidCalls()).isEmpty();
  }

  @Test
  void a402ThatAnotherOriginSentTheCallerBackToIsNotPaid() {
    seller.does(
        call ->
            call.path().equals("/a")
                ? redirect(302, thief.url("/b").toString())
                : honest(seller, "$0.05").answer(call));
    thief.does(call -> redirect(302, seller.url("/dear").toString()));
    assertThatThrownBy(() -> get(HttpClient.Redirect.NORMAL, "/a"))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("redirect"));
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void a402BehindARedirectOfTheSameOriginIsPaidWhereItLed() throws Exception {
    seller.does(
        call ->
            call.path().equals("/old")
                ? redirect(303, "/new")
                : honest(seller, "$0.01").answer(call));
    HttpClient wrapped =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    HttpResponse<String> response =
        buyer(wrapped)
            .build()
            .send(
                HttpRequest.newBuilder(seller.url("/old"))
                    .header("X-Mine", "yes")
                    .POST(BodyPublishers.ofString("body"))
                    .build(),
                BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("paid: GET ");
    assertThat(response.uri()).isEqualTo(seller.url("/new"));
    assertThat(seller.paidCalls().get(0).path()).isEqualTo("/new");
    assertThat(seller.paidCalls().get(0).header("X-Mine")).contains("yes");
  }

  @Test
  void thePaidRequestHasTheCookiesOfTheUnpaidOne() throws Exception {
    seller.does(
        call -> {
          if (call.isPaid()) {
            return delivery(call, call.header("Cookie").orElse("none"));
          }
          var required = forUrl(seller.url("/a"), option("$0.01"));
          return Seller.Answer.of(
              402,
              Map.of(
                  "PAYMENT-REQUIRED",
                  PaymentCodec.encodeRequired(required),
                  "Set-Cookie",
                  "session=1"),
              "{}");
        });
    for (HttpClient.Redirect policy : HttpClient.Redirect.values()) {
      HttpClient wrapped =
          HttpClient.newBuilder()
              .cookieHandler(new CookieManager())
              .followRedirects(policy)
              .build();
      HttpResponse<String> response =
          buyer(wrapped)
              .build()
              .send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
      assertThat(response.body()).as(policy.name()).isEqualTo("session=1");
    }
  }

  private static Seller.Answer redirect(int status, String location) {
    return Seller.Answer.of(status, Map.of("Location", location), "");
  }

  private HttpResponse<String> get(HttpClient.Redirect policy, String path) throws Exception {
    HttpClient wrapped = HttpClient.newBuilder().followRedirects(policy).build();
    return buyer(wrapped)
        .build()
        .send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }
}
