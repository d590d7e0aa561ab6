// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.Bytes32;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.time.Instant;

/**
 * The message that a payer signs: <a href="https://eips.ethereum.org/EIPS/eip-3009">EIP-3009</a>
 * {@code TransferWithAuthorization}.
 *
 * @param from who pays
 * @param to who is paid
 * @param value how much
 * @param validAfter Unix seconds; the chain takes it in blocks strictly after this time
 * @param validBefore Unix seconds; the chain takes it in blocks strictly before this time
 * @param nonce {@code 0x} and 64 hex digits, kept in lower case; unique for the payer
 */
public record TransferAuthorization(
    Address from,
    Address to,
    TokenAmount value,
    BigInteger validAfter,
    BigInteger validBefore,
    String nonce) {
  /** Checks that the times are {@code uint256} and the nonce is 32 bytes. */
  public TransferAuthorization {
    requireUint256("validAfter", validAfter);
    requireUint256("validBefore", validBefore);
    nonce = Bytes32.parse("nonce", nonce).text();
  }

  /** Returns an authorization that is valid between two times, both cut to seconds. */
  public static TransferAuthorization between(
      Address from,
      Address to,
      TokenAmount value,
      Instant validAfter,
      Instant validBefore,
      String nonce) {
    return new TransferAuthorization(
        from,
        to,
        value,
        BigInteger.valueOf(validAfter.getEpochSecond()),
        BigInteger.valueOf(validBefore.getEpochSecond()),
        nonce);
  }

  private static void requireUint256(String name, BigInteger value) {
    if (value.signum() < 0 || value.bitLength() > 256) {
      throw new IllegalArgumentException(name + ": expected 0 to 2^256 - 1");
    }
  }
}
