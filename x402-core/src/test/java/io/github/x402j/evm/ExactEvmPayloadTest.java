// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.gate.Sale;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The members of {@code payload}, one wrong at a time (cases C05, C20, C25, D29 and D30). */
class ExactEvmPayloadTest {
  private static final TransferAuthorization AUTHORIZATION = Sale.authorization(Sale.nonce(1));
  private static final List<String> TEXTS =
      List.of("from", "to", "value", "validAfter", "validBefore", "nonce");

  private final Map<String, Object> payload = new LinkedHashMap<>(Sale.signed(AUTHORIZATION));
  private final Map<String, Object> members = new LinkedHashMap<>();

  ExactEvmPayloadTest() {
    ((Map<?, ?>) payload.get("authorization"))
        .forEach((name, value) -> members.put((String) name, value));
    payload.put("authorization", members);
  }

  private void refuses(String field) {
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> ExactEvmPayload.parse(payload))
        .withMessageContaining(field)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(ErrorReason.INVALID_PAYLOAD));
  }

  @Test
  void readsWhatItWrites() throws Exception {
    ExactEvmPayload read = ExactEvmPayload.parse(payload);

    assertThat(read.authorization()).isEqualTo(AUTHORIZATION);
    assertThat(read.toMap()).isEqualTo(payload);
  }

  @ParameterizedTest
  @ValueSource(strings = {"from", "to", "value", "validAfter", "validBefore", "nonce"})
  void refusesAMemberThatIsMissing(String member) {
    members.remove(member);
    refuses("payload.authorization." + member);
  }

  @Test
  void refusesAPayloadWithoutSignatureOrAuthorization() {
    payload.remove("signature");
    refuses("payload.signature");
    payload.remove("authorization");
    refuses("payload.authorization");
    for (Object other : List.of("text", 1L, List.of(), true)) {
      payload.put("authorization", other);
      refuses("payload.authorization");
    }
  }

  static Stream<Object> noTexts() {
    return Stream.of(
        10000L, BigInteger.TEN.pow(20), new BigDecimal("1.5"), true, List.of("10000"), Map.of());
  }

  @ParameterizedTest
  @MethodSource("noTexts")
  void refusesAnythingButTextInEveryMember(Object value) {
    for (String member : TEXTS) {
      Object good = members.put(member, value);
      refuses("payload.authorization." + member);
      members.put(member, good);
    }
    payload.put("signature", value);
    refuses("payload.signature");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-1",
        "+1",
        "1.0",
        "1e4",
        "0x10",
        "01",
        " 1",
        "1 ",
        "\u0661",
        "\uff11",
        "1_000",
        "115792089237316195423570985008687907853269984665640564039457584007913129639936"
      })
  void refusesNumbersThatAreNotAUint256InPlainDigits(String number) {
    for (String member : List.of("value", "validAfter", "validBefore")) {
      Object good = members.put(member, number);
      refuses("payload.authorization." + member);
      members.put(member, good);
    }
  }

  @Test
  void takesTheLargestUint256() throws Exception {
    BigInteger max = BigInteger.TWO.pow(256).subtract(BigInteger.ONE);
    for (String member : List.of("value", "validAfter", "validBefore")) {
      members.put(member, max.toString());
    }
    assertThat(ExactEvmPayload.parse(payload).authorization().validBefore()).isEqualTo(max);
  }

  @ParameterizedTest
  @CsvSource({
    "nonce, 0xzz00000000000000000000000000000000000000000000000000000000000000",
    "nonce, 0x00",
    "nonce, 0x000000000000000000000000000000000000000000000000000000000000001",
    "nonce, 0x00000000000000000000000000000000000000000000000000000000000000011",
    "nonce, 0000000000000000000000000000000000000000000000000000000000000001",
    "from, 0xzz6529eb45b057b44e76829657bd074a70123bff",
    "from, 0xF39A6529eB45b057b44e76829657bD074A70123b", // one letter's case
    "to, f39a6529eb45b057b44e76829657bd074a70123b",
    "to, 0xf39a6529eb45b057b44e76829657bd074a7012"
  })
  void refusesHexThatIsNotWhatItShouldBe(String member, String hex) {
    members.put(member, hex);
    refuses("payload");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "00", "0X00", "0xz0", "0x0", "0x 0", "0x00 ", "0x\u0660\u0660"})
  void refusesASignatureThatIsNotHex(String signature) {
    payload.put("signature", signature);
    refuses("signature");
  }

  @Test
  void readsASignatureUpToItsLimitAndNoLonger() throws Exception {
    payload.put("signature", "0x" + "00".repeat(2047));
    assertThat(ExactEvmPayload.parse(payload).signature()).hasSize(4096);
    payload.put("signature", "0x" + "00".repeat(2048));
    refuses("signature");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"permit2Authorization", "delegationManager", "permissionContext", "transaction"})
  void refusesThePayloadsOfOtherTransferMethods(String member) {
    payload.put(member, Map.of("from", "0x00"));
    refuses(member);
    payload.remove("authorization");
    refuses(member);
  }

  @Test
  void doesNotShowTheSignature() throws Exception {
    ExactEvmPayload read = ExactEvmPayload.parse(payload);

    assertThat(read.toString())
        .contains(AUTHORIZATION.from().text())
        .doesNotContain(read.signature().substring(2, 20));
  }
}
