// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.SettlementAttempt.Refusal;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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
   * @param feeCeiling the most that a unit of gas may cost
   * @param timeout how long to wait for a receipt
   * @param confirmations how many blocks make it final
   * @param lookBack how far back to search events
   */
  record Terms(
      FeeCeiling feeCeiling, Duration timeout, int confirmations, EventSearchWindow lookBack) {}

  private final Chain chain;
  private final GasPool gasPool;
  private final TransferQuotes quotes;
  private final EvmVerification verification;
  private final PaymentsInFlight inFlight;
  private final Clock clock;
  private final Ticker ticker;
  private final Terms terms;

  EvmSettlement(
      Chain chain,
      GasPool gasPool,
      TransferQuotes quotes,
      EvmVerification verification,
      PaymentsInFlight inFlight,
      Clock clock,
      Ticker ticker,
      Terms terms) {
    this.chain = chain;
    this.gasPool = gasPool;
    this.quotes = quotes;
    this.verification = verification;
    this.inFlight = inFlight;
    this.clock = clock;
    this.ticker = ticker;
    this.terms = terms;
  }

  /** What has happened to a payment so far. */
  private static final class Progress {
    private @Nullable SettlementAttempt attempt;
    private Chain.@Nullable Receipt receipt;

    boolean hasLeft() {
      return attempt != null && attempt.hasLeft();
    }
  }

  /**
   * @param transfer returns the call that moves the money, sent by this account
   * @param beforeBroadcast is handed the hash before the transaction leaves this process
   * @throws FacilitatorException if nothing was sent
   */
  Settlement settle(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    Progress progress = new Progress();
    try {
      Settlement settlement = settle(payment, transfer, beforeBroadcast, progress);
      conclude(payment, settlement, progress.receipt);
      return settlement;
    } catch (FacilitatorException e) { // nothing was sent
      inFlight.ended(payment);
      throw e;
    } catch (RuntimeException | Error e) {
      if (progress.hasLeft()) {
        inFlight.pending(payment);
      } else {
        inFlight.ended(payment);
      }
      throw e;
    }
  }

  private Settlement settle(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast beforeBroadcast,
      Progress progress)
      throws FacilitatorException {
    Optional<Verification.Invalid> rests = verification.rests(payment);
    if (rests.isPresent()) {
      return failed(rests.get().detail());
    }
    Instant deadline = clock.instant().plus(terms.timeout());
    Rejected last = null;
    for (GasAccount account :
        gasPool.inOrder(OfflineChecks.Checked.of(payment).payment().sender())) {
      Chain.Call call = transfer.apply(account.address());
      boolean isMeasured = quotes.isMeasured(payment);
      Chain.Quote quote = quotes.of(payment, call);
      if (quote.reverted() != null) {
        return reverts(payment);
      }
      if (needsTooMuch(quote, call)) {
        return failed("the transfer needs more gas than is allowed");
      }
      SettlementAttempt attempt = attempt(payment, call, quote);
      boolean isGood = attempt.look();
      if (isMeasured && attempt.refusal().orElse(null) instanceof Refusal.Reverts) {
        quote = quotes.estimate(payment, call); // perhaps it needs more gas than the others
        if (quote.reverted() != null) {
          return reverts(payment);
        }
        if (needsTooMuch(quote, call)) {
          return failed("the transfer needs more gas than is allowed");
        }
        attempt = attempt(payment, call, quote);
        isGood = attempt.look();
      }
      progress.attempt = attempt;
      GasAccount.Sent sent =
          isGood ? account.send(attempt.task(), terms.timeout(), attempt, beforeBroadcast) : null;
      if (sent == null && !(attempt.refusal().orElse(null) instanceof Refusal.WithoutFunds)) {
        return notSent(payment, attempt);
      }
      // Only what cannot have been taken goes to another account: its authorization is the same.
      if (sent == null || isWithoutFunds(sent)) {
        gasPool.funds().ranOut(account.address());
        last = sent == null ? last : new Rejected(account, sent);
        continue;
      }
      gasPool.funds().paid(account.address());
      return sent.broadcast() instanceof Chain.Broadcast.Rejected
          ? rejected(payment, new Rejected(account, sent))
          : await(payment, account, sent.hash(), deadline, progress);
    }
    if (last != null) {
      return rejected(payment, last);
    }
    throw new FacilitatorException("no gas account has enough for a settlement");
  }

  private static boolean needsTooMuch(Chain.Quote quote, Chain.Call call) {
    BigInteger most = call.gas();
    return most != null && quote.gas().compareTo(most) > 0;
  }

  /** A transaction that the node refused. */
  private record Rejected(GasAccount account, GasAccount.Sent sent) {}

  private SettlementAttempt attempt(SignedPayment payment, Chain.Call transfer, Chain.Quote quote)
      throws FacilitatorException {
    BigInteger gas = withReserve(quote.gas(), transfer);
    GasAccount.Fees fees =
        GasAccount.Fees.of(quote, terms.feeCeiling().of(payment.requirements(), gas));
    return new SettlementAttempt(
        clock,
        verification,
        inFlight,
        payment,
        transfer,
        new GasAccount.Task(transfer.to(), transfer.data(), gas, fees));
  }

  private Settlement notSent(SignedPayment payment, SettlementAttempt attempt)
      throws FacilitatorException {
    Refusal refusal = attempt.refusal().orElse(null);
    if (refusal instanceof Refusal.Refused refused) {
      return refused.failed();
    }
    return refusal instanceof Refusal.Reverts ? reverts(payment) : expired();
  }

  private static boolean isWithoutFunds(GasAccount.Sent sent) {
    return sent.broadcast() instanceof Chain.Broadcast.Rejected rejected
        && SendErrors.isWithoutFunds(rejected);
  }

  /** Counts the payment as it ended. A transaction that was mined in vain makes its payer rest. */
  private void conclude(
      SignedPayment payment, Settlement settlement, Chain.@Nullable Receipt receipt) {
    if (settlement instanceof Settlement.Settled settled) {
      if (receipt != null && receipt.transaction().equals(settled.transaction())) {
        quotes.used(payment, receipt);
      }
      inFlight.settled(payment, blockOf(settled, receipt));
    } else if (settlement instanceof Settlement.Pending) {
      inFlight.pending(payment);
    } else if (receipt != null && !PaymentOutcome.isSettledByOther(settlement)) {
      inFlight.reverted(payment);
    } else {
      inFlight.ended(payment);
    }
  }

  /** A transaction of ours that was mined is no older than the one that moved the money. */
  private @Nullable BigInteger blockOf(
      Settlement.Settled settled, Chain.@Nullable Receipt receipt) {
    if (receipt != null) {
      return receipt.block();
    }
    try {
      return chain.receipt(settled.transaction()).map(Chain.Receipt::block).orElse(null);
    } catch (FacilitatorException e) {
      return null;
    }
  }

  /** The state may change before the transaction is mined: a fifth more, within the limit. */
  private static BigInteger withReserve(BigInteger gas, Chain.Call transfer) {
    BigInteger reserved = gas.multiply(BigInteger.valueOf(6)).divide(BigInteger.valueOf(5));
    BigInteger most = transfer.gas();
    return most == null ? reserved : reserved.min(most);
  }

  /**
   * Waits for the receipt, asking less and less often, until the deadline. Never throws: the money
   * may have moved.
   */
  private Settlement await(
      SignedPayment payment,
      GasAccount account,
      String transaction,
      Instant deadline,
      Progress progress) {
    PaymentOutcome outcome = outcomeOf(payment);
    Backoff pauses = new Backoff(FIRST_PAUSE, 1.5, LONGEST_PAUSE);
    while (true) {
      Settlement now = read(outcome, transaction, progress);
      if (!(now instanceof Settlement.Pending)) {
        return now;
      }
      if (!sleep(pauses.next(), deadline)) {
        account.recount(); // the node may have lost the transaction: its number is free
        return now;
      }
    }
  }

  private Settlement read(PaymentOutcome outcome, String transaction, Progress progress) {
    try {
      Optional<Chain.Receipt> receipt = chain.receipt(transaction);
      progress.receipt = receipt.orElse(null);
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
  private Settlement rejected(SignedPayment payment, Rejected rejected)
      throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.of(rejected.sent().hash()));
    if (!(outcome instanceof Settlement.Pending)) {
      return outcome;
    }
    log.error(
        "the node rejected a settlement of {}: {}",
        rejected.account().address(),
        rejected.sent().broadcast() instanceof Chain.Broadcast.Rejected answer
            ? SendErrors.shown(answer)
            : "");
    throw new FacilitatorException("the node rejected the settlement");
  }

  /** Nothing was sent by us; perhaps another transaction has used the authorization. */
  private Settlement reverts(SignedPayment payment) throws FacilitatorException {
    Settlement outcome = outcomeOf(payment).now(Optional.empty());
    if (!(outcome instanceof Settlement.Pending)) {
      return outcome;
    }
    return clock.instant().isBefore(payment.validBefore())
        ? failed("the transfer would revert; nothing was sent")
        : expired();
  }

  private static Settlement expired() {
    return new Settlement.Failed(
        ErrorReason.AUTHORIZATION_EXPIRED,
        "the window closed, or was about to, before the transaction was sent");
  }

  private static Settlement failed(String detail) {
    return new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, detail);
  }

  /** Reads from the chain how a payment's settlement has ended; sends nothing. */
  Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    Settlement settlement = outcomeOf(payment).now(transaction);
    if (inFlight.counts(payment)) {
      conclude(payment, settlement, receiptOf(transaction));
    }
    return settlement;
  }

  private Chain.@Nullable Receipt receiptOf(Optional<String> transaction) {
    try {
      return transaction.isPresent() ? chain.receipt(transaction.get()).orElse(null) : null;
    } catch (FacilitatorException e) {
      return null;
    }
  }

  private PaymentOutcome outcomeOf(SignedPayment payment) {
    return new PaymentOutcome(
        chain,
        BlockReads.patient(chain, ticker),
        OfflineChecks.Checked.of(payment).payment().proof(),
        gasPool.addresses(),
        terms.confirmations(),
        terms.lookBack());
  }
}
