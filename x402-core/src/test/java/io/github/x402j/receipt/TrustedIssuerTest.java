// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedIssuerTest {
  private static TrustedIssuer.Builder builder() {
    return TrustedIssuer.builder("i", "a", ReceiptAlgorithm.ES256);
  }

  @Test
  void doesNotStartWithoutKeys() {
    assertThatThrownBy(() -> builder().build()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(ReceiptVerifier::of).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"keys\":7}",
        "{\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"c2VjcmV0\"}]}"
      })
  void takesNoSetWithoutAKeyThatFits(String jwks) {
    assertThatThrownBy(() -> builder().jwks(jwks))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("keys: ")
        .hasMessageNotContaining("c2VjcmV0");
  }

  @Test
  void takesNoTwoKeysWithOneName() {
    String key =
        SigningKey.generate(ReceiptAlgorithm.ES256, "1").toJwk()
            + ","
            + SigningKey.generate(ReceiptAlgorithm.ES256, "1").toJwk();
    assertThatThrownBy(() -> builder().jwks("{\"keys\":[" + key + "]}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one kid");
  }

  @Test
  void takesKeysFromOnePlace() {
    TrustedIssuer.Builder builder = builder().jwks(Network402.SIGNER.jwks());
    assertThatThrownBy(() -> builder.jwksUrl(URI.create("https://pay.example/jwks.json")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found two");
  }

  @Test
  void refusesTimesOutOfRange() {
    assertThatThrownBy(() -> builder().maxLifetime(Duration.ofMillis(999)))
        .isInstanceOf(IllegalArgumentException.class);
    for (Duration skew : new Duration[] {Duration.ofSeconds(-1), Duration.ofSeconds(61)}) {
      assertThatThrownBy(() -> builder().clockSkew(skew))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
