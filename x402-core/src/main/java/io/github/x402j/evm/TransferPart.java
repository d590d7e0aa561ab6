// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A payment that goes into a transaction, alone or with others.
 *
 * @param gas with a reserve
 * @param ceiling wei per gas
 * @param isMeasured whether the gas is that of earlier transfers, and not estimated
 */
record TransferPart(
    QueuedPayment queued,
    Chain.Call transfer,
    Chain.Quote quote,
    BigInteger gas,
    BigInteger ceiling,
    boolean isMeasured) {
  /** The most gas of a transaction that moves the money of several payments. */
  static final BigInteger MOST_GAS = BigInteger.valueOf(15_000_000);

  /** What a transaction of several payments needs besides their transfers. */
  private static final BigInteger GAS_FOR_SHARING = BigInteger.valueOf(50_000);

  /** The state may change before the transaction is mined: a fifth more, within the limit. */
  static BigInteger withReserve(BigInteger gas, @Nullable BigInteger most) {
    BigInteger reserved = gas.multiply(BigInteger.valueOf(6)).divide(BigInteger.valueOf(5));
    return most == null ? reserved : reserved.min(most);
  }

  /** Returns the gas limit of their transaction. */
  static BigInteger gas(List<TransferPart> parts) {
    BigInteger sum = parts.stream().map(TransferPart::gas).reduce(BigInteger.ZERO, BigInteger::add);
    return parts.size() == 1 ? sum : sum.add(GAS_FOR_SHARING);
  }

  /** Returns the most wei that a unit of their transaction's gas may cost. */
  static BigInteger ceiling(List<TransferPart> parts) {
    return parts.stream().map(TransferPart::ceiling).reduce(BigInteger::min).orElseThrow();
  }

  /**
   * Returns the transaction that moves their money.
   *
   * @throws FacilitatorException if gas costs more than the ceiling
   */
  static GasAccount.Task task(List<TransferPart> parts) throws FacilitatorException {
    Chain.Quote newest = parts.get(parts.size() - 1).quote();
    GasAccount.Fees fees = GasAccount.Fees.of(newest, ceiling(parts));
    if (parts.size() == 1) {
      Chain.Call transfer = parts.get(0).transfer();
      return new GasAccount.Task(transfer.to(), transfer.data(), gas(parts), fees);
    }
    return new GasAccount.Task(
        Multicall.ADDRESS,
        Multicall.data(parts.stream().map(TransferPart::transfer).toList()),
        gas(parts),
        fees);
  }
}
