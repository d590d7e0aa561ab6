// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.testing.MutableClock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signed offers cost a bounded rate of signatures, and a signer that fails stops no sale. */
@Timeout(60)
class SignedOfferLimitTest {
  private static final int REQUESTS = 5_000;

  private final AtomicInteger signatures = new AtomicInteger();
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final MutableClock clock = new MutableClock();
  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private Runnable trouble = () -> {};
  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(1_000))
          .facilitator(chain)
          .clock(clock)
          .signOffers(new Signer(), Duration.ofMinutes(10))
          .build();

  private final class Signer implements OfferReceiptSigner {
    @Override
    public Map<String, Object> sign(OfferStatement offer) {
      signatures.incrementAndGet();
      trouble.run();
      return Map.of("format", "test", "signature", offer.resourceUrl() + " " + offer.until());
    }

    @Override
    public Map<String, Object> sign(ReceiptStatement receipt) {
      trouble.run();
      return Map.of("format", "test", "signature", receipt.resourceUrl());
    }
  }

  @AfterEach
  void end() {
    hanging.countDown();
  }

  private void hang() {
    boolean interrupted = true;
    while (interrupted) { // as bad as it gets
      try {
        hanging.await();
        interrupted = false;
      } catch (InterruptedException e) {
        // goes on
      }
    }
  }

  private static PaymentRequired required(int resource, long price) {
    return PaymentRequired.of(
        ResourceInfo.of("https://shop.example/item/" + resource),
        List.of(
            PaymentRequirements.exact(
                Usdc.BASE, TokenAmount.of(price), Offers.PAY_TO, Duration.ofSeconds(60))));
  }

  /** Returns whether the 402 for a request without a payment has a signed offer. */
  private boolean isSigned(Challenge challenge) {
    Admission admission = gate.admit(challenge, Sale.purchase("GET /item"), name -> List.of());
    Refusal refusal = ((Admission.Refused) admission).refusal();
    assertThat(refusal.status()).isEqualTo(402);
    try {
      PaymentRequired seen = PaymentCodec.decodeRequired(refusal.headers().get("PAYMENT-REQUIRED"));
      assertThat(seen.accepts()).isEqualTo(challenge.required().accepts());
      return seen.extensions().containsKey("offer-receipt");
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
  }

  private int signed(int requests, boolean dynamicPrices) {
    return (int)
        IntStream.range(0, requests)
            .filter(
                i ->
                    isSigned(
                        gate.challenge(dynamicPrices ? required(0, 1000 + i) : required(i, 1000))))
            .count();
  }

  private void start() {
    gate.start(List.of(Offers.BASE));
  }

  @Test
  void aPatternCostsABoundedRateOfSignatures() {
    start();
    int first = signed(REQUESTS, false);
    System.out.printf("%d paths: %d signatures%n", REQUESTS, signatures.get());
    assertThat(signatures).hasValue(100);
    assertThat(first).isEqualTo(100);
    clock.advance(Duration.ofSeconds(3));
    signed(REQUESTS, false);
    assertThat(signatures).hasValue(130);
  }

  @Test
  void dynamicPricesCostABoundedRateOfSignatures() {
    start();
    assertThat(signed(REQUESTS, true)).isEqualTo(100);
    System.out.printf("%d prices: %d signatures%n", REQUESTS, signatures.get());
    assertThat(signatures).hasValue(100);
  }

  @Test
  void theSameOfferIsSignedOnceForHalfOfItsValidity() {
    start();
    for (int i = 0; i < 1_000; i++) {
      assertThat(isSigned(gate.challenge(required(1, 1000)))).isTrue();
    }
    assertThat(signatures).hasValue(1);
    clock.advance(Duration.ofMinutes(5));
    for (int i = 0; i < 1_000; i++) {
      assertThat(isSigned(gate.challenge(required(1, 1000)))).isTrue();
    }
    assertThat(signatures).hasValue(2);
  }

  @Test
  void aRequestThatBringsAPaymentCostsNoSignature() {
    start();
    Challenge challenge = gate.challenge(Offers.REQUIRED);
    assertThat(
            gate.admit(
                challenge,
                Sale.purchase("GET /item"),
                name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(1)) : List.of()))
        .isInstanceOf(Admission.Admitted.class);
    assertThat(challenge.resource()).isEqualTo(Offers.REQUIRED.resource());
    assertThat(signatures).hasValue(0);
  }

  @Test
  void aSignerThatFailsAtTheStartFailsIt() {
    trouble =
        () -> {
          throw new IllegalStateException("no key");
        };
    assertThatThrownBy(() -> gate.challenge(required(1, 1000)))
        .isInstanceOf(IllegalStateException.class);
  }

  private void sells() {
    chain.settlement = ScriptedFacilitator.settled();
    VerifiedPayment payment =
        ((Admission.Admitted)
                gate.admit(
                    gate.challenge(Offers.REQUIRED),
                    Sale.purchase("GET /item"),
                    name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(1)) : List.of()))
            .payment();
    gate.settle(payment);
    assertThat(gate.receipt(payment)).containsKey("PAYMENT-RESPONSE");
  }

  @Test
  void aSignerThatThrowsStopsNoSaleAndIsLoggedOnceAMinute() {
    start();
    for (Throwable e :
        List.of(new IllegalStateException("away"), new NoClassDefFoundError("library"))) {
      trouble =
          () -> {
            SignedOfferLimitTest.<RuntimeException>sneak(e);
          };
      PrintStream usual = System.err;
      ByteArrayOutputStream lines = new ByteArrayOutputStream();
      System.setErr(new PrintStream(lines, true, StandardCharsets.UTF_8));
      try {
        assertThat(signed(50, false)).isZero();
      } finally {
        System.setErr(usual);
      }
      assertThat(lines.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains("signer")))
          .hasSizeLessThanOrEqualTo(1);
    }
    sells();
    trouble = () -> {};
    clock.advance(Duration.ofSeconds(1));
    assertThat(isSigned(gate.challenge(required(1, 1000)))).isTrue();
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable e) throws E {
    throw (E) e;
  }

  @Test
  void aSignerThatHangsStopsNoSale() {
    Challenge fixed = gate.challenge(required(REQUESTS, 1000)); // signed at the start
    start();
    trouble = this::hang;
    long begin = System.nanoTime();
    assertThat(signed(1_000, false)).isZero();
    long millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
    System.out.printf("1000 requests to a signer that hangs: %d ms%n", millis);
    assertThat(millis).isLessThan(20_000);
    sells();
    assertThat(isSigned(fixed)).isTrue();
    clock.advance(Duration.ofMinutes(9)); // due, and still good
    assertThat(isSigned(fixed)).isTrue();
    clock.advance(Duration.ofMinutes(2)); // no statement is better than one that has ended
    assertThat(isSigned(fixed)).isFalse();
  }

  @Test
  void whatIsSignedLateGoesOutNextTime() throws Exception {
    start();
    trouble = this::hang;
    Challenge challenge = gate.challenge(required(1, 1000));
    assertThat(isSigned(challenge)).isFalse();
    hanging.countDown();
    clock.advance(Duration.ofSeconds(1));
    while (!isSigned(gate.challenge(required(1, 1000)))) {
      Thread.onSpinWait();
    }
    assertThat(isSigned(challenge)).isTrue();
    assertThat(signatures).hasValue(1);
  }
}
