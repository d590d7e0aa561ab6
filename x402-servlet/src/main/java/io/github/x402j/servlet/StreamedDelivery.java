// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Settlement;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.GatedResponse.Answer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the handler of a payment that was settled first: its output goes straight to the client. */
final class StreamedDelivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** The delivery that breaks off for this time was the last. */
  static final int MAX_DELIVERIES = 3;

  private final PaymentGate gate;
  private final BreakCounter broken;
  private final PaidRequest paid;
  private final VerifiedPayment payment;
  private final AtomicBoolean ended = new AtomicBoolean();

  StreamedDelivery(PaymentGate gate, BreakCounter broken, PaidRequest paid) {
    this.gate = gate;
    this.broken = broken;
    this.paid = paid;
    this.payment = paid.payment();
  }

  void run(GatedRequest request) throws IOException, ServletException {
    HttpServletResponse response = request.servletResponse();
    PaidResponseHeaders headers = paid.headers(gate);
    headers.addTo(response);
    paid.markStreamed(request.servletRequest());
    StreamedResponse streamed = new StreamedResponse(response, headers);
    StreamedRequest handlers =
        new StreamedRequest(request.servletRequest(), streamed, new End(response));
    boolean failed = true;
    try {
      request.chain().doFilter(handlers, streamed);
      failed = false;
    } catch (IOException | ServletException | RuntimeException | Error e) {
      // A container would drop the headers with the receipt when it answers for the handler.
      if (response.isCommitted() || handlers.wentAsync) {
        throw e;
      }
      log.error("a handler failed after its payment was settled; it may be fetched again", e);
      Answer.paidError(headers, "handler_failed", "send the same payment again").to(response);
    } finally {
      if (failed || !handlers.wentAsync) {
        end(failed, response);
      }
    }
  }

  /** Once: delivered for good, or to be fetched again with the same payment. */
  private void end(boolean failed, HttpServletResponse response) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    boolean isError = response.getStatus() >= HttpServletResponse.SC_BAD_REQUEST;
    boolean brokeOff = failed && !isError && response.isCommitted();
    if (brokeOff && broken.isLast(payment)) {
      log.warn("the delivery of {} broke off for the last time", payment);
      delivered();
    } else if (failed || isError) {
      gate.release(payment);
    } else {
      delivered();
    }
  }

  private void delivered() {
    try {
      gate.delivered(payment);
    } catch (LedgerException e) { // all of it is on its way
      log.error("a delivery of {} could not be recorded; it may be fetched again", payment, e);
    }
  }

  /** The end of asynchronous processing. */
  private final class End implements AsyncListener {
    private final HttpServletResponse response;

    End(HttpServletResponse response) {
      this.response = response;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      end(false, response);
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      end(true, response);
    }

    @Override
    public void onError(AsyncEvent event) {
      end(true, response);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      event.getAsyncContext().addListener(this);
    }
  }

  /**
   * The request of a handler whose payment is settled: {@code startAsync()} keeps the {@link
   * StreamedResponse}, and is listened to from the start, so that no end of it is missed.
   */
  private static final class StreamedRequest extends HttpServletRequestWrapper {
    private final StreamedResponse response;
    private final AsyncListener end;

    /** The end of what has ever gone asynchronous comes by the listener. */
    private volatile boolean wentAsync;

    StreamedRequest(HttpServletRequest request, StreamedResponse response, AsyncListener end) {
      super(request);
      this.response = response;
      this.end = end;
    }

    @Override
    public AsyncContext startAsync() {
      return startAsync(this, response);
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
      AsyncContext started = super.startAsync(request, response);
      if (!wentAsync) { // from a later dispatch the listener itself goes along
        started.addListener(end);
      }
      wentAsync = true;
      return started;
    }
  }

  /**
   * Counts how often the delivery of a payment broke off on its way to the client. A client can
   * break off by itself, just before the end: without a limit one payment would buy the resource
   * again and again until its window closes. Counts a bounded number of payments, and forgets the
   * one that broke off longest ago.
   */
  static final class BreakCounter {
    private static final int MAX_PAYMENTS = 10_000;

    private final Map<Optional<Settlement.Settled>, Integer> counts =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(
              Map.Entry<Optional<Settlement.Settled>, Integer> eldest) {
            return size() > MAX_PAYMENTS;
          }
        };

    /** Counts one, and returns whether it was the last. */
    synchronized boolean isLast(VerifiedPayment payment) {
      return counts.merge(payment.settlement(), 1, Integer::sum) >= MAX_DELIVERIES;
    }
  }
}
