// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Hashes;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECAlgorithms;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.util.BigIntegers;

/**
 * Finds the key that made a signature (SEC 1, section 4.1.6): with the native library if there is
 * one, otherwise with Bouncy Castle. The ranges of the numbers are checked before, by {@link
 * EvmSignature}.
 */
interface SignerRecovery {
  /** Bouncy Castle, which is always there. */
  SignerRecovery BOUNCY_CASTLE = SignerRecovery::byBouncyCastle;

  /**
   * Returns the public key, x and y in 64 bytes; empty if the signature belongs to no key.
   *
   * @param digest the 32 bytes that were signed
   */
  Optional<byte[]> publicKey(byte[] digest, EvmSignature signature);

  /** Returns the fastest there is, chosen when it is asked for first. */
  static SignerRecovery fastest() {
    return Fastest.RECOVERY;
  }

  /** Returns the 20 bytes of the account that signed, empty if the signature belongs to no key. */
  default Optional<byte[]> account(byte[] digest, EvmSignature signature) {
    return publicKey(digest, signature)
        .map(key -> Arrays.copyOfRange(Hashes.keccak256(key), 12, 32));
  }

  private static Optional<byte[]> byBouncyCastle(byte[] digest, EvmSignature signature) {
    X9ECParameters curve = Fastest.CURVE;
    byte[] compressed = new byte[33];
    compressed[0] = (byte) (signature.v() - 27 + 2);
    BigIntegers.asUnsignedByteArray(signature.r(), compressed, 1, 32);
    ECPoint point;
    try {
      point = curve.getCurve().decodePoint(compressed);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // r is not the abscissa of a point
    }
    BigInteger order = curve.getN();
    BigInteger inverse = BigIntegers.modOddInverseVar(order, signature.r());
    BigInteger ofBase = new BigInteger(1, digest).negate().multiply(inverse).mod(order);
    BigInteger ofPoint = signature.s().multiply(inverse).mod(order);
    ECPoint key = ECAlgorithms.sumOfTwoMultiplies(curve.getG(), ofBase, point, ofPoint);
    return key.isInfinity()
        ? Optional.empty()
        : Optional.of(Arrays.copyOfRange(key.getEncoded(false), 1, 65));
  }

  /** Loaded with the first signature, not with this interface. */
  final class Fastest {
    private static final X9ECParameters CURVE = CustomNamedCurves.getByName("secp256k1");
    private static final SignerRecovery RECOVERY = NativeRecovery.find().orElse(BOUNCY_CASTLE);

    private Fastest() {}
  }
}
