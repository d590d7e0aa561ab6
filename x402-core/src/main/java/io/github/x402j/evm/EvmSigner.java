// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.Settings;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Keys;
import org.web3j.crypto.Sign;

/**
 * Signs for one account. Implement it to keep the key in a KMS or HSM. Most of them answer with
 * {@code r} and {@code s}; {@link EvmSignature#ofAccount} makes a signature of these. Test an
 * implementation with {@code EvmSignerContract} of {@code x402-testing}.
 *
 * <p>Implementations are safe for use by several threads and never show the key, in {@code
 * toString} or elsewhere.
 */
public interface EvmSigner {

  /** Returns the account whose key this is. */
  Address address();

  /**
   * Returns the signature of the digest.
   *
   * @param digest 32 bytes
   */
  EvmSignature sign(byte[] digest);

  /**
   * Returns a signer with a key in memory.
   *
   * @param privateKey 64 hex digits, with or without {@code 0x}
   * @throws IllegalArgumentException if it is not a private key; the message does not repeat it
   */
  static EvmSigner ofPrivateKey(@Nullable String privateKey) {
    return InMemorySigner.of(InMemorySigner.keyOf(privateKey));
  }

  /**
   * Returns a signer with the key in an environment variable.
   *
   * @throws IllegalArgumentException if the variable is missing or holds no private key; the
   *     message names the variable
   */
  static EvmSigner fromEnvironment(@Nullable String variable) {
    String privateKey =
        System.getenv(Settings.require("variable", "the name of one with a key", variable));
    if (privateKey == null || privateKey.isBlank()) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": expected a private key, found nothing");
    }
    try {
      return ofPrivateKey(privateKey.trim());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": " + e.getMessage());
    }
  }

  /**
   * Returns a signer with the key in a keystore file of version 3, as web3j, geth and others write
   * it. The key is kept in memory. {@link EvmKeystore} makes one.
   *
   * @param password is not changed; the caller may overwrite it afterwards
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no keystore, the password is wrong, or the key is not
   *     that of the address in the file; the message names the file and no part of either
   */
  static EvmSigner fromKeystore(Path file, char[] password) throws IOException {
    return InMemorySigner.of(EvmKeystore.read(file, password));
  }

  /** A key in the memory of this process. */
  final class InMemorySigner implements EvmSigner {
    private static final Pattern PRIVATE_KEY = Pattern.compile("(?:0x)?[0-9a-fA-F]{64}");

    private final ECKeyPair key;
    private final Address address;

    private InMemorySigner(ECKeyPair key) {
      this.key = key;
      this.address = Address.parse("0x" + Keys.getAddress(key));
    }

    static InMemorySigner of(ECKeyPair key) {
      return new InMemorySigner(key);
    }

    /** Returns the key that the text spells; see {@link EvmSigner#ofPrivateKey}. */
    static ECKeyPair keyOf(@Nullable String text) {
      String privateKey = Settings.require("private key", "64 hex digits", text);
      if (!PRIVATE_KEY.matcher(privateKey).matches()) {
        throw new IllegalArgumentException("a private key is 64 hex digits, with or without 0x");
      }
      String digits = privateKey.startsWith("0x") ? privateKey.substring(2) : privateKey;
      BigInteger number = new BigInteger(digits, 16);
      if (number.signum() == 0 || number.compareTo(Sign.CURVE_PARAMS.getN()) >= 0) {
        throw new IllegalArgumentException("a private key is 1 to n - 1 of secp256k1");
      }
      return ECKeyPair.create(number);
    }

    @Override
    public Address address() {
      return address;
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      if (digest.length != 32) {
        throw new IllegalArgumentException("digest: expected 32 bytes");
      }
      Sign.SignatureData data = Sign.signMessage(Objects.requireNonNull(digest), key, false);
      return new EvmSignature(
          new BigInteger(1, data.getR()), new BigInteger(1, data.getS()), data.getV()[0]);
    }

    @Override
    public String toString() {
      return "EvmSigner[" + address + ", key redacted]";
    }
  }
}
