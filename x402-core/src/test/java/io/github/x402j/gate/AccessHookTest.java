// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.Verification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets something priced besides those who pay. */
class AccessHookTest {
  private static final Address OTHER = Sale.PAY_TO;
  private static final Address THIRD = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final Duration SHORT = Duration.ofMillis(60);
  private static final Function<String, List<String>> UNPAID = name -> List.of();

  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
  private final List<String> events = new ArrayList<>();
  private final MemoryTransport transport = MemoryTransport.running(() -> true);
  private Duration timeout = Duration.ofSeconds(20);
  private final CountDownLatch released = new CountDownLatch(1);

  AccessHookTest() {
    chain.settlement = ScriptedFacilitator.settled();
    chain.outcome = chain.settlement;
  }

  @AfterEach
  void letHangingHooksEnd() {
    released.countDown();
  }

  private final class Recorder implements PaymentListener {
    @Override
    public void offered(PaymentRequired required) {
      events.add("offered");
    }

    @Override
    public void granted(PaymentRequired required, String reason) {
      events.add("granted " + reason);
    }

    @Override
    public void verified(VerifiedPayment payment) {
      events.add("verified");
    }

    @Override
    public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
      events.add("settled");
    }

    @Override
    public void failed(PaymentRequired required, ErrorReason reason, String detail) {
      events.add("failed " + reason.wireCode() + ": " + detail);
    }

    @Override
    public void unavailable(PaymentRequired required, String what) {
      events.add("unavailable: " + what);
    }
  }

  private PaymentGate gate(PaymentLedger ledger, AccessHook... hooks) {
    PaymentGate.Builder builder =
        PaymentGate.builder()
            .facilitator(chain)
            .ledger(ledger)
            .listener(new Recorder())
            .accessTimeout(timeout);
    for (AccessHook hook : hooks) {
      builder.access(hook);
    }
    return builder.build();
  }

  private PaymentGate gate(AccessHook... hooks) {
    return gate(ledger, hooks);
  }

  private void ask(PaymentGate gate, Function<String, List<String>> headers) {
    ask(gate, PaymentFlow.AUTHORIZATION, "GET /premium", headers);
  }

  private void ask(
      PaymentGate gate, PaymentFlow flow, String request, Function<String, List<String>> headers) {
    transport.calls.clear();
    events.clear();
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)), Sale.purchase(request), headers, transport);
  }

  private static Function<String, List<String>> paid(int nonce) {
    return Sale.headers("PAYMENT-SIGNATURE", Offers.v2(nonce));
  }

  private static Function<String, List<String>> paidTo(Address recipient, int nonce) {
    PaymentRequirements option = Offers.REQUIRED.withPayTo(recipient).accepts().get(0);
    return Sale.headers(
        "PAYMENT-SIGNATURE",
        PaymentCodec.encodePayload(PaymentPayload.v2(option, Offers.payload(nonce))));
  }

  private static AccessDecision keyed(AccessRequest request) {
    return request.header("X-Api-Key").filter("k1"::equals).isPresent()
        ? AccessDecision.grant("api-key")
        : AccessDecision.charge();
  }

  // ---- granting

  @ParameterizedTest
  @EnumSource(PaymentFlow.class)
  void whatIsGrantedRunsAndTouchesNeitherLedgerNorChain(PaymentFlow flow) {
    PaymentGate gate = gate(Untouchable.of(PaymentLedger.class), AccessHookTest::keyed);
    for (Function<String, List<String>> headers :
        List.of(
            Sale.headers("X-Api-Key", "k1"),
            Sale.headers("x-api-KEY", "k1"),
            Sale.headers("X-Api-Key", "k1", "PAYMENT-SIGNATURE", Offers.v2(1)))) {
      ask(gate, flow, "GET /premium", headers);
      assertThat(transport.calls).containsExactly("granted api-key");
      assertThat(events).containsExactly("granted api-key");
    }
    assertThat(chain.verifications).hasValue(0);
  }

  @Test
  void whoIsNotGrantedPaysAsBefore() {
    PaymentGate gate = gate(AccessHookTest::keyed);
    ask(gate, UNPAID);
    assertThat(transport.calls).containsExactly("refuse 402");
    ask(gate, Sale.headers("X-Api-Key", "k1", "x-api-key", "k1")); // two readers could differ
    assertThat(transport.calls).containsExactly("refuse 402");
    ask(gate, paid(1));
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
    assertThat(events).containsExactly("verified", "settled");
  }

  @Test
  void whatIsGrantedNeedsNoFacilitator() {
    PaymentGate gate = gate(AccessHookTest::keyed);
    chain.fails = true;
    ask(gate, Sale.headers("X-Api-Key", "k1"));
    assertThat(transport.calls).containsExactly("granted api-key");
  }

  @Test
  void aGateThatStopsGrantsNothing() {
    PaymentGate gate = gate(AccessHookTest::keyed);
    gate.stop(Duration.ZERO);
    ask(gate, Sale.headers("X-Api-Key", "k1"));
    assertThat(transport.calls).containsExactly("refuse 503");
  }

  @Test
  void aTransportThatRunsNothingUnpaidStaysClosed() {
    PaymentGate gate = gate(AccessHookTest::keyed);
    @SuppressWarnings("unchecked")
    SaleTransport<RuntimeException> paidOnly =
        (SaleTransport<RuntimeException>)
            Proxy.newProxyInstance(
                SaleTransport.class.getClassLoader(),
                new Class<?>[] {SaleTransport.class},
                (proxy, method, arguments) ->
                    InvocationHandler.invokeDefault(proxy, method, arguments));
    assertThatThrownBy(
            () ->
                gate.sell(
                    gate.challenge(Offers.REQUIRED),
                    Sale.purchase("GET /premium"),
                    Sale.headers("X-Api-Key", "k1"),
                    paidOnly))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  // ---- refusing

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 429, 451, 503})
  void whatIsRefusedGetsItsStatusAndReasonAndRunsNothing(int status) {
    PaymentGate gate =
        gate(Untouchable.of(PaymentLedger.class), r -> AccessDecision.refuse(status, "screened"));
    for (Function<String, List<String>> headers : List.of(UNPAID, paid(1))) {
      ask(gate, headers);
      assertThat(transport.calls).containsExactly("refuse " + status);
      assertThat(transport.refusal.body()).contains("\"error\":\"screened\"");
      assertThat(transport.refusal.headers()).containsEntry("Cache-Control", "no-store");
      assertThat(events).containsExactly("failed access_refused: screened");
    }
    assertThat(transport.refusal.headers()).containsKey("PAYMENT-RESPONSE"); // no money has moved
    assertThat(chain.verifications).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 200, 302, 399, 402, 600})
  void aRefusalIsAnErrorThatAsksForNoPayment(int status) {
    assertThatIllegalArgumentException().isThrownBy(() -> AccessDecision.refuse(status, "no"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Two Words", "a\nb", "\"", "Größe"})
  void aReasonIsACode(String reason) {
    assertThatIllegalArgumentException().isThrownBy(() -> AccessDecision.grant(reason));
    assertThatIllegalArgumentException().isThrownBy(() -> AccessDecision.refuse(403, reason));
  }

  @Test
  void theFirstHookThatGrantsOrRefusesDecides() {
    AccessHook screening = r -> AccessDecision.refuse(403, "screened");
    ask(gate(screening, AccessHookTest::keyed), Sale.headers("X-Api-Key", "k1"));
    assertThat(transport.calls).containsExactly("refuse 403");
    ask(gate(AccessHookTest::keyed, screening), Sale.headers("X-Api-Key", "k1"));
    assertThat(transport.calls).containsExactly("granted api-key");
    ask(gate(r -> AccessDecision.payTo(OTHER), screening), paidTo(OTHER, 1));
    assertThat(transport.calls).containsExactly("refuse 403");
  }

  // ---- no decision

  Stream<AccessHook> broken() {
    return Stream.of(
        request -> {
          throw new IOException("the list is not there");
        },
        request -> {
          throw new StackOverflowError();
        },
        request -> null,
        request -> {
          released.await();
          return AccessDecision.grant("late");
        },
        request -> {
          hang();
          return AccessDecision.grant("late");
        });
  }

  /** Whatever interrupts it. */
  private void hang() {
    while (released.getCount() > 0) {
      try {
        released.await();
      } catch (InterruptedException e) {
        // It hangs.
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aHookThatThrowsReturnsNullOrHangsClosesTheGate(int number) {
    timeout = SHORT;
    AccessHook hook = broken().toList().get(number);
    PaymentGate gate = gate(Untouchable.of(PaymentLedger.class), hook);
    ask(gate, UNPAID);
    assertThat(transport.calls).containsExactly("refuse 503");
    assertThat(transport.refusal.body()).contains("access_undecided");
    assertThat(events).singleElement().asString().startsWith("unavailable: the access hook");
    ask(gate, paid(1)); // who may have paid makes no other payment
    assertThat(transport.calls).containsExactly("refuse 503");
    assertThat(transport.refusal.body()).contains("settlement_pending");
    assertThat(chain.verifications).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aHookThatCannotDecideOnAPayerClosesTheGateAndHoldsNothing(int number) {
    AccessHook bad = broken().toList().get(number);
    AccessHook onPayer =
        new AccessHook() {
          @Override
          public AccessDecision decide(AccessRequest request) {
            return AccessDecision.charge();
          }

          @Override
          public AccessDecision.OnPayer decideOnPayer(AccessRequest request, VerifiedPayment p)
              throws Exception {
            return (AccessDecision.OnPayer) bad.decide(request);
          }
        };
    timeout = SHORT;
    ask(gate(AccessHook.onPayer((r, p) -> AccessDecision.charge()), onPayer), paid(1));
    assertThat(transport.calls).containsExactly("refuse 503");
    assertThat(transport.refusal.body()).contains("settlement_pending");
    assertThat(chain.settlements).hasValue(0);
    timeout = Duration.ofSeconds(20);
    ask(gate(), paid(1));
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void hooksThatHangKeepABoundedNumberOfThreads() {
    timeout = SHORT;
    PaymentGate gate =
        gate(
            request -> {
              hang();
              return AccessDecision.grant("late");
            });
    for (int i = 0; i < AccessControl.MAX_THREADS + 3; i++) {
      ask(gate, UNPAID);
      assertThat(transport.calls).containsExactly("refuse 503");
    }
    long threads =
        Thread.getAllStackTraces().entrySet().stream()
            .filter(each -> each.getKey().getName().equals("x402-access"))
            .filter(
                each ->
                    Stream.of(each.getValue())
                        .anyMatch(frame -> frame.getClassName().contains("AccessHookTest")))
            .count();
    assertThat(threads).isEqualTo(AccessControl.MAX_THREADS);
  }

  // ---- what a hook sees

  @ParameterizedTest
  @ValueSource(strings = {"GET", "get", "HEAD"})
  void theMethodIsThatOfTheRule(String method) {
    AtomicReference<String> seen = new AtomicReference<>();
    PaymentGate gate =
        gate(
            request -> {
              seen.set(
                  request.method()
                      + " "
                      + request.resource().getPath()
                      + " "
                      + request.route().orElse("")
                      + " "
                      + request.query().orElse(""));
              return AccessDecision.charge();
            });
    gate.admit(
        gate.challenge(Offers.REQUIRED),
        Purchase.of(method + " /premium", method).withRoute("GET /premium").withQuery("a=b"),
        UNPAID);
    String expected = method.equals("get") ? "get" : "GET";
    assertThat(seen.get().toUpperCase(Locale.ROOT))
        .isEqualTo((expected + " /premium GET /premium a=b").toUpperCase(Locale.ROOT));
  }

  @Test
  void aRequestCannotBeReadAfterTheDecision() {
    AtomicReference<AccessRequest> kept = new AtomicReference<>();
    PaymentGate gate =
        gate(
            request -> {
              kept.set(request);
              return AccessDecision.charge();
            });
    ask(gate, Sale.headers("X-Api-Key", "k1"));
    assertThatIllegalStateException().isThrownBy(() -> kept.get().header("X-Api-Key"));
    assertThatIllegalStateException().isThrownBy(() -> kept.get().principal());
    assertThatIllegalStateException().isThrownBy(() -> kept.get().attribute("a"));
    assertThatIllegalStateException().isThrownBy(() -> kept.get().remoteAddress());
  }

  // ---- the recipient

  @Test
  void theChosenRecipientIsOfferedInEveryTokenAndPaid() throws Exception {
    PaymentGate gate = gate(request -> AccessDecision.payTo(OTHER));
    ask(gate, UNPAID);
    PaymentRequired offered =
        PaymentCodec.decodeRequired(transport.refusal.headers().get("PAYMENT-REQUIRED"));
    assertThat(offered.accepts()).hasSize(2).allMatch(option -> option.payTo().equals(OTHER));
    ask(gate, paidTo(OTHER, 1));
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void aPaymentToTheConfiguredRecipientIsRefused() {
    ask(gate(request -> AccessDecision.payTo(OTHER)), paid(1));
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(chain.verifications).hasValue(0);
    ask(gate(request -> AccessDecision.payTo(OTHER), r -> AccessDecision.payTo(THIRD)), paid(2));
    assertThat(transport.calls).containsExactly("refuse 402");
  }

  @Test
  void aHookThatChangesItsMindCostsThePayerNothing() throws Exception {
    AtomicReference<Address> recipient = new AtomicReference<>(OTHER);
    PaymentGate gate = gate(request -> AccessDecision.payTo(recipient.get()));
    ask(gate, UNPAID);
    recipient.set(THIRD);
    ask(gate, paidTo(OTHER, 1));
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(chain.verifications).hasValue(0);
    assertThat(
            PaymentCodec.decodeRequired(transport.refusal.headers().get("PAYMENT-REQUIRED"))
                .accepts())
        .allMatch(option -> option.payTo().equals(THIRD));
  }

  @Test
  void whatWasPaidIsDeliveredThoughTheHookChangesItsMindSince() {
    AtomicReference<Address> recipient = new AtomicReference<>(OTHER);
    PaymentGate gate = gate(request -> AccessDecision.payTo(recipient.get()));
    transport.connectionIsBroken = true;
    try {
      ask(gate, paidTo(OTHER, 1));
    } catch (UncheckedIOException e) {
      // The delivery has broken off.
    }
    transport.connectionIsBroken = false;
    recipient.set(THIRD);
    ask(gate, paidTo(OTHER, 1));
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
    assertThat(chain.settlements).hasValue(1);
  }

  @Test
  void noHookPaysTheZeroAddress() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                AccessDecision.payTo(Address.parse("0x0000000000000000000000000000000000000000")));
  }

  // ---- the payer

  @Test
  void aPayerIsRefusedBeforeItsMoneyMoves() {
    AtomicReference<AccessDecision.OnPayer> decision =
        new AtomicReference<>(AccessDecision.refuse(403, "screened"));
    PaymentGate gate = gate(AccessHook.onPayer((request, payment) -> decision.get()));
    ask(gate, UNPAID);
    assertThat(transport.calls).containsExactly("refuse 402");
    ask(gate, paid(1));
    assertThat(transport.calls).containsExactly("refuse 403");
    assertThat(transport.refusal.headers()).containsKey("PAYMENT-RESPONSE");
    assertThat(events).containsExactly("failed access_refused: screened");
    assertThat(chain.settlements).hasValue(0);
    decision.set(AccessDecision.charge());
    ask(gate, paid(1)); // nothing of it is held
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void aRefusedPayerCausesABoundedNumberOfVerifications() {
    PaymentGate gate =
        gate(AccessHook.onPayer((request, payment) -> AccessDecision.refuse(403, "screened")));
    for (int i = 0; i < 40; i++) {
      ask(gate, paid(i));
    }
    assertThat(transport.calls).containsExactly("refuse 429");
    assertThat(chain.verifications).hasValue(FailureBudget.DEFAULT_FAILURES_PER_MINUTE);
  }

  @Test
  void aPayerOnTheListIsNotCharged() {
    PaymentGate gate =
        gate(
            AccessHook.onPayer(
                (request, payment) ->
                    payment.payer().equals(Offers.PAYER)
                        ? AccessDecision.grant("partner")
                        : AccessDecision.charge()));
    for (int i = 0; i < 2; i++) {
      ask(gate, paid(1));
      assertThat(transport.calls).containsExactly("granted partner");
      assertThat(events).containsExactly("granted partner");
    }
    assertThat(chain.settlements).hasValue(0);
    assertThat(ledger.find(Offers.signed(1).key())).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(PaymentFlow.class)
  void aPaymentThatIsNotGoodProvesNoPayer(PaymentFlow flow) {
    PaymentGate gate =
        gate(AccessHook.onPayer((request, payment) -> AccessDecision.grant("partner")));
    chain.settleVerifies = true; // as a remote facilitator does
    chain.invalidOnChain =
        new Verification.Invalid(ErrorReason.NONCE_ALREADY_USED, "used", Offers.PAYER);
    ask(gate, flow, "GET /premium", Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, 1)));
    assertThat(transport.calls).containsExactly("refuse 402");
    chain.invalidOnChain = null;
    chain.expired = true;
    ask(gate, flow, "GET /premium", Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, 2)));
    assertThat(transport.calls).containsExactly("refuse 402");
  }

  @Test
  void aPayerWhoseMoneyHasMovedGetsItsDelivery() {
    AtomicReference<AccessDecision.OnPayer> decision =
        new AtomicReference<>(AccessDecision.charge());
    PaymentGate gate = gate(AccessHook.onPayer((request, payment) -> decision.get()));
    transport.connectionIsBroken = true;
    try {
      ask(gate, paid(1));
    } catch (UncheckedIOException e) {
      // The delivery has broken off.
    }
    transport.connectionIsBroken = false;
    decision.set(AccessDecision.refuse(403, "screened"));
    ask(gate, paid(1));
    assertThat(transport.calls).containsExactly("run", "headers", "deliver");
  }

  @Test
  void theTimeForADecisionIsBounded() {
    for (Duration bad : List.of(Duration.ZERO, Duration.ofSeconds(31), Duration.ofMillis(-1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PaymentGate.builder().accessTimeout(bad));
    }
  }

  @Test
  void whatAPaymentIsListedForKeepsTheConfiguredRecipient() {
    PaymentGate gate = gate(request -> AccessDecision.payTo(OTHER));
    Admission admission =
        gate.admit(
            gate.challenge(Offers.REQUIRED), Sale.purchase("GET /premium"), paidTo(OTHER, 1));
    VerifiedPayment payment = ((Admission.Admitted) admission).payment();
    assertThat(payment.requirements().payTo()).isEqualTo(OTHER);
    assertThat(payment.listed()).isEqualTo(Offers.REQUIRED);
    assertThat(payment.required()).isEqualTo(Offers.REQUIRED.withPayTo(OTHER));
  }
}
