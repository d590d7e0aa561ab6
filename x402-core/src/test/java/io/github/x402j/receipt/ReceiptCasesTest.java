// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static io.github.x402j.receipt.Network402.AUDIENCE;
import static io.github.x402j.receipt.Network402.KEY;
import static io.github.x402j.receipt.Network402.SIGNER;
import static io.github.x402j.receipt.Network402.builder;
import static io.github.x402j.receipt.Network402.claims;
import static io.github.x402j.receipt.Network402.dropX402;
import static io.github.x402j.receipt.Network402.signed;
import static io.github.x402j.receipt.Network402.x402;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.Base64URL;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Sale;
import java.math.BigInteger;
import java.net.URI;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Receipts that must not buy anything; each comes in both headers that carry receipts. */
class ReceiptCasesTest {
  private static final BigInteger P256_ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK);
  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(ledger)
          .facilitator(LocalCheckOnly.facilitator())
          .clock(Sale.CLOCK)
          .acceptReceipts(
              ReceiptVerifier.of(List.of(Network402.trusted(SIGNER).build()), Sale.CLOCK))
          .build();
  private final Challenge challenge = gate.challenge(Sale.REQUIRED);

  private Admission admit(String header, String token) {
    return gate.admit(challenge, Purchase.of(Sale.REQUEST, "GET"), Sale.headers(header, token));
  }

  @Test
  void theReceiptThatTheCasesAreMadeOfIsGood() throws Exception {
    assertThat(admit("X-PAYMENT", signed(claims(same -> {}))))
        .isInstanceOf(Admission.Admitted.class);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void lets(String name, int status, String token) {
    for (String header : List.of("X-PAYMENT", "X-Payment-Receipt")) {
      Admission admission = admit(header, token);
      assertThat(admission).isInstanceOf(Admission.Refused.class);
      assertThat(((Admission.Refused) admission).refusal().status()).isEqualTo(status);
      assertThat(((Admission.Refused) admission).refusal().toString()).doesNotContain(token);
    }
    assertThat(ledger.size()).isZero();
  }

  static Stream<Arguments> cases() throws Exception {
    return Stream.of(headerCases(), claimCases(), textCases()).flatMap(each -> each);
  }

  private static Stream<Arguments> headerCases() throws Exception {
    String good = Network402.token("1");
    String payload = good.split("\\.")[1];
    byte[] secret = SIGNER.jwks().getBytes(UTF_8);
    JWSObject mac =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(new JOSEObjectType(ReceiptVerifier.TYPE))
                .keyID(KEY.kid())
                .build(),
            new Payload(claims(same -> {})));
    mac.sign(new MACSigner(Arrays.copyOf(secret, 64)));
    SigningKey other = SigningKey.generated(ReceiptAlgorithm.ES256);
    JWK embedded = JWK.parse(other.publicJwk());
    SigningKey k1 = SigningKey.generated(ReceiptAlgorithm.ES256K);
    return Stream.of(
        of("alg none", 400, raw("{\"alg\":\"none\",\"typ\":\"x402-receipt+jwt\"}", payload, "")),
        of("alg None", 402, raw("{\"alg\":\"None\",\"kid\":\"1\"}", payload, "AA")),
        of("alg nOnE with the signature", 402, raw("{\"alg\":\"nOnE\"}", payload, part(good, 2))),
        of("alg missing", 400, raw("{\"typ\":\"x402-receipt+jwt\"}", payload, "AA")),
        of("alg of another kind", 400, raw("{\"alg\":7}", payload, "AA")),
        of("HS256 with the public key as the secret", 402, mac.serialize()),
        of("another key of the same algorithm", 402, Network402.issuer(other).sign(receipt())),
        of("another algorithm than the configured", 402, Network402.issuer(k1).sign(receipt())),
        of("embedded jwk", 402, header(b -> b.jwk(embedded))),
        of("jku", 402, header(b -> b.jwkURL(URI.create("http://127.0.0.1:1/jwks")))),
        of("x5u", 402, header(b -> b.x509CertURL(URI.create("http://127.0.0.1:1/x5u")))),
        of(
            "x5c",
            402,
            header(b -> b.x509CertChain(List.of(new com.nimbusds.jose.util.Base64("AA"))))),
        of("kid of a path", 402, header(b -> b.keyID("../../dev/null"))),
        of("kid of SQL", 402, header(b -> b.keyID("' OR 1=1"))),
        of("kid of 4 KB", 402, header(b -> b.keyID("k".repeat(4096)))),
        of("kid missing", 402, header(b -> b.keyID(null))),
        of(
            "kid null",
            402,
            raw("{\"alg\":\"ES256\",\"typ\":\"x402-receipt+jwt\",\"kid\":null}", payload, "AA")),
        of("kid an array", 400, raw("{\"alg\":\"ES256\",\"kid\":[\"1\"]}", payload, "AA")),
        of("crit", 402, header(b -> b.criticalParams(Set.of("x")).customParam("x", 1))),
        of(
            "b64 false",
            400,
            header(b -> b.base64URLEncodePayload(false).criticalParams(Set.of("b64")))),
        of("typ missing", 402, header(b -> b.type(null))),
        of("typ JWT", 402, header(b -> b.type(JOSEObjectType.JWT))),
        of("typ of an access token", 402, header(b -> b.type(new JOSEObjectType("at+jwt")))));
  }

  private static Stream<Arguments> claimCases() throws Exception {
    long now = Sale.NOW.getEpochSecond();
    return Stream.of(
        claim("iss missing", c -> c.remove("iss")),
        claim("iss another", c -> c.put("iss", "https://other.example")),
        claim("aud missing", c -> c.remove("aud")),
        claim("aud of another shop", c -> c.put("aud", "https://other.example")),
        claim("aud with a slash", c -> c.put("aud", AUDIENCE + "/")),
        claim("aud of two shops", c -> c.put("aud", List.of(AUDIENCE, "https://other.example"))),
        claim("aud empty", c -> c.put("aud", List.of())),
        claim("sub missing", c -> c.remove("sub")),
        claim("sub no address", c -> c.put("sub", "alice")),
        claim("jti missing", c -> c.remove("jti")),
        claim("jti empty", c -> c.put("jti", "")),
        claim("jti of 129 characters", c -> c.put("jti", "j".repeat(129))),
        claim("iat missing", c -> c.remove("iat")),
        claim("iat in the future", c -> c.put("iat", now + 6)),
        claim("exp missing", c -> c.remove("exp")),
        claim("exp past by the skew", c -> c.put("exp", now - 5), c -> c.put("iat", now - 60)),
        claim("exp before iat", c -> c.put("exp", now), c -> c.put("iat", now)),
        claim("exp beyond the cap", c -> c.put("exp", now + 86_401)),
        claim("exp beyond all clocks", c -> c.put("exp", Long.MAX_VALUE)),
        claim("nbf in the future", c -> c.put("nbf", now + 6)),
        claim("x402 missing", c -> c.remove("x402")),
        claim("x402 a string", c -> c.put("x402", "paid")),
        claim("tx missing", c -> dropX402(c, "tx")),
        claim("tx of 31 bytes", c -> x402(c, "tx", "0x" + "ab".repeat(31))),
        claim("network missing", c -> dropX402(c, "network")),
        claim("network another", c -> x402(c, "network", "eip155:8453")),
        claim("asset missing", c -> dropX402(c, "asset")),
        claim("asset another", c -> x402(c, "asset", Network402.PAYER.text())),
        claim("amount missing", c -> dropX402(c, "amount")),
        claim("amount less", c -> x402(c, "amount", "9999")),
        claim("amount more", c -> x402(c, "amount", "10001")),
        claim("amount a number", c -> x402(c, "amount", 10000)),
        claim("payTo missing", c -> dropX402(c, "payTo")),
        claim("payTo another", c -> x402(c, "payTo", Network402.PAYER.text())),
        claim("route missing", c -> dropX402(c, "route")),
        claim("route another", c -> x402(c, "route", "https://shop.example/cheap")),
        claim("route with another query", c -> x402(c, "route", Sale.URL + "?id=7")),
        claim("method missing", c -> dropX402(c, "method")),
        claim("method another", c -> x402(c, "method", "POST")),
        claim("method in lower case", c -> x402(c, "method", "get")),
        claim("a pass of an issuer that sells none", c -> x402(c, "pass", true)),
        claim("pass a string", c -> x402(c, "pass", "true")),
        claim("uses 2 of an issuer that may not say", c -> x402(c, "uses", 2)),
        claim("uses 0: a proof", c -> x402(c, "uses", 0)),
        claim("uses negative", c -> x402(c, "uses", -1)),
        claim("uses a string", c -> x402(c, "uses", "1")));
  }

  private static Stream<Arguments> textCases() throws Exception {
    String good = Network402.token("1");
    String other = Network402.token("2");
    byte[] zero = new byte[64];
    return Stream.of(
        of("no signature", 400, part(good, 0) + "." + part(good, 1) + "."),
        of(
            "the signature of another",
            402,
            part(good, 0) + "." + part(good, 1) + "." + part(other, 2)),
        of("r and s zero", 402, part(good, 0) + "." + part(good, 1) + "." + Base64URL.encode(zero)),
        of("a short signature", 402, part(good, 0) + "." + part(good, 1) + ".AAAA"),
        of("two parts", 400, part(good, 0) + "." + part(good, 1)),
        of("five parts: JWE", 400, pbes2() + "...."),
        of("PBES2 with many rounds", 400, pbes2() + ".AA.AA.AA.AA"),
        of("PBES2 in three parts", 400, pbes2() + "." + part(good, 1) + ".AA"),
        of("claims that are no JSON", 400, signed(Network402.header(), new Payload("paid"))),
        of("claims that are an array", 402, signed(Network402.header(), new Payload("[]"))),
        of("9 KB", 400, part(good, 0) + "." + part(good, 1) + "." + "A".repeat(9 * 1024)),
        of("1 MB", 400, part(good, 0) + "." + part(good, 1) + "." + "A".repeat(1 << 20)),
        of(
            "deep nesting",
            400,
            raw("{\"alg\":\"ES256\",\"x\":" + "[".repeat(3000), part(good, 1), "AA")),
        of("two receipts in one header", 400, good + ", " + other),
        of("only dots", 400, ".."));
  }

  @Test
  void countsTheReceiptAndNotItsText() throws Exception {
    String good = Network402.token("1");
    String input = part(good, 0) + "." + part(good, 1) + ".";
    byte[] signature = Base64.getUrlDecoder().decode(part(good, 2));
    byte[] s = Arrays.copyOfRange(signature, 32, 64);
    byte[] malleated = P256_ORDER.subtract(new BigInteger(1, s)).toByteArray();
    byte[] twin = Arrays.copyOf(signature, 64);
    Arrays.fill(twin, 32, 64, (byte) 0);
    int length = Math.min(32, malleated.length);
    System.arraycopy(malleated, malleated.length - length, twin, 64 - length, length);

    Admission first = admit("X-PAYMENT", good);
    gate.delivered(((Admission.Admitted) first).payment());
    for (String same :
        List.of(
            good,
            input + Base64URL.encode(twin),
            good + "==",
            " " + good + " ",
            input + nonCanonical(part(good, 2)))) {
      assertThat(admit("X-Payment-Receipt", same)).isInstanceOf(Admission.Refused.class);
    }
    assertThat(
            ((Admission.Refused) admit("X-PAYMENT", input + Base64URL.encode(twin)))
                .refusal()
                .body())
        .contains("receipt_already_used"); // it verified, and is the same receipt
    assertThat(ledger.size()).isEqualTo(2); // the count of it, and its transaction
  }

  /** 64 bytes leave four bits of the last character unused. */
  private static String nonCanonical(String base64url) {
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int last = base64url.length() - 1;
    return base64url.substring(0, last)
        + alphabet.charAt(alphabet.indexOf(base64url.charAt(last)) | 1);
  }

  private static Receipt receipt() {
    return Network402.receipt("1");
  }

  private static Arguments of(String name, int status, String token) {
    return Arguments.of(name, status, token);
  }

  @SafeVarargs
  private static Arguments claim(String name, Consumer<Map<String, Object>>... changes)
      throws Exception {
    return of(
        name, 402, signed(claims(c -> Arrays.asList(changes).forEach(each -> each.accept(c)))));
  }

  private static String header(Consumer<JWSHeader.Builder> change) throws Exception {
    JWSHeader.Builder header = builder();
    change.accept(header);
    return signed(header.build(), new Payload(claims(same -> {})));
  }

  private static String raw(String header, String payload, String signature) {
    return Base64URL.encode(header) + "." + payload + "." + signature;
  }

  private static String pbes2() {
    return Base64URL.encode(
            "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2c\":2147483647,\"p2s\":\"AA\"}")
        .toString();
  }

  private static String part(String token, int index) {
    return token.split("\\.")[index];
  }
}
