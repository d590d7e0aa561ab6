// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.MemoryTransport;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.ScriptedFacilitator;
import io.github.x402j.gate.Untouchable;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaymentIdentifierTest {
  private static final String ID = "purchase-000000001";

  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final MutableClock clock = new MutableClock();
  private final PaymentGate gate =
      gate(PaymentIdentifiers.optional().storedIn(InMemoryAnswerStore.by(clock)));

  private PaymentGate gate(PaymentIdentifiers identifiers) {
    return PaymentGate.builder()
        .ledger(InMemoryPaymentLedger.withCapacity(100))
        .facilitator(facilitator)
        .paymentIdentifiers(identifiers)
        .build();
  }

  private static PaymentPayload payment(int nonce, Object id) {
    PaymentPayload plain = PaymentPayload.v2(Offers.BASE, Offers.payload(nonce));
    return id == null ? plain : named(plain, id, false);
  }

  private static PaymentPayload named(PaymentPayload plain, Object id, boolean required) {
    return plain.withInfo(PaymentIdentifiers.EXTENSION, Map.of("required", required, "id", id));
  }

  private static Admission admit(PaymentGate gate, PaymentPayload payment, String request) {
    return gate.admit(
        gate.challenge(Offers.REQUIRED), Sale.purchase(request), Sale.headers(payment));
  }

  private void buy(int nonce, StoredAnswer answer) {
    facilitator.settlement = ScriptedFacilitator.settled();
    MemoryTransport sold = MemoryTransport.answering(answer);
    gate.sell(
        gate.challenge(Offers.REQUIRED),
        Sale.purchase("GET /a"),
        Sale.headers(payment(nonce, ID)),
        sold);
    assertThat(sold.calls).containsExactly("run", "headers", "copy", "deliver");
  }

  private static int status(Admission admission) {
    return ((Admission.Refused) admission).refusal().status();
  }

  @Test
  void answersTheSamePaymentAgainFromTheStore() {
    buy(1, StoredAnswer.of(200, Map.of("A", List.of("b")), "paid".getBytes(UTF_8)));
    StoredAnswer again = ((Admission.Answered) admit(gate, payment(1, ID), "GET /a")).answer();
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.headers()).containsEntry("A", List.of("b"));
    assertThat(again.body()).isEqualTo("paid".getBytes(UTF_8));
  }

  @Test
  void refusesAnotherPaymentOrRequestUnderTheName() {
    buy(1, StoredAnswer.of(200, Map.of(), new byte[0]));
    assertThat(status(admit(gate, payment(2, ID), "GET /a"))).isEqualTo(409);
    assertThat(status(admit(gate, payment(1, ID), "GET /b"))).isEqualTo(409);
  }

  @Test
  void refusesAnotherPaymentWhileTheFirstIsInFlight() {
    Admission first = admit(gate, payment(1, ID), "GET /a");
    assertThat(status(admit(gate, payment(2, ID), "GET /a"))).isEqualTo(409);
    assertThat(status(admit(gate, payment(1, ID), "GET /a"))).isEqualTo(503); // one execution
    gate.release(((Admission.Admitted) first).payment()); // it has cost nothing
    assertThat(admit(gate, payment(2, ID), "GET /a")).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void forgetsAnAnswerInTimeAndTakesNoneThatIsTooLarge() {
    buy(1, StoredAnswer.of(200, Map.of(), new byte[300_000]));
    assertThat(status(admit(gate, payment(1, ID), "GET /a"))).isEqualTo(402); // used
    clock.advance(Duration.ofMinutes(10));
    buy(2, StoredAnswer.of(200, Map.of(), new byte[0]));
    assertThat(admit(gate, payment(2, ID), "GET /a")).isInstanceOf(Admission.Answered.class);
    clock.advance(Duration.ofMinutes(10));
    assertThat(status(admit(gate, payment(2, ID), "GET /a"))).isEqualTo(402);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fifteen-000000x", "", "with space 0000001", "umlaut-\u00e4-000000001"})
  void takesNoOtherNames(String id) {
    assertThat(status(admit(gate, payment(1, id), "GET /a"))).isEqualTo(400);
    assertThat(status(admit(gate, payment(1, "x".repeat(129)), "GET /a"))).isEqualTo(400);
    assertThat(status(admit(gate, payment(1, 7L), "GET /a"))).isEqualTo(400);
  }

  @Test
  void needsANameOnlyWhereTheSellerSaysSo() throws Exception {
    PaymentGate required = gate(PaymentIdentifiers.required());
    assertThat(status(admit(required, payment(1, null), "GET /a"))).isEqualTo(400);
    assertThat(admit(gate, payment(1, null), "GET /a")).isInstanceOf(Admission.Admitted.class);
    Admission unpaid =
        required.admit(
            required.challenge(Offers.REQUIRED), Sale.purchase("GET /a"), Sale.headers());
    PaymentRequired seen =
        PaymentCodec.decodeRequired(
            ((Admission.Refused) unpaid).refusal().headers().get("PAYMENT-REQUIRED"));
    assertThat(seen.extensions().get(PaymentIdentifiers.EXTENSION))
        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
        .containsEntry("info", Map.of("required", true))
        .containsOnlyKeys("info", "schema");
  }

  @Test
  void looksNothingUpForASignatureThatIsNotGood() {
    buy(1, StoredAnswer.of(200, Map.of(), new byte[0]));
    PaymentGate local =
        PaymentGate.builder()
            .ledger(Untouchable.of(PaymentLedger.class))
            .facilitator(LocalCheckOnly.facilitator())
            .paymentIdentifiers(PaymentIdentifiers.optional())
            .build();
    PaymentPayload good = Sale.v2(1);
    Map<String, Object> forged = new LinkedHashMap<>(good.payload());
    forged.put("signature", "0x" + "11".repeat(64) + "1b");
    PaymentPayload payload = named(good.withPayload(forged), ID, false);
    Admission admission =
        local.admit(
            local.challenge(Sale.REQUIRED), Sale.purchase(Sale.REQUEST), Sale.headers(payload));
    assertThat(status(admission)).isEqualTo(402);
  }

  private PaymentGate sharing(AnswerStore answers, PaymentLedger ledger) {
    return PaymentGate.builder()
        .ledger(ledger)
        .facilitator(facilitator)
        .paymentIdentifiers(PaymentIdentifiers.optional().storedIn(answers))
        .build();
  }

  /** Between the record of a delivery and the store, another server has no answer yet. */
  @Test
  void givesTheAnswerOfAnotherServerOrAsksToComeBackForIt() {
    AnswerStore answers = InMemoryAnswerStore.create();
    PaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
    PaymentGate one = sharing(answers, ledger);
    PaymentGate other = sharing(answers, ledger);
    facilitator.settlement = ScriptedFacilitator.settled();
    List<Integer> meanwhile = new ArrayList<>();
    MemoryTransport sold =
        MemoryTransport.answering(StoredAnswer.of(200, Map.of(), "paid".getBytes(UTF_8)));
    sold.onCopy = () -> meanwhile.add(status(admit(other, payment(1, ID), "GET /a")));
    one.sell(
        one.challenge(Offers.REQUIRED),
        Sale.purchase("GET /a"),
        Sale.headers(payment(1, ID)),
        sold);
    assertThat(meanwhile).containsExactly(503);
    Admission.Answered again = (Admission.Answered) admit(other, payment(1, ID), "GET /a");
    assertThat(again.answer().body()).isEqualTo("paid".getBytes(UTF_8));
    assertThat(status(admit(other, payment(2, ID), "GET /a"))).isEqualTo(409);
    assertThat(status(admit(other, payment(1, ID), "GET /b"))).isEqualTo(409);
  }

  /** All of a payment is in the binding, whatever the order of its members. */
  @Test
  void bindsTheAnswerToEachMemberOfThePayment() {
    buy(1, StoredAnswer.of(200, Map.of(), new byte[0]));
    PaymentPayload bought = payment(1, ID);
    Map<String, Object> echo = new LinkedHashMap<>();
    echo.put("other", Map.of("info", Map.of("a", 1L)));
    echo.putAll(bought.extensions());
    assertThat(status(admit(gate, with(bought, bought.payload(), echo), "GET /a"))).isEqualTo(409);
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("added", "x");
    payload.putAll(bought.payload());
    assertThat(status(admit(gate, with(bought, payload, bought.extensions()), "GET /a")))
        .isEqualTo(409);
    payload.remove("added");
    Map<String, Object> turned = new LinkedHashMap<>();
    List<String> names = new ArrayList<>(payload.keySet());
    Collections.reverse(names);
    names.forEach(name -> turned.put(name, payload.get(name)));
    assertThat(admit(gate, with(bought, turned, bought.extensions()), "GET /a"))
        .isInstanceOf(Admission.Answered.class);
  }

  private static PaymentPayload with(
      PaymentPayload payment, Map<String, Object> payload, Map<String, Object> extensions) {
    return payment.withPayload(payload).withExtensions(extensions);
  }

  /** The money has moved: the answer goes out. Before that, nothing is sold. */
  @Test
  void sellsNothingWhereTheStoreDoesNotAnswerAndDeliversWhereItFailsLater() {
    FailingStore answers = new FailingStore();
    PaymentGate failing = sharing(answers, InMemoryPaymentLedger.withCapacity(100));
    facilitator.settlement = ScriptedFacilitator.settled();
    answers.failing = true;
    assertThat(status(admit(failing, payment(1, ID), "GET /a"))).isEqualTo(503);
    answers.failing = false;
    MemoryTransport sold = MemoryTransport.answering(StoredAnswer.of(200, Map.of(), new byte[0]));
    sold.onCopy = () -> answers.failing = true;
    failing.sell(
        failing.challenge(Offers.REQUIRED),
        Sale.purchase("GET /a"),
        Sale.headers(payment(1, ID)),
        sold);
    assertThat(sold.calls).containsExactly("run", "headers", "copy", "deliver");
  }

  /** Fails when told. */
  private static final class FailingStore implements AnswerStore {
    private final AnswerStore store = InMemoryAnswerStore.create();
    private boolean failing;

    private AnswerStore store() {
      if (failing) {
        throw new IllegalStateException("the database does not answer");
      }
      return store;
    }

    @Override
    public Taken take(NamedPayment payment, Duration keep) {
      return store().take(payment, keep);
    }

    @Override
    public void store(NamedPayment payment, StoredAnswer answer) {
      store().store(payment, answer);
    }

    @Override
    public void notKept(NamedPayment payment) {
      store().notKept(payment);
    }

    @Override
    public void free(NamedPayment payment) {
      store().free(payment);
    }
  }

  /** One server takes the name, another one the payment: the answer is stored all the same. */
  @Test
  void keepsTheNameOfAPaymentThatAnotherServerHolds() {
    InMemoryAnswerStore store = InMemoryAnswerStore.by(clock);
    PaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
    StoredAnswer answer = StoredAnswer.of(200, Map.of(), "paid".getBytes(UTF_8));
    MemoryTransport sold = MemoryTransport.answeringLater(answer);
    PaymentGate second = server(ledger, store);
    AnswerStore interleaved =
        new AnswerStore() {
          @Override
          public Taken take(NamedPayment payment, Duration keep) {
            Taken taken = store.take(payment, keep);
            sell(second, sold);
            return taken;
          }

          @Override
          public void store(NamedPayment payment, StoredAnswer given) {
            store.store(payment, given);
          }

          @Override
          public void notKept(NamedPayment payment) {
            store.notKept(payment);
          }

          @Override
          public void free(NamedPayment payment) {
            store.free(payment);
          }
        };
    facilitator.settlement = ScriptedFacilitator.settled();
    assertThat(status(admit(server(ledger, interleaved), payment(1, ID), "GET /a"))).isEqualTo(503);
    sold.later.completed();
    assertThat(sold.calls).containsExactly("run", "headers", "copy", "deliver");
    assertThat(admit(second, payment(1, ID), "GET /a")).isInstanceOf(Admission.Answered.class);
  }

  private PaymentGate server(PaymentLedger ledger, AnswerStore store) {
    return PaymentGate.builder()
        .ledger(ledger)
        .facilitator(facilitator)
        .paymentIdentifiers(PaymentIdentifiers.optional().storedIn(store))
        .build();
  }

  private static void sell(PaymentGate gate, MemoryTransport transport) {
    gate.sell(
        gate.challenge(Offers.REQUIRED),
        Sale.purchase("GET /a"),
        Sale.headers(payment(1, ID)),
        transport);
  }
}
