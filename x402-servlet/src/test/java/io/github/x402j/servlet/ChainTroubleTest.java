// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.Faults;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A chain that is gone, slow or talks nonsense never makes anything free. */
class ChainTroubleTest {
  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(ChainTroubleTest::impatient);

  private static final Map<String, Consumer<Faults>> TROUBLES =
      Map.of(
          "unreachable", faults -> faults.drop(Faults.ANY_METHOD),
          "answers lost", faults -> faults.dropAnswer(Faults.ANY_METHOD),
          "slow", faults -> faults.delay(Faults.ANY_METHOD, Duration.ofSeconds(3)),
          "html", faults -> faults.garbage(Faults.ANY_METHOD, "<html>" + SECRET + "</html>"),
          "empty", faults -> faults.garbage(Faults.ANY_METHOD, ""),
          "truncated", faults -> faults.garbage(Faults.ANY_METHOD, "[{\"jsonrpc\":\"2.0\",\"id\":"),
          "wrong ids",
              faults -> faults.garbage(Faults.ANY_METHOD, "[{\"id\":99,\"result\":\"0x1\"}]"),
          "errors", faults -> faults.error(Faults.ANY_METHOD, -32000, "key=" + SECRET),
          "502", faults -> faults.status(Faults.ANY_METHOD, 502));

  @AfterEach
  void mend() {
    RUNNING.market().chain.faults().clear();
  }

  static Stream<Arguments> troubles() {
    return RUNNING.keySet().stream()
        .flatMap(stack -> TROUBLES.keySet().stream().sorted().map(t -> Arguments.of(stack, t)));
  }

  @ParameterizedTest
  @MethodSource("troubles")
  void nothingIsFreeAndNothingElseIsAffected(Stack stack, String trouble) throws IOException {
    if (trouble.equals("slow") && stack != Stack.JETTY) {
      return; // the seconds are worth it once
    }
    try (PaidWebapp app = start(stack)) { // of its own, so that no circuit is open yet
      TestPayer payer = RUNNING.market().payer();
      RawHttp.Response unpaid = app.get("/paid/secret");
      RawHttp.Response unpaidStream = app.get("/stream/secret");
      TROUBLES.get(trouble).accept(RUNNING.market().chain.faults());
      requireUnavailable(app.get("/paid/secret", payer.header(unpaid)));
      requireUnavailable(app.get("/stream/secret", payer.header(unpaidStream)));
      assertThat(app.get("/paid/secret").status()).as("unpaid").isEqualTo(402);
      assertThat(app.get("/free/secret").text()).as("free").isEqualTo(SECRET);
      RUNNING.market().chain.faults().clear();
      assertThat(payer.balance()).isEqualTo(1_000_000);
      assertThat(app.runs("secret")).isEqualTo(1);
    }
  }

  private static void requireUnavailable(RawHttp.Response response) {
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.all()).doesNotContain(SECRET).doesNotContain("Exception");
    assertThat(response.header("Retry-After")).isNotNull();
    assertThat(response.header("PAYMENT-REQUIRED")).isNull();
  }

  private static final Map<String, Consumer<Faults>> BROADCAST_TROUBLES =
      Map.of(
          "refused", faults -> faults.error("eth_sendRawTransaction", -32000, "no"),
          "lost", faults -> faults.drop("eth_sendRawTransaction"),
          "answer lost", faults -> faults.dropAnswer("eth_sendRawTransaction"),
          "nonsense", faults -> faults.garbage("eth_sendRawTransaction", "<html>"),
          "swallowed", Faults::swallowTransactions,
          "no receipt", Faults::withholdReceipts,
          "receipt lost", faults -> faults.drop("eth_getTransactionReceipt"));

  static Stream<Arguments> broadcastTroubles() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                BROADCAST_TROUBLES.keySet().stream()
                    .sorted()
                    .flatMap(
                        trouble ->
                            (stack == Stack.JETTY
                                    ? Stream.of("/paid/secret", "/stream/secret")
                                    : Stream.of("/paid/secret"))
                                .map(target -> Arguments.of(stack, trouble, target))));
  }

  /** Whatever becomes of the transaction: delivered once if it was paid for, and never before. */
  @ParameterizedTest
  @MethodSource("broadcastTroubles")
  void aBrokenBroadcastDeliversNothingThatIsNotPaid(Stack stack, String trouble, String target)
      throws IOException {
    try (PaidWebapp app = start(stack)) {
      TestPayer payer = RUNNING.market().payer();
      String header = payer.header(app.port(), target);
      BROADCAST_TROUBLES.get(trouble).accept(RUNNING.market().chain.faults());
      RawHttp.Response first = app.get(target, header);
      RUNNING.market().chain.faults().clear();
      assertThat(first.status()).isIn(200, 503);
      assertThat(first.header("PAYMENT-REQUIRED")).as("no second payment").isNull();
      boolean delivered = first.text().contains(SECRET);
      assertThat(delivered).isEqualTo(first.status() == 200);
      if (delivered) {
        assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
      }
      for (int i = 0; i < 3; i++) {
        RawHttp.Response again = app.get(target, header);
        if (again.text().contains(SECRET)) {
          assertThat(delivered).as("one delivery").isFalse();
          delivered = true;
        }
      }
      assertThat(payer.balance()).isEqualTo(delivered ? 1_000_000 - CENT : 1_000_000);
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void thePaymentThatFoundNoChainIsGoodWhenItIsBack(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/paid/secret");
    RUNNING.market().chain.faults().drop(Faults.ANY_METHOD);
    assertThat(app.get("/paid/secret", header).status()).isEqualTo(503);
    RUNNING.market().chain.faults().clear();
    assertThat(app.get("/paid/secret", header).text()).isEqualTo(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  /**
   * After several failed calls in a row the circuit opens: payments fail at once, and later work
   * again.
   */
  @Test
  void aDeadChainDoesNotHoldTheServer() throws Exception {
    ClockAhead clock = new ClockAhead();
    try (PaidWebapp app =
        impatient(PaidWebapp.on(Stack.JETTY, RUNNING.market()))
            .filter(filter -> filter.clock(clock))
            .start()) {
      TestPayer payer = RUNNING.market().payer();
      RawHttp.Response unpaid = app.get("/paid/secret");
      RUNNING.market().chain.faults().drop(Faults.ANY_METHOD);
      for (int i = 0; i < 6; i++) {
        requireUnavailable(app.get("/paid/secret", payer.header(unpaid)));
      }
      long asked = RUNNING.market().chain.requests();
      requireUnavailable(app.get("/paid/secret", payer.header(unpaid)));
      assertThat(RUNNING.market().chain.requests()).as("the chain is not asked").isEqualTo(asked);
      RUNNING.market().chain.faults().clear();
      clock.goOn(Duration.ofMillis(5_100));
      assertThat(app.get("/paid/secret", payer.header(unpaid)).text()).isEqualTo(SECRET);
    }
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }

  private static PaidWebapp start(Stack stack) {
    return impatient(PaidWebapp.on(stack, RUNNING.market())).start();
  }

  private static PaidWebapp.Builder impatient(PaidWebapp.Builder app) {
    return app.settleTimeout(Duration.ofMillis(300))
        .handlers(Map.of("secret", (req, resp) -> resp.getWriter().write(SECRET)));
  }
}
