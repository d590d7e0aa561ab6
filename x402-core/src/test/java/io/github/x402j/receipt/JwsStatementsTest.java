// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.util.Base64URL;
import io.github.x402j.JsonText;
import io.github.x402j.Vectors;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.extension.TrustedSigners;
import io.github.x402j.gate.Sale;
import java.math.BigInteger;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JWS statements, their keys' names, and what the published package signed. */
class JwsStatementsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode PUBLISHED = Vectors.load("extension-statements.json");
  private static final Instant SIGNED = Instant.ofEpochSecond(1_800_000_000);
  private static final OfferStatement OFFER = OfferStatement.of(Sale.URL, Sale.OFFER);
  private static final ReceiptStatement RECEIPT =
      new ReceiptStatement(
          Sale.OFFER.network(), Sale.URL, Network402.PAYER, Sale.NOW, Network402.TX);

  private static Map<String, Object> object(JsonNode json) {
    return JSON.convertValue(json, new TypeReference<>() {});
  }

  private static DidUrl kid(Map<String, Object> signed) throws Exception {
    return DidUrl.parse(JWSObject.parse((String) signed.get("signature")).getHeader().getKeyID());
  }

  @ParameterizedTest
  @ValueSource(strings = {"offerJws", "offerJwsEs256"})
  void verifiesWhatThePublishedPackageOffers(String name) throws Exception {
    Map<String, Object> signed = object(PUBLISHED.path(name).path("offer"));
    OfferReceiptVerifier verifier = OfferReceiptVerifier.of(JwsStatements.trusting(kid(signed)));
    OfferStatement offer = verifier.offer(signed, SIGNED).orElseThrow();
    assertThat(offer)
        .isEqualTo(OfferStatement.ofMembers(object(PUBLISHED.path("offerJws").path("verify"))));
    assertThat(verifier.offer(signed, SIGNED.plusSeconds(601))).isEmpty();
  }

  @Test
  void verifiesAReceiptOfThePublishedPackage() throws Exception {
    Map<String, Object> signed = object(PUBLISHED.path("receiptJws").path("receipt"));
    ReceiptStatement receipt =
        OfferReceiptVerifier.of(JwsStatements.trusting(kid(signed))).receipt(signed).orElseThrow();
    assertThat(receipt)
        .isEqualTo(ReceiptStatement.ofMembers(object(PUBLISHED.path("receiptJws").path("verify"))));
  }

  /** Ed25519 signs the same text alike, so the two differ in nothing. */
  @Test
  void signsAsThePublishedPackageDoes() throws Exception {
    Map<String, Object> jwk = object(PUBLISHED.path("offerJws").path("signerJwk"));
    jwk.put("kid", "any");
    SigningKey key = SigningKey.fromJwk(JSON.writeValueAsString(jwk), ReceiptAlgorithm.EDDSA);
    JwsStatements ours = JwsStatements.of(key);
    assertThat(ours.kid())
        .hasToString(PUBLISHED.path("offerJws").path("header").path("kid").textValue());
    OfferStatement offer =
        OfferStatement.ofMembers(object(PUBLISHED.path("offerJws").path("payload")));
    JWSObject signed = JWSObject.parse((String) ours.sign(offer).get("signature"));
    JWSObject theirs =
        JWSObject.parse(PUBLISHED.path("offerJws").path("offer").path("signature").textValue());
    assertThat(signed.getPayload().toString()).isEqualTo(theirs.getPayload().toString());
    assertThat(signed.getHeader().toJSONObject()).isEqualTo(theirs.getHeader().toJSONObject());
  }

  @ParameterizedTest
  @EnumSource
  void aKeyAndItsHostAreBelievedUnderTheirNames(ReceiptAlgorithm algorithm) throws Exception {
    SigningKey key = SigningKey.generated(algorithm);
    String jwks =
        ReceiptIssuer.builder("https://shop.example", "https://shop.example")
            .key(key)
            .build()
            .jwks();
    JwsStatements byKey = JwsStatements.of(key);
    JwsStatements byHost = JwsStatements.at("https://shop.example/a", key);
    assertThat(byKey.kid().toString()).startsWith("did:jwk:");
    assertThat(byHost.kid()).hasToString("did:web:shop.example:a#" + key.kid());
    assertThat(byKey.didPath()).isEmpty();
    assertThat(byHost.didPath()).contains("/a/did.json");

    TrustedSigners set = JwsStatements.trusting(jwks, algorithm);
    TrustedSigners named = JwsStatements.trusting(byKey.kid());
    TrustedSigners hosted = JwsStatements.trusting(byHost.kid(), byHost.didDocument());
    for (JwsStatements each : new JwsStatements[] {byKey, byHost}) {
      Map<String, Object> signed = each.sign(OFFER);
      assertThat(kid(signed)).isEqualTo(each.kid());
      assertThat(offer(set, signed)).contains(OFFER);
      assertThat(offer(named, signed).isPresent()).isEqualTo(each == byKey);
      assertThat(offer(hosted, signed).isPresent()).isEqualTo(each == byHost);
    }
    Map<String, Object> others = JwsStatements.of(SigningKey.generated(algorithm)).sign(OFFER);
    assertThat(offer(set, others)).isEmpty();
    assertThat(offer(named, others)).isEmpty();
  }

  /** The name of a {@code did:key} is base58 of the key's kind and bytes. */
  @ParameterizedTest
  @CsvSource({"EDDSA, ed01", "ES256, 8024", "ES256K, e701"})
  void aDidKeyIsBelieved(ReceiptAlgorithm algorithm, String kind) throws Exception {
    SigningKey key = SigningKey.generated(algorithm);
    Map<String, Object> jwk = key.publicKey().toJSONObject();
    byte[] x = new Base64URL((String) jwk.get("x")).decode();
    String point = "";
    if (algorithm != ReceiptAlgorithm.EDDSA) {
      byte[] y = new Base64URL((String) jwk.get("y")).decode();
      point = (y[31] & 1) == 0 ? "02" : "03";
    }
    String id = "z" + base58(kind + point + HexFormat.of().formatHex(x));
    DidUrl kid = DidUrl.parse("did:key:" + id + "#" + id);
    JWSObject jws =
        new JWSObject(
            new JWSHeader.Builder(algorithm.jws()).keyID(kid.toString()).build(),
            new Payload(JsonText.canonical(OFFER.toMembers())));
    jws.sign(key.signer());
    Map<String, Object> signed = Map.of("format", "jws", "signature", jws.serialize());
    assertThat(offer(JwsStatements.trusting(kid), signed)).contains(OFFER);
    SigningKey other = SigningKey.generated(algorithm);
    JwsStatements others = JwsStatements.of(other);
    assertThat(offer(JwsStatements.trusting(kid), others.sign(OFFER))).isEmpty();
  }

  private static String base58(String hex) {
    String digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    StringBuilder text = new StringBuilder();
    BigInteger number = new BigInteger(hex, 16);
    while (number.signum() > 0) {
      BigInteger[] next = number.divideAndRemainder(BigInteger.valueOf(58));
      text.insert(0, digits.charAt(next[1].intValue()));
      number = next[0];
    }
    return text.toString();
  }

  private static Optional<OfferStatement> offer(
      TrustedSigners trusted, Map<String, Object> signed) {
    return OfferReceiptVerifier.of(trusted).by(Sale.CLOCK).offer(signed);
  }

  @Test
  void theDocumentNamesItsKeysByTheWholeUrlAndShowsNoPrivatePart() throws Exception {
    SigningKey key = SigningKey.generate(ReceiptAlgorithm.ES256, "2026-11");
    SigningKey next = SigningKey.generate(ReceiptAlgorithm.EDDSA, "2026-12");
    JwsStatements statements = JwsStatements.at("https://shop.example:8443", key).alsoPublish(next);
    JsonNode document = JSON.readTree(statements.didDocument());
    String did = "did:web:shop.example%3A8443";
    assertThat(document.path("id").textValue()).isEqualTo(did);
    assertThat(document.path("verificationMethod")).hasSize(2);
    assertThat(document.path("verificationMethod").findValuesAsText("id"))
        .containsExactly(did + "#2026-11", did + "#2026-12");
    assertThat(document.path("verificationMethod").findValuesAsText("controller"))
        .containsOnly(did);
    assertThat(document.path("assertionMethod"))
        .hasToString("[\"" + did + "#2026-11\",\"" + did + "#2026-12\"]");
    assertThat(document.findValues("d")).isEmpty();
    assertThat(statements.didPath()).contains("/.well-known/did.json");
    assertThat(statements.kid()).hasToString(did + "#2026-11");

    Map<String, Object> signedByNext =
        JwsStatements.at("https://shop.example:8443", next).sign(RECEIPT);
    assertThat(
            OfferReceiptVerifier.of(
                    JwsStatements.trusting(kid(signedByNext), statements.didDocument()))
                .receipt(signedByNext))
        .contains(RECEIPT);
  }

  /** A document of somebody else, each with what makes it useless. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x|expected a JSON object",
        "{}|it is of another DID",
        "{'id':'did:web:b.example'}|it is of another DID",
        "{'id':'did:web:a.example'}|it has no such key",
        "{'id':'did:web:a.example','verificationMethod':[KEY]}|it has no such key",
        "{'id':'did:web:a.example','verificationMethod':[KEY],'keyAgreement':['#k']}|no such key",
        "{'id':'did:web:a.example','verificationMethod':[KEY],'assertionMethod':['#l']}|no such",
        "{'id':'did:web:a.example','assertionMethod':[{'id':'#k'}]}|expected publicKeyJwk or",
        "{'id':'did:web:a.example','assertionMethod':[{'id':'#k','publicKeyJwk':{}}]}|no public",
        "{'id':'did:web:a.example','assertionMethod':[{'id':'#k','publicKeyMultibase':'z1'}]}|base58"
      })
  void aDocumentWithoutTheKeyIsRefused(String document, String why) {
    String text = document.replace("KEY", KEY).replace('\'', '"');
    assertThatThrownBy(() -> JwsStatements.trusting(DidUrl.parse("did:web:a.example#k"), text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  private static final String KEY =
      "{'id':'did:web:a.example#k','publicKeyMultibase':"
          + "'z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'}";

  @ParameterizedTest
  @ValueSource(strings = {"did:web:a.example#k", "did:web:a.example"})
  void aKeyIsFoundByItsNameOrAsTheFirst(String did) {
    for (String reference : new String[] {"'#k'", "'did:web:a.example#k'", KEY}) {
      String document =
          ("{'id':'did:web:a.example','verificationMethod':["
                  + KEY
                  + "],'assertionMethod':["
                  + reference
                  + "]}")
              .replace('\'', '"');
      assertThat(JwsStatements.trusting(DidUrl.parse(did), document)).isNotNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://shop.example, k",
    "https://localhost, k",
    "http://10.0.0.1, k",
    "https://user@shop.example, k",
    "shop.example, k",
    "https://shop.example/a%20b, k",
    "https://shop.example, two words",
    "https://shop.example, a#b"
  })
  void aSellerThatCannotBeResolvedFailsTheStart(String url, String kid) {
    SigningKey key = SigningKey.generate(ReceiptAlgorithm.ES256, kid);
    assertThatThrownBy(() -> JwsStatements.at(url, key))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSellerCanLeaveTheTransactionOut() throws Exception {
    JwsStatements all = JwsStatements.of(SigningKey.generated(ReceiptAlgorithm.ES256));
    assertThat(payload(all.sign(RECEIPT))).contains("\"transaction\":\"" + Network402.TX);
    Map<String, Object> signed = all.withoutTransaction().sign(RECEIPT);
    assertThat(payload(signed)).doesNotContain("transaction").doesNotContain(Network402.TX);
    assertThat(OfferReceiptVerifier.of(JwsStatements.trusting(all.kid())).receipt(signed))
        .contains(
            new ReceiptStatement(
                RECEIPT.network(), RECEIPT.resourceUrl(), RECEIPT.payer(), RECEIPT.issuedAt(), ""));
    assertThat(all.withoutTransaction().sign(OFFER)).containsKey("signature");
  }

  private static String payload(Map<String, Object> signed) throws Exception {
    return JWSObject.parse((String) signed.get("signature")).getPayload().toString();
  }
}
