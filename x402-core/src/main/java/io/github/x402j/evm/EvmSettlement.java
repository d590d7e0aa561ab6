// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the money: sends the payer's authorization from a gas account and waits for the outcome.
 * Whichever transaction uses the authorization first, the money goes where it says.
 */
final class EvmSettlement {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  /**
   * The limits of a settlement.
   *
   * @param feeCeiling the most that a unit of gas may cost, in wei
   * @param timeout how long to wait for a receipt
   * @param confirmations how many blocks make it final
   * @param lookBack how far back to search events
   */
  record Terms(
      BigInteger feeCeiling, Duration timeout, int confirmations, EventSearchWindow lookBack) {}

  private final Chain chain;
  private final GasPool gasPool;
  private final Clock clock;
  private final Ticker ticker;
  private final Terms terms;

  EvmSettlement(Chain chain, GasPool gasPool, Clock clock, Ticker ticker, Terms terms) {
    this.chain = chain;
    this.gasPool = gasPool;
    this.clock = clock;
    this.ticker = ticker;
    this.terms = terms;
  }

  /**
   * @param transfer the call that moves the money
   * @param beforeBroadcast is handed the hash before the transaction leaves this process
   * @throws FacilitatorException if nothing was sent
   */
  Settlement settle(SignedPayment payment, Chain.Call transfer, Consumer<String> beforeBroadcast)
      throws FacilitatorException {
    Instant deadline = clock.instant().plus(terms.timeout());
    Chain.Quote quote = chain.quote(transfer);
    if (quote.reverted() != null) {
      return reverts(payment);
    }
    GasAccount.Fees fees = GasAccount.Fees.of(quote, terms.feeCeiling());
    if (quote.gas().compareTo(EvmFacilitator.MAX_GAS) > 0) {
      return failed("the transfer needs more gas than is allowed");
    }
    GasPool.Sent sent =
        gasPool.send(
            new GasAccount.Task(transfer.to(), transfer.data(), withReserve(quote.gas()), fees),
            OfflineChecks.Checked.of(payment).payment().sender(),
            terms.timeout(),
            () -> clock.instant().isBefore(payment.validBefore()),
            beforeBroadcast);
    if (sent == null) {
      return new Settlement.Failed(
          ErrorReason.AUTHORIZATION_EXPIRED, "the window closed before the transaction was sent");
    }
    if (sent.transaction().broadcast() instanceof Chain.Broadcast.Rejected rejected) {
      return rejected(payment, sent, rejected);
    }
    return await(payment, sent, deadline);
  }

  /** The state may change before the transaction is mined: a fifth more than was estimated. */
  private static BigInteger withReserve(BigInteger gas) {
    return gas.multiply(BigInteger.valueOf(6)).divide(BigInteger.valueOf(5));
  }

  /**
   * Waits for the receipt, asking less and less often, until the deadline. Never throws: the money
   * may have moved.
   */
  private Settlement await(SignedPayment payment, GasPool.Sent sent, Instant deadline) {
    PaymentOutcome outcome = outcomeOf(payment);
    Backoff pauses = new Backoff(FIRST_PAUSE, 1.5, LONGEST_PAUSE);
    while (true) {
      Settlement now = read(outcome, sent.transaction().hash());
      if (!(now instanceof Settlement.Pending)) {
        return now;
      }
      if (!sleep(pauses.next(), deadline)) {
        sent.account().recount(); // the node may have lost the transaction: its number is free
        return now;
      }
    }
  }

  private Settlement read(PaymentOutcome outcome, String transaction) {
    try {
      Optional<Chain.Receipt> receipt = chain.receipt(transaction);
      if (receipt.isPresent()) {
        return outcome.of(receipt.get());
      }
    } catch (FacilitatorException e) {
      // The next call may reach the chain again.
    }
    return new Settlement.Pending(transaction);
  }

  /** Returns false when there is no time left. */
  private boolean sleep(Duration pause, Instant deadline) {
    if (!clock.instant().plus(pause).isBefore(deadline)) {
      return false;
    }
    try {
      ticker.sleep(pause);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Our transaction is nowhere, but someone else may have been quicker. */
  private Settlement rejected(
      SignedPayment payment, GasPool.Sent sent, Chain.Broadcast.Rejected rejected)
      throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.of(sent.transaction().hash()));
    if (!(outcome instanceof Settlement.Pending)) {
      return outcome;
    }
    log.error(
        "the node rejected a settlement of {}: {}",
        sent.account().address(),
        SendErrors.shown(rejected));
    throw new FacilitatorException("the node rejected the settlement");
  }

  /** Nothing was sent by us; perhaps another transaction has used the authorization. */
  private Settlement reverts(SignedPayment payment) throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.empty());
    return outcome instanceof Settlement.Pending
        ? failed("the transfer would revert; nothing was sent")
        : outcome;
  }

  private static Settlement failed(String detail) {
    return new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, detail);
  }

  /** Reads from the chain how a payment's settlement has ended; sends nothing. */
  Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    return outcomeOf(payment).now(transaction);
  }

  private PaymentOutcome outcomeOf(SignedPayment payment) {
    return new PaymentOutcome(
        chain,
        OfflineChecks.Checked.of(payment).payment().proof(),
        gasPool.addresses(),
        terms.confirmations(),
        terms.lookBack());
  }
}
