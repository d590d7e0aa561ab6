// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.http.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Moves the money: queues the payer's authorization, which a sender takes to the chain and a
 * watcher looks for. Whichever transaction uses the authorization first, the money goes where it
 * says.
 */
final class EvmSettlement {

  /**
   * The limits of settlements, and who observes them.
   *
   * @param timeout how long to wait for a receipt
   * @param confirmations how many blocks make it final
   * @param lookBack how far back to search events
   * @param sharing how payments share transactions
   * @param listener is told of each transaction that is mined
   */
  record Terms(
      FeeCeiling feeCeiling,
      Duration timeout,
      int confirmations,
      EventSearchWindow lookBack,
      SettlementQueue.Sharing sharing,
      ChainListener listener) {}

  private final Chain chain;
  private final GasPool gasPool;
  private final EvmVerification verification;
  private final Ticker ticker;
  private final Terms terms;
  private final SettlementQueue queue;
  private final SettlementEnding ending;
  private final SettlementWatcher watcher;

  /** The tokens whose payments may share a transaction. */
  private final Set<Address> shared = ConcurrentHashMap.newKeySet();

  EvmSettlement(
      Chain chain,
      ChainPulse pulse,
      GasPool gasPool,
      EvmVerification verification,
      PaymentsInFlight inFlight,
      Clock clock,
      Ticker ticker,
      Terms terms) {
    this.chain = chain;
    this.gasPool = gasPool;
    this.verification = verification;
    this.ticker = ticker;
    this.terms = terms;
    TransferQuotes quotes = new TransferQuotes(chain, pulse);
    queue = new SettlementQueue(gasPool, ticker, terms.sharing());
    ending = new SettlementEnding(chain, gasPool, inFlight, quotes, ticker, terms);
    Broadcasts broadcasts = new Broadcasts(chain, pulse, gasPool, queue, ending, ticker);
    watcher = new SettlementWatcher(chain, pulse, queue, broadcasts, ending, clock, ticker, terms);
    SettlementSender.Shared parts =
        new SettlementSender.Shared(
            chain,
            queue,
            watcher,
            broadcasts,
            ending,
            verification,
            inFlight,
            quotes,
            gasPool.funds(),
            terms.feeCeiling(),
            clock,
            ticker);
    gasPool.accounts().forEach(each -> queue.serve(each, new SettlementSender(each, parts)));
  }

  /**
   * Lets payments of these kinds share transactions, if the chain has what that needs.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  void share(List<PaymentRequirements> offered) throws FacilitatorException {
    if (terms.sharing().mostPayments() > 1
        && !offered.isEmpty()
        && chain.hasCode(Multicall.ADDRESS)) {
      offered.forEach(option -> shared.add(option.asset()));
    }
  }

  /**
   * @param transfer returns the call that moves the money, sent by this account
   * @param beforeBroadcast is handed the hash before the transaction leaves this process
   * @return the outcome; completes with a {@link FacilitatorException} if nothing was sent
   */
  CompletableFuture<Settlement> settleLater(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast beforeBroadcast) {
    return queued(payment, transfer, beforeBroadcast).settlement();
  }

  private QueuedPayment queued(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast beforeBroadcast) {
    long now = ticker.nanos();
    QueuedPayment queued =
        new QueuedPayment(
            payment,
            transfer,
            beforeBroadcast,
            new QueuedPayment.Times(now, now + terms.timeout().toNanos()),
            mayShare(payment));
    Optional<Verification.Invalid> rests = verification.rests(payment);
    try {
      gasPool.require(queued.asked().sender());
      if (rests.isPresent()) {
        queued.settlement().complete(SettlementEnding.refused(rests.get().detail()));
      } else {
        queue.add(queued);
        watcher.wake();
      }
    } catch (FacilitatorException e) {
      queued.settlement().completeExceptionally(e);
    }
    return queued;
  }

  /** A plain account's own signature, for a token that is known: no code of the payer's runs. */
  private boolean mayShare(SignedPayment payment) {
    OfflineChecks.Checked checked = OfflineChecks.Checked.of(payment);
    return checked.owner().isPresent()
        && checked.payment().mayShare()
        && shared.contains(payment.requirements().asset());
  }

  /**
   * Does the same, and waits for the outcome.
   *
   * @throws FacilitatorException if nothing was sent
   */
  Settlement settle(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    QueuedPayment queued = queued(payment, transfer, beforeBroadcast);
    try {
      ticker.await(queued.settlement());
      return queued.settlement().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (queue.remove(queued)) {
        throw new FacilitatorException("interrupted while waiting for the gas account", e);
      }
      ending.pending(queued);
      return new Settlement.Pending(queued.lastTransaction());
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    }
  }

  private static FacilitatorException thrown(@Nullable Throwable cause) {
    if (cause instanceof FacilitatorException notSent) {
      return notSent;
    }
    if (cause instanceof RuntimeException failure) {
      throw failure;
    }
    throw new IllegalStateException(cause);
  }

  /** Returns how many payments wait to be sent. */
  int waiting() {
    return queue.waiting().size();
  }

  /** Reads from the chain how a payment's settlement has ended; sends nothing. */
  Settlement outcome(SignedPayment payment, List<String> transactions) throws FacilitatorException {
    return ending.outcome(payment, transactions);
  }
}
