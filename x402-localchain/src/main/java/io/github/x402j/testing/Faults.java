// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a chain's JSON-RPC endpoint slow, silent or wrong. A fault stays until {@link #clear()}. It
 * applies to one method or, with {@link #ANY_METHOD}, to all that have no fault of their own,
 * inside batches, too. Thread safe.
 */
public final class Faults {

  /** Stands for every method. */
  public static final String ANY_METHOD = "*";

  /** The faults of one method. */
  record Plan(
      Duration delay,
      @Nullable RpcError error,
      @Nullable Integer httpStatus,
      @Nullable String garbage,
      boolean drop,
      boolean dropAnswer) {

    static final Plan NONE = new Plan(Duration.ZERO, null, null, null, false, false);
  }

  private final Map<String, Plan> plans = new HashMap<>();
  private final Map<String, Queue<Runnable>> hooks = new HashMap<>();
  private boolean receiptsWithheld;
  private boolean transactionsSwallowed;

  Faults() {}

  /**
   * Delays each such request before it is processed. In a batch the delays add up.
   *
   * @param delay not negative
   */
  public synchronized Faults delay(String method, Duration delay) {
    return change(
        method, p -> new Plan(delay, p.error, p.httpStatus, p.garbage, p.drop, p.dropAnswer));
  }

  /** Answers each such request with a JSON-RPC error; it is not processed. */
  public synchronized Faults error(String method, int code, String message) {
    RpcError error = new RpcError(code, message);
    return change(
        method, p -> new Plan(p.delay, error, p.httpStatus, p.garbage, p.drop, p.dropAnswer));
  }

  /** Answers the HTTP request with this status and no body; nothing in it is processed. */
  public synchronized Faults status(String method, int httpStatus) {
    return change(
        method, p -> new Plan(p.delay, p.error, httpStatus, p.garbage, p.drop, p.dropAnswer));
  }

  /** Closes the connection without an answer; nothing in the request is processed. */
  public synchronized Faults drop(String method) {
    return change(
        method, p -> new Plan(p.delay, p.error, p.httpStatus, p.garbage, true, p.dropAnswer));
  }

  /** Processes the request, then closes the connection without an answer. */
  public synchronized Faults dropAnswer(String method) {
    return change(method, p -> new Plan(p.delay, p.error, p.httpStatus, p.garbage, p.drop, true));
  }

  /** Answers the HTTP request with status 200 and this body; nothing in it is processed. */
  public synchronized Faults garbage(String method, String body) {
    return change(
        method, p -> new Plan(p.delay, p.error, p.httpStatus, body, p.drop, p.dropAnswer));
  }

  /** Answers {@code eth_getTransactionReceipt} with null, as if nothing had been mined yet. */
  public synchronized Faults withholdReceipts() {
    receiptsWithheld = true;
    return this;
  }

  /** Answers {@code eth_sendRawTransaction} with the hash and forgets the transaction. */
  public synchronized Faults swallowTransactions() {
    transactionsSwallowed = true;
    return this;
  }

  /**
   * Runs something once, on the endpoint's thread, before the next such request is processed.
   * Several are run in the order given, one per request. It may use the chain, but not wait for the
   * request it precedes.
   */
  public synchronized Faults beforeNext(String method, Runnable action) {
    hooks.computeIfAbsent(method, m -> new ArrayDeque<>()).add(action);
    return this;
  }

  /** Ends every fault and forgets what {@link #beforeNext} was given. */
  public synchronized void clear() {
    plans.clear();
    hooks.clear();
    receiptsWithheld = false;
    transactionsSwallowed = false;
  }

  private Faults change(String method, UnaryOperator<Plan> change) {
    plans.put(method, change.apply(plans.getOrDefault(method, Plan.NONE)));
    return this;
  }

  synchronized Plan plan(String method) {
    Plan any = plans.getOrDefault(ANY_METHOD, Plan.NONE);
    return plans.getOrDefault(method, any);
  }

  synchronized Optional<Runnable> takeHook(String method) {
    Queue<Runnable> own = hooks.getOrDefault(method, new ArrayDeque<>());
    Queue<Runnable> any = hooks.getOrDefault(ANY_METHOD, new ArrayDeque<>());
    return Optional.ofNullable(own.isEmpty() ? any.poll() : own.poll());
  }

  synchronized boolean withholds(String method) {
    return receiptsWithheld && method.equals("eth_getTransactionReceipt");
  }

  synchronized boolean swallows(String method) {
    return transactionsSwallowed && method.equals("eth_sendRawTransaction");
  }
}
