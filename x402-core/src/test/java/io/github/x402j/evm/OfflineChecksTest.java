// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static io.github.x402j.gate.Sale.NOW;
import static io.github.x402j.gate.Sale.OFFER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Vectors;
import io.github.x402j.Verification;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.Untouchable;
import java.math.BigInteger;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is checked without the chain: the golden cases, each comparison's equality, the order. */
class OfflineChecksTest {
  private static final EvmFacilitator FACILITATOR =
      EvmFacilitator.builder(Network.BASE_SEPOLIA, Untouchable.of(Chain.class), Sale.PAYER)
          .clock(Sale.CLOCK)
          .build();

  /** What each word of the file means here; the last three are this library's own decisions. */
  private static final Map<String, String> MEANING =
      Map.of(
          "valid", "Valid",
          "invalid_signature", "INVALID_SIGNATURE",
          "pay_to_mismatch", "RECIPIENT_MISMATCH",
          "amount_mismatch", "VALUE_MISMATCH",
          "expired", "Expired",
          "not_yet_valid", "AUTHORIZATION_NOT_YET_VALID",
          "window_too_long", "AUTHORIZATION_EXPIRED",
          "boundary", "AUTHORIZATION_NOT_YET_VALID",
          "policy", "AUTHORIZATION_EXPIRED",
          "valid-or-deadline", "Valid");

  @TestFactory
  Stream<DynamicTest> decidesTheGoldenCases() {
    JsonNode file = Vectors.load("eip3009-cases.json");
    assertThat(file.get("now").longValue()).isEqualTo(NOW.getEpochSecond());
    assertThat(file.get("cases")).hasSize(25);
    return StreamSupport.stream(file.get("cases").spliterator(), false)
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.get("id").textValue(),
                    () ->
                        assertThat(verdict(check(payload(c), OFFER)))
                            .isEqualTo(MEANING.get(c.get("expect").textValue()))));
  }

  private static Map<String, Object> payload(JsonNode c) {
    Map<String, Object> authorization = new LinkedHashMap<>();
    c.get("authorization")
        .properties()
        .forEach(member -> authorization.put(member.getKey(), member.getValue().textValue()));
    return Map.of("signature", c.get("signature").textValue(), "authorization", authorization);
  }

  private static Verification check(Map<String, Object> payload, PaymentRequirements requirements)
      throws Exception {
    return FACILITATOR.check(PaymentPayload.v2(OFFER, payload), requirements);
  }

  private static String verdict(Verification verification) {
    return verification instanceof Verification.Invalid invalid
        ? invalid.reason().name()
        : verification.getClass().getSimpleName();
  }

  private static TransferAuthorization window(long after, long before) {
    TransferAuthorization a = Sale.authorization(Sale.nonce(1));
    return TransferAuthorization.between(
        a.from(), a.to(), a.value(), NOW.plusSeconds(after), NOW.plusSeconds(before), a.nonce());
  }

  private static String verdictOf(TransferAuthorization authorization) throws Exception {
    return verdict(check(Sale.signed(authorization), OFFER));
  }

  @Test
  void acceptsSixSecondsToSettleAndNoLess() throws Exception {
    assertThat(verdictOf(window(-60, 6))).isEqualTo("Valid");
    assertThat(verdictOf(window(-60, 5))).isEqualTo("Expired");
    assertThat(verdictOf(window(-60, 0))).isEqualTo("Expired");
    assertThat(verdictOf(window(-60, -1))).isEqualTo("Expired");
  }

  @Test
  void acceptsAWindowUpToTheTimeoutAndThirtySecondsOfClock() throws Exception {
    assertThat(verdictOf(window(-60, 60 + 30))).isEqualTo("Valid");
    assertThat(verdictOf(window(-60, 60 + 31))).isEqualTo("AUTHORIZATION_EXPIRED");
  }

  @Test
  void refusesAnAuthorizationThatBeginsNow() throws Exception {
    assertThat(verdictOf(window(-1, 60))).isEqualTo("Valid");
    assertThat(verdictOf(window(0, 60))).isEqualTo("AUTHORIZATION_NOT_YET_VALID");
    assertThat(verdictOf(window(1, 60))).isEqualTo("AUTHORIZATION_NOT_YET_VALID");
  }

  @Test
  void surviveWindowsThatOverflowEveryClock() throws Exception {
    TransferAuthorization a = Sale.authorization(Sale.nonce(1));
    BigInteger max = BigInteger.TWO.pow(256).subtract(BigInteger.ONE);
    for (BigInteger end :
        new BigInteger[] {
          max,
          BigInteger.TWO.pow(64),
          BigInteger.TWO.pow(63),
          BigInteger.valueOf(Long.MAX_VALUE),
          BigInteger.valueOf(Instant.MAX.getEpochSecond()).add(BigInteger.ONE),
          BigInteger.valueOf(NOW.toEpochMilli())
        }) {
      assertThat(
              verdictOf(
                  new TransferAuthorization(
                      a.from(), a.to(), a.value(), a.validAfter(), end, a.nonce())))
          .isEqualTo("AUTHORIZATION_EXPIRED");
    }
    assertThat(
            verdictOf(
                new TransferAuthorization(
                    a.from(), a.to(), a.value(), max, a.validBefore(), a.nonce())))
        .isEqualTo("AUTHORIZATION_NOT_YET_VALID");
  }

  @Test
  void refusesWhatIsWrongInSeveralWaysForTheFirst() throws Exception {
    Address stranger = OFFER.asset();
    TransferAuthorization a = Sale.authorization(Sale.nonce(1));
    BigInteger later = BigInteger.valueOf(NOW.plusSeconds(10).getEpochSecond());
    BigInteger far = BigInteger.valueOf(NOW.plusSeconds(9999).getEpochSecond());
    TransferAuthorization wrong =
        new TransferAuthorization(a.from(), stranger, TokenAmount.of(9999), later, far, a.nonce());
    Map<String, Object> unsigned = new HashMap<>(Sale.signed(wrong));
    unsigned.put("signature", "0x00");

    PaymentPayload all = PaymentPayload.v1("upto", Network.BASE, unsigned);
    assertThat(verdict(FACILITATOR.check(all, OFFER))).isEqualTo("UNSUPPORTED_SCHEME");
    all = PaymentPayload.v1("exact", Network.BASE, unsigned);
    assertThat(verdict(FACILITATOR.check(all, OFFER))).isEqualTo("INVALID_NETWORK");
    assertThat(verdict(check(unsigned, OFFER))).isEqualTo("VALUE_MISMATCH");

    assertThat(
            unsignedVerdict(
                new TransferAuthorization(a.from(), stranger, a.value(), later, far, a.nonce())))
        .isEqualTo("RECIPIENT_MISMATCH");
    assertThat(
            unsignedVerdict(
                new TransferAuthorization(a.from(), a.to(), a.value(), later, far, a.nonce())))
        .isEqualTo("AUTHORIZATION_NOT_YET_VALID");
    assertThat(
            unsignedVerdict(
                new TransferAuthorization(
                    a.from(), a.to(), a.value(), a.validAfter(), far, a.nonce())))
        .isEqualTo("AUTHORIZATION_EXPIRED");
    assertThat(unsignedVerdict(window(-60, 1))).isEqualTo("INVALID_SIGNATURE");
  }

  private static String unsignedVerdict(TransferAuthorization authorization) throws Exception {
    Map<String, Object> members = new HashMap<>(Sale.signed(authorization));
    members.put("signature", "0x00");
    return verdict(check(members, OFFER));
  }

  @Test
  void namesTheAuthorizationByPayerNonceAndToken() throws Exception {
    Verification valid = check(Sale.signed(Sale.authorization(Sale.nonce(7))), OFFER);

    assertThat(valid)
        .isInstanceOfSatisfying(
            Verification.Valid.class,
            v -> {
              assertThat(v.payment().key().payer()).isEqualTo(Sale.PAYER.address());
              assertThat(v.payment().key().asset()).isEqualTo(OFFER.asset());
              assertThat(v.payment().key().network()).isEqualTo(OFFER.network());
              assertThat(v.payment().key().nonce()).isEqualTo(Sale.nonce(7));
              assertThat(v.payment().validBefore()).isEqualTo(NOW.plusSeconds(60));
              assertThat(v.payment().requirements()).isEqualTo(OFFER);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"permit2Authorization", "delegationManager", "permissionContext", "transaction"})
  void refusesThePayloadsOfOtherTransferMethodsEvenBesideAnAuthorization(String member) {
    Map<String, Object> both = new HashMap<>(Sale.signed(Sale.authorization(Sale.nonce(1))));
    both.put(member, Map.of());

    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> check(both, OFFER))
        .withMessageContaining(member);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0xzz", "0x1", "00", "", "0X00", "0x 00", "0x\u0660\u0660"})
  void refusesASignatureThatIsNotHex(String signature) {
    Map<String, Object> members = new HashMap<>(Sale.signed(Sale.authorization(Sale.nonce(1))));
    members.put("signature", signature);

    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> check(members, OFFER))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(ErrorReason.INVALID_PAYLOAD));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64, 66, 200, 2046})
  void refusesASignatureOfAnotherLengthWithoutAskingTheChain(int bytes) throws Exception {
    Map<String, Object> members = new HashMap<>(Sale.signed(Sale.authorization(Sale.nonce(1))));
    members.put("signature", "0x" + "1b".repeat(bytes));

    assertThat(verdict(check(members, OFFER))).isEqualTo("INVALID_SIGNATURE");
  }

  @Test
  void doesNotKnowOtherSchemesOrNetworks() {
    assertThat(FACILITATOR.supports("exact", Network.BASE_SEPOLIA)).isTrue();
    assertThat(FACILITATOR.supports("Exact", Network.BASE_SEPOLIA)).isFalse();
    assertThat(FACILITATOR.supports("upto", Network.BASE_SEPOLIA)).isFalse();
    assertThat(FACILITATOR.supports("exact", Network.BASE)).isFalse();
  }
}
