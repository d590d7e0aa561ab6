// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.x402j.PaymentCodec;
import io.github.x402j.SettlementResponse;
import io.github.x402j.client.Transport.RetryPolicy;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.jetty.http.HttpFields;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client does what the wrapped client does. */
@Timeout(60)
class DropInTest {
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
  void paysOverHttp2() throws Exception {
    Server server = new Server();
    HttpConfiguration configuration = new HttpConfiguration();
    ServerConnector connector =
        new ServerConnector(
            server,
            new HttpConnectionFactory(configuration),
            new HTTP2CServerConnectionFactory(configuration));
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(new PaidHandler());
    server.start();
    try {
      HttpClient http2 = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
      PayingHttpClient client = buyer(http2).build();
      URI url = URI.create("http://127.0.0.1:" + connector.getLocalPort() + "/a");
      for (HttpRequest request :
          new HttpRequest[] {
            HttpRequest.newBuilder(url).build(),
            HttpRequest.newBuilder(url).POST(BodyPublishers.ofString("the body")).build()
          }) {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.body())
            .isEqualTo(request.method() + (request.method().equals("POST") ? " the body" : " "));
        assertThat(Payment.of(response)).isPresent();
      }
    } finally {
      server.stop();
    }
  }

  /** Asks for a cent, and says that the payment was settled. */
  private static final class PaidHandler extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      String payment = request.getHeaders().get("PAYMENT-SIGNATURE");
      String body = Content.Source.asString(request);
      HttpFields.Mutable headers = response.getHeaders();
      if (payment == null) {
        response.setStatus(402);
        headers.put(
            "PAYMENT-REQUIRED",
            PaymentCodec.encodeRequired(forUrl(URI.create("/a"), option("$0.01"))));
        Content.Sink.write(response, true, "{}", callback);
        return true;
      }
      headers.put(
          "PAYMENT-RESPONSE",
          PaymentCodec.encodeSettlement(
              new SettlementResponse(
                  true, Asking.TRANSACTION, USDC.network(), SIGNER.address(), null, null),
              2));
      Content.Sink.write(response, true, request.getMethod() + " " + body, callback);
      return true;
    }
  }

  @Test
  void paysOverTls(@TempDir Path directory) throws Exception {
    SSLContext tls = selfSigned(directory);
    HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext(
        "/",
        exchange -> {
          boolean paid = exchange.getRequestHeaders().containsKey("PAYMENT-SIGNATURE");
          if (!paid) {
            URI url = URI.create("https://localhost:" + server.getAddress().getPort() + "/a");
            v2(forUrl(url, option("$0.01"))).writeTo(exchange);
          } else {
            Seller.Answer.of(200, "paid").writeTo(exchange);
          }
        });
    server.start();
    try {
      HttpClient client = buyer(HttpClient.newBuilder().sslContext(tls).build()).build();
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(
                      URI.create("https://localhost:" + server.getAddress().getPort() + "/a"))
                  .build(),
              BodyHandlers.ofString());
      assertThat(response.body()).isEqualTo("paid");
      assertThat(response.sslSession()).isPresent();
      assertThat(Payment.of(response)).isPresent();
    } finally {
      server.stop(0);
    }
  }

  private static SSLContext selfSigned(Path directory) throws Exception {
    Path file = directory.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("keytool.out").toFile())
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "changeit".toCharArray());
    }
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, "changeit".toCharArray());
    TrustManagerFactory trusted =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(keys);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    return tls;
  }

  @Test
  void theTimeoutOfARequestHoldsBeforeAndAfterPaying() {
    HttpRequest request =
        HttpRequest.newBuilder(seller.url("/a")).timeout(Duration.ofMillis(300)).build();
    PayingHttpClient client =
        buyer(wrapped)
            .retries(
                new RetryPolicy(
                    0, Duration.ofSeconds(1), Duration.ofMillis(10), Duration.ofMillis(10)))
            .build();
    seller.does(call -> Seller.Answer.of(200, "late").after(3000));
    assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
        .isInstanceOf(HttpTimeoutException.class);
    seller.does(
        call ->
            call.isPaid()
                ? Seller.Answer.of(200, "late").after(3000)
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class)
        .hasCauseInstanceOf(HttpTimeoutException.class); // the JDK may add a cause of its own
    assertThat(Asking.payments(seller)).hasSize(1);
  }

  /** What a seller does, after which a request must not be repeated. */
  enum Seller402 {
    TOO_DEAR(0),
    NO_ANSWER(1),
    NOT_IN_TIME(1),
    REFUSES_AFTER_A_LOST_ANSWER(1);

    private final int payments;

    Seller402(int payments) {
      this.payments = payments;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProgramThatRepeatsAfterAnIoExceptionDoesNotPayAgain(Seller402 kind) throws Exception {
    seller.does(
        call -> {
          if (!call.isPaid()) {
            return v2(
                forUrl(seller.url("/a"), option(kind == Seller402.TOO_DEAR ? "$1" : "$0.01")));
          }
          return kind == Seller402.NOT_IN_TIME
              ? Seller.Answer.of(200, "late").after(2_000)
              : kind == Seller402.REFUSES_AFTER_A_LOST_ANSWER && seller.paidCalls().size() > 2
                  ? Seller.Answer.of(402, "used")
                  : Seller.Answer.lost();
        });
    HttpRequest request =
        HttpRequest.newBuilder(seller.url("/a")).timeout(Duration.ofSeconds(1)).build();
    int tries = 0;
    Throwable last = null;
    PayingHttpClient client = buyer(wrapped).build();
    do {
      tries++;
      try {
        client.send(request, BodyHandlers.ofString());
      } catch (Throwable e) {
        last = e;
      }
    } while (last instanceof java.io.IOException && tries < 5);
    System.out.printf(
        "DropInTest: %s: %d tries, %d payments, %s%n",
        kind, tries, Asking.payments(seller).size(), last.getClass().getSimpleName());
    assertThat(tries).isEqualTo(1);
    assertThat(Asking.payments(seller)).hasSize(kind.payments);
    assertThat(last)
        .isInstanceOf(
            kind == Seller402.TOO_DEAR
                ? PaymentDeclinedException.class
                : PaymentPendingException.class);
  }

  @Test
  void goesThroughTheProxyOfTheWrappedClient() throws Exception {
    URI url = URI.create("http://127.0.0.9:1/a"); // no server is there: the proxy is the seller
    seller.does(
        call ->
            call.isPaid()
                ? Asking.delivery(call, "paid by proxy")
                : v2(forUrl(url, option("$0.01"))));
    HttpClient proxied =
        HttpClient.newBuilder()
            .proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", seller.url("/").getPort())))
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    HttpResponse<String> response =
        buyer(proxied).build().send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("paid by proxy");
    assertThat(Asking.payments(seller)).hasSize(1);
  }

  @Test
  void theAuthenticatorOfTheWrappedClientAnswers401() throws Exception {
    HttpClient withPassword =
        HttpClient.newBuilder()
            .authenticator(
                new Authenticator() {
                  @Override
                  protected PasswordAuthentication getPasswordAuthentication() {
                    return new PasswordAuthentication("agent", "secret".toCharArray());
                  }
                })
            .build();
    seller.does(
        call ->
            call.header("Authorization").isPresent()
                ? honest(seller, "$0.01").answer(call)
                : Seller.Answer.of(401, Map.of("WWW-Authenticate", "Basic realm=\"a\""), "who?"));
    HttpResponse<String> response =
        buyer(withPassword)
            .build()
            .send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("paid: GET ");
    assertThat(Asking.payments(seller)).hasSize(1);
  }

  @Test
  void aBodyGoesToAFileToo(@TempDir Path directory) throws Exception {
    seller.does(honest(seller, "$0.01"));
    Path file = directory.resolve("bought");
    HttpResponse<Path> response =
        buyer(wrapped)
            .build()
            .send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofFile(file));
    assertThat(Files.readString(response.body())).isEqualTo("paid: GET ");
  }
}
