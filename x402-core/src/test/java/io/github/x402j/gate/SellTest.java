// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.Settlement;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The order that keeps the money safe: what {@link PaymentGate#sell} calls, and when. */
class SellTest {
  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();
  private final PaymentGate gate =
      PaymentGate.builder().ledger(ledger).facilitator(facilitator).build();

  @BeforeEach
  void settles() {
    facilitator.settlement = ScriptedFacilitator.settled();
  }

  private MemoryTransport sell(PaymentFlow flow, int nonce, MemoryTransport transport) {
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)),
        Sale.purchase("GET /premium"),
        Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, nonce)),
        transport);
    return transport;
  }

  private Refusal askWithoutPayment() {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(Offers.REQUIRED), Sale.purchase("GET /premium"), Sale.headers(), transport);
    assertThat(transport.calls).hasSize(1);
    return transport.refusal;
  }

  private int settlements() {
    return facilitator.settlements.get();
  }

  @Test
  void refusesWithoutAPaymentAndRunsNothing() {
    assertThat(askWithoutPayment().status()).isEqualTo(402);
  }

  @Test
  void runsThenSettlesThenDelivers() {
    MemoryTransport sold =
        sell(
            PaymentFlow.AUTHORIZATION,
            1,
            MemoryTransport.running(
                () -> {
                  assertThat(settlements()).isZero();
                  return true;
                }));
    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
    assertThat(sold.headers).containsKey("PAYMENT-RESPONSE");
    assertThat(settlements()).isEqualTo(1);
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
  }

  @Test
  void chargesNothingForAHandlerThatFails() {
    MemoryTransport failed =
        sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> false));
    assertThat(failed.calls).containsExactly("run", "fail");
    assertThat(settlements()).isZero();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "headers", "deliver");
  }

  @Test
  void deliversNothingWhereTheSettlementFailsOrIsUnknown() {
    facilitator.settlement = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "");
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "refuse 402");
    facilitator.settlement = new Settlement.Pending(null);
    assertThat(sell(PaymentFlow.AUTHORIZATION, 2, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "refuse 503");
  }

  @Test
  void waitsForAHandlerThatEndsLater() {
    MemoryTransport sold = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    assertThat(sold.calls).containsExactly("run");
    assertThat(settlements()).isZero();
    sold.later.completed();
    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void settlesBeforeTheHandlerRunsWhereTheFlowIsUpfront() {
    MemoryTransport sold =
        sell(
            PaymentFlow.UPFRONT,
            1,
            MemoryTransport.running(
                () -> {
                  assertThat(settlements()).isEqualTo(1);
                  return true;
                }));
    assertThat(sold.calls).containsExactly("headers", "run");
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
  }

  @Test
  void letsAnUpfrontPaymentBeFetchedAgainWhereTheHandlerFails() {
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> false)).calls)
        .containsExactly("headers", "run", "fail");
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("headers", "run");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void runsNothingUpfrontWhereTheSettlementIsUnknown() {
    facilitator.settlement = new Settlement.Pending(null);
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 503");
  }

  @Test
  void letsGoOfAPaymentWhoseTransportThrows() {
    MemoryTransport throwing =
        MemoryTransport.running(
            () -> {
              throw new IllegalStateException("a fault of the transport");
            });
    assertThatIllegalStateException()
        .isThrownBy(() -> sell(PaymentFlow.AUTHORIZATION, 1, throwing));
    assertThat(settlements()).isZero();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "headers", "deliver");
  }

  @Test
  void countsTheFirstEndingOnly() {
    MemoryTransport sold = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    sold.later.completed();
    sold.later.failed();
    sold.later.completed();
    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
    assertThat(settlements()).isEqualTo(1);
  }

  private MemoryTransport breaking() {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    transport.connectionIsBroken = true;
    return transport;
  }

  @Test
  void letsADeliveryThatBrokeOffBeFetchedAgainAndNoMoreThanThreeTimesInAll() {
    facilitator.outcome = ScriptedFacilitator.settled();
    for (int delivery = 1; delivery <= PaymentLedger.MAX_DELIVERIES; delivery++) {
      MemoryTransport broken = breaking();
      assertThatThrownBy(() -> sell(PaymentFlow.AUTHORIZATION, 1, broken))
          .isInstanceOf(UncheckedIOException.class);
      assertThat(broken.calls).containsExactly("run", "headers", "deliver");
    }
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void letsADeliveryBeFetchedAgainThatIsFoundBrokenOffLater() {
    facilitator.outcome = ScriptedFacilitator.settled();
    MemoryTransport first = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    first.later.completed();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
    first.later.brokeOff();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "headers", "deliver");
    first.later.brokeOff(); // a second report must not take back what another request has fetched
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void chargesNothingWhereTheConnectionBreaksBeforeTheSettlement() {
    MemoryTransport sold = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    sold.later.brokeOff();
    sold.later.completed();
    assertThat(sold.calls).containsExactly("run");
    assertThat(settlements()).isZero();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("run", "headers", "deliver");
  }

  @Test
  void takesNothingBackThatFailedBeforeItWasReportedBroken() {
    MemoryTransport failed = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    failed.later.failed();
    sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true));
    failed.later.brokeOff();
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
  }

  @Test
  void letsAnUpfrontDeliveryThatBrokeOffBeFetchedAgainAndNoMoreThanThreeTimesInAll() {
    facilitator.outcome = ScriptedFacilitator.settled();
    for (int delivery = 1; delivery <= PaymentLedger.MAX_DELIVERIES; delivery++) {
      MemoryTransport sold = sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(null));
      assertThat(sold.calls).containsExactly("headers", "run");
      if (delivery == 2) {
        sold.later.completed(); // found out after the end
      }
      sold.later.brokeOff();
    }
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void letsAnUpfrontPaymentBeFetchedAgainWhereItsHeadersCannotBeAdded() {
    @SuppressWarnings("unchecked") // the proxy throws before types matter
    SaleTransport<RuntimeException> broken =
        (SaleTransport<RuntimeException>)
            Proxy.newProxyInstance(
                SaleTransport.class.getClassLoader(),
                new Class<?>[] {SaleTransport.class},
                (proxy, method, arguments) -> {
                  throw new IllegalStateException(method.getName());
                });
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                gate.sell(
                    gate.challenge(Offers.REQUIRED.withFlow(PaymentFlow.UPFRONT)),
                    Sale.purchase("GET /premium"),
                    Sale.headers("PAYMENT-SIGNATURE", Offers.v2(PaymentFlow.UPFRONT, 1)),
                    broken))
        .withMessage("addHeaders");
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> true)).calls)
        .containsExactly("headers", "run");
    assertThat(settlements()).isEqualTo(1);
  }

  // ---- a stop of the server

  private MemoryTransport sold(PaymentFlow flow) {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    return sell(flow, 1, transport);
  }

  private void restart() {
    facilitator.outcome = ScriptedFacilitator.settled();
    gate.start(Offers.REQUIRED.accepts());
  }

  @Test
  void sellsNothingAfterAStopUntilItIsStartedAgain() {
    gate.stop(Duration.ZERO);
    MemoryTransport refused = sold(PaymentFlow.AUTHORIZATION);
    assertThat(refused.calls).containsExactly("refuse 503");
    assertThat(refused.refusal.headers()).containsKeys("Retry-After", "PAYMENT-RESPONSE");
    assertThat(refused.refusal.body()).contains("do not make another payment");
    Refusal unpaid = askWithoutPayment();
    assertThat(unpaid.status()).isEqualTo(503);
    assertThat(unpaid.headers()).containsKey("Retry-After");
    assertThat(settlements()).isZero();
    restart();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void chargesNothingForAHandlerThatOutlastsTheStop() {
    MemoryTransport slow = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    MemoryTransport failing = sell(PaymentFlow.AUTHORIZATION, 2, MemoryTransport.running(null));
    gate.stop(Duration.ZERO);
    restart();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls)
        .as("from the next process, which cannot wait for this one")
        .containsExactly("run", "headers", "deliver");
    slow.later.completed();
    assertThat(slow.calls).containsExactly("run", "refuse 503");
    failing.later.failed();
    assertThat(failing.calls).containsExactly("run", "fail");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void letsAStreamThatOutlastsTheStopBeFetchedAgain() {
    MemoryTransport slow = sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(null));
    gate.stop(Duration.ZERO);
    slow.later.completed();
    restart();
    assertThat(sold(PaymentFlow.UPFRONT).calls).containsExactly("headers", "run");
    assertThat(sold(PaymentFlow.UPFRONT).calls).containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void letsASaleBeFetchedAgainThatIsSettledAfterTheStop(PaymentFlow flow) {
    facilitator.beforeSettle = () -> gate.stop(Duration.ZERO);
    MemoryTransport late = sold(flow);
    assertThat(late.calls).last().isEqualTo("refuse 503");
    assertThat(late.calls).doesNotContain("headers", "deliver");
    restart();
    assertThat(sold(flow).calls).contains("headers", "run");
    assertThat(sold(flow).calls).containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void takesBackAtAStopWhatIsNotKnownToHaveArrived(PaymentFlow flow) {
    for (boolean arrives : new boolean[] {false, true}) {
      MemoryTransport transport = MemoryTransport.running(null);
      transport.tellsArrival = true;
      sell(flow, 1, transport);
      transport.later.completed();
      if (arrives) {
        transport.later.arrived();
      }
      gate.stop(Duration.ZERO);
      restart();
    }
    assertThat(sold(flow).calls).containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  // ---- the same payment again while its delivery is written

  private MemoryTransport begun(PaymentFlow flow) {
    MemoryTransport transport = MemoryTransport.running(null);
    transport.tellsArrival = true;
    return sell(flow, 1, transport);
  }

  @ParameterizedTest
  @EnumSource
  void asksForTheSamePaymentAgainWhileItsDeliveryIsWritten(PaymentFlow flow) {
    MemoryTransport first = begun(flow);
    first.later.completed();
    MemoryTransport again = sold(flow);
    assertThat(again.calls).containsExactly("refuse 503");
    assertThat(again.refusal.headers()).containsKey("Retry-After");
    MemoryTransport other = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)),
        Sale.purchase("GET /another"),
        Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, 1)),
        other);
    assertThat(other.calls).as("for another request").containsExactly("refuse 402");
    first.later.arrived();
    assertThat(sold(flow).calls).containsExactly("refuse 402");
    assertThat(settlements()).isEqualTo(1);
  }

  /** What a delivery was taken back from does not stand in the way of those after it. */
  @ParameterizedTest
  @EnumSource
  void asksForItAgainInTheSameWayAfterADeliveryThatBrokeOff(PaymentFlow flow) {
    for (int delivery = 1; delivery <= PaymentLedger.MAX_DELIVERIES; delivery++) {
      MemoryTransport transport = begun(flow);
      transport.later.completed();
      assertThat(sold(flow).calls).as("while it is written").containsExactly("refuse 503");
      transport.later.brokeOff();
      facilitator.outcome = ScriptedFacilitator.settled();
    }
    assertThat(sold(flow).calls).as("the last one").containsExactly("refuse 402");
  }

  /** A client that has read the last byte may be quicker than the server that tells of it. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void waitsAMomentForADeliveryThatIsAboutToEnd(boolean arrives) throws Exception {
    MemoryTransport first = begun(PaymentFlow.AUTHORIZATION);
    first.later.completed();
    facilitator.outcome = ScriptedFacilitator.settled();
    MemoryTransport again = MemoryTransport.running(() -> true);
    Thread second = new Thread(() -> sell(PaymentFlow.AUTHORIZATION, 1, again));
    second.start();
    while (second.isAlive() && second.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    if (arrives) {
      first.later.arrived();
    } else {
      first.later.brokeOff();
    }
    second.join(10_000);
    assertThat(again.calls).last().isEqualTo(arrives ? "refuse 402" : "deliver");
  }

  /** How a sale can end, and what the same payment gets after it. */
  enum End {
    ARRIVED("refuse 402"),
    BROKEN_AFTER("deliver"),
    BROKEN_BEFORE("deliver"),
    FAILED("deliver"),
    UNSENT("deliver"),
    STOPPED("deliver"),
    STOPPED_BEFORE("deliver"),
    PENDING("deliver"),
    REFUSED("deliver");

    final String next;

    End(String next) {
      this.next = next;
    }
  }

  @ParameterizedTest
  @EnumSource
  void remembersNoSaleThatIsOver(End end) {
    MemoryTransport transport = begun(PaymentFlow.AUTHORIZATION);
    SaleTransport.Ending<RuntimeException> ending = transport.later;
    transport.connectionIsBroken = end == End.UNSENT;
    switch (end) {
      case ARRIVED -> {
        ending.completed();
        ending.arrived();
      }
      case BROKEN_AFTER -> {
        ending.completed();
        ending.brokeOff();
      }
      case BROKEN_BEFORE -> ending.brokeOff();
      case FAILED -> ending.failed();
      case UNSENT -> assertThatThrownBy(ending::completed).isInstanceOf(UncheckedIOException.class);
      case STOPPED -> {
        ending.completed();
        gate.stop(Duration.ZERO);
      }
      case STOPPED_BEFORE -> gate.stop(Duration.ZERO);
      case PENDING, REFUSED -> {
        facilitator.settlement =
            end == End.REFUSED
                ? new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "")
                : new Settlement.Pending(null);
        ending.completed();
      }
    }
    assertThat(gate.salesInProgress().isEmpty()).isTrue();
    restart();
    facilitator.settlement = ScriptedFacilitator.settled();
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).last().isEqualTo(end.next);
    assertThat(gate.salesInProgress().isEmpty()).isTrue();
  }

  @Test
  void aStopWaitsForTheSalesInProgress() throws Exception {
    MemoryTransport slow = sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(null));
    Thread stop = new Thread(() -> gate.stop(Duration.ofSeconds(20)));
    stop.start();
    while (askWithoutPayment().status() != 503) {
      Thread.onSpinWait();
    }
    assertThat(stop.isAlive()).isTrue();
    slow.later.completed();
    stop.join(10_000);
    assertThat(stop.isAlive()).isFalse();
    assertThat(slow.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void deliversNothingWhereTheConnectionBreaksWhileItIsSettled() {
    MemoryTransport sold = MemoryTransport.running(null);
    sell(PaymentFlow.AUTHORIZATION, 1, sold);
    facilitator.beforeSettle = sold.later::brokeOff;
    sold.later.completed();
    assertThat(sold.calls).containsExactly("run", "refuse 503");
    facilitator.beforeSettle = () -> {};
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).containsExactly("run", "headers", "deliver");
    assertThat(settlements()).isEqualTo(1);
  }

  // ---- a settlement that keeps no thread

  private final CompletableFuture<Settlement> outcome = new CompletableFuture<>();

  private MemoryTransport sellLater() {
    facilitator.later = outcome;
    MemoryTransport transport = MemoryTransport.running(() -> true);
    transport.canAnswerLater = true;
    sell(PaymentFlow.AUTHORIZATION, 1, transport);
    assertThat(transport.calls).containsExactly("run");
    assertThat(transport.known).isNotCompleted();
    facilitator.later = null;
    return transport;
  }

  static Stream<Arguments> outcomes() {
    Settlement failed = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "");
    FacilitatorException notSent = new FacilitatorException("the queue is full");
    return Stream.of(
        Arguments.of(ScriptedFacilitator.settled(), null, "deliver"),
        Arguments.of(failed, null, "refuse 402"),
        Arguments.of(new Settlement.Pending(null), null, "refuse 503"),
        Arguments.of(null, notSent, "refuse 503"),
        Arguments.of(null, new CompletionException(notSent), "refuse 503"),
        Arguments.of(null, new IllegalStateException("a bug"), "refuse 503"),
        Arguments.of(null, new StackOverflowError("a bug"), "refuse 503"));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void answersWhenTheOutcomeIsKnown(Settlement known, Throwable failure, String answer) {
    MemoryTransport waiting = sellLater();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).containsExactly("refuse 503");
    if (failure == null) {
      outcome.complete(known);
    } else {
      outcome.completeExceptionally(failure);
    }
    assertThat(waiting.known).isCompleted();
    assertThat(waiting.calls).as("nothing in the thread that knows").containsExactly("run");
    if (failure instanceof Error) {
      assertThatThrownBy(waiting.rest::run).isSameAs(failure);
    } else {
      waiting.rest.run();
      assertThat(waiting.calls).last().isEqualTo(answer);
    }
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls)
        .last()
        .isEqualTo(answer.equals("deliver") ? "refuse 402" : "deliver");
  }

  @Test
  void answersThatAPaymentIsPendingWhereTheClientCannotWait() {
    MemoryTransport waiting = sellLater();
    waiting.rest.run();
    assertThat(waiting.calls).containsExactly("run", "refuse 503");
    outcome.complete(ScriptedFacilitator.settled());
    facilitator.outcome = ScriptedFacilitator.settled();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).containsExactly("run", "headers", "deliver");
    assertThat(settlements()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesToALaterRequestWhatIsSettledWhenTheClientOrTheServerIsGone(boolean isServer) {
    MemoryTransport waiting = MemoryTransport.running(null);
    waiting.canAnswerLater = true;
    facilitator.later = outcome;
    sell(PaymentFlow.AUTHORIZATION, 1, waiting);
    waiting.later.completed();
    facilitator.later = null;
    if (isServer) {
      gate.stop(Duration.ZERO);
    } else {
      waiting.later.brokeOff();
    }
    outcome.complete(ScriptedFacilitator.settled());
    waiting.rest.run();
    assertThat(waiting.calls).containsExactly("run", "refuse 503");
    restart();
    assertThat(sold(PaymentFlow.AUTHORIZATION).calls).containsExactly("run", "headers", "deliver");
    assertThat(settlements()).isEqualTo(1);
  }

  @Test
  void answersAtOnceWhatIsKnownAtOnce() {
    outcome.complete(ScriptedFacilitator.settled());
    facilitator.later = outcome;
    MemoryTransport transport = MemoryTransport.running(() -> true);
    transport.canAnswerLater = true;
    sell(PaymentFlow.AUTHORIZATION, 1, transport);
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
  }
}
