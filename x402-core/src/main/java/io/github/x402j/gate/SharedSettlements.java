// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentKey;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Settles each authorization once, however many sellers bring it at the same time, and gives all of
 * them the same answer. What is known already is answered from memory.
 */
final class SharedSettlements {
  private static final String REQUEST = "settle";
  private static final int MAX_REMEMBERED = 50_000;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(90);

  /** Those who wait for the settlement of another keep a thread busy and pay nothing for it. */
  private static final int MAX_WAITING = 64;

  private final PaymentEngine engine;
  private final Semaphore waiting = new Semaphore(MAX_WAITING);
  private final Map<PaymentKey, CompletableFuture<Settlement>> running = new ConcurrentHashMap<>();

  private final Recent<PaymentKey, Settlement> known = new Recent<>(MAX_REMEMBERED);

  /** So that a seller can look for itself why a payment failed. */
  private final Recent<PaymentKey, String> reverted = new Recent<>(MAX_REMEMBERED);

  SharedSettlements(PaymentEngine engine) {
    this.engine = engine;
  }

  /** Returns whether a settlement of this authorization has been begun here before. */
  boolean knows(PaymentKey key) {
    return running.containsKey(key) || known(key) != null || engine.knows(key);
  }

  /** Returns the transaction that failed, if one was sent. */
  Optional<String> reverted(PaymentKey key) {
    return reverted.get(key);
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
      Settlement earlier = known(payment.key());
      Settlement settlement = earlier == null ? once(payment) : earlier;
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

  private Settlement once(SignedPayment payment) throws FacilitatorException {
    PaymentEngine.Claimed claimed = engine.claim(payment, REQUEST, true);
    if (claimed instanceof PaymentEngine.Claimed.Refused refused) {
      return new Settlement.Failed(refused.refusal().reason(), refused.refusal().detail());
    }
    if (claimed instanceof PaymentEngine.Claimed.Pending pending) {
      return new Settlement.Pending(pending.transaction().orElse(null));
    }
    if (claimed instanceof PaymentEngine.Claimed.Full) {
      throw new FacilitatorException("the payment ledger is full");
    }
    return claimed instanceof PaymentEngine.Claimed.Settled earlier
        ? answerable(payment, earlier.settlement(), true)
        : settleVerified(payment);
  }

  private Settlement settleVerified(SignedPayment payment) throws FacilitatorException {
    AtomicReference<@Nullable String> sent = new AtomicReference<>();
    Settlement settlement = engine.settle(payment, sent::set);
    String transaction = sent.get();
    if (settlement instanceof Settlement.Failed && transaction != null) {
      reverted.put(payment.key(), transaction);
    }
    return answerable(payment, settlement, transaction != null);
  }

  /** Who brings the payment again gets the same answer: from memory, or from the chain. */
  private Settlement answerable(SignedPayment payment, Settlement settlement, boolean wasSent) {
    if (settlement instanceof Settlement.Settled) {
      engine.suspend(payment);
    }
    if (settlement instanceof Settlement.Settled
        || (settlement instanceof Settlement.Failed && wasSent)) {
      remember(payment.key(), settlement);
    }
    return settlement;
  }

  private @Nullable Settlement known(PaymentKey key) {
    return known.get(key).orElse(null);
  }

  private void remember(PaymentKey key, Settlement settlement) {
    known.put(key, settlement);
  }
}
