// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.SignedPayment;
import java.math.BigInteger;

/**
 * What a transfer needs, mostly without asking for it: gas as earlier transfers of its token used
 * it, at the present price. Only the first transfer of a token is estimated, and every transfer
 * whose signature a contract checks: that may use any amount of gas. Safe for use by several
 * threads.
 *
 * <p>A transfer may need more than the earlier ones. One that reverts with what was measured is to
 * be tried once more with {@link #estimate}.
 */
final class TransferQuotes {
  /**
   * More than the earlier transfers used, as this one may be the first to its recipient (17,100 gas
   * for the balance), or the earlier ones may have got gas back (4,800 for a balance that became
   * zero; EIP-3529).
   */
  static final BigInteger ALLOWANCE = BigInteger.valueOf(22_000);

  private static final int MOST_TOKENS = 1_000;

  private final Chain chain;
  private final ChainPulse pulse;
  private final Cache<Kind, BigInteger> measured =
      Caffeine.newBuilder().maximumSize(MOST_TOKENS).executor(Runnable::run).build();

  TransferQuotes(Chain chain, ChainPulse pulse) {
    this.chain = chain;
    this.pulse = pulse;
  }

  /**
   * Returns what the transfer needs, without a reserve. Never more gas than the call allows, if it
   * was not estimated.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  Chain.Quote of(SignedPayment payment, Chain.Call transfer) throws FacilitatorException {
    BigInteger known = isPlain(payment) ? measured.getIfPresent(kindOf(payment)) : null;
    if (known != null) {
      BigInteger most = transfer.gas();
      Chain.Quote fees = pulse.fees();
      return new Chain.Quote(
          most == null ? known : known.min(most),
          null,
          fees.baseFee(),
          fees.priorityFee(),
          fees.gasPrice());
    }
    return estimate(payment, transfer);
  }

  /**
   * Returns what the node says that the transfer needs, without a reserve.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  Chain.Quote estimate(SignedPayment payment, Chain.Call transfer) throws FacilitatorException {
    Chain.Quote estimated = chain.quote(transfer);
    if (estimated.reverted() == null) {
      measure(payment, estimated.gas());
    }
    return estimated;
  }

  /** Returns whether the next quote of this payment is measured, and not estimated. */
  boolean isMeasured(SignedPayment payment) {
    return isPlain(payment) && measured.getIfPresent(kindOf(payment)) != null;
  }

  /** A transfer of the payment's token alone was mined, and used what its receipt says. */
  void used(SignedPayment payment, Chain.Receipt receipt) {
    pulse.seen(receipt.block());
    BigInteger gas = receipt.gasUsed();
    if (receipt.succeeded() && gas != null) {
      measure(payment, gas.add(ALLOWANCE));
    }
  }

  private void measure(SignedPayment payment, BigInteger gas) {
    if (isPlain(payment)) {
      measured.asMap().merge(kindOf(payment), gas, BigInteger::max);
    }
  }

  private static boolean isPlain(SignedPayment payment) {
    return OfflineChecks.Checked.of(payment).owner().isPresent();
  }

  /**
   * Transfers that use about as much gas.
   *
   * @param asset the token
   * @param taker the contract that takes the authorization
   */
  private record Kind(Address asset, Address taker) {}

  private static Kind kindOf(SignedPayment payment) {
    return new Kind(payment.requirements().asset(), payment.key().asset());
  }
}
