// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentFlow;
import io.github.x402j.Settlement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sale from its admission to its end, in the order that keeps the money safe: run, release on
 * failure, settle, record, deliver. Only the first ending of the handler counts. Safe for use by
 * several threads.
 *
 * @param <X> what sending can throw
 */
final class SaleInProgress<X extends Exception> implements SaleTransport.Ending<X> {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  /** A server tells sooner than this whether its last bytes went out, or not at all. */
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1);

  /** What a server keeps of a response goes out sooner than this, or breaks off. */
  private static final Duration LONGEST_LAST_WRITE = Duration.ofMinutes(1);

  /** A client that has read the last byte may ask again before the server has told of it. */
  private static final Duration MOMENT = Duration.ofMillis(250);

  private enum EndedBy {
    HANDLER,
    BREAK,
    STOP
  }

  private final PaymentGate gate;
  private final PaymentFlow flow;
  private final Challenge challenge;
  private final VerifiedPayment payment;
  private final SaleTransport<X> transport;

  /** What ended the sale's first part, the handler; null before. */
  private final AtomicReference<@Nullable EndedBy> ended = new AtomicReference<>();

  /** Whether nothing can go out any more: the connection is broken, or the server has stopped. */
  private boolean abandoned;

  private final CountDownLatch over = new CountDownLatch(1);
  private final Semaphore waiter = new Semaphore(1);

  /** When all was written, by {@link System#nanoTime}; null before. */
  private volatile @Nullable Long writtenAt;

  SaleInProgress(
      PaymentGate gate, Challenge challenge, VerifiedPayment payment, SaleTransport<X> transport) {
    this.gate = gate;
    this.flow = challenge.flow();
    this.challenge = challenge;
    this.payment = payment;
    this.transport = transport;
  }

  void begin() throws X {
    if (flow == PaymentFlow.UPFRONT) {
      settleThenRun();
    } else {
      run();
    }
  }

  /** Runs the handler. A transport that throws has failed. */
  private void run() throws X {
    boolean threw = true;
    try {
      transport.run(payment, this);
      threw = false;
    } finally {
      if (threw && endsNow(EndedBy.HANDLER)) {
        gate.release(payment);
        isOver();
      }
    }
  }

  private boolean endsNow(EndedBy what) {
    return ended.compareAndSet(null, what);
  }

  private void isOver() {
    gate.isOver(this);
    over.countDown();
  }

  /** Returns what its payment was claimed for; empty for a receipt. */
  Optional<String> claim() {
    return payment.claim();
  }

  /**
   * Returns whether its delivery cannot break off any more, now or in a moment. Only one caller at
   * a time waits for that, so that a client that reads slowly keeps one more thread at most.
   */
  boolean isOverSoon() {
    if (!isWrittenWithin(LONGEST_LAST_WRITE)) {
      return true;
    }
    if (!waiter.tryAcquire()) {
      return over.getCount() == 0;
    }
    try {
      return over.await(MOMENT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      waiter.release();
    }
  }

  /** Returns whether it may yet be found out how the sale ends. */
  boolean mayEndByItself() {
    return isWrittenWithin(LONGEST_SILENCE);
  }

  private boolean isWrittenWithin(Duration longest) {
    Long at = writtenAt;
    return at == null || System.nanoTime() - at < longest.toNanos();
  }

  // ---- how the handler ends

  @Override
  public void completed() throws X {
    if (!endsNow(EndedBy.HANDLER)) {
      if (ended.get() == EndedBy.STOP) {
        refuse(new Settlement.Pending(null));
      }
      return;
    }
    if (flow == PaymentFlow.UPFRONT) {
      try {
        recordUpfront();
      } finally {
        goesOut(true);
      }
      return;
    }
    SettlementInProgress settlement = settle(transport.canAnswerLater());
    if (settlement.isKnown()) {
      answer(settlement);
    } else {
      transport.answerWhen(settlement.known(), () -> answer(settlement));
    }
  }

  /** Notes that nothing more will be written. */
  private void goesOut(boolean isDelivered) {
    writtenAt = System.nanoTime();
    if (!isDelivered || !transport.tellsArrival() || isAbandoned()) {
      isOver();
    }
  }

  @Override
  public void failed() throws X {
    if (endsNow(EndedBy.HANDLER)) {
      try {
        gate.release(payment);
        transport.fail(payment);
      } finally {
        isOver();
      }
    } else if (ended.get() == EndedBy.STOP) {
      transport.fail(payment);
    }
  }

  @Override
  public void arrived() {
    isOver();
  }

  @Override
  public void brokeOff() {
    if (endsNow(EndedBy.BREAK)) {
      try {
        brokeOffBeforeItsEnd();
      } finally {
        isOver();
      }
    } else {
      abandonDelivery();
      if (writtenAt != null) {
        isOver();
      }
    }
  }

  /**
   * Leaves the sale to a later request with the same payment, because the server has stopped: its
   * output is not certain to go out. A handler that still runs costs nothing.
   */
  void abandon() {
    if (flow == PaymentFlow.UPFRONT && payment.settlement().isPresent()) {
      brokeOff();
    } else if (flow == PaymentFlow.AUTHORIZATION && endsNow(EndedBy.STOP)) {
      gate.release(payment);
    } else {
      abandonDelivery();
    }
  }

  /** What is recorded is taken back; what is settled from now on is not recorded. */
  private synchronized void abandonDelivery() {
    abandoned = true;
    gate.takeBack(payment);
  }

  private synchronized boolean isAbandoned() {
    return abandoned;
  }

  /** A delivery counts once the money has moved, and then it is taken back. */
  private void brokeOffBeforeItsEnd() {
    if (payment.settlement().isEmpty()) {
      gate.release(payment);
      return;
    }
    try {
      gate.delivered(payment);
      gate.takeBack(payment);
    } catch (LedgerException e) { // it can be fetched again once its lease has run out
      gate.reportUnavailable(payment, e);
    }
  }

  // ---- the handler runs first

  /** The outcome is known, or the transport waits no longer. */
  private void answer(SettlementInProgress begun) throws X {
    boolean delivered = false;
    try {
      Settlement settlement = conclude(begun);
      if (settlement instanceof Settlement.Settled settled) {
        settlement = record(settled);
      }
      if (settlement instanceof Settlement.Settled) {
        deliver();
        delivered = true;
      } else {
        refuse(settlement);
      }
    } finally {
      goesOut(delivered);
    }
  }

  /** Records the delivery; pending if that is not certain, or nothing can go out any more. */
  private synchronized Settlement record(Settlement.Settled settled) {
    if (abandoned) {
      gate.release(payment);
      return new Settlement.Pending(settled.transaction());
    }
    try {
      gate.recordDelivery(payment);
      return settled;
    } catch (RuntimeException e) {
      log.error("{}: the delivery was not recorded, so nothing is delivered", payment, e);
      return new Settlement.Pending(null);
    }
  }

  private void deliver() throws X {
    boolean sent = false;
    try {
      gate.send(payment, transport);
      sent = true;
    } finally {
      if (!sent) {
        gate.takeBack(payment);
      }
    }
  }

  // ---- the settlement comes first

  private void settleThenRun() throws X {
    Settlement settlement = conclude(settle(false));
    if (settlement instanceof Settlement.Settled settled && isAbandoned()) {
      gate.release(payment);
      settlement = new Settlement.Pending(settled.transaction());
    }
    boolean runs = false;
    try {
      if (settlement instanceof Settlement.Settled) {
        addHeaders();
        runs = true;
      } else {
        refuse(settlement);
      }
    } finally {
      if (!runs) {
        isOver();
      }
    }
    if (runs) {
      run();
    }
  }

  private void addHeaders() throws X {
    boolean added = false;
    try {
      transport.addHeaders(payment, gate.receipt(payment));
      added = true;
    } finally {
      if (!added) { // the money has moved: the payer may fetch it with the same payment
        gate.release(payment);
      }
    }
  }

  private void recordUpfront() {
    try {
      gate.delivered(payment);
    } catch (LedgerException e) { // all of it is on its way
      log.error("{}: the delivery was not recorded; it may be fetched again", payment, e);
    }
  }

  // ---- both

  private SettlementInProgress settle(boolean later) {
    try {
      return gate.settle(payment, later);
    } catch (RuntimeException e) {
      return SettlementInProgress.known(pendingAfter(e));
    }
  }

  /** An exception counts as pending, so nothing is delivered. */
  private Settlement conclude(SettlementInProgress settlement) {
    try {
      return settlement.conclude();
    } catch (FacilitatorException | RuntimeException e) {
      return pendingAfter(e);
    }
  }

  private Settlement pendingAfter(Exception e) {
    log.error("{}: the settlement broke off", payment, e);
    return new Settlement.Pending(null);
  }

  private void refuse(Settlement settlement) throws X {
    transport.refuse(gate.refuse(challenge, payment, settlement));
  }
}
