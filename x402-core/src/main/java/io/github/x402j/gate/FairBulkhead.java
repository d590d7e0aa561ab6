// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Recent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds how many calls run at a time. A bounded number of further calls waits, each for a short
 * time. What is refused fails at once and may come again.
 *
 * <p>Before a call has run, a payment from a fresh key looks like an honest one. What tells them
 * apart: a payer that is known, because its money has moved before, goes first and has calls
 * reserved for it; of the others, those go first whose payer has the fewest calls running, and then
 * those that came first. A ticket that was refused keeps its place in that order, so who comes
 * again goes before all that came after it. When too many wait, the payer with the most calls loses
 * its last. Safe for use by several threads.
 */
final class FairBulkhead {
  /** A payer is preferred for this many calls at a time; more of them are as a stranger's. */
  private static final int MAX_PREFERRED_CALLS = 4;

  private static final int MAX_PLACES = 10_000;

  /**
   * The bounds.
   *
   * @param running how many calls run at a time, at least 1
   * @param reserved how many of them only known payers may have
   * @param waiting how many more may wait
   * @param longestWait how long each of these waits
   */
  record Bounds(int running, int reserved, int waiting, Duration longestWait) {}

  /** A call to bound. */
  interface Call<T> {
    T get() throws FacilitatorException;
  }

  private final Bounds bounds;
  private final String refusal;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Entry> waiting = new ArrayList<>();
  private final Map<Address, Integer> running = new HashMap<>();
  private final Recent<Object, Long> places = new Recent<>(MAX_PLACES);
  private int preferredRunning;
  private int othersRunning;
  private long nextPlace;

  /**
   * @param refusal what is said to those that have no place
   */
  FairBulkhead(Bounds bounds, String refusal) {
    this.bounds = bounds;
    this.refusal = refusal;
  }

  /**
   * Runs the call when there is room.
   *
   * @param payer on whose account it runs
   * @param ticket what is recognised when it comes again
   * @param known whether the payer's money has moved before
   * @throws FacilitatorException if there is no room in time, or the call throws it
   */
  <T> T call(Address payer, Object ticket, boolean known, Call<T> call)
      throws FacilitatorException {
    Entry entry = enter(payer, ticket, known);
    try {
      return call.get();
    } finally {
      leave(entry);
    }
  }

  private enum State {
    WAITING,
    RUNNING,
    REFUSED
  }

  /** A call that waits or runs. */
  private static final class Entry {
    final Address payer;
    final boolean preferred;
    final long place;
    final Condition changed;
    State state = State.WAITING;

    Entry(Address payer, boolean preferred, long place, Condition changed) {
      this.payer = payer;
      this.preferred = preferred;
      this.place = place;
      this.changed = changed;
    }
  }

  private Entry enter(Address payer, Object ticket, boolean known) throws FacilitatorException {
    lock.lock();
    try {
      boolean preferred = known && callsOf(payer) < MAX_PREFERRED_CALLS;
      Optional<Long> earlier = places.get(ticket);
      Entry entry =
          new Entry(payer, preferred, earlier.orElseGet(() -> nextPlace++), lock.newCondition());
      waiting.add(entry);
      admit();
      if (waiting.size() > bounds.waiting()) {
        refuseOne();
      }
      if (await(entry)) {
        places.remove(ticket);
        return entry;
      }
      places.put(ticket, entry.place);
      throw new FacilitatorException(refusal);
    } finally {
      lock.unlock();
    }
  }

  private void leave(Entry entry) {
    lock.lock();
    try {
      count(entry, -1);
      admit();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the call may run now. */
  private boolean await(Entry entry) {
    long left = bounds.longestWait().toNanos();
    try {
      while (entry.state == State.WAITING && left > 0) {
        left = entry.changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (entry.state == State.WAITING) {
      waiting.remove(entry);
    }
    return entry.state == State.RUNNING;
  }

  /** Lets as many run as there is room for. */
  private void admit() {
    Optional<Entry> next = next();
    while (next.isPresent()) {
      waiting.remove(next.get());
      count(next.get(), 1);
      change(next.get(), State.RUNNING);
      next = next();
    }
  }

  private Optional<Entry> next() {
    if (preferredRunning + othersRunning >= bounds.running()) {
      return Optional.empty();
    }
    boolean onlyPreferred = othersRunning >= bounds.running() - bounds.reserved();
    return waiting.stream()
        .filter(entry -> entry.preferred || !onlyPreferred)
        .min(
            Comparator.comparing((Entry entry) -> !entry.preferred)
                .thenComparing(entry -> running.getOrDefault(entry.payer, 0))
                .thenComparing(entry -> entry.place));
  }

  private void refuseOne() {
    waiting.stream()
        .max(
            Comparator.comparing((Entry entry) -> !entry.preferred)
                .thenComparing(entry -> callsOf(entry.payer))
                .thenComparing(entry -> entry.place))
        .ifPresent(
            last -> {
              waiting.remove(last);
              change(last, State.REFUSED);
            });
  }

  private static void change(Entry entry, State state) {
    entry.state = state;
    entry.changed.signal();
  }

  private int callsOf(Address payer) {
    long waits = waiting.stream().filter(entry -> entry.payer.equals(payer)).count();
    return (int) waits + running.getOrDefault(payer, 0);
  }

  private void count(Entry entry, int change) {
    running.merge(
        entry.payer, change, (one, other) -> one + other == 0 ? null : (Integer) (one + other));
    if (entry.preferred) {
      preferredRunning += change;
    } else {
      othersRunning += change;
    }
  }
}
