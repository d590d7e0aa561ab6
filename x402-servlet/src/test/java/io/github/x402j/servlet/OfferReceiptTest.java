// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SettlementResponse;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.testing.TestWallet;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The {@code offer-receipt} extension, from the seller's filter to a payer that checks it. */
class OfferReceiptTest {
  private static final Duration VALIDITY = Duration.ofMinutes(3);
  @RegisterExtension static final Market MARKET = new Market();

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void signsWithAnAccountWhatItOffersAndDelivers(Stack stack) throws Exception {
    EvmSigner seller = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    sellsSigned(
        stack,
        Eip712Statements.of(seller),
        OfferReceiptVerifier.of(Eip712Statements.trusting(Set.of(seller.address()))),
        OfferReceiptVerifier.of(
            Eip712Statements.trusting(
                Set.of(EvmSigner.ofPrivateKey(TestWallet.random().privateKey()).address()))));
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void signsWithAKeyWhatItOffersAndDelivers(Stack stack) throws Exception {
    SigningKey key = SigningKey.generated(ReceiptAlgorithm.ES256);
    sellsSigned(
        stack,
        JwsStatements.of(key),
        trusting(key),
        trusting(SigningKey.generated(ReceiptAlgorithm.ES256)));
  }

  private static OfferReceiptVerifier trusting(SigningKey key) {
    String jwks =
        ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL).key(key).build().jwks();
    return OfferReceiptVerifier.of(JwsStatements.trusting(jwks, ReceiptAlgorithm.ES256));
  }

  private static void sellsSigned(
      Stack stack,
      OfferReceiptSigner signer,
      OfferReceiptVerifier trusting,
      OfferReceiptVerifier trustingAnother)
      throws Exception {
    try (PaidWebapp app =
        PaidWebapp.on(stack, MARKET)
            .routes(Route.of("/paid/*").price("$0.01"))
            .handlers(Map.of("it", (request, response) -> response.getWriter().write("paid")))
            .filter(filter -> filter.signOffers(signer, VALIDITY))
            .start()) {
      PaymentRequired required = TestPayer.required(app.get("/paid/it"));
      PaymentRequirements option = required.accepts().get(0);
      Map<String, Object> offer = first(info(required.extensions()), "offers");
      OfferStatement stated = trusting.offer(offer).orElseThrow();
      Instant until = stated.validUntil().orElseThrow();
      assertThat(stated)
          .isEqualTo(OfferStatement.of(required.resource().url(), option).until(until));
      assertThat(until)
          .isBetween(
              Instant.now().plus(VALIDITY.dividedBy(2)).minusSeconds(1),
              Instant.now().plus(VALIDITY));
      assertThat(trusting.offer(offer, until.plusSeconds(1))).isEmpty();
      assertThat(offer).containsEntry("acceptIndex", 0L);
      assertThat(trustingAnother.offer(offer)).isEmpty();

      TestPayer payer = MARKET.payer();
      RawHttp.Response paid = app.pay(payer, "/paid/it");
      assertThat(paid.text()).isEqualTo("paid");
      SettlementResponse settled =
          PaymentCodec.decodeSettlement(String.valueOf(paid.header("PAYMENT-RESPONSE")));
      Map<String, Object> receipt = object(info(settled.extensions()).get("receipt"));
      ReceiptStatement statement = trusting.receipt(receipt).orElseThrow();
      assertThat(statement.payer()).hasToString(payer.address());
      assertThat(statement.resourceUrl()).isEqualTo(required.resource().url());
      assertThat(statement.transaction()).isEqualTo(settled.transaction());
      assertThat(trustingAnother.receipt(receipt)).isEmpty();
    }
  }

  private static Map<String, Object> info(Map<String, Object> extensions) {
    return object(object(extensions.get("offer-receipt")).get("info"));
  }

  private static Map<String, Object> first(Map<String, Object> info, String name) {
    return object(((List<?>) info.get(name)).get(0));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object json) {
    return (Map<String, Object>) json;
  }
}
