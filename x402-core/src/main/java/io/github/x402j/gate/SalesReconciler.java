// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Question;
import io.github.x402j.gate.SalesBook.State;
import java.lang.ref.WeakReference;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks what became of the sales that an exchange has left {@code SENT}: one that was killed, or
 * whose outcome was not known, and whose payer does not come back. Moves no money, and delivers
 * nothing.
 *
 * <p>Runs every minute for as long as the gate is in use. Nothing needs to be closed.
 */
final class SalesReconciler {
  private static final Logger log = LoggerFactory.getLogger(SalesBook.class);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMinutes(1);

  /** When the outcome of the same sale is asked for again. */
  private static final Duration ASKED_AGAIN_AFTER = Duration.ofMinutes(15);

  /** How many are asked for one after another. */
  private static final int STEP = 50;

  private static final int MAX_STEPS = 20;

  private final SalesBook book;
  private final SalesRecorder recorder;
  private final Facilitators facilitators;
  private final Function<SignedPayment, List<String>> transactions;
  private final Clock clock;
  private boolean isFailing;

  /**
   * @param transactions returns what the ledger has recorded of a payment
   */
  SalesReconciler(
      SalesBook book,
      SalesRecorder recorder,
      Facilitators facilitators,
      Function<SignedPayment, List<String>> transactions,
      Clock clock) {
    this.book = book;
    this.recorder = recorder;
    this.facilitators = facilitators;
    this.transactions = transactions;
    this.clock = clock;
  }

  void start() {
    schedule(new WeakReference<>(this), FIRST_PAUSE);
  }

  private static void schedule(WeakReference<SalesReconciler> reference, Duration pause) {
    CompletableFuture.delayedExecutor(
            pause.toMillis(), TimeUnit.MILLISECONDS, SalesReconciler::inThread)
        .execute(() -> runAndRepeat(reference));
  }

  private static void inThread(Runnable task) {
    Thread thread = new Thread(task, "x402-sales");
    thread.setDaemon(true);
    thread.start();
  }

  private static void runAndRepeat(WeakReference<SalesReconciler> reference) {
    SalesReconciler reconciler = reference.get();
    if (reconciler != null) { // otherwise its gate is not in use any more
      reconciler.runSafely();
      schedule(reference, PAUSE);
    }
  }

  private void runSafely() {
    try {
      run();
      isFailing = false;
    } catch (RuntimeException e) {
      if (!isFailing) {
        log.warn(
            "the sales book does not answer; it is asked again every minute: {}", e.toString());
      }
      isFailing = true;
    }
  }

  /**
   * Runs once.
   *
   * @throws LedgerException if the book does not answer
   */
  void run() {
    recorder.writeAgain();
    for (int step = 0; step < MAX_STEPS; step++) {
      Instant now = clock.instant();
      List<Entry> due = book.takeDue(now, now.plus(ASKED_AGAIN_AFTER), STEP);
      due.forEach(this::ask);
      if (due.size() < STEP) {
        return;
      }
    }
  }

  private void ask(Entry entry) {
    Question question = entry.question();
    if (question == null) {
      return;
    }
    try {
      Optional<SignedPayment> payment = signed(question.payment());
      if (payment.isPresent()) {
        conclude(entry, facilitators.outcome(payment.get(), transactions(entry, payment.get())));
      }
    } catch (FacilitatorException | MalformedPaymentException | IllegalStateException e) {
      log.debug("sale {} stays open: {}", entry.id(), e.getMessage());
    }
  }

  /** The ledger knows all of them, the book the newest. */
  private List<String> transactions(Entry entry, SignedPayment payment) {
    List<String> recorded = transactions.apply(payment);
    String newest = entry.transaction();
    return recorded.isEmpty() && newest != null ? List.of(newest) : recorded;
  }

  /** Returns the payment; empty if its terms are not ones that can be settled any more. */
  private Optional<SignedPayment> signed(PaymentPayload payload)
      throws MalformedPaymentException, FacilitatorException {
    PaymentRequirements terms = payload.accepted();
    if (terms == null) {
      return Optional.empty();
    }
    Verification checked = facilitators.check(payload, terms);
    if (checked instanceof Verification.Valid valid) {
      return Optional.of(valid.payment());
    }
    return checked instanceof Verification.Expired expired
        ? Optional.of(expired.payment())
        : Optional.empty();
  }

  private void conclude(Entry entry, Settlement outcome) {
    if (outcome instanceof Settlement.Settled settled) {
      book.conclude(entry.with(State.SETTLED, settled.transaction(), null));
    } else if (outcome instanceof Settlement.Failed failed) {
      book.conclude(entry.with(State.FAILED, entry.transaction(), SalesRecorder.reason(failed)));
    }
  }
}
