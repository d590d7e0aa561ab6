// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Token;
import io.github.x402j.Usdc;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which of several ways to pay is taken. */
@Timeout(30)
class OfferSelectionTest {
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
  void paysExactlyTheLimitAndNotOneUnitMore() throws Exception {
    seller.does(honest(seller, "$0.05"));
    assertThat(get(buyer(wrapped).build(), "/a").statusCode()).isEqualTo(200);
    seller.does(honest(seller, "$0.050001"));
    assertThatThrownBy(() -> get(buyer(wrapped).build(), "/a"))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> {
              assertThat(declined.rule()).isEqualTo("maxPerPayment");
              assertThat(declined.limit()).isEqualTo("$0.05");
              assertThat(declined.asked()).startsWith("$0.050001 ");
              assertThat(declined).hasMessageContaining("/a");
            });
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @Test
  void takesTheFirstOfTheCallersTokensThenTheCheapestOption() throws Exception {
    Token other = Usdc.BASE;
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : v2(
                    forUrl(
                        seller.url("/a"),
                        Asking.in(other, 100),
                        Asking.in(USDC, 30_000),
                        Asking.in(USDC, 20_000),
                        Asking.in(USDC, 40_000))));
    get(buyer(wrapped).token(other).build(), "/a");
    assertThat(seller.paidCalls().get(0).payment().accepted()).isEqualTo(Asking.in(USDC, 20_000));
  }

  @Test
  void takesALaterTokenWhereTheFirstIsOverTheLimit() throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : v2(
                    forUrl(
                        seller.url("/a"), Asking.in(USDC, 60_000), Asking.in(Usdc.BASE, 50_000))));
    get(buyer(wrapped).token(Usdc.BASE).build(), "/a");
    assertThat(seller.paidCalls().get(0).payment().network()).isEqualTo(Usdc.BASE.network());
  }

  private HttpResponse<String> get(PayingHttpClient client, String path) throws Exception {
    return client.send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }
}
