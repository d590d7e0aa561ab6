// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSObject;
import io.github.x402j.JsonText;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.MutableClock;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OfferReceiptTest {
  private static final OfferStatement OFFER = OfferStatement.of(Sale.URL, Sale.OFFER);
  private static final OfferStatement UNTIL =
      new OfferStatement(
          Sale.URL,
          "exact",
          Sale.OFFER.network(),
          Sale.OFFER.asset(),
          Sale.PAY_TO,
          Sale.OFFER.amount(),
          Sale.NOW);
  private static final ReceiptStatement RECEIPT =
      new ReceiptStatement(
          Sale.OFFER.network(), Sale.URL, Network402.PAYER, Sale.NOW, Network402.TX);
  private static final SigningKey KEY = SigningKey.generated(ReceiptAlgorithm.ES256K);

  static Stream<Arguments> formats() {
    String jwks =
        ReceiptIssuer.builder("https://shop.example", "https://shop.example")
            .key(KEY)
            .build()
            .jwks();
    return Stream.of(
        Arguments.of(
            JwsStatements.of(KEY),
            OfferReceiptVerifier.of(JwsStatements.trusting(jwks, ReceiptAlgorithm.ES256K))
                .by(Sale.CLOCK)),
        Arguments.of(
            Eip712Statements.of(Sale.PAYER),
            OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(Sale.PAYER.address())))
                .by(Sale.CLOCK)));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void whatIsSignedVerifies(OfferReceiptSigner signer, OfferReceiptVerifier verifier) {
    assertThat(verifier.offer(signer.sign(OFFER))).contains(OFFER);
    assertThat(verifier.offer(signer.sign(UNTIL))).contains(UNTIL);
    assertThat(verifier.receipt(signer.sign(RECEIPT))).contains(RECEIPT);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void nothingElseDoes(OfferReceiptSigner signer, OfferReceiptVerifier verifier) {
    Map<String, Object> good = signer.sign(OFFER);
    for (Map.Entry<String, Object> change :
        List.<Map.Entry<String, Object>>of(
            Map.entry("format", "other"),
            Map.entry("format", 7L),
            Map.entry("payload", "text"),
            Map.entry("payload", Map.of("version", 1L)),
            Map.entry("signature", "0x00"),
            Map.entry("signature", "0x" + "00".repeat(65)),
            Map.entry("signature", "a.b.c"))) {
      Map<String, Object> changed = new LinkedHashMap<>(good);
      changed.put(change.getKey(), change.getValue());
      assertThat(verifier.offer(changed)).as("%s", change).isEmpty();
    }
    assertThat(verifier.receipt(good)).isEmpty(); // an offer is no receipt
    assertThat(verifier.offer(signer.sign(RECEIPT))).isEmpty();
  }

  @Test
  void everyMemberIsSigned() {
    OfferReceiptVerifier verifier =
        OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(Sale.PAYER.address())))
            .by(Sale.CLOCK);
    Map<String, Object> good = Eip712Statements.of(Sale.PAYER).sign(UNTIL);
    for (String name : UNTIL.toMembers().keySet()) {
      Map<String, Object> members = new LinkedHashMap<>(UNTIL.toMembers());
      Object old = members.get(name);
      members.put(name, old instanceof Long number ? (Object) (number + 1) : old + "0");
      Map<String, Object> changed = new LinkedHashMap<>(good);
      changed.put("payload", members);
      assertThat(verifier.offer(changed)).as(name).isEmpty();
    }
  }

  @Test
  void anotherSignerIsNotBelieved() {
    assertThat(
            OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(Sale.PAY_TO)))
                .offer(Eip712Statements.of(Sale.PAYER).sign(OFFER)))
        .isEmpty();
    SigningKey other = SigningKey.generated(ReceiptAlgorithm.ES256K);
    String jwks =
        ReceiptIssuer.builder("https://shop.example", "https://shop.example")
            .key(other)
            .build()
            .jwks();
    assertThat(
            OfferReceiptVerifier.of(JwsStatements.trusting(jwks, ReceiptAlgorithm.ES256K))
                .offer(JwsStatements.of(KEY).sign(OFFER)))
        .isEmpty();
  }

  @Test
  void aJwsIsOverCanonicalJson() throws Exception {
    String jws = (String) JwsStatements.of(KEY).sign(UNTIL).get("signature");
    assertThat(JWSObject.parse(jws).getPayload().toString())
        .isEqualTo(
            "{\"amount\":\"10000\",\"asset\":\"0x036CbD53842c5426634e7929541eC2318f3dCF7e\","
                + "\"network\":\"eip155:84532\",\"payTo\":\""
                + Sale.PAY_TO.text()
                + "\",\"resourceUrl\":\"https://shop.example/premium\",\"scheme\":\"exact\","
                + "\"validUntil\":1767225600,\"version\":1}");
    assertThat(JsonText.canonical(Map.of("b", "\u20ac\"\\\n\u0001\u001f\u007f/", "a", 1L)))
        .isEqualTo("{\"a\":1,\"b\":\"\u20ac\\\"\\\\\\n\\u0001\\u001f\u007f/\"}");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void anOfferHoldsInItsLastSecondAndNotAfter(
      OfferReceiptSigner signer, OfferReceiptVerifier verifier) {
    Map<String, Object> signed = signer.sign(UNTIL);
    assertThat(verifier.offer(signed, Sale.NOW.minusSeconds(1))).contains(UNTIL);
    assertThat(verifier.offer(signed, Sale.NOW)).contains(UNTIL);
    assertThat(verifier.offer(signed, Sale.NOW.plusMillis(999))).contains(UNTIL);
    assertThat(verifier.offer(signed, Sale.NOW.plusSeconds(1))).isEmpty();
    assertThat(verifier.by(Clock.offset(Sale.CLOCK, Duration.ofSeconds(1))).offer(signed)) // now
        .isEmpty();
    assertThat(verifier.offer(signer.sign(OFFER), Instant.MAX)).contains(OFFER); // has no end
  }

  /** Section 4.3 of the extension: in a signature what is absent is 0, and 0 is absent. */
  @Test
  void anEndOfZeroIsNone() {
    Map<String, Object> signed = new LinkedHashMap<>(Eip712Statements.of(Sale.PAYER).sign(OFFER));
    Map<String, Object> members = new LinkedHashMap<>(OFFER.toMembers());
    members.put("validUntil", 0L);
    signed.put("payload", members);
    assertThat(
            OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(Sale.PAYER.address())))
                .offer(signed))
        .contains(OFFER);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void theGateSignsEveryWayToPay(OfferReceiptSigner signer, OfferReceiptVerifier verifier)
      throws Exception {
    PaymentGate gate = gate(Sale.CLOCK).signOffers(signer).build();
    Map<String, Object> offer = offered(gate, gate.challenge(Sale.REQUIRED));
    assertThat(offer).containsEntry("acceptIndex", 0L);
    assertThat(verifier.offer(offer))
        .contains(OFFER.until(Sale.NOW.plus(PaymentGate.DEFAULT_OFFER_VALIDITY)));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void anOfferIsSignedAgainWhenHalfOfItsTimeHasGone(
      OfferReceiptSigner signer, OfferReceiptVerifier verifier) throws Exception {
    MutableClock clock = new MutableClock();
    SignerThatCanFail counted = new SignerThatCanFail(signer);
    PaymentGate gate = gate(clock).signOffers(counted, Duration.ofMinutes(2)).build();
    Challenge fixed = gate.challenge(Sale.REQUIRED);
    for (int i = 0; i < 5; i++) {
      assertThat(verifier.offer(offered(gate, fixed)))
          .contains(OFFER.until(Sale.NOW.plusSeconds(120)));
    }
    clock.advance(Duration.ofSeconds(60).minusNanos(1));
    assertThat(verifier.offer(offered(gate, fixed)))
        .contains(OFFER.until(Sale.NOW.plusSeconds(120)));
    assertThat(counted.signed).hasValue(1);
    clock.advance(Duration.ofNanos(1)); // at half of its time
    for (int i = 0; i < 5; i++) {
      assertThat(verifier.offer(offered(gate, fixed)))
          .contains(OFFER.until(Sale.NOW.plusSeconds(180)));
    }
    assertThat(counted.signed).hasValue(2);

    counted.failing.set(true); // sells on with what it has, and comes back
    clock.advance(Duration.ofSeconds(60));
    assertThat(verifier.offer(offered(gate, fixed)))
        .contains(OFFER.until(Sale.NOW.plusSeconds(180)));
    counted.failing.set(false);
    clock.advance(Duration.ofSeconds(60));
    assertThat(verifier.offer(offered(gate, fixed), clock.instant()))
        .contains(OFFER.until(Sale.NOW.plusSeconds(300)));
  }

  /** Counts, and fails when told. */
  private static final class SignerThatCanFail implements OfferReceiptSigner {
    private final OfferReceiptSigner signer;
    private final AtomicInteger signed = new AtomicInteger();
    private final AtomicBoolean failing = new AtomicBoolean();

    SignerThatCanFail(OfferReceiptSigner signer) {
      this.signer = signer;
    }

    @Override
    public Map<String, Object> sign(OfferStatement offer) {
      if (failing.get()) {
        throw new IllegalStateException("the key store does not answer");
      }
      signed.incrementAndGet();
      return signer.sign(offer);
    }

    @Override
    public Map<String, Object> sign(ReceiptStatement receipt) {
      return signer.sign(receipt);
    }
  }

  @Test
  void aValidityThatCannotBeIsRefused() {
    for (Duration validity :
        List.of(
            Duration.ZERO,
            Duration.ofSeconds(9),
            Duration.ofMillis(10_500),
            Duration.ofDays(30).plusSeconds(1))) {
      assertThatThrownBy(
              () -> gate(Sale.CLOCK).signOffers(Eip712Statements.of(Sale.PAYER), validity))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("10 s to 30 days");
    }
  }

  private static PaymentGate.Builder gate(Clock clock) {
    return PaymentGate.builder()
        .ledger(InMemoryPaymentLedger.create())
        .facilitator(LocalCheckOnly.facilitator())
        .clock(clock);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> offered(PaymentGate gate, Challenge challenge)
      throws Exception {
    Admission admission = gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers());
    PaymentRequired seen =
        PaymentCodec.decodeRequired(
            ((Admission.Refused) admission).refusal().headers().get("PAYMENT-REQUIRED"));
    Map<String, Object> extension = (Map<String, Object>) seen.extensions().get("offer-receipt");
    List<Map<String, Object>> offers =
        (List<Map<String, Object>>) ((Map<String, Object>) extension.get("info")).get("offers");
    assertThat(offers).hasSize(1);
    return offers.get(0);
  }
}
