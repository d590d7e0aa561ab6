// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

/**
 * Observes how a facilitator gets on with its chain: for metrics and traces. Cannot influence it;
 * what a listener throws is logged and ignored.
 *
 * <p>Methods are called on the threads that settle payments and must return quickly. An
 * implementation is safe for use by several threads.
 */
public interface ChainListener {
  /** Observes nothing. */
  ChainListener NONE = new ChainListener() {};

  /**
   * A message goes to the node.
   *
   * @param method the JSON-RPC method, or {@code batch} for a message with several methods
   * @return is told how it ends, on the same thread. Messages to one node may overlap
   */
  default Exchange asking(String method) {
    return Exchange.NONE;
  }

  /**
   * A transaction of a gas account is in a block; it may have been reverted.
   *
   * @param receipt tells what it cost
   * @param payments how many payments it settles, 0 for one that only fills a gap
   */
  default void mined(Chain.Receipt receipt, int payments) {}

  /** One message to the node. */
  interface Exchange {
    /** Observes nothing. */
    Exchange NONE = outcome -> {};

    /** It has ended; called once. */
    void ended(Outcome outcome);
  }

  /** How a message to the node ended. */
  enum Outcome {
    /** The node answered; a call that was reverted is an answer. */
    ANSWERED,
    /**
     * The node answered that it cannot answer: a limit, a fault, a method that it does not have.
     */
    ERROR,
    /** No answer of a node came in time. */
    UNREACHABLE
  }
}
