// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.Receipt;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Half a surrogate pair is refused wherever a text is read or written. */
class UnicodeTextTest {
  private static final String FACE = "\ud83d\ude00";
  private static final List<String> HALVES =
      List.of("\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", FACE + "\ud83d", "\ud83d" + FACE);

  /** In a name, newer readers of JSON refuse the text themselves. */
  private static final String REFUSED =
      "(?s).*surrogate.*|not a JSON text that can be read strictly";

  @Test
  void tellsPairsFromHalves() {
    assertThat(UnicodeText.isWellFormed("")).isTrue();
    assertThat(UnicodeText.isWellFormed("a" + FACE + FACE)).isTrue();
    assertThat(HALVES).noneMatch(UnicodeText::isWellFormed);
  }

  private static String escaped(String text) {
    StringBuilder json = new StringBuilder();
    text.chars().forEach(c -> json.append(String.format("\\u%04x", c)));
    return json.toString();
  }

  /** A message and where a text stands in it, as value or as name. */
  static Stream<Arguments> readers() {
    String payload = PaymentCodec.payloadJson(Sale.v2(1));
    String payloadV1 = PaymentCodec.payloadJson(Sale.v1(1));
    String required =
        "{\"x402Version\":2,\"resource\":{\"url\":\"https://shop.example/TEXT\"},\"accepts\":[]}";
    String requiredV1 = PaymentCodec.encodeRequiredV1(Sale.REQUIRED);
    String settlement =
        "{\"success\":false,\"errorReason\":\"TEXT\",\"transaction\":\"\","
            + "\"network\":\"eip155:84532\"}";
    return Stream.of(
        reads("name in a payload", payload.replaceFirst("\\{", "{\"TEXT\":1,"), 2),
        reads("unknown text", payload.replaceFirst("\\{", "{\"other\":\"TEXT\","), 2),
        reads("unknown text deep", payload.replaceFirst("\\{", "{\"o\":[{\"p\":[\"TEXT\"]}],"), 2),
        reads("token's name", payload.replace("\"USDC\"", "\"TEXT\""), 2),
        reads("scheme", payload.replace("\"exact\"", "\"TEXT\""), 2),
        reads(
            "payment identifier",
            payload.replaceFirst(
                "\\{", "{\"extensions\":{\"payment-identifier\":{\"info\":{\"id\":\"TEXT\"}}},"),
            2),
        reads("scheme of version 1", payloadV1.replace("\"exact\"", "\"TEXT\""), 1),
        arguments("resource", required, reader(PaymentCodec::decodeRequiredBody)),
        arguments(
            "resource in the header",
            required,
            reader(json -> PaymentCodec.decodeRequired(Sale.base64(json)))),
        arguments(
            "error of version 1",
            requiredV1.replace("\"payment required\"", "\"TEXT\""),
            reader(PaymentCodec::decodeRequiredBody)),
        arguments("settlement", settlement, reader(PaymentCodec::decodeSettlementJson)),
        arguments(
            "settlement in the header",
            settlement,
            reader(json -> PaymentCodec.decodeSettlement(Sale.base64(json)))),
        arguments("facilitator's settlement", settlement, reader(FacilitatorMessages::readSettled)),
        arguments(
            "facilitator's verification",
            "{\"isValid\":false,\"invalidReason\":\"TEXT\"}",
            reader(FacilitatorMessages::readVerified)),
        arguments(
            "facilitator's kinds",
            "{\"kinds\":[{\"x402Version\":2,\"scheme\":\"TEXT\",\"network\":\"x\"}]}",
            reader(FacilitatorMessages::readSupported)),
        arguments(
            "facilitator's request",
            "{\"x402Version\":2,\"TEXT\":0}",
            reader(FacilitatorMessages::readRequest)));
  }

  private static Arguments reads(String name, String json, int version) {
    return arguments(
        name, json, reader(text -> PaymentCodec.decodePayload(Sale.base64(text), version)));
  }

  /** Reads a message. */
  interface Reader {
    Object read(String json) throws MalformedPaymentException;
  }

  private static Reader reader(Reader reader) {
    return reader;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readers")
  void isRefusedInEveryMessage(String name, String json, Reader reader) {
    assertThat(json).contains("TEXT");
    for (String half : HALVES) {
      assertThatExceptionOfType(MalformedPaymentException.class)
          .isThrownBy(() -> reader.read(json.replace("TEXT", escaped(half))))
          .withMessageMatching(REFUSED);
    }
  }

  static Stream<Arguments> writers() {
    Address account = Sale.PAYER.address();
    return Stream.of(
        writes(
            "description",
            text ->
                PaymentCodec.encodeRequired(
                    PaymentRequired.of(
                        new ResourceInfo(Sale.URL, text, null), List.of(Sale.OFFER)))),
        writes(
            "URL in version 1",
            text ->
                PaymentCodec.encodeRequiredV1(
                    PaymentRequired.of(
                        ResourceInfo.of("https://shop.example/" + text), List.of(Sale.OFFER)))),
        writes("error", text -> PaymentCodec.encodeRequired(Sale.REQUIRED.withError(text))),
        writes(
            "extension",
            text ->
                PaymentCodec.encodeRequired(
                    Sale.REQUIRED.withExtension(
                        "x", Extension.of(Map.of("a", List.of(text)), Map.of())))),
        writes(
            "name in an extension",
            text ->
                PaymentCodec.encodeRequired(
                    Sale.REQUIRED.withExtension(text, Extension.of(Map.of(), Map.of())))),
        writes(
            "payload",
            text -> PaymentCodec.encodePayload(PaymentPayload.v2(Sale.OFFER, Map.of("a", text)))),
        writes("detail of an error", text -> PaymentCodec.errorBody("code", text)),
        writes(
            "offer statement",
            text -> OfferStatement.of("https://shop.example/" + text, Sale.OFFER)),
        writes(
            "receipt statement",
            text -> new ReceiptStatement(Sale.OFFER.network(), "x" + text, account, Sale.NOW, "")),
        writes("issuer of a receipt", text -> new ReceiptKey("x" + text, "1")),
        writes("number of a receipt", text -> new ReceiptKey("x", "1" + text)),
        writes("audience of a receipt", text -> receipt("a" + text, "/r", "GET")),
        writes("route of a receipt", text -> receipt("a", "/r" + text, "GET")),
        writes("method of a receipt", text -> receipt("a", "/r", "GET" + text)));
  }

  private static Receipt receipt(String audience, String route, String method) {
    return new Receipt(
        "issuer",
        audience,
        Sale.PAYER.address(),
        "1",
        Sale.NOW,
        Sale.NOW.plusSeconds(60),
        Sale.nonce(1),
        Sale.OFFER.network(),
        Sale.OFFER.asset(),
        Sale.OFFER.amount(),
        Sale.PAY_TO,
        route,
        method,
        false,
        OptionalLong.empty());
  }

  private static Arguments writes(String name, Function<String, Object> writer) {
    return arguments(name, writer);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("writers")
  void isWrittenNowhere(String name, Function<String, Object> writer) {
    assertThat(writer.apply(FACE)).isNotNull();
    for (String half : HALVES) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.apply(half))
          .withMessageContaining("surrogate");
    }
  }

  @Test
  void isNoPaymentIdentifier() {
    for (String half : HALVES) {
      PaymentPayload payload =
          PaymentPayload.v2(Sale.OFFER, Map.of())
              .withInfo(PaymentIdentifiers.EXTENSION, Map.of("id", "0123456789abcdef" + half));
      assertThatExceptionOfType(MalformedPaymentException.class)
          .isThrownBy(() -> PaymentIdentifiers.idOf(payload));
    }
  }
}
