// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Vectors;
import io.github.x402j.testing.MutableClock;
import java.net.URI;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who a facilitator is told that we are. The keys are of these tests and open nothing. */
class AuthenticationTest {
  private static final JsonNode CDP = Vectors.load("cdp-jwt.json");
  private static final String ID = CDP.path("apiKeyId").asText();
  private static final String ED25519 = CDP.path("apiKeySecretBase64").asText();
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochSecond(1_800_000_000), ZoneOffset.UTC);
  private static final byte[] NONCE = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
  private static final URI VERIFY = URI.create(CdpAuthentication.URL + "/verify");

  private static final String SEC1 =
      """
      -----BEGIN EC PRIVATE KEY-----
      MHcCAQEEIAmLx4Tix4DYT7h5kBN7ZMnJKYeiAqmE4j7VwyOhoimCoAoGCCqGSM49
      AwEHoUQDQgAEMVT2uZsoO5XKJG83anxuUncHa718FAkCsGnF6+gViF9QyEr4N+D0
      XREI6DL97Dfl7MNrEPfcj0nQN9bEjnpC8Q==
      -----END EC PRIVATE KEY-----
      """;
  private static final String PKCS8 =
      """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCYvHhOLHgNhPuHmQ
      E3tkyckph6ICqYTiPtXDI6GiKYKhRANCAAQxVPa5myg7lcokbzdqfG5SdwdrvXwU
      CQKwacXr6BWIX1DISvg34PRdEQjoMv3sN+Xsw2sQ99yPSdA31sSOekLx
      -----END PRIVATE KEY-----
      """;
  private static final String P256_PUBLIC =
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMVT2uZsoO5XKJG83anxuUncHa718"
          + "FAkCsGnF6+gViF9QyEr4N+D0XREI6DL97Dfl7MNrEPfcj0nQN9bEjnpC8Q==";
  private static final String P384 =
      """
      -----BEGIN EC PRIVATE KEY-----
      MIGkAgEBBDDWYFx7REkBvKh3324sUVx/jodZvCVKCimIprdre+z0Vu240kNFXTgX
      hnyXq0WgkySgBwYFK4EEACKhZANiAAS3pu1znetQXgDHomg5tGAoXhvXwYQ2jj5X
      Gheenrb8Yrpy1PDLlsM4wWQMfuy7KLDcek82AP2VAtfKaQqwKHj7d7eILuxTHaX7
      nd2HvTOzKQwN7nypIt2Cr/MAl98CBsg=
      -----END EC PRIVATE KEY-----
      """;

  private static CdpAuthentication cdp(String keyId, String secret) {
    return new CdpAuthentication(keyId, PastedKey.read("secret", secret), CLOCK, NONCE::clone);
  }

  private static String token(HttpFacilitator.Authentication credentials, String method, URI to)
      throws Exception {
    String value = credentials.headers(method, to).get("Authorization");
    assertThat(value).startsWith("Bearer ");
    return value.substring("Bearer ".length());
  }

  private static JsonNode part(String token, int number) throws Exception {
    return new ObjectMapper()
        .readTree(Base64.getUrlDecoder().decode(token.split("\\.", -1)[number]));
  }

  private static boolean isSignedBy(PublicKey key, String algorithm, String token)
      throws Exception {
    Signature signature = Signature.getInstance(algorithm);
    signature.initVerify(key);
    signature.update(token.substring(0, token.lastIndexOf('.')).getBytes(UTF_8));
    return signature.verify(Base64.getUrlDecoder().decode(token.split("\\.", -1)[2]));
  }

  @Test
  void signsTheTokenThatThePublishedPackageSigns() throws Exception {
    assertThat(token(cdp(ID, ED25519), "POST", VERIFY)).isEqualTo(CDP.at("/fixed/jwt").asText());
  }

  @Test
  void signsWithAKeyOfP256WhatThePublishedPackageSigns() throws Exception {
    String name = CDP.at("/es256Decoded/0/kid").asText();
    String token = token(cdp(name, PKCS8), "GET", URI.create(CdpAuthentication.URL + "/supported"));
    JsonNode expected = CDP.path("es256Decoded").get(0).deepCopy();
    ((com.fasterxml.jackson.databind.node.ObjectNode) expected)
        .put("nonce", HexFormat.of().formatHex(NONCE));
    assertThat(part(token, 0)).isEqualTo(expected);
    assertThat(part(token, 1)).isEqualTo(CDP.path("es256Decoded").get(1));
    PublicKey key =
        KeyFactory.getInstance("EC")
            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(P256_PUBLIC)));
    assertThat(isSignedBy(key, "SHA256withECDSAinP1363Format", token)).isTrue();
  }

  @Test
  void signsAnotherTokenForEachRequestToCdp() throws Exception {
    CdpAuthentication credentials = CdpAuthentication.of(ID, ED25519);
    String one = token(credentials, "POST", VERIFY);
    String other = token(credentials, "POST", VERIFY);
    assertThat(part(one, 0).path("nonce").asText())
        .matches("[0-9a-f]{32}")
        .isNotEqualTo(part(other, 0).path("nonce").asText());
  }

  static Stream<Arguments> readable() {
    return Stream.of(
        arguments("base64", ED25519, "EdDSA"),
        arguments("base64 in quotes", " \"" + ED25519 + "\"\n", "EdDSA"),
        arguments("PKCS#8", PKCS8, "ES256"),
        arguments("PKCS#8 on one line", PKCS8.replace("\n", "\\n"), "ES256"),
        arguments("PKCS#8 quoted", "'" + PKCS8.replace("\n", "\\n") + "'", "ES256"),
        arguments("PKCS#8 of Windows", PKCS8.replace("\n", "\\r\\n"), "ES256"),
        arguments("SEC 1", SEC1, "ES256"),
        arguments("SEC 1 on one line", "\"" + SEC1.replace("\n", "\\n") + "\"", "ES256"),
        arguments(
            "SEC 1 behind its parameters",
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + SEC1,
            "ES256"),
        arguments(
            "Ed25519 in PKCS#8",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIL0eeGmepd+Z/kS6Ho5JJK6QVQ4CplNm"
                + "whcTqem+hXf1\n-----END PRIVATE KEY-----",
            "EdDSA"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readable")
  void readsAKeyAsPeoplePasteIt(String name, String pasted, String algorithm) throws Exception {
    String token = token(cdp(ID, pasted), "POST", VERIFY);
    assertThat(part(token, 0).path("alg").asText()).isEqualTo(algorithm);
    if (algorithm.equals("ES256")) {
      PublicKey key =
          KeyFactory.getInstance("EC")
              .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(P256_PUBLIC)));
      assertThat(isSignedBy(key, "SHA256withECDSAinP1363Format", token)).isTrue();
    }
  }

  static Stream<Arguments> unreadable() {
    String swapped =
        Base64.getEncoder()
            .encodeToString(new byte[32])
            .substring(0, 40)
            .concat(ED25519.substring(40));
    return Stream.of(
        arguments("nothing", "", "is the environment variable set"),
        arguments("an address", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "found base64 of"),
        arguments("no base64", "hello, world!", "expected PEM or base64"),
        arguments(
            "32 bytes", Base64.getEncoder().encodeToString(new byte[32]), "found base64 of 32"),
        arguments("two halves of two keys", swapped, "do not belong together"),
        arguments("another curve", P384, "another curve"),
        arguments("cut off", PKCS8.substring(0, 120), "cut off"),
        arguments("damaged", PKCS8.replace("MIGHAgEAMBMG", "MIGHAgEAMBMH"), "or it is damaged"),
        arguments(
            "a password",
            PKCS8.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            "openssl pkcs8 -in key.pem -out new.pem"),
        arguments(
            "RSA",
            PKCS8.replace("PRIVATE", "RSA PRIVATE"),
            "openssl pkcs8 -topk8 -nocrypt -in key.pem"),
        arguments("SSH", PKCS8.replace("PRIVATE", "OPENSSH PRIVATE"), "ssh-keygen -p"),
        arguments("a public key", PKCS8.replace("PRIVATE", "PUBLIC"), "paste the private one"),
        arguments(
            "a JSON file", "{\"id\":\"x\",\"privateKey\":\"" + ED25519 + "\"}", "its privateKey"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadable")
  void saysWhatToDoWithAKeyThatItCannotReadAndRepeatsNoneOfIt(
      String name, String pasted, String message) {
    assertThatThrownBy(() -> CdpAuthentication.of(ID, pasted))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("CDP key secret: ")
        .hasMessageContaining(message)
        .hasMessageNotContainingAny("MIGH", "CYvH", "MzMz", "hello")
        .hasNoCause();
  }

  @Test
  void needsTheIdOfTheKey() {
    assertThatThrownBy(() -> CdpAuthentication.of(null, ED25519)).hasMessageContaining("key id");
    assertThatThrownBy(() -> PayAiAuthentication.of(" ", ED25519)).hasMessageContaining("key id");
  }

  @Test
  void signsOneTokenForAllEndpointsOfPayAiAndRenewsItEarly() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String secret = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
    MutableClock clock = new MutableClock();
    PayAiAuthentication credentials =
        new PayAiAuthentication("a-key", PastedKey.readPkcs8("s", "payai_sk_", secret), clock);
    String token = token(credentials, "POST", URI.create(PayAiAuthentication.URL + "/verify"));
    long now = clock.instant().getEpochSecond();
    assertThat(part(token, 0).toString())
        .isEqualTo("{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"a-key\"}");
    JsonNode claims = part(token, 1);
    assertThat(claims.path("jti").asText()).hasSize(36);
    assertThat(claims.toString())
        .startsWith("{\"sub\":\"a-key\",\"iss\":\"payai-merchant\",\"iat\":" + now)
        .contains("\"exp\":" + (now + 120));
    assertThat(isSignedBy(pair.getPublic(), "Ed25519", token)).isTrue();
    clock.advance(Duration.ofSeconds(89));
    assertThat(token(credentials, "GET", URI.create(PayAiAuthentication.URL + "/supported")))
        .isEqualTo(token);
    clock.advance(Duration.ofSeconds(1));
    assertThat(token(credentials, "GET", VERIFY)).isNotEqualTo(token);
    assertThat(PayAiAuthentication.of("k", "payai_sk_" + secret).toString())
        .isEqualTo("PayAiAuthentication[redacted]");
    assertThatThrownBy(() -> PayAiAuthentication.of("k", ED25519))
        .hasMessageStartingWith("PayAI key secret: ")
        .hasMessageNotContaining("MzMz");
  }
}
