// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;

/**
 * Reads the state of one block. Behind a URL there may be several nodes, some of which are behind:
 * what one of them shows of its newest block proves nothing of a newer one. So the block is named,
 * and a node that does not have it yet is asked again for a moment.
 */
final class BlockReads {
  private static final Duration WAITS_FOR_NODE = Duration.ofSeconds(2);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  private final Chain chain;
  private final Ticker ticker;
  private final Duration patience;

  private BlockReads(Chain chain, Ticker ticker, Duration patience) {
    this.chain = chain;
    this.ticker = ticker;
    this.patience = patience;
  }

  /** Returns reads that wait for a node that is behind, for two seconds at most. */
  static BlockReads patient(Chain chain, Ticker ticker) {
    return new BlockReads(chain, ticker, WAITS_FOR_NODE);
  }

  /** Returns reads that ask once. */
  static BlockReads once(Chain chain) {
    return new BlockReads(chain, Ticker.SYSTEM, Duration.ZERO);
  }

  /**
   * Makes the calls on the block of this number.
   *
   * @throws FacilitatorException if no node that was asked has it, or answers
   */
  List<Chain.CallResult> call(List<Chain.Call> calls, BigInteger block)
      throws FacilitatorException {
    List<Chain.Call> tied = calls.stream().map(call -> call.at(block)).toList();
    Backoff pauses = new Backoff(FIRST_PAUSE, 1.5, LONGEST_PAUSE);
    long deadline = ticker.nanos() + patience.toNanos();
    while (true) {
      try {
        return chain.call(tied);
      } catch (FacilitatorException e) {
        Duration pause = pauses.next();
        if (ticker.nanos() + pause.toNanos() - deadline > 0) {
          throw e;
        }
        sleep(pause);
      }
    }
  }

  private void sleep(Duration pause) throws FacilitatorException {
    try {
      ticker.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FacilitatorException("interrupted while waiting for the node", e);
    }
  }
}
