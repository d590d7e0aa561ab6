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
      gate(PaymentIdentifiers.optional().keepingFor(Duration.ofMinutes(10), clock));

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
}
