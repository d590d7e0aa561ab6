// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.PaymentHeader;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.http.Backoff;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A request with its one payment, which is sent until the outcome is known. {@link Payer#buy} makes
 * it; an HTTP client of any make carries it out. It decides when the payment may leave, when it is
 * sent again, and what the journal says of it. It never makes another payment.
 *
 * <p>A client that blocks calls {@link #send}. Another one repeats these steps:
 *
 * <ol>
 *   <li>{@link #begin} a sending of the request with {@link #secretHeaders()};
 *   <li>report {@link #answered} when the headers of the answer are there, or {@link #lost} if none
 *       came. Both return how long to wait before the next sending, or end the purchase.
 * </ol>
 *
 * <p>The client must follow no redirect with a payment. One sending at a time; apart from that safe
 * for use by several threads. The methods wait for the journal.
 */
public final class Purchase {
  /** Statuses of sellers, and of proxies before them, that leave the outcome open. */
  private static final Set<Integer> UNKNOWN = Set.of(502, 503, 504);

  private final WalletPayments payments;
  private final RetryPolicy retries;
  private final Backoff backoff; // one sending at a time uses it
  private final Clock clock;
  private final Instant deadline;
  private final HttpRequest unpaid;
  private final boolean clientRepeats;
  private int sendings; // that were reported
  private boolean begun; // since the last report
  private boolean over;
  private volatile Payment payment;

  /** Whether an earlier sending left the outcome open: then a refusal proves nothing. */
  private volatile boolean outcomeOpen; // set under the lock

  /**
   * @param unpaid the request that is paid for, for the exceptions
   * @param sentBefore whether the payment was sent before, and its outcome is open
   * @param clientRepeats whether the client may repeat a request unnoticed
   */
  Purchase(
      WalletPayments payments,
      RetryPolicy retries,
      Clock clock,
      HttpRequest unpaid,
      Payment payment,
      boolean sentBefore,
      boolean clientRepeats) {
    this.payments = payments;
    this.retries = retries;
    this.backoff = retries.backoff();
    this.clock = clock;
    this.deadline = clock.instant().plus(retries.within());
    this.unpaid = unpaid;
    this.payment = payment;
    this.outcomeOpen = sentBefore;
    this.clientRepeats = clientRepeats;
  }

  /** Returns the payment, with what the seller said of it so far. */
  public Payment payment() {
    return payment;
  }

  /**
   * Returns the headers that carry the payment. They are set on each sending of the request, in
   * place of others of these names. Secret: not for logs.
   */
  public Map<String, String> secretHeaders() {
    return Map.of(
        payment.headerName(),
        payment.secretHeaderValue(),
        PaymentHeader.X_PAYMENT_SECRET,
        payment.resumptionSecret());
  }

  /** Hands a request over to a client. */
  @FunctionalInterface
  public interface Sending<T> {
    /**
     * Sends the request with the payment.
     *
     * @throws IOException if that fails
     */
    T send() throws IOException;
  }

  /**
   * Begins one sending, unless the wallet was revoked. A {@code revoke()} waits until the sending
   * returns, at most three seconds; so a client that need not block does not wait for the answer
   * here. Called again without a report in between, it is part of the same sending: some clients
   * repeat a request by themselves.
   *
   * @throws PaymentDeclinedException if the wallet was revoked before the payment left
   * @throws PaymentPendingException if it was revoked later
   * @throws CancellationException if the caller has stopped waiting
   * @throws IOException what the sending throws, to be reported as {@link #lost}
   */
  public <T> T begin(Sending<T> sending) throws IOException {
    Optional<Begun<T>> result;
    try {
      result = payments.sendUnlessRevoked(() -> begun(sending));
    } catch (IOException e) {
      throw givenUp("the journal cannot be read", e);
    }
    if (result.isEmpty()) {
      throw givenUp(
          "the wallet was revoked", PaymentDeclinedException.revoked(unpaid.uri(), payment));
    }
    return result.get().get();
  }

  private <T> Begun<T> begun(Sending<T> sending) {
    synchronized (this) {
      if (over) {
        throw new CancellationException("the purchase is over");
      }
      outcomeOpen |= begun; // a client that repeats a request by itself has had no answer
      begun = true;
    }
    try {
      return new Begun<>(sending.send(), null);
    } catch (IOException e) {
      return new Begun<>(null, e);
    }
  }

  /** What a sending returned or threw, carried out of the lock that it began under. */
  private record Begun<T>(@Nullable T value, @Nullable IOException failure) {
    @SuppressWarnings("NullAway") // a sending that fails has thrown
    T get() throws IOException {
      if (failure != null) {
        throw failure;
      }
      return value;
    }
  }

  /**
   * Returns whether an answer with these headers leaves the outcome open, so that nobody needs its
   * body. Keeps what the headers say of the payment, as the body may be cut. No report: {@link
   * #answered} or {@link #lost} follows.
   */
  public boolean leavesOutcomeOpen(int status, HttpHeaders headers) {
    Payment answered = payment.answered(headers);
    keep(answered);
    return isUnknown(status, answered);
  }

  /**
   * Reports an answer. Returns the pause before the payment is to be sent again; empty if the
   * answer is final. It is then recorded, and is the caller's, whatever its status.
   *
   * @throws PaymentPendingException if the outcome is open and the payment is not to be sent again,
   *     or if the seller refuses a payment that it may have taken before
   */
  public Optional<Duration> answered(int status, HttpHeaders headers) throws IOException {
    Payment answered = payment.answered(headers);
    if (leavesOutcomeOpen(status, headers)) {
      reported(true);
      return Optional.of(again(Optional.of(headers), "status " + status, null));
    }
    if (outcomeOpen && status >= 400 && !answered.settled()) {
      throw leftOpen("status " + status + " after a sending whose outcome is not known");
    }
    if (clientRepeats && status == 402 && !answered.settled()) {
      throw leftOpen("status 402 over a client that may have sent the payment twice");
    }
    finish();
    payments.answered(answered, status, headers);
    return Optional.empty();
  }

  /**
   * Reports that no complete answer came. Returns the pause before the payment is to be sent again.
   *
   * @throws PaymentPendingException if it is not to be sent again, and may have left
   * @throws IOException the failure itself, if it is not to be sent again and no sending has begun;
   *     the amount is then free
   */
  public Duration lost(IOException failure) throws IOException {
    reported(true);
    return again(Optional.empty(), "the answer was lost", failure);
  }

  /** Does what {@link #lost} does for a sending of which no byte can have left. */
  Duration notSent(IOException failure) throws IOException {
    reported(false);
    return again(Optional.empty(), "the answer was lost", failure);
  }

  /**
   * Records that the caller stops waiting, with the reason for the journal; nothing is sent after
   * that. Returns the exception that carries the payment; empty if it never left, and its amount is
   * then free, or if the outcome is known.
   */
  public Optional<PaymentPendingException> abandoned(String why) {
    return abandoned(why, null);
  }

  Optional<PaymentPendingException> abandoned(String why, @Nullable Throwable cause) {
    if (!finish()) {
      return Optional.empty();
    }
    if (!outcomeOpen) {
      payments.neverSent(payment, "not sent: " + why);
      return Optional.empty();
    }
    return Optional.of(pending(true, why, cause));
  }

  /**
   * Ends the purchase, and returns what the caller gets: the failure if the payment never left,
   * else what says that it is pending. Empty if the purchase had ended: then its outcome is on its
   * way to the caller.
   */
  Optional<Exception> ended(String why, IOException failure) {
    if (!finish()) {
      return Optional.empty();
    }
    if (outcomeOpen) {
      return Optional.of(pending(true, why, failure));
    }
    payments.neverSent(payment, "not sent: " + why);
    return Optional.of(failure);
  }

  /** Returns whether nothing is sent from now on. */
  synchronized boolean isOver() {
    return over;
  }

  /** Ends a sending; it leaves the outcome open if it began and its bytes may have left. */
  private synchronized void reported(boolean mayHaveLeft) {
    outcomeOpen |= begun && mayHaveLeft;
    begun = false;
  }

  /** Ends the purchase: nothing is sent from now on. Returns false if it had ended. */
  private synchronized boolean finish() {
    boolean first = !over;
    over = true;
    reported(true);
    return first;
  }

  /** Takes note that the client has repeated the request by itself, as it got no answer. */
  synchronized void repeated() {
    outcomeOpen = true;
  }

  /** Returns whether an earlier sending left the outcome open. */
  boolean isOpen() {
    return outcomeOpen;
  }

  /** Sends requests and waits for the answers. */
  public interface BlockingClient<R> {
    /**
     * Sends the request with the payment by {@link Purchase#begin}, and returns the answer.
     *
     * @throws IOException if none came
     */
    R send(Purchase purchase) throws IOException;

    /** Returns the status of an answer. */
    int status(R answer) throws IOException;

    /** Returns the headers of an answer. */
    HttpHeaders headers(R answer);

    /** Releases an answer that the caller does not get. */
    void discard(R answer);
  }

  /**
   * Sends the payment until the outcome is known, and returns the final answer.
   *
   * @throws PaymentPendingException if the outcome stays unknown
   * @throws PaymentDeclinedException if the wallet was revoked before the payment left
   * @throws IOException if no connection carried the payment; its amount is free
   */
  public <R> R send(BlockingClient<R> client) throws IOException {
    while (true) {
      Duration pause;
      try {
        R answer = client.send(this);
        Optional<Duration> again = report(client, answer);
        if (again.isEmpty()) {
          return answer;
        }
        pause = again.get();
      } catch (PaymentException e) {
        throw e;
      } catch (IOException e) {
        pause = lost(e);
      } catch (RuntimeException | Error e) {
        abandoned("the request failed").ifPresent(e::addSuppressed);
        throw e;
      }
      pause(pause);
    }
  }

  private <R> Optional<Duration> report(BlockingClient<R> client, R answer) throws IOException {
    Optional<Duration> again = Optional.of(Duration.ZERO);
    try {
      again = answered(client.status(answer), client.headers(answer));
      return again;
    } finally {
      if (again.isPresent()) {
        client.discard(answer);
      }
    }
  }

  private void pause(Duration pause) throws IOException {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      IOException interrupted = new InterruptedIOException("interrupted");
      Optional<PaymentPendingException> pending = abandoned("interrupted");
      if (pending.isPresent()) {
        pending.get().addSuppressed(interrupted);
        throw pending.get();
      }
      throw interrupted;
    }
  }

  private Duration again(Optional<HttpHeaders> answer, String why, @Nullable IOException lost)
      throws IOException {
    sendings++;
    Duration pause = retries.pause(backoff.next(), answer);
    if (sendings > retries.times() || clock.instant().plus(pause).isAfter(deadline)) {
      if (lost == null) {
        throw leftOpen(why);
      }
      throw givenUp(why, lost);
    }
    return pause;
  }

  /**
   * Ends the purchase, and returns the failure if the payment never left; its amount is then free.
   *
   * @throws PaymentPendingException if it may have left
   */
  private <E extends Exception> E givenUp(String why, E failure) {
    boolean first = finish();
    if (outcomeOpen) {
      throw pending(first, why, failure);
    }
    if (first) {
      payments.neverSent(payment, "not sent: " + why);
    }
    return failure;
  }

  /** Ends the purchase of a payment that may have left, and returns what says so. */
  private PaymentPendingException leftOpen(String why) {
    return pending(finish(), why, null);
  }

  private PaymentPendingException pending(boolean record, String why, @Nullable Throwable cause) {
    if (record) {
      recordOpen(why);
    }
    return PaymentPendingException.of(unpaid, payment, why, cause);
  }

  /** Keeps what the seller said last, but never forgets that it said that the money moved. */
  private void keep(Payment answered) {
    if (answered.settled() || !payment.settled()) {
      payment = answered;
    }
  }

  /** Records that a sending may still be under way. */
  private void recordOpen(String why) {
    if (payment.settled()) {
      payments.answered(payment, false, why, Map.of());
    } else {
      payments.pending(payment, why);
    }
  }

  /** An answer that says the payment is settled is final, whatever its status. */
  private static boolean isUnknown(int status, Payment answered) {
    return UNKNOWN.contains(status) && !answered.settled();
  }

  @Override
  public String toString() {
    return "Purchase[" + payment + "]";
  }
}
