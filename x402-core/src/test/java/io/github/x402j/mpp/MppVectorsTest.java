// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.Bytes32;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Vectors;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each message of another implementation is read, and made again to the letter. */
class MppVectorsTest {
  private static final JsonNode VECTORS = Vectors.load("mpp.json");
  private static final ChallengeSecrets SECRETS =
      ChallengeSecrets.of(VECTORS.get("secretKey").textValue());

  private static String text(String... path) {
    JsonNode node = VECTORS;
    for (String name : path) {
      node = node.get(name);
    }
    return node.textValue();
  }

  private static PaymentChallenge challenge(String name) {
    return PaymentChallenge.parse(List.of(text(name, "wwwAuthenticate"))).get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"minimal", "full"})
  void aChallengeHasTheIdThatItsParametersGiveIt(String name) {
    PaymentChallenge challenge = challenge(name);
    assertThat(challenge.bound()).isEqualTo(text(name, "hmacInput"));
    assertThat(challenge.id()).isEqualTo(text(name, "idRecomputed"));
    assertThat(SECRETS.hasSigned(challenge)).isTrue();
    assertThat(SECRETS.sign(challenge.withId(""))).isEqualTo(challenge);
    assertThat(challenge.header()).isEqualTo(text(name, "wwwAuthenticate"));
  }

  @Test
  void aDescriptionIsUnquoted() {
    assertThat(challenge("full").description()).isEqualTo("Data \"feed\"");
  }

  @Test
  void aChargeIsWrittenInTheCanonicalForm() throws Exception {
    EvmCharge charge = EvmCharge.parse(text("requestB64"));
    assertThat(charge)
        .isEqualTo(
            new EvmCharge(
                Network.BASE_SEPOLIA,
                TokenAmount.of(10_000),
                Address.parse("0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
                Address.parse("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
                6,
                List.of("authorization"),
                null,
                false));
    assertThat(charge.request()).isEqualTo(text("requestB64"));
    assertThat(charge.takesAuthorization()).isTrue();
  }

  @Test
  void theNonceNamesTheChallenge() {
    assertThat(challenge("minimal").nonce().text()).isEqualTo(text("credential", "nonce"));
  }

  @Test
  void aCredentialIsReadAndWritten() throws Exception {
    String header = text("credential", "authorization");
    PaymentCredential credential = PaymentCredential.decode(header.substring("Payment ".length()));
    assertThat(credential.challenge()).isEqualTo(challenge("minimal"));
    assertThat(credential.source()).isEqualTo(text("credential", "json", "source"));
    assertThat(credential.payload()).containsEntry("type", "authorization").hasSize(8);
    assertThat(credential.header()).isEqualTo(header);
    assertThat(credential.toString()).doesNotContain("0x09a40be5");
  }

  @Test
  void aReceiptIsReadAndWritten() throws Exception {
    String header = text("receipt", "header");
    ChargeReceipt receipt =
        new ChargeReceipt(
            Bytes32.parse("reference", text("receipt", "json", "reference")),
            Instant.parse("2027-01-15T08:00:05Z"),
            null,
            null);
    assertThat(receipt.header()).isEqualTo(header);
    assertThat(ChargeReceipt.parse(header)).isEqualTo(receipt);
    ChargeReceipt whole =
        new ChargeReceipt(
            receipt.transaction(), receipt.settledAt(), "challenge", Network.BASE_SEPOLIA);
    assertThat(ChargeReceipt.parse(whole.header())).isEqualTo(whole);
  }

  @Test
  void oneHeaderHoldsSeveralChallenges() {
    List<PaymentChallenge> both = List.of(challenge("minimal"), challenge("full"));
    String list = text("list");
    assertThat(PaymentChallenge.parse(List.of(list))).isEqualTo(both);
    for (String other :
        List.of("Basic realm=\"a, Payment id=\\\"x\\\"\"", "Negotiate abc==", "X")) {
      assertThat(PaymentChallenge.parse(List.of(other + ", " + list))).isEqualTo(both);
      assertThat(PaymentChallenge.parse(List.of(list + ", " + other))).isEqualTo(both);
      assertThat(PaymentChallenge.parse(List.of(other, list))).isEqualTo(both);
    }
  }

  static Stream<Arguments> recorded() {
    List<String> kinds = List.of("challenge", "credential", "paymentReceipt");
    return Vectors.loadAll("interop").stream()
        .flatMap(record -> StreamSupport.stream(record.get("messages").spliterator(), false))
        .filter(message -> kinds.contains(message.get("kind").textValue()))
        .map(
            message ->
                arguments(
                    message.get("kind").textValue(),
                    message.get("from").textValue(),
                    message.get("text").textValue()))
        .filter(message -> !((String) message.get()[2]).startsWith("Bearer "));
  }

  @ParameterizedTest(name = "{0} of {1}")
  @MethodSource("recorded")
  void whatWasSentInARunIsReadAgain(String kind, String from, String text) throws Exception {
    if (kind.equals("challenge")) {
      assertThat(PaymentChallenge.parse(List.of(text)))
          .isNotEmpty()
          .allSatisfy(
              each ->
                  assertThat(EvmCharge.parse(each.request()).amount())
                      .isEqualTo(TokenAmount.of(10_000)));
      assertThat(PaymentChallenge.parse(List.of(text)).get(0).header()).isEqualTo(text);
    } else if (kind.equals("credential")) {
      PaymentCredential credential = PaymentCredential.decode(text.substring("Payment ".length()));
      assertThat(credential.payload())
          .containsEntry("nonce", credential.challenge().nonce().text());
    } else {
      assertThat(ChargeReceipt.parse(text).header()).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "Payment",
        "Payment id",
        "Payment id=",
        "Payment id=\"",
        "Payment id=\"\\",
        "Payment id=\"x\"",
        "Payment id=\"\", realm=\"r\", method=\"evm\", intent=\"charge\", request=\"e30\"",
        "Payment id=\"x\", id=\"y\", realm=\"r\", method=\"evm\", intent=\"charge\", request=\"e30\"",
        "Payments id=\"x\", realm=\"r\", method=\"evm\", intent=\"charge\", request=\"e30\"",
        "\"Payment id=\"x\""
      })
  void whatIsNoChallengeIsLeftOut(String header) {
    assertThat(PaymentChallenge.parse(List.of(header))).isEmpty();
  }

  @Test
  void aTokenNeedsNoQuotes() {
    assertThat(
            PaymentChallenge.parse(
                List.of("payment ID=x,realm = r ,method=evm,intent=charge , request=e30")))
        .containsExactly(
            new PaymentChallenge("x", "r", "evm", "charge", "e30", null, null, null, null));
  }

  @Test
  void anOfferBecomesAChargeThatTheDraftKnows() throws Exception {
    PaymentRequirements offer = io.github.x402j.gate.Sale.OFFER;
    EvmCharge charge =
        EvmCharge.byAuthorization(
            offer.network(), offer.amount(), offer.asset(), offer.payTo(), null);
    EvmCharge read = EvmCharge.parse(charge.request());
    assertThat(read.takesAuthorization()).isTrue();
    assertThat(read.amount()).isEqualTo(offer.amount());
    assertThat(read.decimals()).isNull();
  }
}
