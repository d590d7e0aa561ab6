// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The verifier without a gate; {@link ReceiptCasesTest} has the tokens that it rejects. */
class ReceiptVerifierTest {
  private final MutableClock clock = new MutableClock();

  private Verdict verify(TrustedIssuer trusted, String token) throws Exception {
    return ReceiptVerifier.of(List.of(trusted), clock).verify(token);
  }

  /** The gate checks the length of the header; without a gate the verifier does. */
  @Test
  void theVerifierAloneReadsNoLongToken() throws Exception {
    ReceiptVerifier verifier =
        ReceiptVerifier.of(List.of(Network402.trusted(Network402.SIGNER).build()), Sale.CLOCK);
    String good = Network402.token("1");
    String longest = good + "=".repeat(8_192 - good.length());
    assertThat(verifier.verify(longest)).isInstanceOf(Verdict.Genuine.class);
    assertThatThrownBy(() -> verifier.verify(longest + "="))
        .isInstanceOf(MalformedPaymentException.class)
        .hasMessageContaining("8192");
  }

  @Test
  void saysWhatAReceiptSays() throws Exception {
    assertThat(verify(Network402.trusted(Network402.SIGNER).build(), Network402.token("1")))
        .isEqualTo(new Verdict.Genuine(Network402.receipt("1")));
  }

  @Test
  void acceptsAReceiptUpToItsEndAndTheSkew() throws Exception {
    TrustedIssuer trusted =
        Network402.trusted(Network402.SIGNER).clockSkew(Duration.ofSeconds(10)).build();
    clock.advance(Duration.ofSeconds(-10)); // as far as the issuer's clock may be ahead
    assertThat(verify(trusted, Network402.token("1"))).isInstanceOf(Verdict.Genuine.class);
    clock.advance(Duration.ofSeconds(-1));
    assertThat(verify(trusted, Network402.token("1")))
        .isEqualTo(new Verdict.Rejected("iat: in the future"));
    clock.advance(Duration.ofSeconds(11 + 600 + 9));
    assertThat(verify(trusted, Network402.token("1"))).isInstanceOf(Verdict.Genuine.class);
    clock.advance(Duration.ofSeconds(1));
    assertThat(verify(trusted, Network402.token("1")))
        .isEqualTo(new Verdict.Rejected("exp: the receipt has expired"));
  }

  @Test
  void rejectsALifetimeBeyondTheCap() throws Exception {
    TrustedIssuer.Builder trusted = Network402.trusted(Network402.SIGNER);
    assertThat(verify(trusted.maxLifetime(Duration.ofSeconds(600)).build(), Network402.token("1")))
        .isInstanceOf(Verdict.Genuine.class);
    assertThat(verify(trusted.maxLifetime(Duration.ofSeconds(599)).build(), Network402.token("1")))
        .isInstanceOf(Verdict.Rejected.class);
  }

  @Test
  void takesEachIssuerOnce() {
    TrustedIssuer trusted = Network402.trusted(Network402.SIGNER).build();
    assertThatThrownBy(() -> ReceiptVerifier.of(trusted, trusted))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }
}
