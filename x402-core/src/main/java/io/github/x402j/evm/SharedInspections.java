// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.evm.EvmVerification.Asked;
import io.github.x402j.evm.EvmVerification.Findings;
import io.github.x402j.evm.PaymentInspector.Answer;
import io.github.x402j.http.Ticker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Lets payments that are verified at the same time share round trips. One alone is asked about at
 * once. Those that come while a round trip is under way wait for its end and go with the next,
 * which the first of them makes for all. Safe for use by several threads.
 */
final class SharedInspections {
  /** A round trip that takes longer holds up nobody who comes later. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final PaymentInspector inspector;
  private final Ticker ticker;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int underWay;
  private long lastBegan;

  SharedInspections(PaymentInspector inspector, Ticker ticker) {
    this.inspector = inspector;
    this.ticker = ticker;
  }

  private record Waiting(Asked asked, CompletableFuture<Turn> turn) {}

  /** What one who waited does next. */
  private sealed interface Turn {
    /** It makes the round trip for these, itself the first. */
    record Lead(List<Waiting> round) implements Turn {}

    /** It has its answer. */
    record Told(Answer answer) implements Turn {}

    /** It asks alone. */
    record Alone() implements Turn {}
  }

  /**
   * Returns what the chain shows of the payment.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  Findings ask(Asked asked) throws FacilitatorException {
    Turn turn = turn(new Waiting(asked, new CompletableFuture<>()));
    if (turn instanceof Turn.Lead lead) {
      return lead(lead.round());
    }
    return turn instanceof Turn.Told told ? told.answer().get() : inspector.one(asked);
  }

  private Turn turn(Waiting me) throws FacilitatorException {
    synchronized (this) {
      if (underWay == 0 || ticker.nanos() - lastBegan > PATIENCE.toNanos()) {
        underWay++;
        waiting.addFirst(me);
        return new Turn.Lead(next());
      }
      waiting.add(me);
    }
    try {
      ticker.await(me.turn());
      return me.turn().join();
    } catch (InterruptedException e) {
      leave(me);
      Thread.currentThread().interrupt();
      throw new FacilitatorException("interrupted while waiting for the node", e);
    }
  }

  /** The caller has the lock, and somebody waits. */
  private List<Waiting> next() {
    lastBegan = ticker.nanos();
    List<Waiting> round = new ArrayList<>();
    while (!waiting.isEmpty() && round.size() < PaymentInspector.MOST_TOGETHER) {
      round.add(waiting.remove());
    }
    return round;
  }

  private void leave(Waiting me) {
    synchronized (this) {
      if (waiting.remove(me)) {
        return;
      }
    }
    if (me.turn().getNow(null) instanceof Turn.Lead lead) {
      handOver();
      tell(lead.round(), Map.of());
    }
  }

  private Findings lead(List<Waiting> round) throws FacilitatorException {
    Asked mine = round.get(0).asked();
    Map<Asked, Answer> answers = Map.of();
    try {
      if (round.size() == 1) {
        return inspector.one(mine);
      }
      answers = inspector.shared(round.stream().map(Waiting::asked).toList());
    } finally {
      handOver();
      tell(round, answers);
    }
    Answer answer = answers.get(mine);
    return answer == null ? inspector.one(mine) : answer.get();
  }

  /** Lets the first who waits make the next round trip. */
  private synchronized void handOver() {
    if (waiting.isEmpty()) {
      underWay--;
    } else {
      List<Waiting> round = next();
      round.get(0).turn().complete(new Turn.Lead(round));
    }
  }

  private static void tell(List<Waiting> round, Map<Asked, Answer> answers) {
    for (Waiting each : round) {
      Answer answer = answers.get(each.asked());
      each.turn().complete(answer == null ? new Turn.Alone() : new Turn.Told(answer));
    }
  }
}
