// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Keys;
import org.web3j.crypto.RawTransaction;
import org.web3j.crypto.Sign;
import org.web3j.crypto.TransactionEncoder;
import org.web3j.utils.Numeric;

/**
 * A key pair for tests, held in memory. Immutable and thread safe.
 *
 * <p>It hands out its private key to whoever asks: never put a key with funds in it.
 */
public final class TestWallet {

  private static final Pattern PRIVATE_KEY = Pattern.compile("(0x)?[0-9a-fA-F]{64}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ECKeyPair keys;
  private final String address;

  private TestWallet(ECKeyPair keys) {
    this.keys = keys;
    this.address = Keys.toChecksumAddress(Keys.getAddress(keys));
  }

  /** Returns a wallet with a new random key. */
  public static TestWallet random() {
    BigInteger key;
    do {
      key = new BigInteger(256, RANDOM);
    } while (!isKey(key));
    return new TestWallet(ECKeyPair.create(key));
  }

  /**
   * Returns the wallet of a private key.
   *
   * @param privateKeyHex 64 hexadecimal digits, with or without {@code 0x}
   * @throws IllegalArgumentException if that is not a private key of secp256k1
   */
  public static TestWallet of(String privateKeyHex) {
    if (!PRIVATE_KEY.matcher(privateKeyHex).matches()) {
      throw new IllegalArgumentException("private key: expected 64 hexadecimal digits");
    }
    BigInteger key = new BigInteger(Numeric.cleanHexPrefix(privateKeyHex), 16);
    if (!isKey(key)) {
      throw new IllegalArgumentException("private key: zero or not below the curve's order");
    }
    return new TestWallet(ECKeyPair.create(key));
  }

  private static boolean isKey(BigInteger key) {
    return key.signum() > 0 && key.compareTo(Sign.CURVE_PARAMS.getN()) < 0;
  }

  /** Returns the address in its EIP-55 spelling. */
  public String address() {
    return address;
  }

  /** Returns the private key as {@code 0x} and 64 hexadecimal digits. */
  public String privateKey() {
    return Numeric.toHexStringWithPrefixZeroPadded(keys.getPrivateKey(), 64);
  }

  /**
   * Returns the signature of a digest as {@code 0x} and the 65 bytes r, s (low) and v (27 or 28).
   *
   * @param digest the 32 bytes to sign, not hashed again
   * @throws IllegalArgumentException if the digest is not 32 bytes long
   */
  public String signDigest(byte[] digest) {
    if (digest.length != 32) {
      throw new IllegalArgumentException("digest: expected 32 bytes, found " + digest.length);
    }
    Sign.SignatureData signature = Sign.signMessage(digest, keys, false);
    byte[] bytes = Arrays.copyOf(signature.getR(), 65);
    System.arraycopy(signature.getS(), 0, bytes, 32, 32);
    bytes[64] = signature.getV()[0];
    return Numeric.toHexString(bytes);
  }

  /** Returns a signed EIP-155 transaction as it goes into {@code eth_sendRawTransaction}. */
  String signTransaction(RawTransaction transaction, long chainId) {
    byte[] signed =
        TransactionEncoder.signMessage(
            transaction, chainId, org.web3j.crypto.Credentials.create(keys));
    return Numeric.toHexString(signed);
  }

  /** Returns the address; the key is left out. */
  @Override
  public String toString() {
    return "TestWallet[" + address + "]";
  }
}
