// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import org.web3j.crypto.RawTransaction;

/**
 * Wei per gas for one transaction: EIP-1559 where the chain has a base fee, a gas price otherwise.
 */
sealed interface GasFees {

  /** A transaction of type 2. */
  record Eip1559(BigInteger maxPriorityFee, BigInteger maxFee) implements GasFees {
    @Override
    public RawTransaction transaction(
        long chainId, BigInteger nonce, BigInteger gas, String to, String data) {
      return RawTransaction.createTransaction(
          chainId, nonce, gas, to, BigInteger.ZERO, data, maxPriorityFee, maxFee);
    }
  }

  /** A transaction as before EIP-1559, bound to the chain by EIP-155. */
  record Legacy(BigInteger gasPrice) implements GasFees {
    @Override
    public RawTransaction transaction(
        long chainId, BigInteger nonce, BigInteger gas, String to, String data) {
      return RawTransaction.createTransaction(nonce, gasPrice, gas, to, BigInteger.ZERO, data);
    }
  }

  RawTransaction transaction(
      long chainId, BigInteger nonce, BigInteger gas, String to, String data);

  /**
   * Returns fees that stand a doubling of the base fee, never above the ceiling.
   *
   * @throws FacilitatorException if the chain costs more than the ceiling now
   */
  static GasFees of(Chain.Quote quote, BigInteger ceiling) throws FacilitatorException {
    BigInteger baseFee = quote.baseFee();
    if (baseFee == null) {
      requireBelow(quote.gasPrice(), ceiling);
      return new Legacy(quote.gasPrice());
    }
    BigInteger needed = baseFee.add(quote.priorityFee());
    requireBelow(needed, ceiling);
    return new Eip1559(quote.priorityFee(), needed.add(baseFee).min(ceiling));
  }

  private static void requireBelow(BigInteger needed, BigInteger ceiling)
      throws FacilitatorException {
    if (needed.compareTo(ceiling) > 0) {
      throw new FacilitatorException(
          "gas costs " + needed + " wei now, above the ceiling of " + ceiling);
    }
  }
}
