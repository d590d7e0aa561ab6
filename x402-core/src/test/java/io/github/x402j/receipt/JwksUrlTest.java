// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.Payload;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.FacilitatorException;
import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.testing.MutableClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
  private volatile CountDownLatch hang = new CountDownLatch(0);
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    start(0);
  }

  private void start(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          await(hang);
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

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private URI url() {
    return url(server.getAddress().getPort());
  }

  private static URI url(int port) {
    return URI.create("http://127.0.0.1:" + port + "/jwks.json");
  }

  private JwksUrl keys() {
    JwksUrl keys = new JwksUrl(url(), ReceiptAlgorithm.ES256, clock);
    keys.refresh();
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
    keys.refresh();
    assertThat(keys.byKid()).containsOnlyKeys(Network402.KEY.kid());
    clock.advance(JwksUrl.REFRESH_EVERY);
    keys.refresh();
    assertThat(keys.byKid()).containsOnlyKeys(Network402.KEY.kid(), next.kid());
    assertThat(requests).hasValue(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"500", "302", "not JSON", "{\"keys\":[]}", "long", "endless"})
  void keepsItsKeysThroughAnOutageForADay(String fault) throws Exception {
    JwksUrl keys = keys();
    status = fault.matches("\\d+") ? Integer.parseInt(fault) : 200;
    body =
        switch (fault) {
          case "long" -> Network402.SIGNER.jwks() + " ".repeat(JwksUrl.MAX_BYTES);
          case "endless" -> Network402.SIGNER.jwks() + " ".repeat(50_000_000);
          default -> fault;
        };
    clock.advance(JwksUrl.REFRESH_EVERY);
    keys.refresh();
    assertThat(requests).hasValue(2); // and the redirect was not followed
    assertThat(keys.byKid()).hasSize(1);
    for (int i = 0; i < 10; i++) {
      keys.refresh();
    }
    assertThat(requests).hasValue(3); // a URL that fails is asked twice in 30 seconds
    assertThat(keys.byKid()).hasSize(1);
    clock.advance(JwksUrl.KEEP_IN_OUTAGE);
    keys.refresh();
    assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
    status = 200;
    body = Network402.SIGNER.jwks();
    clock.advance(JwksUrl.RETRY_AFTER);
    keys.refresh();
    assertThat(keys.byKid()).hasSize(1);
  }

  @Test
  void theSameKeysFetchedAgainAreTheSameObjects() throws Exception {
    JwksUrl keys = keys();
    Map<String, JWSVerifier> first = keys.byKid();
    body = Network402.SIGNER.jwks() + "\n";
    clock.advance(JwksUrl.REFRESH_EVERY);
    keys.refresh();
    assertThat(requests).hasValue(2);
    assertThat(keys.byKid()).isSameAs(first); // what was verified with them need not be again
  }

  @Test
  void hasNoKeysWhereTheServerWasNeverThereAndTakesThemWhenItComes() throws Exception {
    int port = server.getAddress().getPort();
    server.stop(0);
    JwksUrl keys = new JwksUrl(url(port), ReceiptAlgorithm.ES256, clock);
    for (int i = 0; i < 10; i++) {
      keys.refresh();
      assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
    }
    start(port);
    clock.advance(JwksUrl.RETRY_AFTER);
    keys.refresh();
    assertThat(keys.byKid()).containsOnlyKeys(Network402.KEY.kid());
    assertThat(requests).hasValue(1);
  }

  @Test
  void keysEndWhenNobodyRefreshesThem() throws Exception {
    JwksUrl keys = keys();
    clock.advance(JwksUrl.KEEP_IN_OUTAGE);
    assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
  }

  @Test
  void aTokenWaitsForNoFetch() throws Exception {
    hang = new CountDownLatch(1);
    JwksUrl keys = new JwksUrl(url(), ReceiptAlgorithm.ES256, clock);
    Thread fetching = new Thread(keys::refresh);
    fetching.start();
    while (requests.get() == 0) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class); // at once
    hang.countDown();
    fetching.join();
    assertThat(keys.byKid()).hasSize(1);
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

  /** A byte now and then would keep a timeout for each read from ever running out. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givesUpOnAServerThatDoesNotFinish(boolean trickles) throws Exception {
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    CountDownLatch over = new CountDownLatch(1);
    slow.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          do {
            exchange.getResponseBody().write(' ');
            exchange.getResponseBody().flush();
          } while (trickles && !isOver(over));
        });
    slow.start();
    try {
      long begin = System.nanoTime();
      JwksUrl keys =
          new JwksUrl(
              URI.create("http://127.0.0.1:" + slow.getAddress().getPort() + "/"),
              ReceiptAlgorithm.ES256,
              clock);
      keys.refresh();
      assertThatThrownBy(keys::byKid).isInstanceOf(FacilitatorException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isBetween(JwksUrl.DEADLINE, JwksUrl.DEADLINE.plusSeconds(5));
    } finally {
      over.countDown();
      slow.stop(0);
    }
  }

  private static boolean isOver(CountDownLatch latch) {
    try {
      return latch.await(500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }
}
