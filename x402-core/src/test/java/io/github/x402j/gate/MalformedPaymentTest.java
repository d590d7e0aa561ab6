// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.PaymentCodec;
import io.github.x402j.StrictDecodingTest;
import io.github.x402j.facilitator.LocalCheckOnly;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the gate answers to headers that are no payment: 400 with the code, nothing of the header
 * repeated, and neither ledger nor chain behind it. {@link StrictDecodingTest} has every row of the
 * decoder; here is one of each kind, seen from outside.
 */
class MalformedPaymentTest {
  private static final String GOOD = PaymentCodec.payloadJson(Sale.v2(1));
  private static final String GOOD_V1 = PaymentCodec.payloadJson(Sale.v1(1));

  private final PaymentGate gate = LocalCheckOnly.gate();
  private final Challenge challenge = gate.challenge(Sale.REQUIRED);

  private Refusal refusal(String... namesAndValues) {
    Admission admission =
        gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(namesAndValues));
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    return ((Admission.Refused) admission).refusal();
  }

  private static String edited(String part, String replacement) {
    assertThat(GOOD).contains(part);
    return Sale.base64(GOOD.replace(part, replacement));
  }

  static Stream<Arguments> noPayments() {
    String good = Sale.base64(GOOD);
    return Stream.of(
        arguments("C01 not base64", "*EVIL"),
        arguments("C02 not JSON", "AAAA"),
        arguments("C02 not JSON", Sale.base64("EVIL")),
        arguments("C03 null", Sale.base64("null")),
        arguments("C03 array", Sale.base64("[]")),
        arguments("C03 number", Sale.base64("1")),
        arguments("C03 string", Sale.base64("\"EVIL\"")),
        arguments("C04 accepted null", edited("\"accepted\":", "\"accepted\":null,\"EVIL\":")),
        arguments("C04 accepted missing", edited("\"accepted\":", "\"EVIL\":")),
        arguments("C05 payload null", edited("\"payload\":", "\"payload\":null,\"EVIL\":")),
        arguments("C05 signature missing", edited("\"signature\":", "\"EVIL\":")),
        arguments("C05 nonce missing", edited("\"nonce\":", "\"EVIL\":")),
        arguments("C07 8193 characters", "A".repeat(PaymentCodec.MAX_HEADER_LENGTH + 1)),
        arguments("C07 9 KB", "A".repeat(9_000)),
        arguments("C07 500 KB", "A".repeat(500_000)),
        arguments("C11 joined", good + "," + good),
        arguments("C15 duplicate", edited("\"value\":", "\"value\":\"1\",\"value\":")),
        arguments("C20 number", edited("\"value\":\"10000\"", "\"value\":10000")),
        arguments("C20 exponent", edited("\"value\":\"10000\"", "\"value\":1e4")),
        arguments("C25 nonsense", edited("\"signature\":\"0x", "\"signature\":\"0xzz")),
        arguments("C25 odd", edited("\"signature\":\"0x", "\"signature\":\"0x0")),
        arguments("C25 no 0x", edited("\"signature\":\"0x", "\"signature\":\"")),
        arguments("D30 Permit2 instead", edited("\"authorization\"", "\"permit2Authorization\"")),
        arguments(
            "D30 Permit2 besides",
            edited("\"signature\":", "\"permit2Authorization\":{},\"signature\":")),
        arguments(
            "D29 ERC-7710 besides",
            edited("\"signature\":", "\"delegationManager\":\"EVIL\",\"signature\":")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("noPayments")
  void answers400WithTheCodeAndRepeatsNothing(String name, String header) {
    Refusal refusal = refusal("PAYMENT-SIGNATURE", header);

    assertThat(refusal.status()).isEqualTo(400);
    assertThat(refusal.body()).contains("invalid_payload").doesNotContain("EVIL");
    assertThat(refusal.body()).hasSizeLessThan(300);
    assertThat(refusal.headers()).containsOnlyKeys("Cache-Control");
  }

  @Test
  void answers400WithTheCodeOfTheVersion() {
    assertThat(refusal("PAYMENT-SIGNATURE", Sale.base64(GOOD_V1)).body())
        .contains("invalid_x402_version");
    assertThat(refusal("X-PAYMENT", Sale.base64(GOOD)).body()).contains("invalid_x402_version");
    assertThat(refusal("X-PAYMENT", Sale.base64(GOOD_V1.replace("base-sepolia", "EVIL"))).body())
        .contains("invalid_network")
        .doesNotContain("EVIL");
  }

  @Test
  void answers400ToTwoPaymentsOrOneTwice() {
    String v2 = Sale.base64(GOOD);
    assertThat(refusal("PAYMENT-SIGNATURE", v2, "payment-signature", v2).status()).isEqualTo(400);
    assertThat(refusal("PAYMENT-SIGNATURE", v2, "X-PAYMENT", Sale.base64(GOOD_V1)).status())
        .isEqualTo(400);
  }

  /** C06: a header with nothing in it is no payment, rather than a bad one. */
  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t  "})
  void asksForAPaymentWhereTheHeaderIsBlank(String header) {
    assertThat(refusal("PAYMENT-SIGNATURE", header)).isEqualTo(challenge.refusal());
  }

  /** C30: what the client says of the price is compared, and never used. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "9999", "10001", "0"})
  void refusesAPriceOfTheClients(String amount) {
    String accepted = "\"amount\":\"" + amount + "\"";
    Refusal refusal = refusal("PAYMENT-SIGNATURE", edited("\"amount\":\"10000\"", accepted));
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(refusal.body()).contains("invalid_payment_requirements");

    Refusal both =
        refusal("PAYMENT-SIGNATURE", Sale.base64(GOOD.replace("\"10000\"", "\"" + amount + "\"")));
    assertThat(both.status()).isEqualTo(402);
    assertThat(both.body()).contains("invalid_payment_requirements");
  }

  /** D01, D32, D09: well formed, and not what was offered or not signed. */
  @Test
  void answers402ToAPaymentThatIsNotGood() {
    assertThat(refusal("PAYMENT-SIGNATURE", edited("\"exact\"", "\"upto\"")).body())
        .contains("unsupported_scheme");
    assertThat(refusal("PAYMENT-SIGNATURE", edited("eip155:84532", "eip155:8453")).body())
        .contains("invalid_network");
    assertThat(
            refusal("PAYMENT-SIGNATURE", edited(Sale.OFFER.asset().text(), "0x" + "ab".repeat(20)))
                .body())
        .contains("invalid_payment_requirements");
    String signature = String.valueOf(Sale.v2(1).payload().get("signature"));
    assertThat(refusal("PAYMENT-SIGNATURE", edited(signature, "0x" + "1b".repeat(65))).body())
        .contains("invalid_exact_evm_payload_signature");
  }

  /** C28: an unknown member is ignored and comes back nowhere, however much it holds. */
  @Test
  void repeatsNothingOfWhatItIgnores() {
    String header =
        edited("\"value\":\"10000\"", "\"value\":\"1\",\"unknown\":\"" + "EVIL".repeat(700) + "\"");

    Refusal refusal = refusal("PAYMENT-SIGNATURE", header);

    assertThat(refusal.status()).isEqualTo(402);
    assertThat(refusal.body())
        .contains("invalid_exact_evm_payload_authorization_value_mismatch")
        .doesNotContain("EVIL");
    assertThat(refusal.headers().values())
        .allSatisfy(value -> assertThat(value).doesNotContain("RVZJT", "VWSU", "FVkl"));
  }
}
