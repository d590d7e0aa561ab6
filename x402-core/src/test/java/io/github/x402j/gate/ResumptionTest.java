// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentPayload;
import io.github.x402j.Settlement;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who gets what is owed for a payment. Once it is broadcast, authorization and signature are on the
 * chain, and a stranger can rebuild the header. What the payer sent besides is not there.
 */
class ResumptionTest {
  private static final String SECRET = "s".repeat(43);
  private static final String OTHER_SECRET = "t".repeat(43);
  private static final List<String> GOT_IT = List.of("run", "repeat");
  private static final String NAME = "purchase-number-1";
  private static final StoredAnswer ANSWER =
      StoredAnswer.of(200, Map.of("X-Payment-Receipt", List.of("a pass")), new byte[] {1});

  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();
  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(ledger)
          .facilitator(facilitator)
          .paymentIdentifiers(PaymentIdentifiers.optional())
          .build();

  /** What is owed to the payer. */
  enum Owed {
    /** The settlement's outcome was not known. */
    PENDING,
    /** The handler failed after the settlement. */
    FAILED_HANDLER,
    /** A delivery that was settled first broke off. */
    BROKEN_OFF,
    /** The answer is kept under the payment's name, with the pass in it. */
    STORED_ANSWER
  }

  private static String header(PaymentFlow flow, String name) {
    PaymentPayload plain = PaymentPayload.v2(Offers.BASE.withFlow(flow), Offers.payload(1));
    return PaymentCodec.encodePayload(
        name == null
            ? plain
            : plain.withInfo(PaymentIdentifiers.EXTENSION, Map.of("required", false, "id", name)));
  }

  private MemoryTransport send(
      PaymentFlow flow, String name, String secret, MemoryTransport transport) {
    List<String> headers = new ArrayList<>(List.of("PAYMENT-SIGNATURE", header(flow, name)));
    if (secret != null) {
      headers.addAll(List.of("X-Payment-Secret", secret));
    }
    Function<String, List<String>> all = Sale.headers(headers.toArray(String[]::new));
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)),
        Sale.purchase("GET /premium"),
        all,
        transport);
    return transport;
  }

  /** The flow of the payment that was begun; its header is sent again as it was. */
  private PaymentFlow begun = PaymentFlow.AUTHORIZATION;

  private void begin(Owed owed, String name, String secret) {
    facilitator.settlement = ScriptedFacilitator.settled();
    facilitator.outcome = ScriptedFacilitator.settled();
    switch (owed) {
      case PENDING -> {
        facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
        send(PaymentFlow.AUTHORIZATION, name, secret, MemoryTransport.running(() -> true));
      }
      case FAILED_HANDLER ->
          send(PaymentFlow.UPFRONT, name, secret, MemoryTransport.running(() -> false));
      case BROKEN_OFF ->
          send(PaymentFlow.UPFRONT, name, secret, MemoryTransport.running(null)).later.brokeOff();
      case STORED_ANSWER ->
          send(PaymentFlow.AUTHORIZATION, name, secret, MemoryTransport.answering(ANSWER));
    }
    begun =
        owed == Owed.FAILED_HANDLER || owed == Owed.BROKEN_OFF
            ? PaymentFlow.UPFRONT
            : PaymentFlow.AUTHORIZATION;
    assertThat(facilitator.settlements).hasValue(1);
  }

  private boolean gets(String name, String secret) {
    MemoryTransport transport = send(begun, name, secret, MemoryTransport.running(() -> true));
    return transport.calls.stream().anyMatch(GOT_IT::contains);
  }

  @ParameterizedTest
  @EnumSource(Owed.class)
  void aStrangerGetsNothingOfAPaymentThatHadASecretAndItsPayerGetsIt(Owed owed) {
    String name = owed == Owed.STORED_ANSWER ? NAME : null;
    begin(owed, name, SECRET);
    assertThat(gets(null, null)).as("the header, rebuilt").isFalse();
    assertThat(gets(null, OTHER_SECRET)).as("with a secret of the stranger's").isFalse();
    assertThat(gets(NAME, null)).as("with the payment's name").isFalse();
    assertThat(gets(NAME, OTHER_SECRET)).as("with the name and a secret").isFalse();
    assertThat(gets(name, SECRET)).as("its payer").isTrue();
    assertThat(facilitator.settlements).hasValue(1);
  }

  @ParameterizedTest
  @EnumSource(Owed.class)
  void aStrangerGetsNothingOfAPaymentThatHadAName(Owed owed) {
    begin(owed, NAME, null);
    assertThat(gets(null, null)).as("the header, rebuilt").isFalse();
    assertThat(gets(null, OTHER_SECRET)).as("with a secret of the stranger's").isFalse();
    assertThat(gets("another-name-000", null)).as("with another name").isFalse();
    assertThat(gets(NAME, null)).as("its payer").isTrue();
    assertThat(facilitator.settlements).hasValue(1);
  }

  /** A reverted transaction shows the authorization as well, and leaves it good for another. */
  @ParameterizedTest
  @EnumSource(PaymentFlow.class)
  void aStrangerCannotBeginAPaymentThatWasReverted(PaymentFlow flow) {
    Settlement reverted = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    facilitator.settlement = reverted;
    facilitator.outcome = reverted;
    send(flow, null, SECRET, MemoryTransport.running(() -> true));
    facilitator.settlement = ScriptedFacilitator.settled(); // the payer has money again
    assertThat(gets(null, null)).isFalse();
    assertThat(gets(null, OTHER_SECRET)).isFalse();
    assertThat(gets(null, SECRET)).as("another authorization is to be signed").isFalse();
    assertThat(facilitator.settlements).hasValue(1);
  }

  /** The published clients send neither. */
  @ParameterizedTest
  @EnumSource(
      value = Owed.class,
      names = {"PENDING", "FAILED_HANDLER", "BROKEN_OFF"})
  void aPayerWithoutASecretGetsWhatItIsOwed(Owed owed) {
    begin(owed, null, null);
    assertThat(gets(null, null)).isTrue();
    assertThat(gets(null, null)).as("once").isFalse();
    assertThat(facilitator.settlements).hasValue(1);
  }

  @Test
  void theStoredAnswerBringsThePassToItsPayerAlone() {
    begin(Owed.STORED_ANSWER, NAME, SECRET);
    MemoryTransport stranger =
        send(PaymentFlow.AUTHORIZATION, NAME, null, MemoryTransport.running(() -> true));
    assertThat(stranger.calls).containsExactly("refuse 409");
    MemoryTransport payer =
        send(PaymentFlow.AUTHORIZATION, NAME, SECRET, MemoryTransport.running(() -> true));
    assertThat(payer.repeated.headers()).containsKey("X-Payment-Receipt");
  }

  @ParameterizedTest
  @ValueSource(strings = {"short", "not base64url, and of the wrong length, too !", "\u00e9"})
  void aSecretThatIsNoneIsRefused(String secret) {
    facilitator.settlement = ScriptedFacilitator.settled();
    MemoryTransport transport =
        send(PaymentFlow.AUTHORIZATION, null, secret, MemoryTransport.running(() -> true));
    assertThat(transport.calls).containsExactly("refuse 400");
    assertThat(transport.refusal.body()).contains("X-Payment-Secret").doesNotContain(secret);
    assertThat(facilitator.verifications).hasValue(0);
  }

  /** What the ledger holds is neither the secret nor the request. */
  @Test
  void theLedgerHoldsNoSecret() {
    List<String> bindings = new ArrayList<>();
    PaymentLedger watched =
        (PaymentLedger)
            Proxy.newProxyInstance(
                PaymentLedger.class.getClassLoader(),
                new Class<?>[] {PaymentLedger.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("claim")) {
                    bindings.add((String) arguments[1]);
                  }
                  return method.invoke(ledger, arguments);
                });
    facilitator.settlement = ScriptedFacilitator.settled();
    PaymentGate other = PaymentGate.builder().ledger(watched).facilitator(facilitator).build();
    other.admit(
        other.challenge(Offers.REQUIRED),
        Sale.purchase("GET /premium"),
        Sale.headers(
            "PAYMENT-SIGNATURE",
            header(PaymentFlow.AUTHORIZATION, NAME),
            "X-Payment-Secret",
            SECRET));
    assertThat(bindings).singleElement().asString().matches("[0-9a-f]{64}");
  }
}
