// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;

/**
 * The message that a payer signs for Permit2: {@code PermitWitnessTransferFrom} with the witness of
 * scheme {@code exact} (specification {@code scheme_exact_evm}, section 2).
 *
 * @param from who pays
 * @param token what is moved
 * @param amount how much
 * @param spender the only contract that may use it
 * @param nonce unique for the payer; {@code uint256}
 * @param deadline Unix seconds; the chain takes it in blocks up to this time
 * @param to who is paid
 * @param validAfter Unix seconds; the chain takes it in blocks from this time on
 */
public record Permit2Authorization(
    Address from,
    Address token,
    TokenAmount amount,
    Address spender,
    BigInteger nonce,
    BigInteger deadline,
    Address to,
    BigInteger validAfter) {

  /** Checks that the numbers are {@code uint256}. */
  public Permit2Authorization {
    requireUint256("nonce", nonce);
    requireUint256("deadline", deadline);
    requireUint256("validAfter", validAfter);
  }

  private static void requireUint256(String name, BigInteger value) {
    if (value.signum() < 0 || value.bitLength() > 256) {
      throw new IllegalArgumentException(name + ": expected 0 to 2^256 - 1");
    }
  }
}
