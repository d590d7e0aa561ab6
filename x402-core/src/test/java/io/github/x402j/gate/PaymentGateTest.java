// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PaymentGateTest {
  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
  private final PaymentGate gate = PaymentGate.builder().ledger(ledger).facilitator(chain).build();
  private final Challenge challenge = gate.challenge(Offers.REQUIRED);

  private Admission admit(String request, String... headers) {
    Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 0; i < headers.length; i += 2) {
      all.computeIfAbsent(headers[i], name -> new ArrayList<>()).add(headers[i + 1]);
    }
    return gate.admit(challenge, Sale.purchase(request), name -> all.getOrDefault(name, List.of()));
  }

  private Admission pay(int nonce) {
    return admit("GET /premium", "Payment-Signature", Offers.v2(nonce));
  }

  private static VerifiedPayment admitted(Admission admission) {
    return ((Admission.Admitted) admission).payment();
  }

  private static Refusal refused(Admission admission) {
    return ((Admission.Refused) admission).refusal();
  }

  private static SettlementResponse response(Refusal refusal, String header) throws Exception {
    return PaymentCodec.decodeSettlement(refusal.headers().get(header));
  }

  @Test
  void asksForAPaymentInBothVersionsAtOnce() throws Exception {
    Refusal refusal = refused(admit("GET /premium"));
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(refusal.headers()).containsEntry("Cache-Control", "no-store");
    assertThat(PaymentCodec.decodeRequired(refusal.headers().get("PAYMENT-REQUIRED")))
        .isEqualTo(Offers.REQUIRED);
    assertThat(PaymentCodec.decodeRequiredBody(refusal.body()).accepts())
        .isEqualTo(Offers.REQUIRED.accepts());
    assertThat(refusal).isSameAs(challenge.refusal()); // encoded once
  }

  @Test
  void takesABlankHeaderForNone() {
    assertThat(refused(admit("GET /premium", "PAYMENT-SIGNATURE", "  ")))
        .isSameAs(challenge.refusal());
  }

  @Test
  void refusesTwoPaymentsInOneRequest() {
    assertThat(
            refused(
                    admit(
                        "GET /premium",
                        "PAYMENT-SIGNATURE",
                        Offers.v2(1),
                        "X-PAYMENT",
                        Offers.v1(1)))
                .status())
        .isEqualTo(400);
    assertThat(
            refused(admit("GET /premium", "X-PAYMENT", Offers.v1(1), "X-PAYMENT", Offers.v1(1)))
                .status())
        .isEqualTo(400);
    assertThat(ledger.size()).isZero();
  }

  @Test
  void answersWhatIsNoPaymentWith400() {
    for (String header : List.of("*", "AAAA", Offers.v2(1) + "," + Offers.v2(1), Offers.v1(1))) {
      Refusal refusal = refused(admit("GET /premium", "PAYMENT-SIGNATURE", header));
      assertThat(refusal.status()).isEqualTo(400);
      assertThat(refusal.headers()).doesNotContainKey("PAYMENT-REQUIRED");
    }
    assertThat(chain.verifications.get()).isZero();
  }

  @Test
  void admitsPaymentsOfBothVersions() {
    assertThat(admitted(pay(1)).x402Version()).isEqualTo(2);
    VerifiedPayment old = admitted(admit("GET /premium", "X-PAYMENT", Offers.v1(2)));
    assertThat(old.x402Version()).isEqualTo(1);
    assertThat(old.requirements()).isEqualTo(Offers.BASE);
    assertThat(old.payer()).isEqualTo(Offers.PAYER);
  }

  @Test
  void refusesTermsThatWereNotOffered() throws Exception {
    PaymentRequirements base = Offers.BASE;
    List<PaymentRequirements> others =
        List.of(
            PaymentRequirements.exact(
                Usdc.BASE, TokenAmount.of(1), Offers.PAY_TO, base.maxTimeout()),
            PaymentRequirements.exact(Usdc.BASE, base.amount(), Offers.PAYER, base.maxTimeout()),
            PaymentRequirements.exact(
                Usdc.BASE, base.amount(), Offers.PAY_TO, Duration.ofSeconds(61)),
            PaymentRequirements.exact(
                Usdc.POLYGON, base.amount(), Offers.PAY_TO, base.maxTimeout()),
            new PaymentRequirements(
                "upto",
                base.network(),
                base.amount(),
                base.asset(),
                base.payTo(),
                base.maxTimeout(),
                base.extra()),
            new PaymentRequirements(
                "exact",
                base.network(),
                base.amount(),
                Usdc.BASE_SEPOLIA.contract(),
                base.payTo(),
                base.maxTimeout(),
                base.extra()),
            new PaymentRequirements(
                "exact",
                base.network(),
                base.amount(),
                base.asset(),
                base.payTo(),
                base.maxTimeout(),
                Map.of("name", "USDC", "version", "2")));
    for (PaymentRequirements other : others) {
      String header = PaymentCodec.encodePayload(PaymentPayload.v2(other, Offers.payload(1)));
      Refusal refusal = refused(admit("GET /premium", "PAYMENT-SIGNATURE", header));
      assertThat(refusal.status()).isEqualTo(402);
      assertThat(response(refusal, "PAYMENT-RESPONSE").success()).isFalse();
    }
    assertThat(chain.verifications.get()).isZero();
    assertThat(ledger.size()).isZero();
  }

  @Test
  void answersARefusalInTheVersionOfThePayment() throws Exception {
    chain.invalidOnChain =
        new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "poor", Offers.PAYER);
    Refusal v2 = refused(pay(1));
    assertThat(response(v2, "PAYMENT-RESPONSE").errorReason()).isEqualTo("insufficient_funds");
    assertThat(v2.headers()).doesNotContainKey("X-PAYMENT-RESPONSE");
    assertThat(PaymentCodec.decodeRequired(v2.headers().get("PAYMENT-REQUIRED")).error())
        .isEqualTo("insufficient_funds");
    Refusal v1 = refused(admit("GET /premium", "X-PAYMENT", Offers.v1(1)));
    assertThat(response(v1, "X-PAYMENT-RESPONSE").payer()).isEqualTo(Offers.PAYER);
    assertThat(v1.headers()).doesNotContainKey("PAYMENT-RESPONSE");
    assertThat(ledger.size()).isZero(); // released: the payer may fill up and try again
  }

  @Test
  void deliversOnceForOnePayment() {
    chain.settlement = ScriptedFacilitator.settled();
    VerifiedPayment payment = admitted(pay(1));
    assertThat(gate.settle(payment)).isEqualTo(ScriptedFacilitator.settled());
    assertThat(payment.settlement()).contains(ScriptedFacilitator.settled());
    gate.delivered(payment);
    assertThat(refused(pay(1)).status()).isEqualTo(402);
    assertThat(refused(admit("GET /other", "X-PAYMENT", Offers.v1(1))).status()).isEqualTo(402);
    assertThat(chain.settlements.get()).isEqualTo(1);
  }

  @Test
  void admitsOneOfManyEqualPaymentsAtOnce() throws Exception {
    AtomicInteger admitted = new AtomicInteger();
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(64);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      all.add(
          pool.submit(
              () -> {
                start.await();
                Admission admission = pay(1);
                if (admission instanceof Admission.Admitted) {
                  admitted.incrementAndGet();
                } else {
                  assertThat(refused(admission).status()).isEqualTo(503);
                }
                return null;
              }));
    }
    start.countDown();
    for (Future<?> one : all) {
      one.get();
    }
    pool.shutdownNow();
    assertThat(admitted.get()).isEqualTo(1);
    assertThat(chain.verifications.get()).isEqualTo(1);
  }

  @Test
  void takesTheSamePaymentAgainAfterItsHandlerFailed() {
    gate.release(admitted(pay(1)));
    assertThat(pay(1)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void makesAPayerWaitWhoseRequestsFailAllTheTime() {
    for (int i = 0; i < FailureBudget.DEFAULT_FAILURES_PER_MINUTE; i++) {
      gate.release(admitted(pay(i)));
    }
    assertThat(refused(pay(1)).status()).isEqualTo(429);
    assertThat(refused(pay(100)).status()).isEqualTo(429);
  }

  @Test
  void makesAPaymentWaitThatFailsAllTheTimeAndNotItsPayer() {
    for (int i = 0; i < FailureBudget.DEFAULT_FAILURES_PER_MINUTE; i++) {
      gate.release(admitted(pay(1)));
    }
    assertThat(refused(pay(1)).status()).isEqualTo(429);
    assertThat(pay(2)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void answersAFailingChainWith503AndLetsThePaymentGo() throws Exception {
    chain.fails = true;
    Refusal refusal = refused(pay(1));
    assertThat(refusal.status()).isEqualTo(503);
    assertThat(refusal.headers()).containsKey("Retry-After");
    assertThat(response(refusal, "PAYMENT-RESPONSE").transaction()).isEmpty();
    assertThat(refusal.headers()).doesNotContainKey("PAYMENT-REQUIRED");
    chain.fails = false;
    assertThat(pay(1)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void answersAFullLedgerWith503() {
    for (int i = 0; i < 100; i++) {
      assertThat(pay(i)).isInstanceOf(Admission.Admitted.class);
    }
    assertThat(refused(pay(100)).status()).isEqualTo(503);
    assertThat(chain.verifications.get()).isEqualTo(100);
  }

  @Test
  void staysClosedWhenTheFacilitatorBreaks() {
    chain.breaks = true;
    assertThatThrownBy(() -> pay(1)).isInstanceOf(IllegalStateException.class);
    assertThat(ledger.size()).isZero();
    chain.breaks = false;
    assertThat(pay(1)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void refusesToOfferWhatClientsCannotRead() {
    PaymentRequired tooLong =
        PaymentRequired.of(
            new ResourceInfo("https://api.example.com/x", "d".repeat(6000), null),
            List.of(Offers.BASE));
    assertThatThrownBy(() -> gate.challenge(tooLong))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("header");
  }

  @Test
  void needsAFacilitator() {
    assertThatThrownBy(() -> PaymentGate.builder().ledger(ledger).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("facilitator");
  }

  @Test
  void isNotMovedByAListenerThatThrows() {
    PaymentGate observed =
        PaymentGate.builder()
            .ledger(ledger)
            .facilitator(chain)
            .listener(
                new PaymentListener() {
                  @Override
                  public void verified(VerifiedPayment payment) {
                    throw new IllegalStateException("observer");
                  }
                })
            .build();
    assertThat(
            observed.admit(
                challenge,
                Sale.purchase("GET /premium"),
                name -> name.equals("X-PAYMENT") ? List.of(Offers.v1(7)) : List.of()))
        .isInstanceOf(Admission.Admitted.class);
  }
}
