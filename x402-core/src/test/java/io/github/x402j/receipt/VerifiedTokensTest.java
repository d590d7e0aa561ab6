// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.Payload;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.gate.Sale;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.testing.MutableClock;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A pass is verified once, and what is remembered of it opens nothing more than the pass. */
class VerifiedTokensTest {
  private static final String PASS = pass("1", Network402.SIGNER);

  private final MutableClock clock = new MutableClock();
  private final KeysInHand keys = new KeysInHand(Network402.SIGNER.jwks());
  private final ReceiptVerifier verifier = verifier(clock);

  /** Keys that a test takes away or exchanges. */
  private static final class KeysInHand implements IssuerKeys {
    private volatile Map<String, CountingVerifier> keys;

    KeysInHand(String jwks) {
      set(jwks);
    }

    void set(String jwks) {
      keys = CountingVerifier.all(IssuerKeys.verifiers(jwks, ReceiptAlgorithm.ES256));
    }

    void lose() {
      keys = null;
    }

    int verifications() {
      return keys.values().stream().mapToInt(CountingVerifier::calls).sum();
    }

    @Override
    public Map<String, com.nimbusds.jose.JWSVerifier> byKid() throws FacilitatorException {
      if (keys == null) {
        throw new FacilitatorException("no keys");
      }
      return Map.copyOf(keys);
    }
  }

  private ReceiptVerifier verifier(Clock by) {
    return ReceiptVerifier.of(
        List.of(
            TrustedIssuer.builder(Network402.ISSUER, Network402.AUDIENCE, ReceiptAlgorithm.ES256)
                .keys(any -> keys)
                .passes()
                .build()),
        by);
  }

  private static String pass(String id, ReceiptIssuer issuer) {
    return issuer.sign(Network402.receipt(id, "/premium", "GET", true, OptionalLong.empty()));
  }

  private boolean isGenuine(String token) throws Exception {
    return verifier.verify(token) instanceof Verdict.Genuine;
  }

  @Test
  void verifiesAPassOnce() throws Exception {
    for (int i = 0; i < 10; i++) {
      assertThat(isGenuine(PASS)).isTrue();
    }
    assertThat(keys.verifications()).isEqualTo(1);
    assertThat(isGenuine(pass("2", Network402.SIGNER))).isTrue();
    assertThat(keys.verifications()).isEqualTo(2);
  }

  @Test
  void aTextThatDiffersAnywhereIsVerifiedForItself() throws Exception {
    assertThat(isGenuine(PASS)).isTrue();
    String[] parts = PASS.split("\\.");
    int signature = parts[0].length() + parts[1].length() + 2;
    for (int at = 0; at < PASS.length(); at += 7) {
      char other = PASS.charAt(at) == 'A' ? 'B' : 'A';
      String changed = PASS.substring(0, at) + other + PASS.substring(at + 1);
      if (PASS.charAt(at) != '.' && at < signature + 84) {
        assertThat(genuineOrMalformed(changed)).as("at %d", at).isFalse();
      }
    }
    String another = pass("2", Network402.SIGNER);
    assertThat(isGenuine(parts[0] + "." + another.split("\\.")[1] + "." + parts[2])).isFalse();
    assertThat(isGenuine(parts[0] + "." + parts[1] + "." + another.split("\\.")[2])).isFalse();
    assertThat(isGenuine(PASS)).isTrue();
    assertThat(verifier.remembered()).isEqualTo(1);
  }

  private boolean genuineOrMalformed(String token) throws FacilitatorException {
    try {
      return verifier.verify(token) instanceof Verdict.Genuine;
    } catch (MalformedPaymentException e) {
      return false;
    }
  }

  @Test
  void whatIsNotGenuineOrGoodOnceIsNotRemembered() throws Exception {
    SigningKey stranger = SigningKey.generated(ReceiptAlgorithm.ES256);
    assertThat(isGenuine(pass("1", Network402.issuer(stranger)))).isFalse();
    String forged =
        Network402.signed(
            Network402.builder().keyID("another").build(),
            new Payload(Network402.claims(c -> Network402.x402(c, "pass", true))));
    assertThat(isGenuine(forged)).isFalse();
    String elsewhere =
        Network402.signed(
            Network402.claims(
                c -> {
                  c.put("aud", "https://other.example");
                  Network402.x402(c, "pass", true);
                }));
    assertThat(isGenuine(elsewhere)).isFalse(); // signed, and for another seller
    assertThat(isGenuine(Network402.token("1"))).isTrue(); // good once
    assertThat(
            isGenuine(
                Network402.SIGNER.sign(
                    Network402.receipt("1", Sale.URL, "GET", false, OptionalLong.of(0)))))
        .isTrue(); // a proof
    assertThat(isGenuine(" " + PASS + " ")).isTrue(); // a spelling that no issuer writes
    assertThat(isGenuine(longPass())).isTrue();
    assertThat(verifier.remembered()).isZero();
  }

  private static String longPass() {
    return Network402.SIGNER.sign(
        Network402.receipt("1", "/" + "x".repeat(1_500), "GET", true, OptionalLong.empty()));
  }

  @Test
  void aRememberedPassExpires() throws Exception {
    assertThat(isGenuine(PASS)).isTrue();
    clock.advance(Duration.ofSeconds(600 + 4));
    assertThat(isGenuine(PASS)).isTrue(); // within the skew
    clock.advance(Duration.ofSeconds(1)); // exactly its end
    assertThat(isGenuine(PASS)).isFalse();
    assertThat(keys.verifications()).isEqualTo(1);
  }

  @Test
  void aRememberedPassIsNotGoodBeforeItsTime() throws Exception {
    long now = Sale.NOW.getEpochSecond();
    String token =
        Network402.signed(
            Network402.claims(
                c -> {
                  c.put("nbf", now);
                  Network402.x402(c, "pass", true);
                }));
    assertThat(isGenuine(token)).isTrue();
    clock.advance(Duration.ofSeconds(-5));
    assertThat(isGenuine(token)).isTrue();
    clock.advance(Duration.ofSeconds(-1)); // a clock that is set back
    assertThat(isGenuine(token)).isFalse();
  }

  @Test
  void aKeyThatIsGoneOpensNothingMore() throws Exception {
    SigningKey next = SigningKey.generated(ReceiptAlgorithm.ES256);
    assertThat(isGenuine(PASS)).isTrue();
    keys.set(Network402.issuer(next).jwks());
    assertThat(isGenuine(PASS)).isFalse();
    keys.lose();
    assertThatThrownBy(() -> verifier.verify(PASS)).isInstanceOf(FacilitatorException.class);
    keys.set(Network402.SIGNER.jwks());
    assertThat(isGenuine(PASS)).isTrue();
  }

  @Test
  void anotherKeyUnderTheSameNameOpensNothingMore() throws Exception {
    assertThat(isGenuine(PASS)).isTrue();
    SigningKey other = SigningKey.generate(ReceiptAlgorithm.ES256, Network402.KEY.kid());
    keys.set(Network402.issuer(other).jwks());
    assertThat(isGenuine(PASS)).isFalse();
  }

  @Test
  void theSameKeyFetchedAgainIsAskedAgain() throws Exception {
    assertThat(isGenuine(PASS)).isTrue();
    keys.set(Network402.SIGNER.jwks());
    assertThat(isGenuine(PASS)).isTrue();
    assertThat(isGenuine(PASS)).isTrue();
    assertThat(keys.verifications()).isEqualTo(1);
    assertThat(verifier.remembered()).isEqualTo(1);
  }

  @Test
  void remembersNoMoreThanItMay() throws Exception {
    VerifiedTokens tokens = new VerifiedTokens(100);
    VerifiedTokens.Entry entry =
        new VerifiedTokens.Entry(
            Network402.receipt("1", "/premium", "GET", true, OptionalLong.empty()),
            null,
            "kid",
            keys.byKid().values().iterator().next());
    for (int i = 0; i < 100; i++) {
      tokens.remember("a.a." + i, entry);
      assertThat(tokens.find("a.a." + i)).contains(entry);
    }
    for (int i = 100; i < 10_000; i++) {
      tokens.remember("a.a." + i, entry);
    }
    assertThat(tokens.size()).isEqualTo(100);
  }
}
