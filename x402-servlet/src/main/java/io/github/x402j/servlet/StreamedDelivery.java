// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentGate;
import io.github.x402j.VerifiedPayment;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Lets the handler of a payment that was settled write to the client as it likes. */
final class StreamedDelivery {
  private final PaymentGate gate;
  private final VerifiedPayment payment;
  private final AtomicBoolean ended = new AtomicBoolean();

  StreamedDelivery(PaymentGate gate, VerifiedPayment payment) {
    this.gate = gate;
    this.payment = payment;
  }

  void run(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Answers.addPaid(response, gate.receipt(payment));
    PaidExchange.mark(request, payment);
    boolean failed = true;
    try {
      chain.doFilter(request, new StreamedResponse(response));
      failed = false;
    } finally {
      if (!failed && request.isAsyncStarted()) {
        request.getAsyncContext().addListener(new End(response));
      } else {
        end(failed, response);
      }
    }
  }

  /** Once: delivered for good, or to be fetched again with the same payment. */
  private void end(boolean failed, HttpServletResponse response) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    if (failed || response.getStatus() >= HttpServletResponse.SC_BAD_REQUEST) {
      gate.release(payment);
    } else {
      gate.delivered(payment);
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
