// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentKey;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Settles each authorization once, however often and by however many it is brought, and answers
 * everybody the same.
 *
 * <p>The ledger remembers what was begun, the chain how it ended; a suspended entry of the ledger
 * is one whose outcome the chain is asked for. What is known already is answered from memory.
 */
final class SettlementDesk {
  private static final String REQUEST = "settle";
  private static final int MAX_REMEMBERED = 50_000;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(90);

  /** Those who wait for the settlement of another keep a thread busy and pay nothing for it. */
  private static final int MAX_WAITING = 64;

  private final Facilitators facilitators;
  private final PaymentLedger ledger;
  private final FailureBudget failures;
  private final Semaphore settling;
  private final Semaphore waiting = new Semaphore(MAX_WAITING);
  private final Map<PaymentKey, CompletableFuture<Settlement>> running = new ConcurrentHashMap<>();

  private final Map<PaymentKey, Settlement> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<PaymentKey, Settlement> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  SettlementDesk(
      Facilitators facilitators, PaymentLedger ledger, FailureBudget failures, int maxConcurrent) {
    this.facilitators = facilitators;
    this.ledger = ledger;
    this.failures = failures;
    this.settling = new Semaphore(maxConcurrent);
  }

  /** Returns whether a settlement of this authorization has been begun here before. */
  boolean knows(PaymentKey key) {
    return running.containsKey(key) || known(key) != null || ledger.find(key).isPresent();
  }

  /**
   * Returns how the settlement ends; those who come while it is under way wait for it.
   *
   * @throws FacilitatorException if nothing was sent, for certain
   */
  Settlement settle(SignedPayment payment) throws FacilitatorException {
    CompletableFuture<Settlement> mine = new CompletableFuture<>();
    CompletableFuture<Settlement> others = running.putIfAbsent(payment.key(), mine);
    if (others != null) {
      return await(others);
    }
    try {
      Settlement settlement = whenThereIsRoom(payment);
      mine.complete(settlement);
      return settlement;
    } catch (FacilitatorException e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      mine.complete(new Settlement.Pending(null)); // no effect unless an error of ours came through
      running.remove(payment.key(), mine);
    }
  }

  private Settlement whenThereIsRoom(SignedPayment payment) throws FacilitatorException {
    Settlement earlier = known(payment.key());
    if (earlier != null) {
      return earlier;
    }
    if (!settling.tryAcquire()) {
      throw new FacilitatorException("too many settlements are under way; try again");
    }
    try {
      return go(payment);
    } finally {
      settling.release();
    }
  }

  private Settlement await(CompletableFuture<Settlement> others) throws FacilitatorException {
    if (!waiting.tryAcquire()) {
      return new Settlement.Pending(null);
    }
    try {
      return others.get(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new Settlement.Pending(null);
    } catch (ExecutionException e) {
      throw new FacilitatorException("the settlement that was under way was not sent", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Settlement.Pending(null);
    } finally {
      waiting.release();
    }
  }

  private Settlement go(SignedPayment payment) throws FacilitatorException {
    PaymentLedger.Claim claim =
        ledger.claim(
            payment.key(), REQUEST, payment.validBefore().plus(PaymentGate.KEEP_AFTER_EXPIRY));
    if (claim instanceof PaymentLedger.Claim.Granted) {
      return begin(payment);
    }
    if (claim instanceof PaymentLedger.Claim.Resumed resumed) {
      return resume(payment, resumed.transaction());
    }
    if (claim instanceof PaymentLedger.Claim.InProgress inProgress) {
      return new Settlement.Pending(inProgress.transaction().orElse(null));
    }
    if (claim instanceof PaymentLedger.Claim.Full) {
      throw new FacilitatorException("the payment ledger is full");
    }
    return new Settlement.Failed(
        ErrorReason.NONCE_ALREADY_USED, "authorization.nonce: used for something else");
  }

  private Settlement begin(SignedPayment payment) throws FacilitatorException {
    PaymentKey key = payment.key();
    AtomicBoolean named = new AtomicBoolean();
    boolean concluded = false;
    try {
      Settlement settlement = verifyAndSettle(payment, named);
      conclude(payment, settlement, named.get());
      concluded = true;
      return settlement;
    } catch (FacilitatorException e) {
      concluded = true; // nothing was sent
      ledger.release(key);
      throw e;
    } finally {
      if (!concluded) { // an error of ours or of the ledger: the chain knows
        Abandoned.suspend(ledger, key);
      }
    }
  }

  /** Never relies on an earlier verification: others may have come in between. */
  private Settlement verifyAndSettle(SignedPayment payment, AtomicBoolean named)
      throws FacilitatorException {
    Verification verification = facilitators.verify(payment);
    if (verification instanceof Verification.Invalid invalid) {
      return new Settlement.Failed(invalid.reason(), invalid.detail());
    }
    return facilitators.settle(
        payment,
        transaction -> {
          ledger.settling(payment.key(), transaction);
          named.set(true);
        });
  }

  private void conclude(SignedPayment payment, Settlement settlement, boolean wasSent) {
    if (settlement instanceof Settlement.Failed) {
      ledger.release(payment.key());
      failures.failed(payment.payer());
    } else {
      ledger.suspend(payment.key());
    }
    if (settlement instanceof Settlement.Settled
        || (settlement instanceof Settlement.Failed && wasSent)) {
      remember(payment.key(), settlement);
    }
  }

  private Settlement resume(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    Settlement outcome = new Settlement.Pending(transaction.orElse(null));
    try {
      outcome = facilitators.outcome(payment, transaction);
    } finally {
      if (outcome instanceof Settlement.Pending) {
        ledger.suspend(payment.key());
      }
    }
    if (!(outcome instanceof Settlement.Pending)) {
      conclude(payment, outcome, true);
    }
    return outcome;
  }

  private @Nullable Settlement known(PaymentKey key) {
    synchronized (known) {
      return known.get(key);
    }
  }

  private void remember(PaymentKey key, Settlement settlement) {
    synchronized (known) {
      known.put(key, settlement);
    }
  }
}
