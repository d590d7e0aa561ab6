// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SigningKeyTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void signsWithAKeyFromAFileAndVerifiesWithItsPublicHalf(ReceiptAlgorithm algorithm)
      throws Exception {
    SigningKey generated = SigningKey.generate(algorithm, "2026-01");
    Path file = Files.writeString(directory.resolve("receipts.jwk"), generated.toJwk() + "\n");
    ReceiptIssuer issuer = Network402.issuer(SigningKey.fromJwkFile(file, algorithm));
    TrustedIssuer trusted =
        TrustedIssuer.builder(Network402.ISSUER, Network402.AUDIENCE, algorithm)
            .jwks(Network402.issuer(generated).jwks())
            .build();
    assertThat(
            ReceiptVerifier.of(List.of(trusted), Sale.CLOCK)
                .verify(issuer.sign(Network402.receipt("1"))))
        .isEqualTo(new Verdict.Genuine(Network402.receipt("1")));
    assertThat(issuer.jwks()).contains("\"kid\":\"2026-01\"");
    assertThat(issuer.jwks()).doesNotContain("\"d\"", "\"p\"", "\"q\"");
    String open = JWK.parse(generated.toJwk()).toPublicJWK().toJSONString();
    assertThatThrownBy(() -> SigningKey.fromJwk(open, algorithm))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void fitsOneAlgorithmAndShowsItselfNowhere(ReceiptAlgorithm algorithm) throws Exception {
    SigningKey key = SigningKey.generated(algorithm);
    JWK jwk = JWK.parse(key.toJwk());
    assertThat(key.kid()).isEqualTo(jwk.computeThumbprint().toString());
    assertThat(key.toString()).doesNotContain((String) jwk.toJSONObject().get("d"));
    for (ReceiptAlgorithm other : ReceiptAlgorithm.values()) {
      if (other != algorithm) {
        assertThatThrownBy(() -> SigningKey.fromJwk(key.toJwk(), other))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void takesNoSharedSecretAndNoShortKey() throws Exception {
    assertThatThrownBy(
            () ->
                SigningKey.fromJwk(
                    "{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"c2VjcmV0c2VjcmV0\"}",
                    ReceiptAlgorithm.ES256))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("c2VjcmV0");
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(1024);
    KeyPair pair = rsa.generateKeyPair();
    RSAKey small =
        new RSAKey.Builder((RSAPublicKey) pair.getPublic())
            .privateKey(pair.getPrivate())
            .keyID("1")
            .build();
    assertThatThrownBy(() -> SigningKey.fromJwk(small.toJSONString(), ReceiptAlgorithm.RS256))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("too short");
  }

  @Test
  void namesTheFileThatCannotBeRead() {
    assertThatThrownBy(
            () -> SigningKey.fromJwkFile(directory.resolve("none.jwk"), ReceiptAlgorithm.ES256))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none.jwk");
  }
}
