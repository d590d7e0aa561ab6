// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentFlow;
import io.github.x402j.extension.StoredAnswer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What a transport supplies for one sale: what runs, and how an answer is sent. {@link
 * PaymentGate#sell} calls the methods in the order that keeps the money safe, so a transport has no
 * order of its own.
 *
 * @param <X> what sending can throw
 */
public interface SaleTransport<X extends Exception> {

  /** Sends a refusal. Nothing of the handler's output goes out. */
  void refuse(Refusal refusal) throws X;

  /**
   * Returns what is known of the request besides its headers, for access hooks. Default: nothing.
   */
  default AccessRequest.Details details() {
    return AccessRequest.Details.NONE;
  }

  /**
   * Runs the handler and lets its output out as it is made: an {@link AccessHook} has granted
   * access. No payment comes with it, whatever the request brings. Default: throws, so that the
   * gate stays closed.
   *
   * @throws UnsupportedOperationException if the transport cannot; nothing has run then
   */
  default void runGranted(Admission.Granted granted) throws X {
    throw new UnsupportedOperationException("this transport runs nothing that is not paid for");
  }

  /** Sends the stored answer that the same payment bought before. The handler does not run. */
  void repeat(StoredAnswer answer) throws X;

  /**
   * Runs the handler, then calls {@link Ending#completed} or {@link Ending#failed}: now, or later
   * from another thread. Only the first call counts. If this method throws before it, the handler
   * has failed. In {@link PaymentFlow#AUTHORIZATION} the transport holds all output of the handler.
   */
  void run(VerifiedPayment payment, Ending<X> ending) throws X;

  /** Answers for a handler that failed. The payment has been released. */
  void fail(VerifiedPayment payment) throws X;

  /** Adds the headers that tell the payer of the settlement to the response. */
  void addHeaders(VerifiedPayment payment, Map<String, String> headers) throws X;

  /** Returns a copy of the held answer, empty if it is longer than {@code maxBytes}. */
  Optional<StoredAnswer> copy(long maxBytes) throws X;

  /**
   * Sends the held output: the money has moved. Called in {@link PaymentFlow#AUTHORIZATION}. If
   * this throws, the delivery has broken off, and the payer may fetch it again. What is found out
   * later, such as by an asynchronous write, is reported by {@link Ending#brokeOff}.
   */
  void deliver(VerifiedPayment payment) throws X;

  /**
   * Returns whether the transport can answer after {@link Ending#completed} has returned, from
   * another thread. Then a settlement keeps no thread, where the facilitator can settle so. Called
   * from within {@code completed}, in {@link PaymentFlow#AUTHORIZATION}. Default: false.
   */
  default boolean canAnswerLater() {
    return false;
  }

  /**
   * Runs the rest of the sale, once: in a thread of the transport when the outcome is known, or
   * earlier if the client cannot be kept waiting. In the latter case the payment is pending. Called
   * only if {@link #canAnswerLater}. Default: now.
   *
   * @param known completes when the outcome is known, never by an exception; the thread that
   *     completes it must not be used for more than to start another
   */
  default void answerWhen(CompletionStage<?> known, Rest<X> rest) throws X {
    rest.run();
  }

  /**
   * What is left to do for a sale whose handler has completed: record the outcome, and deliver or
   * refuse.
   *
   * @param <X> what sending can throw
   */
  interface Rest<X extends Exception> {
    /** Does it; takes the time that a ledger takes, and calls the transport. */
    void run() throws X;
  }

  /**
   * Returns whether {@link Ending#arrived} is called for each sale whose output goes out. Default:
   * false, so that a sale is over when {@link #deliver} or, in {@link PaymentFlow#UPFRONT}, the
   * handler has returned.
   */
  default boolean tellsArrival() {
    return false;
  }

  /**
   * How a handler ended.
   *
   * @param <X> what sending can throw
   */
  interface Ending<X extends Exception> {
    /** The handler did what is paid for. */
    void completed() throws X;

    /**
     * The handler failed. If the money has not moved, the payer is not charged; otherwise it may
     * send the same payment again.
     */
    void failed() throws X;

    /**
     * The operating system has taken all of the output. Until then a {@link PaymentGate#stop} waits
     * for the sale, and at its end takes the delivery back; and the same payment, sent again, gets
     * a 503, for a minute at most after all was written. Call it after {@link #completed}, or from
     * within {@link #deliver}.
     */
    void arrived();

    /**
     * The output did not reach the client in full: the connection is broken, or the container has
     * dropped the response. Call it in place of {@link #completed}, or after it, whenever that is
     * found out and from any thread; it sends nothing and throws nothing. If the money has moved,
     * the payer may fetch the delivery again, {@value PaymentLedger#MAX_DELIVERIES} times in all.
     * If it has not moved, the payer is not charged. Only the first call counts.
     */
    void brokeOff();
  }
}
