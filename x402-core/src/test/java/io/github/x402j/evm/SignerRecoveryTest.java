// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.gate.Sale;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.crypto.ECDSASignature;
import org.web3j.crypto.Sign;

/** The native library, Bouncy Castle and web3j find the same keys, whatever they are given. */
class SignerRecoveryTest {
  private static final BigInteger ORDER = EvmSignature.HALF_ORDER.shiftLeft(1).add(BigInteger.ONE);

  @Test
  @EnabledOnOs(OS.LINUX)
  void findsTheNativeLibraryOnTheClassPath() {
    assertThat(NativeRecovery.find()).isPresent();
    assertThat(SignerRecovery.fastest()).isInstanceOf(NativeRecovery.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void findsTheSameKeysWithEveryLibrary(long seed) {
    Random random = new Random(seed);
    int keys = 0;
    for (int i = 0; i < 150; i++) {
      byte[] digest = digest(random);
      EvmSignature signature = random.nextInt(4) == 0 ? Sale.PAYER.sign(digest) : signature(random);
      String key = hex(byWeb3j(digest, signature));
      assertThat(hex(SignerRecovery.BOUNCY_CASTLE.publicKey(digest, signature)))
          .as("%s %s %s", signature.r(), signature.s(), signature.v())
          .isEqualTo(key);
      assertThat(hex(SignerRecovery.fastest().publicKey(digest, signature))).isEqualTo(key);
      keys += key.isEmpty() ? 0 : 1;
    }
    assertThat(keys).isBetween(40, 140); // half of all numbers are on no point
  }

  private static byte[] digest(Random random) {
    byte[] digest = new byte[32];
    switch (random.nextInt(6)) {
      case 0 -> Arrays.fill(digest, (byte) 0xff); // over the order
      case 1 -> digest[31] = (byte) random.nextInt(2);
      default -> random.nextBytes(digest);
    }
    return digest;
  }

  private static EvmSignature signature(Random random) {
    BigInteger r =
        random.nextInt(4) == 0
            ? near(random, ORDER.subtract(BigInteger.ONE))
            : new BigInteger(255, random).add(BigInteger.ONE);
    BigInteger s =
        random.nextInt(4) == 0
            ? near(random, EvmSignature.HALF_ORDER)
            : new BigInteger(254, random).add(BigInteger.ONE);
    return new EvmSignature(r, s, 27 + random.nextInt(2));
  }

  private static BigInteger near(Random random, BigInteger last) {
    BigInteger distance = BigInteger.valueOf(random.nextInt(8));
    return random.nextBoolean() ? last.subtract(distance) : distance.add(BigInteger.ONE);
  }

  private static Optional<byte[]> byWeb3j(byte[] digest, EvmSignature signature) {
    try {
      BigInteger key =
          Sign.recoverFromSignature(
              signature.v() - 27, new ECDSASignature(signature.r(), signature.s()), digest);
      byte[] bytes = new byte[65]; // the first is a sign
      byte[] digits = key.toByteArray();
      System.arraycopy(digits, 0, bytes, 65 - digits.length, digits.length);
      return Optional.of(Arrays.copyOfRange(bytes, 1, 65));
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String hex(Optional<byte[]> key) {
    return key.map(HexFormat.of()::formatHex).orElse("");
  }

  static Stream<SignerRecovery> liars() {
    SignerRecovery right = SignerRecovery.BOUNCY_CASTLE;
    return Stream.of(
        (digest, signature) -> Optional.empty(),
        (digest, signature) -> Optional.of(new byte[64]),
        (digest, signature) ->
            right.publicKey(
                digest, new EvmSignature(signature.r(), signature.s(), 55 - signature.v())),
        (digest, signature) -> right.publicKey(digest.clone(), signature).or(() -> zeros()),
        (digest, signature) -> // reads no digest over the order
        digest[0] == -1 ? Optional.empty() : right.publicKey(digest, signature),
        (digest, signature) -> // takes no number at the edge
        signature.s().equals(EvmSignature.HALF_ORDER)
                ? Optional.empty()
                : right.publicKey(digest, signature));
  }

  private static Optional<byte[]> zeros() {
    return Optional.of(new byte[64]);
  }

  @ParameterizedTest
  @MethodSource("liars")
  void doesNotUseALibraryThatFindsOtherKeys(SignerRecovery liar) {
    assertThat(NativeRecovery.agree(liar, SignerRecovery.BOUNCY_CASTLE)).isFalse();
    assertThat(NativeRecovery.agree(SignerRecovery.BOUNCY_CASTLE, SignerRecovery.BOUNCY_CASTLE))
        .isTrue();
  }

  /** What is refused before any library sees it stays refused. */
  @Test
  void givesNoLibraryNumbersOutOfRange() {
    List<String> taken = new ArrayList<>();
    byte[] good = Hex.bytes(Sale.PAYER.sign(new byte[32]).toHex());
    EvmSignature signature = EvmSignature.of(good);
    BigInteger high = ORDER.subtract(signature.s());
    for (String[] each :
        new String[][] {
          {"high s", Hex.word(signature.r()) + Hex.word(high) + "1b"},
          {"high s, other v", Hex.word(signature.r()) + Hex.word(high) + "1c"},
          {"s = 0", Hex.word(signature.r()) + "00".repeat(32) + "1b"},
          {"r = 0", "00".repeat(32) + Hex.word(signature.s()) + "1b"},
          {"r = n", Hex.word(ORDER) + Hex.word(signature.s()) + "1b"},
          {"v = 2", Hex.word(signature.r()) + Hex.word(signature.s()) + "02"},
          {"v = 29", Hex.word(signature.r()) + Hex.word(signature.s()) + "1d"},
          {"v of EIP-155", Hex.word(signature.r()) + Hex.word(signature.s()) + "25"},
        }) {
      try {
        EvmSignature.of(HexFormat.of().parseHex(each[1]));
        taken.add(each[0]);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageStartingWith("signature: ");
      }
    }
    assertThat(taken).isEmpty();
  }
}
