// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.Token;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import org.web3j.crypto.Hash;

/**
 * The digest of a {@link TransferAuthorization}, hashed directly over its fixed structure (<a
 * href="https://eips.ethereum.org/EIPS/eip-712">EIP-712</a>). Pure.
 */
final class Eip712 {
  private static final byte[] DOMAIN_TYPE_HASH =
      Hash.sha3(
          "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
              .getBytes(UTF_8));

  private static final byte[] TRANSFER_TYPE_HASH =
      Hash.sha3(
          ("TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
                  + "uint256 validBefore,bytes32 nonce)")
              .getBytes(UTF_8));

  private Eip712() {}

  static byte[] transferTypeHash() {
    return TRANSFER_TYPE_HASH.clone();
  }

  static byte[] domainSeparator(Token token) {
    ByteArrayOutputStream words = new ByteArrayOutputStream(160);
    words.writeBytes(DOMAIN_TYPE_HASH);
    words.writeBytes(Hash.sha3(token.name().getBytes(UTF_8)));
    words.writeBytes(Hash.sha3(token.version().getBytes(UTF_8)));
    words.writeBytes(word(BigInteger.valueOf(token.network().chainId())));
    words.writeBytes(word(token.contract()));
    return Hash.sha3(words.toByteArray());
  }

  static byte[] structHash(TransferAuthorization authorization) {
    ByteArrayOutputStream words = new ByteArrayOutputStream(224);
    words.writeBytes(TRANSFER_TYPE_HASH);
    words.writeBytes(word(authorization.from()));
    words.writeBytes(word(authorization.to()));
    words.writeBytes(word(authorization.value().atomicUnits()));
    words.writeBytes(word(authorization.validAfter()));
    words.writeBytes(word(authorization.validBefore()));
    words.writeBytes(Hex.bytes(authorization.nonce()));
    return Hash.sha3(words.toByteArray());
  }

  static byte[] digest(byte[] domainSeparator, TransferAuthorization authorization) {
    return digest(domainSeparator, structHash(authorization));
  }

  /** Returns what is signed of a message with this hash. */
  static byte[] digest(byte[] domainSeparator, byte[] structHash) {
    ByteArrayOutputStream message = new ByteArrayOutputStream(66);
    message.write(0x19);
    message.write(0x01);
    message.writeBytes(domainSeparator);
    message.writeBytes(structHash);
    return Hash.sha3(message.toByteArray());
  }

  static byte[] word(Address address) {
    byte[] word = new byte[32];
    System.arraycopy(Hex.bytes(address.text()), 0, word, 12, 20);
    return word;
  }

  static byte[] word(BigInteger unsigned) {
    byte[] word = new byte[32];
    byte[] bytes = unsigned.toByteArray(); // may begin with a sign byte of zero
    int length = Math.min(bytes.length, 32);
    System.arraycopy(bytes, bytes.length - length, word, 32 - length, length);
    return word;
  }
}
