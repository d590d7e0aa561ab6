// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.Settlement;
import io.github.x402j.TransferConfirmation;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.ReceiptAcceptor;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.VerifiedPayment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gate does with receipts that are good, and with those that it cannot decide on. */
class ReceiptGateTest {
  private static final Pass PASS = Pass.of("/premium", "GET", Duration.ofMinutes(10), 3);
  private static final Purchase PURCHASE = Purchase.of(Sale.REQUEST, "GET");

  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK);

  private PaymentGate gate(TrustedIssuer... trusted) {
    return gate(ReceiptVerifier.of(List.of(trusted), Sale.CLOCK));
  }

  private PaymentGate gate(ReceiptAcceptor acceptor) {
    return PaymentGate.builder()
        .ledger(ledger)
        .facilitator(LocalCheckOnly.facilitator())
        .clock(Sale.CLOCK)
        .failuresPerMinute(5)
        .acceptReceipts(acceptor)
        .build();
  }

  private static PaymentGate network(InMemoryPaymentLedger ledger) {
    return PaymentGate.builder()
        .ledger(ledger)
        .facilitator(LocalCheckOnly.facilitator())
        .clock(Sale.CLOCK)
        .acceptReceipts(
            ReceiptVerifier.of(List.of(Network402.trusted(Network402.SIGNER).build()), Sale.CLOCK))
        .build();
  }

  private static Admission admit(PaymentGate gate, Purchase purchase, String... headers) {
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    return gate.admit(challenge, purchase, Sale.headers(headers));
  }

  private static Refusal refused(Admission admission) {
    return ((Admission.Refused) admission).refusal();
  }

  private static VerifiedPayment admitted(Admission admission) {
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).payment();
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-PAYMENT", "x-payment", "X-Payment-Receipt"})
  void aReceiptIsGoodOnce(String header) throws Exception {
    PaymentGate gate = network(ledger);
    String token = Network402.token("1");
    VerifiedPayment payment = admitted(admit(gate, PURCHASE, header, token));
    assertThat(payment.payer()).isEqualTo(Network402.PAYER);
    assertThat(payment.requirements()).isEqualTo(Sale.OFFER);
    assertThat(payment.receipt().orElseThrow().key()).isEqualTo(Network402.receipt("1").key());
    assertThat(gate.settle(payment)).isInstanceOf(Settlement.Settled.class);

    assertThat(refused(admit(gate, PURCHASE, header, token)).status()).isEqualTo(503); // in use
    gate.delivered(payment);
    Refusal second = refused(admit(gate, PURCHASE, header, token));
    assertThat(second.status()).isEqualTo(402);
    assertThat(second.headers()).containsKeys("PAYMENT-REQUIRED", "PAYMENT-RESPONSE");
    assertThat(second.body()).contains("receipt_already_used");
    assertThat(PaymentCodec.decodeSettlement(gate.receipt(payment).get("PAYMENT-RESPONSE")))
        .satisfies(response -> assertThat(response.transaction()).isEqualTo(Network402.TX));
    assertThat(gate.receipt(payment)).containsEntry("X-Payment-Receipt-Remaining", "0");
    assertThat(gate.receipt(payment)).doesNotContainKey("X-Payment-Receipt");
  }

  @Test
  void givesAUseBackWhenTheHandlerFailsAndBoundsHowOften() {
    PaymentGate gate = gate(Network402.trusted(Network402.SIGNER).build());
    for (int i = 0; i < 5; i++) {
      gate.release(admitted(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))));
    }
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))).status())
        .isEqualTo(429);
  }

  @Test
  void aReceiptIsNoGoodWithoutAnAcceptor() {
    PaymentGate none =
        PaymentGate.builder().ledger(ledger).facilitator(LocalCheckOnly.facilitator()).build();
    assertThat(refused(admit(none, PURCHASE, "X-PAYMENT", Network402.token("1"))).status())
        .isEqualTo(402);
  }

  @Test
  void refusesTwoPaymentHeadersOfAnyKind() {
    PaymentGate gate = network(ledger);
    String token = Network402.token("1");
    String payment = PaymentCodec.encodePayload(Sale.v2(1));
    for (String[] headers :
        List.of(
            new String[] {"X-PAYMENT", token, "X-Payment-Receipt", token},
            new String[] {"PAYMENT-SIGNATURE", payment, "X-Payment-Receipt", token},
            new String[] {"PAYMENT-SIGNATURE", payment, "X-PAYMENT", token},
            new String[] {"X-Payment-Receipt", token, "x-payment-receipt", token})) {
      assertThat(refused(admit(gate, PURCHASE, headers)).status()).isEqualTo(400);
    }
    assertThat(ledger.size()).isZero();
  }

  @Test
  void takesAQueryWordForWord() {
    PaymentGate gate = network(ledger);
    String token =
        Network402.SIGNER.sign(
            Network402.receipt("1", Sale.URL + "?id=7", "GET", false, OptionalLong.empty()));
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", token)).status()).isEqualTo(402);
    assertThat(refused(admit(gate, PURCHASE.withQuery("id=8"), "X-PAYMENT", token)).status())
        .isEqualTo(402);
    admitted(admit(gate, PURCHASE.withQuery("id=7"), "X-PAYMENT", token));
  }

  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void aPassOpensItsRouteAsOftenAsItSaysInEveryAlgorithm(ReceiptAlgorithm algorithm) {
    ReceiptIssuer issuer = Network402.issuer(SigningKey.generated(algorithm));
    PaymentGate gate = gate(TrustedIssuer.self(issuer));
    String token =
        issuer.sign(Network402.receipt("1", "/premium", "GET", true, OptionalLong.of(3)));
    for (long left = 2; left >= 0; left--) {
      VerifiedPayment payment =
          admitted(admit(gate, PURCHASE.withPass(PASS), "X-Payment-Receipt", token));
      assertThat(payment.remainingUses()).hasValue(left);
      assertThat(gate.receipt(payment)).containsEntry("X-Payment-Receipt-Remaining", "" + left);
      gate.delivered(payment);
    }
    assertThat(refused(admit(gate, PURCHASE.withPass(PASS), "X-Payment-Receipt", token)).body())
        .contains("receipt_already_used");
  }

  @Test
  void aPassOpensNothingElse() {
    PaymentGate gate = gate(TrustedIssuer.self(Network402.SIGNER));
    String token =
        Network402.SIGNER.sign(
            Network402.receipt("1", "/premium", "GET", true, OptionalLong.empty()));
    Pass other = Pass.unlimited("/other", "GET", Duration.ofMinutes(10));
    Pass post = Pass.unlimited("/premium", "POST", Duration.ofMinutes(10));
    for (Purchase purchase : List.of(PURCHASE, PURCHASE.withPass(other), PURCHASE.withPass(post))) {
      assertThat(refused(admit(gate, purchase, "X-PAYMENT", token)).status()).isEqualTo(402);
    }
    for (int i = 0; i < 10; i++) {
      VerifiedPayment payment = admitted(admit(gate, PURCHASE.withPass(PASS), "X-PAYMENT", token));
      assertThat(gate.receipt(payment)).containsEntry("X-Payment-Receipt-Remaining", "unlimited");
      gate.delivered(payment);
    }
    assertThat(ledger.size()).isZero(); // nothing to count
  }

  @Test
  void manyThreadsGetExactlyTheUsesOfAPass() throws Exception {
    PaymentGate gate = gate(TrustedIssuer.self(Network402.SIGNER));
    Pass pass = Pass.of("/premium", "GET", Duration.ofMinutes(10), 50);
    String token =
        Network402.SIGNER.sign(
            Network402.receipt("1", "/premium", "GET", true, OptionalLong.of(50)));
    AtomicInteger delivered = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(16);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(
            pool.submit(
                () -> {
                  Admission admission = admit(gate, PURCHASE.withPass(pass), "X-PAYMENT", token);
                  if (admission instanceof Admission.Admitted admitted) {
                    delivered.incrementAndGet();
                    gate.delivered(admitted.payment());
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(delivered).hasValue(50);
  }

  @Test
  void oneTransactionPaysForOneReceipt() {
    PaymentGate gate =
        gate(confirmed(new TransferConfirmation.Answer.Confirmed(Sale.NOW.plusSeconds(3600))));
    gate.delivered(admitted(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))));
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("2"))).body())
        .contains("receipt_already_used");
  }

  @Test
  void aRefutedTransactionBuysNothingAndGivesTheUseBack() {
    PaymentGate gate = gate(confirmed(new TransferConfirmation.Answer.Refuted("reverted")));
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))).body())
        .contains("invalid_transaction_state");
    assertThat(ledger.size()).isZero();
  }

  @Test
  void aChainThatDoesNotAnswerIs503AndGivesTheUseBack() {
    PaymentGate gate = gate(confirmed(null));
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))).status())
        .isEqualTo(503);
    assertThat(ledger.size()).isZero();
  }

  @Test
  void aLedgerThatIsFullIs503() {
    InMemoryPaymentLedger small = InMemoryPaymentLedger.withCapacity(2, Sale.CLOCK);
    PaymentGate gate = network(small);
    gate.delivered(admitted(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("1"))));
    assertThat(refused(admit(gate, PURCHASE, "X-PAYMENT", Network402.token("2"))).status())
        .isEqualTo(503);
    InMemoryPaymentLedger one = InMemoryPaymentLedger.withCapacity(1, Sale.CLOCK);
    assertThat(refused(admit(network(one), PURCHASE, "X-PAYMENT", Network402.token("1"))).status())
        .isEqualTo(503); // no room for its transaction
    assertThat(one.size()).isZero();
  }

  @Test
  void repeatsTheDescriptorInItsOlderHeaderOnlyWhereSwitchedOn() {
    PaymentGate.Builder builder =
        PaymentGate.builder().ledger(ledger).facilitator(LocalCheckOnly.facilitator());
    assertThat(refused(admit(builder.build(), PURCHASE)).headers())
        .doesNotContainKey("X-Payment-Required");
    Refusal refusal = refused(admit(builder.olderRequiredHeader().build(), PURCHASE));
    assertThat(refusal.headers().get("X-Payment-Required"))
        .isEqualTo(refusal.headers().get("PAYMENT-REQUIRED"));
  }

  private static TrustedIssuer confirmed(TransferConfirmation.Answer answer) {
    return Network402.trusted(Network402.SIGNER)
        .confirmOnChain(
            new TransferConfirmation() {
              @Override
              public TransferConfirmation.Answer confirm(AcceptedReceipt receipt)
                  throws FacilitatorException {
                if (answer == null) {
                  throw new FacilitatorException("the chain did not answer");
                }
                return answer;
              }

              @Override
              public Duration maxAge() {
                return Duration.ofHours(1);
              }
            })
        .build();
  }
}
