// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Sale;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each part of a token, and each member of it, in each shape: refused, and never an error. */
class MalformedReceiptTest {
  private static final List<String> JSON =
      List.of(
          "null",
          "[]",
          "[null]",
          "{}",
          "{\"a\":null}",
          "0",
          "-1",
          "1.5",
          "1e400",
          "9".repeat(400),
          "true",
          "\"\"",
          "\"x\"",
          "\"\\ud800\"",
          "\"\\u0000\"",
          "[".repeat(600) + "]".repeat(600));

  private static final List<String> NOT_JSON =
      List.of("", " ", "nul", "{", "}", "{}{}", "{\"alg\":\"ES256\",}", "\u0000", "\ufeff{}");

  private static final List<String> HEADER_MEMBERS =
      List.of(
          "alg",
          "typ",
          "kid",
          "cty",
          "crit",
          "b64",
          "jwk",
          "jku",
          "x5u",
          "x5c",
          "x5t",
          "x5t#S256",
          "iv",
          "tag",
          "p2s",
          "p2c",
          "epk",
          "apu",
          "iss",
          "aud",
          "sub",
          "exp",
          "unknown");

  private static final List<String> GOOD_CHANGES = goodChanges();

  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK))
          .facilitator(LocalCheckOnly.facilitator())
          .clock(Sale.CLOCK)
          .acceptReceipts(
              ReceiptVerifier.of(
                  List.of(Network402.trusted(Network402.SIGNER).build()), Sale.CLOCK))
          .build();

  private static String encoded(String part) {
    return Base64URL.encode(part).toString();
  }

  /** The good header with one member in place of the same, or added. */
  private static String header(String member, String json) {
    return with(goodHeader().toString(), member, json);
  }

  private static JWSHeader goodHeader() {
    try {
      return JWSObject.parse(Network402.token("1")).getHeader();
    } catch (ParseException e) {
      throw new AssertionError(e);
    }
  }

  private static String signed(String payload) {
    JWSObject jws = new JWSObject(goodHeader(), new Payload(payload));
    try {
      jws.sign(Network402.KEY.signer());
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
    return jws.serialize();
  }

  private static List<String> tokens() {
    String[] good = Network402.token("1").split("\\.", -1);
    List<String> tokens = new ArrayList<>();
    List<String> parts = new ArrayList<>(JSON);
    parts.addAll(NOT_JSON);
    for (String part : parts) {
      tokens.add(encoded(part) + "." + good[1] + "." + good[2]);
      tokens.add(good[0] + "." + encoded(part) + "." + good[2]);
      tokens.add(good[0] + "." + good[1] + "." + encoded(part));
      tokens.add(encoded(part) + "." + encoded(part) + "." + encoded(part));
      tokens.add(signed(part));
    }
    for (String member : HEADER_MEMBERS) {
      for (String json : JSON) {
        tokens.add(encoded(header(member, json)) + "." + good[1] + "." + good[2]);
      }
    }
    String claims = JSONObjectUtils.toJSONString(Network402.claims(all -> {}));
    for (String member : Network402.claims(all -> {}).keySet()) {
      for (String json : JSON) {
        tokens.add(signed(with(claims, member, json)));
      }
    }
    String x402 = JSONObjectUtils.toJSONString(inner());
    for (String member :
        List.of("tx", "network", "asset", "amount", "payTo", "route", "method", "pass", "uses")) {
      for (String json : JSON) {
        tokens.add(signed(with(claims, "x402", with(x402, member, json))));
      }
    }
    for (String shape : List.of(".", "..", "...", "....", ".a.", "a..b", "*.*.*", "a.b.c.d.e")) {
      tokens.add(shape);
    }
    return tokens.stream().filter(token -> token.length() <= 8192).toList();
  }

  /** Payloads that are good once they are signed. */
  private static List<String> goodChanges() {
    String claims = JSONObjectUtils.toJSONString(Network402.claims(all -> {}));
    String x402 = JSONObjectUtils.toJSONString(inner());
    return List.of(
        encoded(with(claims, "jti", "\"x\"")),
        encoded(with(claims, "jti", "\"\\u0000\"")),
        encoded(with(claims, "x402", with(x402, "pass", "null"))));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> inner() {
    return (Map<String, Object>) Network402.claims(all -> {}).get("x402");
  }

  private static String with(String object, String member, String json) {
    try {
      Map<String, Object> rest = JSONObjectUtils.parse(object);
      rest.remove(member);
      String text = JSONObjectUtils.toJSONString(rest);
      return text.substring(0, text.length() - 1) + ",\"" + member + "\":" + json + "}";
    } catch (ParseException e) {
      throw new AssertionError(e);
    }
  }

  @TestFactory
  List<DynamicTest> eachIsRefusedAsAMessageOrAsAReceipt() {
    return tokens().stream()
        .map(
            token ->
                DynamicTest.dynamicTest(
                    token.length() > 60 ? token.substring(0, 60) : token, () -> refuses(token)))
        .toList();
  }

  private void refuses(String token) {
    for (String header : List.of("X-PAYMENT", "X-Payment-Receipt")) {
      Admission admission =
          gate.admit(
              gate.challenge(Sale.REQUIRED),
              Purchase.of(Sale.REQUEST, "GET"),
              Sale.headers(header, token));
      if (admission instanceof Admission.Refused refused) {
        assertThat(refused.refusal().status()).isIn(400, 402);
      } else { // signed, and another number of the receipt or no pass
        gate.release(((Admission.Admitted) admission).payment());
        assertThat(GOOD_CHANGES).contains(token.split("\\.", -1)[1]);
      }
    }
    OfferReceiptVerifier verifier =
        OfferReceiptVerifier.of(
            JwsStatements.trusting(Network402.SIGNER.jwks(), ReceiptAlgorithm.ES256));
    assertThat(verifier.offer(Map.of("format", "jws", "signature", token))).isEmpty();
    assertThat(verifier.receipt(Map.of("format", "jws", "signature", token))).isEmpty();
  }

  @Test
  void aHeaderOfNullIsAMalformedMessage() {
    ReceiptVerifier verifier =
        ReceiptVerifier.of(List.of(Network402.trusted(Network402.SIGNER).build()), Sale.CLOCK);
    String rest = Network402.token("1").replaceFirst("[^.]*", "");
    assertThatExceptionOfType(MalformedPaymentException.class)
        .isThrownBy(() -> verifier.verify(encoded("null") + rest));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "1",
        "{}",
        "{\"keys\":null}",
        "{\"keys\":[null]}",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[[]]}",
        "{\"keys\":[{\"kty\":null}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":null,\"x\":null,\"y\":null}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\",\"kid\":\"k\"}]}"
      })
  void refusesWhatIsNoSetOfKeys(String jwks) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IssuerKeys.of(jwks, ReceiptAlgorithm.ES256));
  }
}
