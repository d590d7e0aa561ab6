// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets the handler of a payment that was settled write to the client as it likes. */
final class StreamedDelivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private final PaymentGate gate;
  private final BrokenDeliveries broken;
  private final Sale sale;
  private final VerifiedPayment payment;
  private final AtomicBoolean ended = new AtomicBoolean();

  StreamedDelivery(PaymentGate gate, BrokenDeliveries broken, Sale sale) {
    this.gate = gate;
    this.broken = broken;
    this.sale = sale;
    this.payment = sale.payment();
  }

  void run(Dispatch dispatch) throws IOException, ServletException {
    HttpServletRequest request = dispatch.request();
    HttpServletResponse response = dispatch.response();
    Map<String, String> receipt = sale.headers(gate);
    Answers.addPaid(response, receipt);
    PaidExchange.mark(request, payment);
    StreamedRequest streamed =
        new StreamedRequest(request, new StreamedResponse(response, receipt), new End(response));
    boolean failed = true;
    try {
      dispatch.chain().doFilter(streamed, streamed.response());
      failed = false;
    } catch (IOException | ServletException | RuntimeException | Error e) {
      // A container would drop the headers with the receipt when it answers for the handler.
      if (response.isCommitted() || streamed.wentAsync()) {
        throw e;
      }
      log.error("a handler failed after its payment was settled; it may be fetched again", e);
      response.reset();
      receipt.forEach(response::setHeader);
      Answers.error(response, 500, "handler_failed", "send the same payment again");
    } finally {
      if (failed || !streamed.wentAsync()) {
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
}
