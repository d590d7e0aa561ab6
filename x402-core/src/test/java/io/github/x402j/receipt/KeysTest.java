// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.gate.Sale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeysTest {
  @TempDir Path directory;

  private static KeyPair pair(ReceiptAlgorithm algorithm) throws Exception {
    KeyPairGenerator generator =
        switch (algorithm) {
          case ES256 -> KeyPairGenerator.getInstance("EC");
          case ES256K -> KeyPairGenerator.getInstance("EC", Keys.BOUNCY_CASTLE);
          case EDDSA -> KeyPairGenerator.getInstance("Ed25519");
          case RS256 -> KeyPairGenerator.getInstance("RSA");
        };
    switch (algorithm) {
      case ES256 -> generator.initialize(new ECGenParameterSpec("secp256r1"));
      case ES256K -> generator.initialize(new ECGenParameterSpec("secp256k1"));
      case EDDSA -> {}
      case RS256 -> generator.initialize(2048);
    }
    return generator.generateKeyPair();
  }

  private Path pem(String name, String label, byte[] der) throws Exception {
    return Files.writeString(
        directory.resolve(name),
        "-----BEGIN "
            + label
            + "-----\n"
            + Base64.getMimeEncoder().encodeToString(der)
            + "\n-----END "
            + label
            + "-----\n");
  }

  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void signsWithAKeyFromAFileAndVerifiesWithItsPublicHalf(ReceiptAlgorithm algorithm)
      throws Exception {
    KeyPair pair = pair(algorithm);
    Path secret = pem("private.pem", "PRIVATE KEY", pair.getPrivate().getEncoded());
    Path open = pem("public.pem", "PUBLIC KEY", pair.getPublic().getEncoded());
    ReceiptIssuer issuer = Network402.issuer(SigningKey.fromPem(secret, algorithm, "2026-01"));
    TrustedIssuer trusted =
        TrustedIssuer.builder(Network402.ISSUER, Network402.AUDIENCE, algorithm)
            .pem(open, "2026-01")
            .build();
    assertThat(
            ReceiptVerifier.of(List.of(trusted), Sale.CLOCK)
                .verify(issuer.sign(Network402.receipt("1"))))
        .isEqualTo(new Verdict.Genuine(Network402.receipt("1")));
    assertThat(issuer.jwks()).doesNotContain("\"d\"", "\"p\"", "\"q\"");
    assertThatThrownBy(() -> SigningKey.fromPem(open, algorithm, "2026-01"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void takesAJwkFromAFile(ReceiptAlgorithm algorithm) throws Exception {
    SigningKey key = SigningKey.generated(algorithm);
    Path file = Files.writeString(directory.resolve("key.json"), key.key().toJSONString());
    SigningKey read = SigningKey.fromJwkFile(file, algorithm);
    assertThat(read.kid()).isEqualTo(key.kid());
    assertThat(read.toString()).doesNotContain(key.key().toJSONString());
    for (ReceiptAlgorithm other : ReceiptAlgorithm.values()) {
      if (other != algorithm) {
        assertThatThrownBy(() -> SigningKey.fromJwkFile(file, other))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void takesNoSharedSecretAndNoShortKey() throws Exception {
    assertThatThrownBy(
            () ->
                SigningKey.jwk(
                    "{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"c2VjcmV0c2VjcmV0\"}",
                    ReceiptAlgorithm.ES256))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("c2VjcmV0");
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(1024);
    Path small = pem("small.pem", "PRIVATE KEY", rsa.generateKeyPair().getPrivate().getEncoded());
    assertThatThrownBy(() -> SigningKey.fromPem(small, ReceiptAlgorithm.RS256, "1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too short");
    assertThatThrownBy(
            () ->
                TrustedIssuer.builder("i", "a", ReceiptAlgorithm.ES256)
                    .jwks("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"c2VjcmV0\"}]}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void publishesTheOldKeyWhileTheNewOneSigns() throws Exception {
    SigningKey next = SigningKey.generated(ReceiptAlgorithm.ES256);
    ReceiptIssuer rotated =
        ReceiptIssuer.builder(Network402.ISSUER, Network402.AUDIENCE)
            .key(next)
            .alsoPublish(Network402.KEY)
            .build();
    ReceiptVerifier verifier =
        ReceiptVerifier.of(List.of(Network402.trusted(rotated).build()), Sale.CLOCK);
    assertThat(verifier.verify(Network402.token("1"))).isInstanceOf(Verdict.Genuine.class);
    assertThat(verifier.verify(rotated.sign(Network402.receipt("2"))))
        .isInstanceOf(Verdict.Genuine.class);
    assertThatThrownBy(
            () ->
                ReceiptIssuer.builder(Network402.ISSUER, Network402.AUDIENCE)
                    .key(next)
                    .alsoPublish(next)
                    .build())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void doesNotStartWithoutAKeyOrKeys() {
    assertThatThrownBy(() -> ReceiptIssuer.builder("i", "a").build())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> TrustedIssuer.builder("i", "a", ReceiptAlgorithm.ES256).build())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ReceiptVerifier.of()).isInstanceOf(IllegalArgumentException.class);
  }
}
