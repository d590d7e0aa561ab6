// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Searches events in ranges of blocks that are as long as the node allows. A node says in many ways
 * that a range is too long, so any refusal makes the ranges shorter. The newest blocks come first,
 * and a search has a bound on its requests and on its time. Safe for use by several threads.
 */
final class EventLogs {
  /** The most requests of one search. */
  static final int MOST_REQUESTS = 256;

  /** The longest that one search takes, but for the request that is under way then. */
  static final Duration LONGEST = Duration.ofSeconds(10);

  /** After this long the node is asked for long ranges again: its refusal may have been a fault. */
  private static final Duration LEARNED_FOR = Duration.ofMinutes(10);

  /** How long ranges become when longer ones are refused. */
  private static final long[] LENGTHS = {10_000, 2_000, 500, 100, 10, 1};

  /** How many ranges are asked for in one round trip once their length is known to be allowed. */
  private static final int RANGES_AT_A_TIME = 16;

  private final Node node;
  private final Ticker ticker;
  private volatile long longest = Long.MAX_VALUE;
  private volatile long learned;

  EventLogs(Node node, Ticker ticker) {
    this.node = node;
    this.ticker = ticker;
    this.learned = ticker.nanos();
  }

  /** A range of blocks, both ends included. */
  record Range(long from, long to) {
    long length() {
      return to - from + 1;
    }
  }

  /** Asks a node for events. */
  interface Node {
    /**
     * Returns the events of each range, in their order, read in one round trip.
     *
     * @throws FacilitatorException if the node refuses one of them or does not answer
     */
    List<List<Chain.Event>> read(Chain.EventFilter filter, List<Range> ranges)
        throws FacilitatorException;
  }

  /** What one search has used up and found. */
  private final class Search {
    private final long deadline = ticker.nanos() + LONGEST.toNanos();
    private final List<List<Chain.Event>> newestFirst = new ArrayList<>();
    private int requests;
    private @Nullable FacilitatorException last;

    boolean isOver() {
      return requests >= MOST_REQUESTS || ticker.nanos() - deadline > 0;
    }

    List<Chain.Event> found() {
      List<Chain.Event> events = new ArrayList<>();
      for (int i = newestFirst.size() - 1; i >= 0; i--) {
        events.addAll(newestFirst.get(i));
      }
      return events;
    }
  }

  /**
   * Returns the events, oldest first. If the node does not allow that all blocks are searched
   * within the bounds, and something was found, these are the events of the newest blocks.
   *
   * @throws FacilitatorException if nothing was found and not everything was searched
   */
  List<Chain.Event> search(Chain.EventFilter filter, BigInteger from, BigInteger to)
      throws FacilitatorException {
    Search search = new Search();
    long first = from.longValueExact();
    long next = to.longValueExact();
    while (next >= first && !search.isOver()) {
      List<Range> ranges = ranges(first, next, MOST_REQUESTS - search.requests);
      search.requests += ranges.size();
      try {
        search.newestFirst.addAll(node.read(filter, ranges));
        next = ranges.get(ranges.size() - 1).from() - 1;
      } catch (FacilitatorException e) {
        search.last = e;
        if (!shorten(ranges.get(0).length())) {
          break;
        }
      }
    }
    List<Chain.Event> found = search.found();
    if (next >= first && found.isEmpty()) {
      throw search.last != null
          ? search.last
          : new FacilitatorException("the chain allows too short searches for events");
    }
    return found;
  }

  /**
   * Returns the newest ranges that are to be read together; one, while their length is unproven.
   */
  private List<Range> ranges(long first, long next, int most) {
    long length = longest();
    int atATime = length == Long.MAX_VALUE ? 1 : Math.min(most, RANGES_AT_A_TIME);
    List<Range> ranges = new ArrayList<>();
    long to = next;
    while (to >= first && ranges.size() < atATime) {
      long from = length > to - first ? first : to - length + 1;
      ranges.add(new Range(from, to));
      to = from - 1;
    }
    return ranges;
  }

  private long longest() {
    return ticker.nanos() - learned > LEARNED_FOR.toNanos() ? Long.MAX_VALUE : longest;
  }

  /** Returns false if ranges cannot be shorter. */
  private synchronized boolean shorten(long refused) {
    for (long length : LENGTHS) {
      if (length < refused) {
        longest = Math.min(length, longest());
        learned = ticker.nanos();
        return true;
      }
    }
    return false;
  }
}
