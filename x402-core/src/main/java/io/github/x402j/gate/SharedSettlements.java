// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
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
 * Settles each payment once, however many sellers bring it at the same time, and gives all of them
 * the same answer. Who asked first is told apart from the others, as long as it says who it is.
 * What is known already is answered from memory.
 */
final class SharedSettlements {
  private static final String REQUEST = "settle";
  private static final int MAX_REMEMBERED = 50_000;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(90);

  /** Those who wait for the settlement of another keep a thread busy and pay nothing for it. */
  private static final int MAX_WAITING = 64;

  private final PaymentEngine engine;
  private final Semaphore waiting = new Semaphore(MAX_WAITING);
  private final Map<SignedPayment.Id, Running> running = new ConcurrentHashMap<>();
  private final Recent<SignedPayment.Id, Known> known = new Recent<>(MAX_REMEMBERED);

  /**
   * An answer.
   *
   * @param repeated whether another than the asker may have had it before, or is to have it
   */
  record Answer(Settlement settlement, boolean repeated) {}

  /** A settlement under way, and who asked for it; empty if it did not say. */
  private record Running(String claimant, CompletableFuture<Settlement> settlement) {}

  /** How a settlement ended, and who asked for it; empty if it did not say. */
  private record Known(String claimant, Settlement settlement) {
    Answer answerTo(String asker) {
      return new Answer(settlement, isAnother(claimant, asker));
    }
  }

  private static boolean isAnother(String claimant, String asker) {
    return asker.isEmpty() || !asker.equals(claimant);
  }

  /** So that a seller can look for itself why a payment failed. */
  private final Recent<SignedPayment.Id, String> reverted = new Recent<>(MAX_REMEMBERED);

  SharedSettlements(PaymentEngine engine) {
    this.engine = engine;
  }

  /** Returns whether a settlement of this payment has been begun here before. */
  boolean knows(SignedPayment payment) {
    return running.containsKey(payment.id())
        || known.get(payment.id()).isPresent()
        || engine.knows(payment.key());
  }

  /** Returns the transaction that failed, if one was sent. */
  Optional<String> reverted(SignedPayment payment) {
    return reverted.get(payment.id());
  }

  /**
   * Returns how the settlement ends; those who come while it is under way wait for it.
   *
   * @param claimant who asks, empty if it does not say
   * @throws FacilitatorException if nothing was sent, for certain
   */
  Answer settle(SignedPayment payment, String claimant) throws FacilitatorException {
    CompletableFuture<Settlement> mine = new CompletableFuture<>();
    Running own = new Running(claimant, mine);
    Running others = running.putIfAbsent(payment.id(), own);
    if (others != null) {
      return new Answer(await(others.settlement()), isAnother(others.claimant(), claimant));
    }
    try {
      Optional<Known> earlier = known.get(payment.id());
      Answer answer =
          earlier.isPresent() ? earlier.get().answerTo(claimant) : once(payment, claimant);
      mine.complete(answer.settlement());
      return answer;
    } catch (FacilitatorException e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      mine.complete(new Settlement.Pending(null)); // no effect unless an error of ours came through
      running.remove(payment.id(), own);
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

  private Answer once(SignedPayment payment, String claimant) throws FacilitatorException {
    PaymentEngine.Claim claim = new PaymentEngine.Claim(REQUEST, claimant);
    PaymentEngine.Claimed claimed = engine.claim(payment, claim, Optional.empty());
    if (claimed instanceof PaymentEngine.Claimed.Refused refused) {
      return refused(payment, claim, refused.refusal());
    }
    if (claimed instanceof PaymentEngine.Claimed.Pending pending) {
      return first(new Settlement.Pending(pending.transaction().orElse(null)));
    }
    if (claimed instanceof PaymentEngine.Claimed.Full) {
      throw new FacilitatorException("the payment ledger is full");
    }
    if (claimed instanceof PaymentEngine.Claimed.Settled earlier) {
      remember(payment, claimant, earlier.settlement(), true);
      return first(earlier.settlement()); // the ledger's entry is bound to who asked for it
    }
    AtomicReference<@Nullable String> sent = new AtomicReference<>();
    Settlement settlement = engine.settle(payment, sent::set);
    String transaction = sent.get();
    if (settlement instanceof Settlement.Failed && transaction != null) {
      reverted.put(payment.id(), transaction);
    }
    remember(payment, claimant, settlement, transaction != null);
    return first(settlement);
  }

  /**
   * What somebody else sent before anybody asked here has paid one seller: the first that asks, as
   * each of them sees it on the chain.
   */
  private Answer refused(
      SignedPayment payment, PaymentEngine.Claim claim, Verification.Invalid refusal)
      throws FacilitatorException {
    boolean isAnothers =
        refusal.reason() == ErrorReason.NONCE_ALREADY_USED && !engine.bind(payment, claim);
    return new Answer(new Settlement.Failed(refusal.reason(), refusal.detail()), isAnothers);
  }

  private static Answer first(Settlement settlement) {
    return new Answer(settlement, false);
  }

  /** Who brings the payment again gets the same answer: from memory, or from the chain. */
  private void remember(
      SignedPayment payment, String claimant, Settlement settlement, boolean wasSent) {
    if (settlement instanceof Settlement.Settled) {
      engine.suspend(payment);
    }
    if (settlement instanceof Settlement.Settled
        || (settlement instanceof Settlement.Failed && wasSent)) {
      known.put(payment.id(), new Known(claimant, settlement));
    }
  }
}
