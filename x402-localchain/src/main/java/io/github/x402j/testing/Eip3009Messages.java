// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.web3j.crypto.Hash;
import org.web3j.utils.Numeric;

/** The digests that payers of a {@link TestUsdc} sign, computed from what EIP-712 says. */
final class Eip3009Messages {

  private static final String DOMAIN =
      "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
  private static final String TRANSFER =
      "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
          + "uint256 validBefore,bytes32 nonce)";
  private static final String CANCEL = "CancelAuthorization(address authorizer,bytes32 nonce)";

  private Eip3009Messages() {}

  static byte[] domainSeparator(String name, String version, long chainId, String token) {
    return hash(
        text(DOMAIN),
        text(name),
        text(version),
        number(BigInteger.valueOf(chainId)),
        address(token));
  }

  static byte[] transferDigest(
      byte[] domain,
      String from,
      String to,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String nonce) {
    return digest(
        domain,
        hash(
            text(TRANSFER),
            address(from),
            address(to),
            number(value),
            number(validAfter),
            number(validBefore),
            word(nonce)));
  }

  static byte[] cancelDigest(byte[] domain, String payer, String nonce) {
    return digest(domain, hash(text(CANCEL), address(payer), word(nonce)));
  }

  private static byte[] digest(byte[] domain, byte[] structHash) {
    return hash(new byte[] {0x19, 0x01}, domain, structHash);
  }

  private static byte[] text(String value) {
    return Hash.sha3(value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] number(BigInteger value) {
    return Numeric.toBytesPadded(value, 32);
  }

  private static byte[] address(String value) {
    return number(Numeric.toBigInt(value));
  }

  private static byte[] word(String value) {
    byte[] bytes = Numeric.hexStringToByteArray(value);
    if (bytes.length != 32) {
      throw new IllegalArgumentException("nonce: expected 32 bytes, found " + bytes.length);
    }
    return bytes;
  }

  private static byte[] hash(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return Hash.sha3(all);
  }
}
