// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The JDK's client sends a GET a second time when the connection breaks before the answer, and
 * tells nobody. A refusal that follows may be the echo of a settlement.
 */
@Timeout(60)
class RepeatedByTheJdkTest {
  @ParameterizedTest
  @EnumSource
  void aRefusalOfAPaymentThatTheJdkSentTwiceLeavesTheOutcomeOpen(HttpClient.Version version)
      throws Exception {
    try (Seller seller = Seller.start()) {
      seller.does(
          call ->
              call.isPaid() && seller.paidCalls().size() == 1
                  ? Seller.Answer.lost()
                  : v2(forUrl(seller.url("/a"), option("$0.01"))));
      HttpClient client = buyer(HttpClient.newBuilder().version(version).build()).build();
      HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).build();
      assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
          .isInstanceOf(PaymentPendingException.class);
      assertThat(Asking.payments(seller)).hasSize(1);
      assertThat(seller.paidCalls()).hasSize(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRefusalOfAPaymentThatWasSentOnceIsTheCallers(HttpClient.Version version) throws Exception {
    try (Seller seller = Seller.start()) {
      seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.01"))));
      HttpClient client = buyer(HttpClient.newBuilder().version(version).build()).build();
      HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).build();
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(402);
      assertThat(seller.paidCalls()).hasSize(1);
    }
  }

  @Test
  void aRefusalOverHttp2IsTheCallersToo() throws Exception {
    Server server = new Server();
    HttpConfiguration configuration = new HttpConfiguration();
    ServerConnector connector =
        new ServerConnector(
            server,
            new HttpConnectionFactory(configuration),
            new HTTP2CServerConnectionFactory(configuration));
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback)
              throws IOException {
            Content.Source.consumeAll(request);
            response.setStatus(402);
            response
                .getHeaders()
                .put(
                    "PAYMENT-REQUIRED",
                    PaymentCodec.encodeRequired(forUrl(URI.create("/a"), option("$0.01"))));
            Content.Sink.write(response, true, "{}", callback);
            return true;
          }
        });
    server.start();
    try {
      HttpClient http2 = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
      URI url = URI.create("http://127.0.0.1:" + connector.getLocalPort() + "/a");
      for (BodyPublisher body :
          List.of(BodyPublishers.noBody(), BodyPublishers.ofString("the body"))) {
        HttpResponse<String> response =
            buyer(http2)
                .build()
                .send(
                    HttpRequest.newBuilder(url).method("GET", body).build(),
                    BodyHandlers.ofString());
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.statusCode()).isEqualTo(402);
      }
    } finally {
      server.stop();
    }
  }
}
