// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReceiptCommandTest {
  @ParameterizedTest
  @EnumSource(ReceiptAlgorithm.class)
  void makesAKeyThatAnIssuerSignsWith(ReceiptAlgorithm algorithm) {
    Invocation made =
        Invocation.of(Map.of(), "receipt", "key", "--algorithm", algorithm.name(), "--kid", "k1");

    assertThat(made.err()).isEmpty();
    assertThat(made.status()).isEqualTo(ExitCode.OK);
    SigningKey key = SigningKey.fromJwk(made.out(), algorithm);
    assertThat(key.kid()).isEqualTo("k1");
    assertThat(
            ReceiptIssuer.builder("https://shop.example", "https://shop.example")
                .key(key)
                .build()
                .jwks())
        .contains("\"kid\":\"k1\"")
        .doesNotContain("\"d\":");
  }
}
