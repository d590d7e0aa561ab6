// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.US_ASCII;

import fr.acinq.secp256k1.Secp256k1;
import io.github.x402j.Hashes;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.util.BigIntegers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native libsecp256k1, through {@code fr.acinq.secp256k1}, which is on the class path if the
 * application wants it. Where it finds no key, Bouncy Castle is asked.
 */
final class NativeRecovery implements SignerRecovery {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);
  private static final String LIBRARY = "fr.acinq.secp256k1.Secp256k1";
  private static final int RANDOM_VECTORS = 24;

  private final Secp256k1 library;

  private NativeRecovery(Secp256k1 library) {
    this.library = library;
  }

  /** Returns the library, empty if it is not there or does not do what Bouncy Castle does. */
  static Optional<SignerRecovery> find() {
    try {
      Class.forName(LIBRARY);
    } catch (ClassNotFoundException | LinkageError e) {
      return Optional.empty();
    }
    try {
      NativeRecovery recovery = new NativeRecovery(Secp256k1.get());
      if (agree(recovery::byLibrary, BOUNCY_CASTLE)) {
        return Optional.of(recovery);
      }
      log.warn("the native secp256k1 is not used: it does not find the keys that it should");
    } catch (RuntimeException | LinkageError e) {
      log.warn("the native secp256k1 is not used: {}", e.toString());
    }
    return Optional.empty();
  }

  @Override
  public Optional<byte[]> publicKey(byte[] digest, EvmSignature signature) {
    Optional<byte[]> key = byLibrary(digest, signature);
    return key.isPresent() ? key : BOUNCY_CASTLE.publicKey(digest, signature);
  }

  private Optional<byte[]> byLibrary(byte[] digest, EvmSignature signature) {
    byte[] numbers = new byte[64];
    BigIntegers.asUnsignedByteArray(signature.r(), numbers, 0, 32);
    BigIntegers.asUnsignedByteArray(signature.s(), numbers, 32, 32);
    try {
      byte[] key = library.ecdsaRecover(numbers, digest, signature.v() - 27);
      return key.length == 65 && key[0] == 4
          ? Optional.of(Arrays.copyOfRange(key, 1, 65))
          : Optional.empty();
    } catch (RuntimeException e) {
      return Optional.empty(); // its way to say that there is none
    }
  }

  /** Returns whether both find the same keys of all vectors, and the same that have none. */
  static boolean agree(SignerRecovery one, SignerRecovery other) {
    for (EvmSignature signature : vectors()) {
      for (byte[] digest : List.of(hash("digest" + signature.r()), filled(0), filled(0xff))) {
        byte[] none = new byte[0];
        byte[] key = one.publicKey(digest, signature).orElse(none);
        if (!Arrays.equals(key, other.publicKey(digest, signature).orElse(none))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Any two numbers in range are a signature by some key, if r is the abscissa of a point. */
  private static List<EvmSignature> vectors() {
    List<EvmSignature> vectors = new ArrayList<>();
    BigInteger half = EvmSignature.HALF_ORDER;
    for (int v = 27; v <= 28; v++) {
      vectors.add(new EvmSignature(BigInteger.ONE, BigInteger.ONE, v));
      vectors.add(new EvmSignature(BigInteger.TWO, half, v));
      vectors.add(new EvmSignature(half.shiftLeft(1), half, v)); // the order less one
      for (int i = 0; i < RANDOM_VECTORS / 2; i++) {
        BigInteger r = new BigInteger(1, hash("r" + i + v)).shiftRight(1);
        vectors.add(new EvmSignature(r, new BigInteger(1, hash("s" + i + v)).shiftRight(2), v));
      }
    }
    return vectors;
  }

  private static byte[] hash(String text) {
    return Hashes.keccak256(text.getBytes(US_ASCII));
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
