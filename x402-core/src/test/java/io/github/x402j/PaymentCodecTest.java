// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.gate.Sale;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The messages of the specification, read and written again, in both versions. */
class PaymentCodecTest {
  private static final JsonNode SPEC = Vectors.specification();
  private static final ObjectMapper JSON = new ObjectMapper();

  private static JsonNode decoded(String base64) throws Exception {
    return JSON.readTree(Base64.getDecoder().decode(base64));
  }

  private static String example(String name) {
    return SPEC.get(name).toString();
  }

  @Test
  void readsTheDescriptorOfTheSpecificationAndWritesTheSame() throws Exception {
    PaymentRequired read = PaymentCodec.decodeRequired(Sale.base64(example("paymentRequiredV2")));

    assertThat(read.resource().url()).isEqualTo("https://api.example.com/premium-data");
    assertThat(read.accepts()).hasSize(1);
    assertThat(read.accepts().get(0).maxTimeout()).isEqualTo(Duration.ofSeconds(60));
    JsonNode written = decoded(PaymentCodec.encodeRequired(read));
    com.fasterxml.jackson.databind.node.ObjectNode expected =
        SPEC.get("paymentRequiredV2").deepCopy();
    expected.remove("extensions"); // empty, and optional
    assertThat(written).isEqualTo(expected);
  }

  @Test
  void readsThePaymentOfTheSpecificationAndWritesTheSame() throws Exception {
    PaymentPayload read = PaymentCodec.decodePayload(Sale.base64(example("paymentPayloadV2")), 2);

    assertThat(read.x402Version()).isEqualTo(2);
    assertThat(read.network()).isEqualTo(Network.BASE_SEPOLIA);
    JsonNode written = decoded(PaymentCodec.encodePayload(read));
    assertThat(written.get("accepted")).isEqualTo(SPEC.at("/paymentPayloadV2/accepted"));
    assertThat(written.get("payload")).isEqualTo(SPEC.at("/paymentPayloadV2/payload"));
    assertThat(PaymentCodec.decodePayload(PaymentCodec.encodePayload(read), 2)).isEqualTo(read);
  }

  @Test
  void sendsBackAnAcceptedOptionExactlyAsItCame() throws Exception {
    com.fasterxml.jackson.databind.node.ObjectNode message =
        SPEC.get("paymentRequiredV2").deepCopy();
    com.fasterxml.jackson.databind.node.ObjectNode option =
        (com.fasterxml.jackson.databind.node.ObjectNode) message.at("/accepts/0");
    option.put("payTo", option.get("payTo").textValue().toLowerCase(Locale.ROOT));
    option.put("unknownHere", 7).putNull("alsoUnknown");
    PaymentRequirements read =
        PaymentCodec.decodeRequired(Sale.base64(message.toString())).accepts().get(0);

    String sent = PaymentCodec.payloadJson(PaymentPayload.v2(read, Map.of("signature", "0x")));

    assertThat(sent).contains("\"accepted\":" + option + "}");
    assertThat(read)
        .isEqualTo(
            PaymentCodec.decodeRequired(Sale.base64(example("paymentRequiredV2")))
                .accepts()
                .get(0));
  }

  @Test
  void tellsTheVersionOfABody() throws Exception {
    assertThat(PaymentCodec.versionOfRequiredBody(example("paymentRequiredV1"))).isEqualTo(1);
    assertThat(PaymentCodec.versionOfRequiredBody(example("paymentRequiredV2"))).isEqualTo(2);
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> PaymentCodec.versionOfRequiredBody("{\"x402Version\":3}"));
  }

  @Test
  void readsTheVersion1HeaderOfTheSpecificationAndWritesTheSame() throws Exception {
    String header = SPEC.get("xPaymentHeaderV1").textValue();
    PaymentPayload read = PaymentCodec.decodePayload(header, 1);

    assertThat(read.accepted()).isNull();
    assertThat(read.network()).isEqualTo(Network.BASE_SEPOLIA);
    assertThat(PaymentCodec.encodePayload(read)).isEqualTo(header);
  }

  @Test
  void readsTheVersion1BodyOfTheSpecificationAndWritesTheSame() throws Exception {
    PaymentRequired read = PaymentCodec.decodeRequiredBody(example("paymentRequiredV1"));

    com.fasterxml.jackson.databind.node.ObjectNode expected =
        SPEC.get("paymentRequiredV1").deepCopy();
    ((com.fasterxml.jackson.databind.node.ObjectNode) expected.at("/accepts/0"))
        .remove("outputSchema"); // null, and optional
    assertThat(JSON.readTree(PaymentCodec.encodeRequiredV1(read))).isEqualTo(expected);
    assertThat(PaymentCodec.decodeRequiredBody(example("paymentRequiredV2")).accepts())
        .isEqualTo(read.accepts());
  }

  @Test
  void readsAndWritesTheSettlementsOfTheSpecification() throws Exception {
    SettlementResponse v2 = PaymentCodec.decodeSettlement(Sale.base64(example("settlementV2")));
    String v1 = SPEC.get("settlementHeaderV1").textValue();

    assertThat(v2.success()).isTrue();
    assertThat(decoded(PaymentCodec.encodeSettlement(v2, 2))).isEqualTo(SPEC.get("settlementV2"));
    assertThat(PaymentCodec.decodeSettlement(v1)).isEqualTo(v2);
    assertThat(PaymentCodec.encodeSettlement(v2, 1)).isEqualTo(v1);
    SettlementResponse failed =
        PaymentCodec.decodeSettlement(Sale.base64(example("settlementFailedV2")));
    assertThat(failed.success()).isFalse();
    assertThat(failed.errorReason()).isEqualTo("insufficient_funds");
    assertThat(failed.transaction()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"success\":\"true\",\"transaction\":\"TX\",\"network\":\"base\"}",
        "{\"success\":\"false\",\"transaction\":\"\",\"network\":\"base\"}",
        "{\"success\":1,\"transaction\":\"TX\",\"network\":\"base\"}",
        "{\"success\":null,\"transaction\":\"TX\",\"network\":\"base\"}",
        "{\"success\":{},\"transaction\":\"TX\",\"network\":\"base\"}",
        "{\"transaction\":\"TX\",\"network\":\"base\"}",
        "{\"success\":true,\"transaction\":\"\",\"network\":\"base\"}",
        "{\"success\":true,\"network\":\"base\"}",
        "{\"success\":true,\"transaction\":\"0x12\",\"network\":\"base\"}",
        "{\"success\":true,\"transaction\":\"TX\",\"network\":\"atlantis\"}",
        "{\"success\":true,\"transaction\":\"TX\"}",
        "{\"success\":true,\"success\":false,\"transaction\":\"TX\",\"network\":\"base\"}"
      })
  void takesForASettlementOnlyWhatSaysTrueAndNamesATransaction(String json) {
    String text = json.replace("TX", "0x" + "12".repeat(32));

    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> PaymentCodec.decodeSettlement(Sale.base64(text)));
  }

  @Test
  void leavesOutWaysToPayThatItDoesNotKnow() throws Exception {
    String known = SPEC.at("/paymentRequiredV2/accepts/0").toString();
    String json =
        "{\"x402Version\":2,\"resource\":{\"url\":\"https://a.example/\"},\"accepts\":["
            + "{\"scheme\":\"upto\",\"network\":\"eip155:1\"},"
            + "{\"scheme\":\"exact\",\"network\":\"solana:mainnet\",\"anything\":[1]},"
            + known
            + "],\"unknown\":{\"deep\":[null,1,\"x\"]}}";

    assertThat(PaymentCodec.decodeRequired(Sale.base64(json)).accepts()).hasSize(1);
  }

  @Test
  void offersAPrivateChainInVersion2Only() throws Exception {
    Token token = new Token(new Network(31337), Usdc.BASE.contract(), 6, "USDC", "2");
    PaymentRequired required =
        PaymentRequired.of(
            ResourceInfo.of(Sale.URL),
            List.of(
                PaymentRequirements.exact(
                    token, TokenAmount.of(1), Sale.PAY_TO, Duration.ofMinutes(1)),
                Sale.OFFER));

    assertThat(decoded(PaymentCodec.encodeRequired(required)).get("accepts")).hasSize(2);
    assertThat(JSON.readTree(PaymentCodec.encodeRequiredV1(required)).get("accepts")).hasSize(1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PaymentCodec.encodePayload(
                    PaymentPayload.v1("exact", new Network(31337), Map.of())));
  }

  /** What the schema of the client {@code x402-fetch} 1.2.0 lists, on EVM chains. */
  private static final Set<String> DEPLOYED_V1 =
      Set.of(
          "abstract",
          "abstract-testnet",
          "base-sepolia",
          "base",
          "avalanche-fuji",
          "avalanche",
          "iotex",
          "sei",
          "sei-testnet",
          "polygon",
          "polygon-amoy",
          "peaq",
          "story",
          "educhain",
          "skale-base-sepolia");

  @Test
  void namesInVersion1ExactlyTheNetworksThatItsDeployedClientTakes() throws Exception {
    List<PaymentRequirements> all =
        Network.known().stream().map(network -> offer(network, Map.of())).toList();

    PaymentRequired required = PaymentRequired.of(ResourceInfo.of(Sale.URL), all);

    Set<String> named = new HashSet<>();
    JSON.readTree(PaymentCodec.encodeRequiredBody(required))
        .get("accepts")
        .forEach(option -> named.add(option.get("network").textValue()));
    assertThat(named).isEqualTo(DEPLOYED_V1);
    assertThat(decoded(PaymentCodec.encodeRequired(required)).get("accepts")).hasSize(all.size());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 143, 42220, 42161, 31337})
  void offersInVersion2WhatTheDeployedClientDoesNotTake(long chainId) throws Exception {
    PaymentRequirements option = offer(new Network(chainId), Map.of());
    PaymentRequired alone = PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(option));
    PaymentRequired second =
        PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(Sale.OFFER, option));

    JsonNode body = JSON.readTree(PaymentCodec.encodeRequiredBody(alone));
    assertThat(body).isEqualTo(decoded(PaymentCodec.encodeRequired(alone)));
    assertThat(body.at("/accepts/0/network").textValue()).isEqualTo("eip155:" + chainId);
    assertThat(JSON.readTree(PaymentCodec.encodeRequiredBody(second)).at("/accepts"))
        .singleElement()
        .satisfies(only -> assertThat(only.get("network").textValue()).isEqualTo("base-sepolia"));
  }

  @Test
  void offersInVersion1OnlyWhatItsClientsSign() throws Exception {
    PaymentRequirements upto =
        new PaymentRequirements(
            "upto",
            Network.BASE,
            TokenAmount.of(1),
            Usdc.BASE.contract(),
            Sale.PAY_TO,
            Duration.ofMinutes(1),
            Map.of());
    PaymentRequired required =
        PaymentRequired.of(
            ResourceInfo.of(Sale.URL),
            List.of(
                upto,
                offer(Network.BASE, Map.of("assetTransferMethod", "permit2")),
                offer(Network.POLYGON, Map.of("assetTransferMethod", "eip3009"))));

    assertThat(JSON.readTree(PaymentCodec.encodeRequiredBody(required)).at("/accepts"))
        .singleElement()
        .satisfies(only -> assertThat(only.get("network").textValue()).isEqualTo("polygon"));
  }

  private static PaymentRequirements offer(Network network, Map<String, Object> extra) {
    return new PaymentRequirements(
        PaymentRequirements.EXACT,
        network,
        TokenAmount.of(1),
        Usdc.BASE.contract(),
        Sale.PAY_TO,
        Duration.ofMinutes(1),
        extra);
  }

  @Test
  void readsBothAlphabetsOfBase64WithAndWithoutPadding() throws Exception {
    // The text is chosen so that the two alphabets differ and padding is needed.
    String json =
        example("paymentPayloadV2").replace("\"extensions\":{}", "\"x\":\"\u00ff\u00bf~~?>\"");
    byte[] bytes = (json + " ").getBytes(StandardCharsets.UTF_8);
    PaymentPayload expected =
        PaymentCodec.decodePayload(Base64.getEncoder().encodeToString(bytes), 2);

    assertThat(Base64.getEncoder().encodeToString(bytes)).containsAnyOf("+", "/");
    for (Base64.Encoder encoder :
        List.of(
            Base64.getEncoder().withoutPadding(),
            Base64.getUrlEncoder(),
            Base64.getUrlEncoder().withoutPadding())) {
      assertThat(PaymentCodec.decodePayload(encoder.encodeToString(bytes), 2)).isEqualTo(expected);
    }
  }

  @Test
  void writesStandardBase64WithPadding() {
    assertThat(PaymentCodec.encodePayload(Sale.v2(1))).matches("[A-Za-z0-9+/]+={0,2}");
    assertThat(PaymentCodec.encodePayload(Sale.v2(1)).length() % 4).isZero();
  }

  @Test
  void tellsNobodyTheSignatureByToString() {
    PaymentPayload payload = Sale.v2(1);
    String signature = String.valueOf(payload.payload().get("signature")).substring(2, 20);
    SignedPayment signed =
        new SignedPayment(
            payload,
            Sale.OFFER,
            new PaymentKey(Sale.OFFER.network(), Sale.OFFER.asset(), Sale.PAY_TO, Sale.nonce(1)),
            new Bytes32(Sale.nonce(1)),
            Sale.NOW,
            Sale.STUB);

    assertThat(payload.toString()).doesNotContain(signature);
    assertThat(signed.toString()).doesNotContain(signature);
    assertThat(new Verification.Valid(signed).toString()).doesNotContain(signature);
  }
}
