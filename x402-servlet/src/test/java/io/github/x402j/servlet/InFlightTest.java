// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Facilitator;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Payments that wait for the chain keep no thread of the container. */
class InFlightTest {
  private static final int PAYMENTS = 2_000;
  private static final int THREADS = 50;
  private static final int FREE_REQUESTS = 20;

  /** What a gate settles at a time by default, each in a thread. */
  private static final int AT_A_TIME = 48;

  private static final String BODY = "sold";

  @RegisterExtension static final Market MARKET = new Market();

  private static final TestWallet SELLER = TestWallet.random();
  private static final List<String> PAID = new ArrayList<>();

  /** Signs once: each webapp has a ledger of its own. */
  @BeforeAll
  static void sign() throws IOException {
    try (PaidWebapp app = start(Stack.JETTY, new ManualSettlements(), false)) {
      RawHttp.Response unpaid = app.get("/paid/it");
      List<TestPayer> payers = Stream.generate(MARKET::payer).limit(20).toList();
      for (int i = 0; i < PAYMENTS; i++) {
        PAID.add(payers.get(i % payers.size()).header(unpaid));
      }
    }
  }

  @AfterAll
  static void forget() {
    PAID.clear();
  }

  private static PaidWebapp start(Stack stack, ManualSettlements chain, boolean inThread) {
    Facilitator facilitator = chain.over(MARKET.facilitator(Duration.ofSeconds(5)));
    return PaidWebapp.on(stack, MARKET)
        .container(c -> c.threads(THREADS))
        .seller(SELLER)
        .facilitator(facilitator)
        .filter(
            f -> {
              f.maxTimeout(Duration.ofMinutes(10));
              return inThread ? f.waitInThread() : f;
            })
        .handlers(Map.of("it", (request, response) -> response.getWriter().write(BODY)))
        .start();
  }

  static Stream<Stack> stacks() {
    return Stream.of(Stack.JETTY, Stack.TOMCAT);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void twoThousandWaitOnFiftyThreadsAndFreePagesAnswerMeanwhile(Stack stack) throws Exception {
    ManualSettlements chain = new ManualSettlements();
    List<RawHttp> clients = new ArrayList<>();
    try (PaidWebapp app = start(stack, chain, false)) {
      for (String payment : PAID) {
        clients.add(send(app, payment));
      }
      assertThat(chain.sent.tryAcquire(PAYMENTS, 60, TimeUnit.SECONDS)).isTrue();
      List<Long> free = new ArrayList<>();
      for (int i = 0; i < FREE_REQUESTS; i++) {
        long begun = System.nanoTime();
        assertThat(app.get("/free/it").text()).isEqualTo(BODY);
        free.add((System.nanoTime() - begun) / 1_000_000);
      }
      free.sort(null);
      chain.mine();
      for (RawHttp client : clients) {
        RawHttp.Response response = client.receive(false);
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo(BODY);
        assertThat(response.header("PAYMENT-RESPONSE")).isNotNull();
      }
      System.out.printf(
          Locale.ROOT,
          "%s: %d payments in flight on %d threads; free pages took %s ms%n",
          stack,
          PAYMENTS,
          THREADS,
          free);
      assertThat(free.get(FREE_REQUESTS / 2)).as("the median").isLessThan(50);
    } finally {
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  /** The setting, and what it is for: a webapp whose filters in front cannot stand another way. */
  @Test
  void eachKeepsItsThreadIfToldTo() throws Exception {
    ManualSettlements chain = new ManualSettlements();
    List<RawHttp> clients = new ArrayList<>();
    try (PaidWebapp app = start(Stack.UNDERTOW, chain, true)) {
      for (String payment : PAID.subList(0, AT_A_TIME)) {
        clients.add(send(app, payment));
      }
      assertThat(chain.sent.tryAcquire(AT_A_TIME, 10, TimeUnit.SECONDS)).isTrue();
      assertThat(chain.withoutThread).hasValue(0);
      chain.mine();
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  private static RawHttp send(PaidWebapp app, String payment) throws IOException {
    RawHttp client = RawHttp.connect(app.port());
    client.send("GET /paid/it HTTP/1.1\r\nHost: a\r\n" + payment + "\r\n\r\n");
    return client;
  }
}
