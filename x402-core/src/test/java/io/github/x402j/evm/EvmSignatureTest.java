// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.x402j.gate.Sale;
import java.math.BigInteger;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.crypto.Sign;

class EvmSignatureTest {
  private static final BigInteger N = Sign.CURVE_PARAMS.getN();
  private static final BigInteger ONE = BigInteger.ONE;
  private static final BigInteger HALF = N.shiftRight(1);
  private static final byte[] DIGEST = new byte[32];

  static Stream<BigInteger[]> outOfRange() {
    return Stream.of(
        new BigInteger[] {BigInteger.ZERO, ONE},
        new BigInteger[] {N, ONE},
        new BigInteger[] {N.add(ONE), ONE},
        new BigInteger[] {ONE, BigInteger.ZERO},
        new BigInteger[] {ONE, HALF.add(ONE)},
        new BigInteger[] {ONE, N.subtract(ONE)},
        new BigInteger[] {ONE, N},
        new BigInteger[] {ONE, N.add(ONE)},
        new BigInteger[] {ONE, ONE.negate()});
  }

  @ParameterizedTest
  @MethodSource("outOfRange")
  void refusesNumbersOutOfRange(BigInteger r, BigInteger s) {
    assertThatIllegalArgumentException().isThrownBy(() -> new EvmSignature(r, s, 27));
  }

  @Test
  void takesTheNumbersAtTheEdgesOfTheRange() {
    assertThat(new EvmSignature(ONE, HALF, 27).s()).isEqualTo(HALF);
    assertThat(new EvmSignature(N.subtract(ONE), ONE, 28).v()).isEqualTo(28);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 26, 29, 30, 37, 38, 255})
  void refusesEveryOtherV(int v) {
    byte[] bytes = signature();
    bytes[64] = (byte) v;

    assertThatIllegalArgumentException().isThrownBy(() -> EvmSignature.of(bytes));
  }

  @Test
  void normalisesVOfZeroAndOne() {
    byte[] bytes = signature();
    int v = bytes[64];
    bytes[64] = (byte) (v - 27);

    assertThat(EvmSignature.of(bytes).v()).isEqualTo(v);
    assertThat(EvmSignature.of(bytes).signerOf(DIGEST)).contains(Sale.PAYER.address());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64, 66, 96, 130})
  void refusesEveryOtherLength(int length) {
    assertThatIllegalArgumentException().isThrownBy(() -> EvmSignature.of(new byte[length]));
  }

  @Test
  void findsNoSignerWhereRIsNoPoint() {
    // x = 5 is on no point of secp256k1
    assertThat(new EvmSignature(BigInteger.valueOf(5), ONE, 27).signerOf(DIGEST))
        .isEqualTo(Optional.empty());
  }

  @Test
  void doesNotShowSignatureOrKey() {
    EvmSignature signature = Sale.PAYER.sign(DIGEST);

    assertThat(signature.toString()).doesNotContain(signature.r().toString(16).substring(0, 8));
    assertThat(Sale.PAYER.toString())
        .contains(Sale.PAYER.address().text())
        .doesNotContain("21d4e757");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "21d4",
        "0x0000000000000000000000000000000000000000000000000000000000000000",
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        "21d4e7570632d7da7481662de00e5694552407b60ea100e42cc61e5fd082719z"
      })
  void refusesWhatIsNoPrivateKeyWithoutRepeatingIt(String key) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EvmSigner.ofPrivateKey(key))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("21d4").doesNotContain("ffff"));
  }

  @Test
  void namesTheEnvironmentVariableThatIsMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EvmSigner.fromEnvironment("X402J_NO_SUCH_KEY"))
        .withMessageContaining("X402J_NO_SUCH_KEY");
  }

  private static byte[] signature() {
    return Hex.bytes(Sale.PAYER.sign(DIGEST).toHex());
  }
}
