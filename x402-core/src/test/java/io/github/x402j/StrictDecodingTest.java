// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.gate.Sale;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile headers: each row is one change of a payment that is read without it. */
public class StrictDecodingTest {
  private static final String GOOD = PaymentCodec.payloadJson(Sale.v2(1));
  private static final String GOOD_V1 = PaymentCodec.payloadJson(Sale.v1(1));

  /** What a header is read for: the message, and then the scheme's part of it. */
  private static void read(String header, int version) throws MalformedPaymentException {
    ExactEvmPayload.parse(PaymentCodec.decodePayload(header, version).payload());
  }

  private static void refuses(String header, int version) {
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> read(header, version))
        .satisfies(
            e -> {
              assertThat(e.getMessage()).doesNotContain("EVIL").hasSizeLessThan(200);
              assertThat(e.getCause()).isNull();
            });
  }

  @Test
  void readsThePaymentsThatTheTablesChange() throws Exception {
    read(Sale.base64(GOOD), 2);
    read(Sale.base64(GOOD_V1), 1);
  }

  static Stream<Arguments> edits() {
    return Stream.of(
        // duplicate members at each level
        arguments("duplicate version", "\"x402Version\":2", "\"x402Version\":2,\"x402Version\":2"),
        arguments("duplicate payload", "\"payload\":{", "\"payload\":{},\"payload\":{"),
        arguments("duplicate amount", "\"amount\":", "\"amount\":\"1\",\"amount\":"),
        arguments("duplicate extra", "\"name\":", "\"name\":\"EVIL\",\"name\":"),
        arguments("duplicate value", "\"value\":", "\"value\":\"1\",\"value\":"),
        arguments("duplicate signature", "\"signature\":", "\"signature\":\"0x\",\"signature\":"),
        arguments("escaped duplicate", "\"value\":", "\"v\\u0061lue\":\"1\",\"value\":"),
        // types
        arguments("version as text", "\"x402Version\":2", "\"x402Version\":\"2\""),
        arguments("version 2.0", "\"x402Version\":2", "\"x402Version\":2.0"),
        arguments("version 2e0", "\"x402Version\":2", "\"x402Version\":2e0"),
        arguments("version true", "\"x402Version\":2", "\"x402Version\":true"),
        arguments("version null", "\"x402Version\":2", "\"x402Version\":null"),
        arguments("version 1", "\"x402Version\":2", "\"x402Version\":1"),
        arguments("version 3", "\"x402Version\":2", "\"x402Version\":3"),
        arguments("version huge", "\"x402Version\":2", "\"x402Version\":18446744073709551618"),
        arguments("value number", "\"value\":\"10000\"", "\"value\":10000"),
        arguments("value float", "\"value\":\"10000\"", "\"value\":10000.0"),
        arguments("value exponent", "\"value\":\"10000\"", "\"value\":1e4"),
        arguments("value text exponent", "\"value\":\"10000\"", "\"value\":\"1e4\""),
        arguments("value sign", "\"value\":\"10000\"", "\"value\":\"+10000\""),
        arguments("value negative", "\"value\":\"10000\"", "\"value\":\"-10000\""),
        arguments("value zero", "\"value\":\"10000\"", "\"value\":\"010000\""),
        arguments("value blank", "\"value\":\"10000\"", "\"value\":\" 10000\""),
        arguments("value hex", "\"value\":\"10000\"", "\"value\":\"0x2710\""),
        arguments("value empty", "\"value\":\"10000\"", "\"value\":\"\""),
        arguments(
            "Arabic digits", "\"value\":\"10000\"", "\"value\":\"\u0661\u0660\u0660\u0660\u0660\""),
        arguments("fullwidth digits", "\"value\":\"10000\"", "\"value\":\"\uff11\uff10\""),
        arguments("value array", "\"value\":\"10000\"", "\"value\":[\"10000\"]"),
        arguments("value 2^256", "\"value\":\"10000\"", "\"value\":\"" + "9".repeat(78) + "\""),
        arguments("amount number", "\"amount\":\"10000\"", "\"amount\":10000"),
        arguments("timeout text", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":\"60\""),
        arguments("timeout float", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":60.0"),
        arguments("timeout zero", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":0"),
        arguments("timeout negative", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":-60"),
        arguments(
            "timeout 2^63",
            "\"maxTimeoutSeconds\":60",
            "\"maxTimeoutSeconds\":9223372036854775808"),
        arguments(
            "timeout long",
            "\"maxTimeoutSeconds\":60",
            "\"maxTimeoutSeconds\":9223372036854775807"),
        arguments(
            "extra text", "\"extra\":{\"name\":\"USDC\",\"version\":\"2\"}", "\"extra\":\"EVIL\""),
        arguments("scheme number", "\"scheme\":\"exact\"", "\"scheme\":1"),
        arguments("network number", "\"network\":\"eip155:84532\"", "\"network\":84532"),
        arguments("network name", "\"network\":\"eip155:84532\"", "\"network\":\"EVIL\""),
        arguments("payTo short", "\"payTo\":\"0x", "\"payTo\":\"0xEVIL"),
        arguments("from hex nonsense", "\"from\":\"0x", "\"from\":\"0xzz"),
        arguments("nonce nonsense", "\"nonce\":\"0x00", "\"nonce\":\"0xzz"),
        arguments("nonce odd", "\"nonce\":\"0x0", "\"nonce\":\"0x"),
        arguments("nonce without 0x", "\"nonce\":\"0x", "\"nonce\":\""),
        arguments("signature nonsense", "\"signature\":\"0x", "\"signature\":\"0xzz"),
        arguments("signature odd", "\"signature\":\"0x", "\"signature\":\"0x1"),
        arguments("signature without 0x", "\"signature\":\"0x", "\"signature\":\""),
        arguments("signature long", "\"signature\":\"0x", "\"signature\":\"0x" + "00".repeat(2050)),
        // numbers that are read although nobody asks for them
        arguments("long exponent", "\"scheme\":", "\"n\":1e99999999999999999999,\"scheme\":"),
        // syntax
        arguments("single quotes", "\"scheme\":\"exact\"", "'scheme':'exact'"),
        arguments("comment", "\"scheme\":", "/*EVIL*/\"scheme\":"),
        arguments("trailing comma", "\"scheme\":\"exact\"", "\"scheme\":\"exact\",,"),
        arguments("NaN", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":NaN"),
        arguments("leading zero", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":060"),
        arguments("plus", "\"maxTimeoutSeconds\":60", "\"maxTimeoutSeconds\":+60"),
        arguments("control character", "\"scheme\":\"exact\"", "\"scheme\":\"exact\n\""),
        arguments("half an escape", "\"scheme\":\"exact\"", "\"scheme\":\"\\u12\""),
        arguments(
            "depth", "\"extra\":{", "\"deep\":" + "[".repeat(70) + "]".repeat(70) + ",\"extra\":{"),
        arguments("long number", "\"scheme\":", "\"n\":" + "9".repeat(101) + ",\"scheme\":"),
        arguments("byte order mark", "{\"x402Version\"", "\ufeff{\"x402Version\""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("edits")
  void refusesEachChangeAndRepeatsNothingOfIt(String name, String part, String replacement) {
    assertThat(GOOD).contains(part);

    refuses(
        Sale.base64(GOOD.replaceFirst(Pattern.quote(part), Matcher.quoteReplacement(replacement))),
        2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x402Version",
        "accepted",
        "payload",
        "scheme",
        "network",
        "amount",
        "asset",
        "payTo",
        "maxTimeoutSeconds",
        "signature",
        "authorization",
        "from",
        "to",
        "value",
        "validAfter",
        "validBefore",
        "nonce"
      })
  void refusesAMissingAndANullMember(String member) {
    String renamed = GOOD.replaceFirst("\"" + member + "\":", "\"EVIL\":");
    String withNull = GOOD.replaceFirst("\"" + member + "\":", "\"" + member + "\":null,\"EVIL\":");

    refuses(Sale.base64(renamed), 2);
    refuses(Sale.base64(withNull), 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x402Version", "scheme", "network", "payload", "authorization"})
  void refusesAMissingMemberInVersion1(String member) {
    refuses(Sale.base64(GOOD_V1.replaceFirst("\"" + member + "\":", "\"EVIL\":")), 1);
  }

  @Test
  void refusesEachVersionInTheHeaderOfTheOther() {
    refuses(Sale.base64(GOOD), 1);
    refuses(Sale.base64(GOOD_V1), 2);
    refuses(Sale.base64(GOOD_V1.replace("base-sepolia", "eip155:84532")), 1);
    refuses(Sale.base64(GOOD_V1.replace("base-sepolia", "EVIL")), 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "1",
        "\"EVIL\"",
        "true",
        "",
        " ",
        "{",
        "}",
        "{}",
        "{}{}",
        "[{}]",
        "EVIL",
        "{\"x402Version\":2}",
        "{\"x402Version\":2,\"payload\":null,\"accepted\":null}"
      })
  void refusesWhatIsNoMessage(String json) {
    refuses(Sale.base64(json), 2);
    refuses(Sale.base64(json), 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "1", "EVIL", "]", ",", "\u0000", "//EVIL"})
  void refusesWhatFollowsTheMessage(String tail) {
    refuses(Sale.base64(GOOD + tail), 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "AAAA", "EVIL EVIL", "=", "====", "A", "AA=A", "\u00e9", "e30\n"})
  void refusesWhatIsNotBase64OfJson(String header) {
    refuses(header, 2);
  }

  @Test
  void refusesMixedAlphabetsJoinedHeadersAndBreaks() {
    String good = Sale.base64(GOOD);
    refuses(good + "," + good, 2);
    refuses(good + ", " + good, 2);
    refuses("+-" + good, 2);
    refuses(good.substring(0, 40) + "\r\n" + good.substring(40), 2);
    refuses(good.substring(0, 40) + " " + good.substring(40), 2);
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[] bytes = GOOD.getBytes(StandardCharsets.UTF_8);
    int at = GOOD.indexOf("USDC");
    for (int bad : new int[] {0xff, 0xc0, 0x80, 0xed}) {
      byte[] broken = bytes.clone();
      broken[at] = (byte) bad;
      refuses(Base64.getEncoder().encodeToString(broken), 2);
    }
    refuses(Base64.getEncoder().encodeToString(GOOD.getBytes(StandardCharsets.UTF_16)), 2);
  }

  @Test
  void looksAtHeadersOfEightKibibytesAndNoLonger() throws Exception {
    int room = PaymentCodec.MAX_HEADER_LENGTH / 4 * 3 - GOOD.length();
    String atLimit = Sale.base64(GOOD + " ".repeat(room));

    assertThat(atLimit).hasSize(PaymentCodec.MAX_HEADER_LENGTH);
    read(atLimit, 2);
    refuses(Sale.base64(GOOD + " ".repeat(room + 1)), 2);
    refuses("A".repeat(500_000), 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e2147483647",
        "100e2147483647",
        "1e-2147483648",
        "0.01e-2147483647",
        "1e99999999999"
      })
  void readsOrRefusesNumbersThatNothingCanHoldAndNeverBreaks(String number) {
    String header =
        Sale.base64(GOOD.replaceFirst("\"extra\":\\{", "\"extra\":{\"n\":" + number + ","));
    try {
      PaymentPayload payload = PaymentCodec.decodePayload(header, 2);
      assertThat(payload.accepted()).isNotEqualTo(Sale.OFFER);
      assertThat(payload.hashCode()).isEqualTo(payload.hashCode());
      assertThat(PaymentCodec.encodePayload(payload)).hasSizeLessThan(header.length() + 100);
    } catch (MalformedPaymentException e) {
      assertThat(e.getMessage()).doesNotContain(number);
    }
  }

  @Test
  void ignoresWhatItDoesNotKnow() throws Exception {
    String more =
        GOOD.replaceFirst(
            "\\{", "{\"unknown\":{\"a\":[1,2.5,null,true]},\"error\":{\"url\":\"EVIL\"},");

    assertThat(PaymentCodec.decodePayload(Sale.base64(more), 2))
        .isEqualTo(PaymentCodec.decodePayload(Sale.base64(GOOD), 2));
  }
}
