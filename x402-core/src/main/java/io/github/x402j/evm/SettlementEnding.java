// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ends of settlements: reads from the chain how a payment ended, counts it as it did, and
 * completes what its caller waits for.
 */
final class SettlementEnding {
  private final Chain chain;
  private final GasPool gasPool;
  private final PaymentsInFlight inFlight;
  private final TransferQuotes quotes;
  private final Ticker ticker;
  private final EvmSettlement.Terms terms;

  SettlementEnding(
      Chain chain,
      GasPool gasPool,
      PaymentsInFlight inFlight,
      TransferQuotes quotes,
      Ticker ticker,
      EvmSettlement.Terms terms) {
    this.chain = chain;
    this.gasPool = gasPool;
    this.inFlight = inFlight;
    this.quotes = quotes;
    this.ticker = ticker;
    this.terms = terms;
  }

  /** It was settled; the receipt is that of a transaction of ours, or null if that is not known. */
  void settled(QueuedPayment payment, Settlement.Settled settled, Chain.@Nullable Receipt receipt) {
    inFlight.settled(payment.payment(), receipt == null ? blockOf(settled) : receipt.block());
    payment.settlement().complete(settled);
  }

  /** The transfer alone used this much gas. */
  void measured(QueuedPayment payment, Chain.Receipt receipt) {
    quotes.used(payment.payment(), receipt);
  }

  /** It has failed: nothing of it is on its way any more. */
  void failed(QueuedPayment payment, Settlement.Failed failed) {
    if (payment.wasMinedInVain() && !PaymentOutcome.isSettledByOther(failed)) {
      inFlight.reverted(payment.payment());
    } else {
      inFlight.ended(payment.payment());
    }
    payment.settlement().complete(failed);
  }

  /** It cannot be sent now. What was sent before may still come through. */
  void notSent(QueuedPayment payment, Exception why) {
    if (payment.hasLeft()) {
      pending(payment);
      return;
    }
    inFlight.ended(payment.payment());
    payment
        .settlement()
        .completeExceptionally(
            why instanceof FacilitatorException
                ? new FacilitatorException(String.valueOf(why.getMessage()), why)
                : why);
  }

  /** The caller's time is over, and the outcome is not known. */
  void pending(QueuedPayment payment) {
    inFlight.pending(payment.payment());
    payment.settlement().complete(new Settlement.Pending(payment.lastTransaction()));
  }

  /** What a payment's outcome is read by, in a task of its own. */
  interface Reading {
    void run() throws FacilitatorException;
  }

  /** Reads in a task of its own: others do not wait for it. */
  void later(QueuedPayment payment, Reading reading) {
    ticker.startOr(
        "x402 outcome",
        () -> {
          try {
            reading.run();
          } catch (FacilitatorException | RuntimeException e) {
            notSent(payment, e);
          }
        },
        () -> notSent(payment, new IllegalStateException("there was no thread")));
  }

  /**
   * It cannot be sent: perhaps a transaction has used the authorization, another's or one of ours
   * that left before.
   *
   * @param otherwise how it has failed if nothing of it has left
   */
  void unlessUsed(QueuedPayment payment, Settlement.Failed otherwise) throws FacilitatorException {
    Settlement outcome = outcomeOf(payment.payment()).now(payment.transactions());
    if (outcome instanceof Settlement.Settled settled) {
      settled(payment, settled, null);
    } else if (outcome instanceof Settlement.Failed failed) {
      failed(payment, failed);
    } else if (!payment.hasLeft()) {
      failed(payment, otherwise);
    } else {
      pending(payment);
    }
  }

  /** Reads from the chain how a payment's settlement has ended; sends nothing. */
  Settlement outcome(SignedPayment payment, List<String> transactions) throws FacilitatorException {
    Settlement settlement = outcomeOf(payment).now(transactions);
    if (inFlight.counts(payment)) {
      conclude(payment, settlement, transactions);
    }
    return settlement;
  }

  private void conclude(SignedPayment payment, Settlement settlement, List<String> own) {
    if (settlement instanceof Settlement.Settled settled) {
      inFlight.settled(payment, blockOf(settled));
    } else if (settlement instanceof Settlement.Pending) {
      inFlight.pending(payment);
    } else if (!PaymentOutcome.isSettledByOther(settlement) && isAnyMined(own)) {
      inFlight.reverted(payment);
    } else {
      inFlight.ended(payment);
    }
  }

  private boolean isAnyMined(List<String> own) {
    try {
      for (String transaction : own) {
        if (chain.receipt(transaction).isPresent()) {
          return true;
        }
      }
      return false;
    } catch (FacilitatorException e) {
      return false;
    }
  }

  /** A transaction of ours that was mined is no older than the one that moved the money. */
  private @Nullable BigInteger blockOf(Settlement.Settled settled) {
    try {
      return chain.receipt(settled.transaction()).map(Chain.Receipt::block).orElse(null);
    } catch (FacilitatorException e) {
      return null;
    }
  }

  PaymentOutcome outcomeOf(SignedPayment payment) {
    return new PaymentOutcome(
        chain,
        BlockReads.patient(chain, ticker),
        OfflineChecks.Checked.of(payment).payment().proof(),
        gasPool.addresses(),
        terms.confirmations(),
        terms.lookBack());
  }

  static Settlement.Failed expired() {
    return new Settlement.Failed(
        ErrorReason.AUTHORIZATION_EXPIRED,
        "the window closed, or was about to, before the transaction was sent");
  }

  static Settlement.Failed refused(String detail) {
    return new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, detail);
  }
}
