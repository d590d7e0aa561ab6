// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSObject;
import io.github.x402j.Admission;
import io.github.x402j.LocalCheckOnly;
import io.github.x402j.OfferReceiptSigner;
import io.github.x402j.OfferStatement;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentGate;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ReceiptStatement;
import io.github.x402j.Sale;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.ledger.InMemoryPaymentLedger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
            JwsStatements.of(KEY), OfferReceiptVerifier.ofKeys(jwks, ReceiptAlgorithm.ES256K)),
        Arguments.of(
            Eip712Statements.of(Sale.PAYER),
            OfferReceiptVerifier.ofAccounts(Set.of(Sale.PAYER.address()))));
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
    OfferReceiptVerifier verifier = OfferReceiptVerifier.ofAccounts(Set.of(Sale.PAYER.address()));
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
            OfferReceiptVerifier.ofAccounts(Set.of(Sale.PAY_TO))
                .offer(Eip712Statements.of(Sale.PAYER).sign(OFFER)))
        .isEmpty();
    SigningKey other = SigningKey.generated(ReceiptAlgorithm.ES256K);
    String jwks =
        ReceiptIssuer.builder("https://shop.example", "https://shop.example")
            .key(other)
            .build()
            .jwks();
    assertThat(
            OfferReceiptVerifier.ofKeys(jwks, ReceiptAlgorithm.ES256K)
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
    assertThat(CanonicalJson.write(Map.of("b", "\u20ac\"\\\n\u0001", "a", 1L)))
        .isEqualTo("{\"a\":1,\"b\":\"\u20ac\\\"\\\\\\n\\u0001\"}");
  }

  @ParameterizedTest
  @MethodSource("formats")
  @SuppressWarnings("unchecked")
  void theGateSignsEveryWayToPay(OfferReceiptSigner signer, OfferReceiptVerifier verifier)
      throws Exception {
    PaymentGate gate =
        PaymentGate.builder(InMemoryPaymentLedger.create())
            .facilitator(LocalCheckOnly.facilitator())
            .signOffers(signer)
            .build();
    Admission admission = gate.admit(gate.challenge(Sale.REQUIRED), Sale.REQUEST, Sale.headers());
    PaymentRequired seen =
        PaymentCodec.decodeRequired(
            ((Admission.Refused) admission).refusal().headers().get("PAYMENT-REQUIRED"));
    Map<String, Object> extension = (Map<String, Object>) seen.extensions().get("offer-receipt");
    List<Map<String, Object>> offers =
        (List<Map<String, Object>>) ((Map<String, Object>) extension.get("info")).get("offers");
    assertThat(offers).hasSize(1);
    assertThat(offers.get(0)).containsEntry("acceptIndex", 0L);
    assertThat(verifier.offer(offers.get(0))).contains(OFFER);
  }
}
