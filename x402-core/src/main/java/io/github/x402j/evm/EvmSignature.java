// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;

/**
 * A signature of secp256k1 in the only form that tokens accept: {@code r} and {@code s} in range,
 * {@code s} in the lower half of the group's order (<a
 * href="https://eips.ethereum.org/EIPS/eip-2">EIP-2</a>), {@code v} 27 or 28.
 *
 * @param r 1 to n - 1
 * @param s 1 to (n - 1) / 2
 * @param v 27 or 28
 */
public record EvmSignature(BigInteger r, BigInteger s, int v) {
  private static final BigInteger ORDER =
      new BigInteger("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16);
  static final BigInteger HALF_ORDER = ORDER.shiftRight(1);
  private static final int LENGTH = 65;

  /** Checks the ranges, before any library computes with the numbers. */
  public EvmSignature {
    if (r.signum() <= 0 || r.compareTo(ORDER) >= 0) {
      throw new IllegalArgumentException("signature: r is out of range");
    }
    if (s.signum() <= 0 || s.compareTo(HALF_ORDER) > 0) {
      throw new IllegalArgumentException("signature: s is out of range, or in the upper half");
    }
    if (v != 27 && v != 28) {
      throw new IllegalArgumentException("signature: v is not 27 or 28");
    }
  }

  /**
   * Returns the signature in these bytes: r, s and v, where v may also be 0 or 1.
   *
   * @throws IllegalArgumentException if they are not 65, or a number is out of range
   */
  public static EvmSignature of(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException(
          "signature: expected " + LENGTH + " bytes, found " + bytes.length);
    }
    int v = bytes[64] & 0xff;
    return new EvmSignature(
        new BigInteger(1, bytes, 0, 32), new BigInteger(1, bytes, 32, 32), v < 2 ? v + 27 : v);
  }

  /**
   * Returns the signature of an account from the numbers of a KMS or HSM. Brings {@code s} into the
   * lower half and finds {@code v}.
   *
   * @param digest the 32 bytes that were signed
   * @throws IllegalArgumentException if the numbers are no signature of the digest by the account
   */
  public static EvmSignature ofAccount(Address account, byte[] digest, BigInteger r, BigInteger s) {
    BigInteger low = s.compareTo(HALF_ORDER) > 0 ? ORDER.subtract(s) : s;
    for (int v = 27; v <= 28; v++) {
      EvmSignature signature = new EvmSignature(r, low, v);
      if (signature.isBy(account, digest)) {
        return signature;
      }
    }
    throw new IllegalArgumentException("signature: not one of " + account);
  }

  /**
   * Returns the signature of an account in DER ({@code SEQUENCE} of the two numbers), as the APIs
   * of clouds return it.
   *
   * @param digest the 32 bytes that were signed
   * @throws IllegalArgumentException if it is not DER, or no signature of the digest by the account
   */
  public static EvmSignature ofDer(Address account, byte[] digest, byte[] der) {
    if (der.length < 2 || der[0] != 0x30 || der[1] != der.length - 2) {
      throw new IllegalArgumentException("signature: expected a DER sequence of two numbers");
    }
    BigInteger r = derNumber(der, 2);
    int second = 4 + der[3];
    BigInteger s = derNumber(der, second);
    if (second + 2 + der[second + 1] != der.length) {
      throw new IllegalArgumentException("signature: expected nothing after the two numbers");
    }
    return ofAccount(account, digest, r, s);
  }

  private static BigInteger derNumber(byte[] der, int at) {
    boolean fits = at + 2 <= der.length && der[at] == 0x02 && der[at + 1] > 0;
    if (!fits || at + 2 + der[at + 1] > der.length) {
      throw new IllegalArgumentException("signature: expected a DER integer at byte " + at);
    }
    return new BigInteger(der, at + 2, der[at + 1]);
  }

  /** Returns who signed the digest, empty if the signature belongs to no key. */
  public Optional<Address> signerOf(byte[] digest) {
    return SignerRecovery.fastest()
        .account(digest, this)
        .map(account -> Address.parse(Hex.text(account)));
  }

  /** Returns whether the account signed the digest. */
  boolean isBy(Address account, byte[] digest) {
    return SignerRecovery.fastest()
        .account(digest, this)
        .filter(signer -> Arrays.equals(signer, Hex.bytes(account.text())))
        .isPresent();
  }

  /** Returns {@code 0x} and the 65 bytes r, s, v in hex. */
  public String toHex() {
    return "0x" + Hex.word(r) + Hex.word(s) + Integer.toHexString(v);
  }

  /** Does not show the signature, which is as good as the money it moves. */
  @Override
  public String toString() {
    return "EvmSignature[redacted]";
  }
}
