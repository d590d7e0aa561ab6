// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Junk from fresh keys does not push honest payers out, and what waits for a node leaves the free
 * pages alone. On Jetty with its default of 200 threads. The figures are in docs/security.md.
 */
class FairnessTest {
  private static final int JUNK_CONNECTIONS = 90;
  private static final int JUNK_PER_CONNECTION = 12;
  private static final int HONEST = 20;
  private static final int WAITING_JUNK = 400;

  /** 56 that are verified, as 8 of 64 are reserved, and 64 that wait. */
  private static final int THREADS_FOR_JUNK = 120;

  @RegisterExtension static final Market MARKET = new Market();

  @AfterEach
  void mend() {
    MARKET.chain.faults().clear();
  }

  private static PaidWebapp start(Facilitator facilitator, int maxConcurrentVerifications) {
    return PaidWebapp.on(Stack.JETTY, MARKET)
        .container(container -> container.threads(200))
        .filter(
            instead ->
                PaymentFilter.builder()
                    .publicUrl(Market.PUBLIC_URL)
                    .accept(MARKET.token, TestWallet.random().address())
                    .facilitator(facilitator)
                    .maxConcurrentVerifications(maxConcurrentVerifications)
                    .routes(PaidWebapp.ROUTES))
        .handlers(Map.of("it", (request, response) -> response.getWriter().write("it")))
        .start();
  }

  /** With the default timeout for the node, 10 s. */
  private static EvmFacilitator facilitator() {
    TestWallet gas = TestWallet.random();
    MARKET.chain.fund(gas.address(), BigInteger.TEN.pow(18));
    return EvmFacilitator.at(
        MARKET.chain.rpcUrl().toString(), EvmSigner.ofPrivateKey(gas.privateKey()));
  }

  private static List<String> junk(PaidWebapp app, int count) throws IOException {
    RawHttp.Response unpaid = app.get("/paid/it");
    return IntStream.range(0, count)
        .parallel()
        .mapToObj(i -> new TestPayer(MARKET, TestWallet.random()).header(unpaid))
        .toList();
  }

  @Test
  void honestPayersGetThroughJunkFromFreshKeys() throws Exception {
    int before;
    try (PaidWebapp app = start(new RefusesAtOnce(facilitator(), 64), 10_000)) {
      before = honestAmongJunk(app);
    }
    int after;
    try (PaidWebapp app = start(facilitator(), 64)) {
      after = honestAmongJunk(app);
    }
    System.out.printf(
        "%d junk connections, node of 150 ms, %d honest payments: %d succeed where a payment over"
            + " the bound fails at once, %d with the queue%n",
        JUNK_CONNECTIONS, HONEST, before, after);
    assertThat(after).isGreaterThanOrEqualTo(19);
  }

  /** Returns how many of the honest payments, each sent once, were good at the first attempt. */
  private static int honestAmongJunk(PaidWebapp app) throws Exception {
    Queue<String> junk =
        new ConcurrentLinkedQueue<>(junk(app, JUNK_CONNECTIONS * JUNK_PER_CONNECTION));
    List<TestPayer> honest = IntStream.range(0, HONEST).mapToObj(i -> MARKET.payer()).toList();
    MARKET.chain.faults().delay("eth_call", Duration.ofMillis(50)); // three in a round trip
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService clients = Executors.newCachedThreadPool();
    try {
      CountDownLatch begun = new CountDownLatch(JUNK_CONNECTIONS);
      for (int i = 0; i < JUNK_CONNECTIONS; i++) {
        clients.submit(
            () -> {
              try (RawHttp connection = RawHttp.connect(app.port())) {
                for (String next = junk.poll(); next != null && !over.get(); next = junk.poll()) {
                  connection.exchange("GET", "/paid/it", next);
                  begun.countDown();
                  junk.add(next); // enough of them that none comes twice in a second
                }
              }
              return null;
            });
      }
      begun.await();
      int good = 0;
      for (Iterator<TestPayer> payers = honest.iterator(); payers.hasNext(); ) {
        List<Future<Integer>> four = new ArrayList<>();
        for (int i = 0; i < 4 && payers.hasNext(); i++) {
          TestPayer payer = payers.next();
          four.add(clients.submit(() -> app.pay(payer, "/paid/it").status()));
        }
        for (Future<Integer> status : four) {
          good += status.get(30, TimeUnit.SECONDS) == 200 ? 1 : 0;
        }
      }
      return good;
    } finally {
      over.set(true);
      MARKET.chain.faults().clear();
      clients.shutdown();
      assertThat(clients.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aFreePageAnswersWhileJunkWaitsForASlowNode() throws Exception {
    try (PaidWebapp app = start(facilitator(), 64)) {
      List<String> junk = junk(app, WAITING_JUNK);
      MARKET.chain.faults().delay("eth_call", Duration.ofMillis(2_667)); // three in a round trip
      List<RawHttp> connections = new ArrayList<>();
      ExecutorService readers = Executors.newCachedThreadPool();
      try {
        for (String header : junk) {
          RawHttp connection = RawHttp.connect(app.port());
          connections.add(connection);
          connection.send("GET /paid/it HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n");
        }
        CountDownLatch refused = new CountDownLatch(WAITING_JUNK - THREADS_FOR_JUNK);
        connections.forEach(connection -> readers.submit(() -> answered(connection, refused)));
        assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue(); // the others wait
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          long begin = System.nanoTime();
          assertThat(app.get("/free/it").status()).isEqualTo(200);
          millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        }
        System.out.println("free page while " + WAITING_JUNK + " junk payments wait: " + millis);
        assertThat(millis.stream().sorted().toList().get(10)).as("median").isLessThan(50);
      } finally {
        readers.shutdownNow();
        for (RawHttp connection : connections) {
          connection.close();
        }
      }
    }
  }

  private static Void answered(RawHttp connection, CountDownLatch refused) throws IOException {
    if (connection.receive(false).status() == 503) {
      refused.countDown();
    }
    return null;
  }

  /** How a payment over the bound was answered before there was a queue. */
  private record RefusesAtOnce(Facilitator facilitator, Semaphore permits) implements Facilitator {
    RefusesAtOnce(Facilitator facilitator, int permits) {
      this(facilitator, new Semaphore(permits));
    }

    @Override
    public void start(List<PaymentRequirements> offered) {
      facilitator.start(offered);
    }

    @Override
    public Set<Address> signers() {
      return facilitator.signers();
    }

    @Override
    public boolean supports(String scheme, Network network) {
      return facilitator.supports(scheme, network);
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return facilitator.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) throws FacilitatorException {
      if (!permits.tryAcquire()) {
        return new Verification.Invalid( // thrown, it would open the circuit
            ErrorReason.UNEXPECTED_VERIFY_ERROR, "too many", payment.payer());
      }
      try {
        return facilitator.verify(payment);
      } finally {
        permits.release();
      }
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
        throws FacilitatorException {
      return facilitator.settle(payment, beforeBroadcast);
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions)
        throws FacilitatorException {
      return facilitator.outcome(payment, transactions);
    }
  }
}
