// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.mpp.ChargeReceipt;
import io.github.x402j.mpp.EvmCharge;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.mpp.PaymentCredential;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What x402j and the published packages sent each other in a run of {@code x402-cli/interop}: all
 * of it is understood, and what is ours is still written as it was when they understood it.
 */
class InteropMessagesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<JsonNode> RECORDS = Vectors.loadAll("interop");
  private static final int ORDINARY_SIGNATURE = "0x".length() + 2 * 65;

  static Stream<Arguments> messages(String kind) {
    List<Arguments> found = new ArrayList<>();
    for (JsonNode record : RECORDS) {
      for (JsonNode message : record.get("messages")) {
        if (message.get("kind").textValue().equals(kind)) {
          found.add(
              arguments(
                  message.get("from").textValue(),
                  message.get("x402Version").intValue(),
                  message.get("text").textValue()));
        }
      }
    }
    return found.stream();
  }

  static Stream<Arguments> descriptors() {
    return messages("required");
  }

  static Stream<Arguments> bodies() {
    return messages("requiredBody")
        .filter(message -> ((String) message.get()[2]).contains("x402Version"));
  }

  static Stream<Arguments> payments() {
    return messages("payment");
  }

  static Stream<Arguments> settlements() {
    return messages("settlement");
  }

  static Stream<Arguments> requests() {
    return Stream.concat(messages("verifyRequest"), messages("settleRequest"));
  }

  static Stream<Arguments> verifications() {
    return messages("verifyResponse");
  }

  static Stream<Arguments> settled() {
    return messages("settleResponse");
  }

  static Stream<Arguments> supported() {
    return messages("supportedResponse");
  }

  static Stream<Arguments> challenges() {
    return messages("challenge");
  }

  static Stream<Arguments> credentials() {
    return messages("credential");
  }

  static Stream<Arguments> paymentReceipts() {
    return messages("paymentReceipt");
  }

  private static boolean isOurs(String from) {
    return from.equals("x402j");
  }

  @Test
  void holdsMessagesOfOthersInEachFile() {
    assertThat(RECORDS)
        .hasSizeGreaterThan(4)
        .allSatisfy(
            record ->
                assertThat(record.findValuesAsText("from"))
                    .as(record.get("source").textValue())
                    .anyMatch(InteropMessagesTest::isOurs)
                    .anyMatch(from -> !isOurs(from)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("descriptors")
  void readsDescriptors(String from, int version, String header) throws Exception {
    PaymentRequired read = PaymentCodec.decodeRequired(header);

    assertThat(read.accepts()).isNotEmpty();
    assertThat(read.accepts())
        .allSatisfy(option -> assertThat(option.amount()).isEqualTo(TokenAmount.of(10_000)));
    if (isOurs(from)) {
      assertThat(PaymentCodec.encodeRequired(read)).isEqualTo(header);
    }
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("bodies")
  void readsDescriptorsInBodies(String from, int version, String body) throws Exception {
    PaymentRequired read = PaymentCodec.decodeRequiredBody(body);

    assertThat(PaymentCodec.versionOfRequiredBody(body)).isEqualTo(version);
    assertThat(read.accepts()).isNotEmpty();
    if (isOurs(from)) {
      PaymentRequired inVersion1 = version == 1 ? read : withoutOffers(read);
      assertThat(PaymentCodec.encodeRequiredBody(inVersion1, read)).isEqualTo(body);
    }
  }

  /** Where version 1 cannot be settled, it is not offered. */
  private static PaymentRequired withoutOffers(PaymentRequired required) {
    return new PaymentRequired(
        required.resource(), List.of(), required.error(), required.extensions());
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("payments")
  void readsPaymentsAndFindsThemValid(String from, int version, String header) throws Exception {
    PaymentPayload read = PaymentCodec.decodePayload(header, version);

    JsonNode sent = JSON.readTree(Base64.getDecoder().decode(header));
    assertThat(JSON.writeValueAsString(read.extensions()))
        .isEqualTo(sent.has("extensions") ? sent.get("extensions").toString() : "{}");
    if (isOurs(from)) {
      JsonNode returned = lowerCase(sent.toString());
      if (returned.get("accepted") instanceof ObjectNode accepted) {
        accepted.remove("maxamountrequired"); // a seller's own member, returned as it came
      }
      assertThat(lowerCase(PaymentCodec.payloadJson(read))).isEqualTo(returned);
    }
    if (sent.at("/payload/signature").textValue().length() == ORDINARY_SIGNATURE) {
      assertThat(checks(sent).check(read, requirements(read, sent)))
          .isInstanceOf(Verification.Valid.class);
    }
  }

  /** Addresses are sent back in the seller's spelling. */
  private static JsonNode lowerCase(String json) throws Exception {
    return JSON.readTree(json.toLowerCase(Locale.ROOT));
  }

  private static EvmLocalChecks checks(JsonNode payment) {
    JsonNode eip3009 = payment.at("/payload/authorization/validBefore");
    JsonNode permit2 = payment.at("/payload/permit2Authorization/deadline");
    long end = Long.parseLong((permit2.isMissingNode() ? eip3009 : permit2).textValue());
    Clock clock = Clock.fixed(Instant.ofEpochSecond(end - 30), ZoneOffset.UTC);
    return EvmLocalChecks.builder().clock(clock).build();
  }

  private static PaymentRequirements requirements(PaymentPayload payment, JsonNode sent) {
    PaymentRequirements accepted = payment.accepted();
    return accepted != null
        ? accepted
        : PaymentRequirements.exact(
            Usdc.BASE_SEPOLIA,
            TokenAmount.of(10_000),
            Address.parse(sent.at("/payload/authorization/to").textValue()),
            Duration.ofSeconds(60));
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("settlements")
  void readsSettlements(String from, int version, String header) throws Exception {
    SettlementResponse read = PaymentCodec.decodeSettlement(header);

    JsonNode sent = JSON.readTree(Base64.getDecoder().decode(header));
    assertThat(read.success()).isEqualTo(sent.get("success").booleanValue());
    if (isOurs(from)) {
      assertThat(PaymentCodec.encodeSettlement(read, version)).isEqualTo(header);
    }
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("requests")
  void readsWhatServersAskFacilitators(String from, int version, String body) throws Exception {
    FacilitatorMessages.Request read = FacilitatorMessages.readRequest(body);

    assertThat(read.payload().x402Version()).isEqualTo(version);
    assertThat(read.requirements().amount()).isEqualTo(TokenAmount.of(10_000));
    if (version == 2) {
      assertThat(read.payload().accepted()).isEqualTo(read.requirements());
    }
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("verifications")
  void readsVerdictsOfFacilitators(String from, int version, String body) throws Exception {
    assertThat(FacilitatorMessages.readVerified(body).isValid())
        .isEqualTo(JSON.readTree(body).get("isValid").booleanValue());
  }

  @ParameterizedTest(name = "{0}, version {1}")
  @MethodSource("settled")
  void readsSettlementsOfFacilitators(String from, int version, String body) throws Exception {
    FacilitatorMessages.Settled read = FacilitatorMessages.readSettled(body);

    assertThat(read.success()).isEqualTo(JSON.readTree(body).get("success").booleanValue());
    assertThat(read.network()).isPresent();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("supported")
  void readsWhatFacilitatorsSupport(String from, int version, String body) throws Exception {
    SupportedKinds read = FacilitatorMessages.readSupported(body);

    JsonNode sent = JSON.readTree(body);
    assertThat(read.kinds())
        .isNotEmpty()
        .extracting(kind -> (int) kind.x402Version())
        .containsExactlyElementsOf(
            sent.findValues("x402Version").stream().map(JsonNode::intValue).toList());
    assertThat(read.signers())
        .hasSize(
            sent.at("/signers").findValues("eip155:*").stream().mapToInt(JsonNode::size).sum());
    assertThat(body.getBytes(UTF_8).length).isLessThan(FacilitatorService.MAX_REQUEST_BYTES);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("challenges")
  void readsChallenges(String from, int version, String header) {
    List<PaymentChallenge> read = PaymentChallenge.parse(List.of(header));

    assertThat(read).hasSize(1).allMatch(PaymentChallenge::isEvmCharge);
    if (isOurs(from)) {
      assertThat(read.get(0).header()).isEqualTo(header);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("credentials")
  void readsCredentials(String from, int version, String header) throws Exception {
    PaymentCredential read =
        PaymentCredential.decode(header.substring(PaymentHeader.PAYMENT_SCHEME.length()));

    assertThat(read.payload()).containsEntry("nonce", read.challenge().nonce().text());
    assertThat(EvmCharge.parse(read.challenge().request()).amount())
        .isEqualTo(TokenAmount.of(10_000));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("paymentReceipts")
  void readsPaymentReceipts(String from, int version, String header) throws Exception {
    ChargeReceipt read = ChargeReceipt.parse(header);

    assertThat(read.settledAt()).isAfter(Instant.EPOCH);
    if (isOurs(from)) {
      assertThat(read.header()).isEqualTo(header);
    }
  }
}
