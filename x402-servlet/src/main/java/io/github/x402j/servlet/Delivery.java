// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Challenge;
import io.github.x402j.PaymentGate;
import io.github.x402j.Refusal;
import io.github.x402j.Settlement;
import io.github.x402j.VerifiedPayment;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a handler whose payment is good, settles, and delivers. */
final class Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private final PaymentGate gate;
  private final CaptureLimits limits;

  Delivery(PaymentGate gate, CaptureLimits limits) {
    this.gate = gate;
    this.limits = limits;
  }

  void deliver(
      Route route,
      Challenge challenge,
      VerifiedPayment payment,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    if (route.settings().settlesFirst) {
      new StreamedDelivery(gate, challenge, payment).run(request, response, chain);
      return;
    }
    Long ownLimit = route.settings().bufferLimit;
    PaidExchange exchange = PaidExchange.mark(request, payment);
    Capture.run(
        request,
        response,
        chain,
        ownLimit == null ? limits : limits.withMaxBytes(ownLimit),
        (original, captured, failure) -> {
          try {
            conclude(route, challenge, exchange, captured, failure, response);
          } finally {
            PaidExchange.unmark(original);
          }
        });
  }

  /** The handler is done: what it made goes out if, and only if, the money has moved. */
  private void conclude(
      Route route,
      Challenge challenge,
      PaidExchange exchange,
      BufferedResponse captured,
      @Nullable Throwable failure,
      HttpServletResponse response)
      throws IOException {
    VerifiedPayment payment = exchange.payment();
    if (failure != null || isUncharged(captured.getStatus())) {
      gate.release(payment);
      answerUncharged(route, exchange.refusal(), captured, failure, response);
      return;
    }
    Settlement settlement;
    try {
      settlement = gate.settle(payment);
      if (settlement instanceof Settlement.Settled) {
        gate.delivered(payment);
      }
    } catch (RuntimeException e) { // closes the gate: what was held is thrown away
      log.error("route {}: the settlement broke off", route, e);
      Answers.refuse(response, gate.refuse(challenge, payment, new Settlement.Pending(null)));
      return;
    }
    if (settlement instanceof Settlement.Settled) {
      Answers.addPaid(captured, gate.receipt(payment));
      captured.commitTo(response);
    } else {
      Answers.refuse(response, gate.refuse(challenge, payment, settlement));
    }
  }

  /** Errors cost nothing; nor does 304, by which nothing is delivered. */
  private static boolean isUncharged(int status) {
    return status >= HttpServletResponse.SC_BAD_REQUEST
        || status == HttpServletResponse.SC_NOT_MODIFIED;
  }

  private static void answerUncharged(
      Route route,
      Optional<Refusal> refusal,
      BufferedResponse captured,
      @Nullable Throwable failure,
      HttpServletResponse response)
      throws IOException {
    if (refusal.isPresent()) {
      Answers.refuse(response, refusal.get());
    } else if (failure instanceof CaptureOverflowException) {
      log.error("route {}: {}", route, failure.getMessage());
      Answers.error(response, 500, "response_too_large", "nothing was charged");
    } else if (failure != null) {
      log.error("route {}: the handler failed; nothing was charged", route, failure);
      Answers.error(response, 500, "handler_failed", "nothing was charged");
    } else if (captured.getStatus() == HttpServletResponse.SC_NOT_MODIFIED) {
      Answers.notModified(response);
    } else if (route.settings().deliversErrors) {
      captured.commitTo(response);
    } else {
      Answers.error(response, captured.getStatus(), "handler_failed", "nothing was charged");
    }
  }
}
