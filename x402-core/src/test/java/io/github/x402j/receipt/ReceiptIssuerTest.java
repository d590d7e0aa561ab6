// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceiptIssuerTest {
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
  void doesNotStartWithoutAKey() {
    assertThatThrownBy(() -> ReceiptIssuer.builder("i", "a").build())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void signsInItsOwnNameOnly() {
    ReceiptIssuer other =
        ReceiptIssuer.builder("https://other.example", Network402.AUDIENCE)
            .key(Network402.KEY)
            .build();
    assertThatThrownBy(() -> other.sign(Network402.receipt("1")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
