// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Challenge;
import io.github.x402j.PaymentGate;
import io.github.x402j.Settlement;
import io.github.x402j.VerifiedPayment;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Supplier;
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
      Settlement settlement = guarded(route, () -> gate.settle(payment));
      if (settlement instanceof Settlement.Settled) {
        new StreamedDelivery(gate, payment).run(request, response, chain);
      } else {
        Answers.refuse(response, gate.refuse(challenge, payment, settlement));
      }
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
    if (failure != null || exchange.refusal().isPresent() || isUncharged(captured.getStatus())) {
      gate.release(payment);
      answerUncharged(route, exchange, captured, failure, response);
      return;
    }
    Settlement settlement = guarded(route, () -> settleAndRecord(payment));
    if (settlement instanceof Settlement.Settled) {
      Answers.addPaid(captured, gate.receipt(payment));
      captured.commitTo(response);
    } else {
      captured.discard();
      Answers.refuse(response, gate.refuse(challenge, payment, settlement));
    }
  }

  private Settlement settleAndRecord(VerifiedPayment payment) {
    Settlement settlement = gate.settle(payment);
    if (settlement instanceof Settlement.Settled) {
      gate.delivered(payment);
    }
    return settlement;
  }

  /** A settlement that breaks off, by a fault of the ledger, say, closes the gate. */
  private static Settlement guarded(Route route, Supplier<Settlement> settlement) {
    try {
      return settlement.get();
    } catch (RuntimeException e) {
      log.error("route {}: the settlement broke off", route, e);
      return new Settlement.Pending(null);
    }
  }

  /** Errors cost nothing; nor does 304, by which nothing is delivered. */
  private static boolean isUncharged(int status) {
    return status >= HttpServletResponse.SC_BAD_REQUEST
        || status == HttpServletResponse.SC_NOT_MODIFIED;
  }

  private static void answerUncharged(
      Route route,
      PaidExchange exchange,
      BufferedResponse captured,
      @Nullable Throwable failure,
      HttpServletResponse response)
      throws IOException {
    if (failure == null && exchange.refusal().isEmpty() && route.settings().deliversErrors) {
      captured.commitTo(response);
      return;
    }
    captured.discard();
    String cost =
        exchange.payment().settlement().isPresent()
            ? "the payment stands; send the same one again"
            : "nothing was charged";
    if (exchange.refusal().isPresent()) {
      Answers.refuse(response, exchange.refusal().get());
    } else if (failure instanceof CaptureOverflowException) {
      log.error("route {}: {}", route, failure.getMessage());
      Answers.error(response, 500, "response_too_large", cost);
    } else if (failure != null) {
      log.error("route {}: the handler failed; {}", route, cost, failure);
      Answers.error(response, 500, "handler_failed", cost);
    } else if (captured.getStatus() == HttpServletResponse.SC_NOT_MODIFIED) {
      Answers.notModified(response);
    } else {
      Answers.error(response, captured.getStatus(), "handler_failed", cost);
    }
  }
}
