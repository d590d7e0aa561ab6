// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.Payload;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MutableClock;
import io.github.x402j.gate.Sale;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys from a real server on loopback, which fails in the ways that servers fail. */
class JwksUrlTest {
  private final MutableClock clock = new MutableClock();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile int status = 200;
  private volatile String body = Network402.SIGNER.jwks();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          if (status == 302) {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
          }
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/jwks.json");
  }

  private JwksUrl keys() {
    JwksUrl keys = new JwksUrl(url(), ReceiptAlgorithm.ES256, clock);
    keys.refreshIfDue();
    return keys;
  }

  @Test
  void verifiesWithKeysThatItFetchesAtTheStart() throws Exception {
    try (ReceiptVerifier verifier =
        ReceiptVerifier.of(
            List.of(
                TrustedIssuer.builder(
                        Network402.ISSUER, Network402.AUDIENCE, ReceiptAlgorithm.ES256)
                    .jwksUrl(url())
                    .build()),
            Sale.CLOCK)) {
      assertThat(verifier.verify(Network402.token("1"))).isInstanceOf(Verdict.Genuine.class);
      for (int i = 0; i < 20; i++) {
        String unknown =
            Network402.signed(
                Network402.builder().keyID("new-" + i).jwkURL(url()).build(),
                new Payload(Network402.claims(same -> {})));
        assertThat(verifier.verify(unknown)).isInstanceOf(Verdict.Rejected.class);
      }
      assertThat(requests).hasValue(1); // no token causes a fetch
    }
  }

  @Test
  void fetchesAgainByTheClockAndTakesANewKey() throws Exception {
    JwksUrl keys = keys();
    SigningKey next = SigningKey.generated(ReceiptAlgorithm.ES256);
    body =
        ReceiptIssuer.builder(Network402.ISSUER, Network402.AUDIENCE)
            .key(next)
            .alsoPublish(Network402.KEY)
            .build()
            .jwks();
    keys.refreshIfDue();
    assertThat(keys.byKid()).containsOnlyKeys(Network402.KEY.kid());
    clock.advance(JwksUrl.REFRESH_EVERY);
    keys.refreshIfDue();
    assertThat(keys.byKid()).containsOnlyKeys(Network402.KEY.kid(), next.kid());
    assertThat(requests).hasValue(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"500", "302", "not JSON", "{\"keys\":[]}", "long"})
  void keepsItsKeysThroughAnOutageForADay(String fault) throws Exception {
    JwksUrl keys = keys();
    status = fault.matches("\\d+") ? Integer.parseInt(fault) : 200;
    body = fault.equals("long") ? Network402.SIGNER.jwks() + " ".repeat(70_000) : fault;
    clock.advance(JwksUrl.REFRESH_EVERY);
    keys.refreshIfDue();
    assertThat(requests).hasValue(2); // and the redirect was not followed
    assertThat(keys.byKid()).hasSize(1);
    keys.refreshIfDue();
    assertThat(requests).hasValue(2); // a URL that fails is not asked all the time
    clock.advance(JwksUrl.KEEP_IN_OUTAGE);
    keys.refreshIfDue();
    assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
    status = 200;
    body = Network402.SIGNER.jwks();
    clock.advance(JwksUrl.RETRY_AFTER);
    keys.refreshIfDue();
    assertThat(keys.byKid()).hasSize(1);
  }

  @Test
  void hasNoKeysWhereTheServerWasNeverThere() {
    server.stop(0);
    assertThatThrownBy(keys()::byKid).isInstanceOf(FacilitatorException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://pay.example/jwks",
        "https://user:secret@pay.example/jwks",
        "file:///etc/passwd",
        "https:///jwks",
        "http://127.0.0.1.pay.example/jwks"
      })
  void takesNoUrlThatAnybodyCouldAnswer(String url) {
    assertThatThrownBy(() -> JwksUrl.requireSafe(URI.create(url)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void givesUpOnAServerThatDoesNotFinish() throws Exception {
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    slow.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush(); // and no more
        });
    slow.start();
    try {
      long begin = System.nanoTime();
      JwksUrl keys =
          new JwksUrl(
              URI.create("http://127.0.0.1:" + slow.getAddress().getPort() + "/"),
              ReceiptAlgorithm.ES256,
              clock);
      keys.refreshIfDue();
      assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
    } finally {
      slow.stop(0);
    }
  }
}
