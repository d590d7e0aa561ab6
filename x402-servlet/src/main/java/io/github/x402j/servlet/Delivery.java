// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Settlement;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a handler whose payment is good, settles, and delivers. */
final class Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private final PaymentGate gate;
  private final CaptureLimits limits;
  private final BrokenDeliveries broken = new BrokenDeliveries();

  Delivery(PaymentGate gate, CaptureLimits limits) {
    this.gate = gate;
    this.limits = limits;
  }

  void deliver(Sale sale, Reply reply, Dispatch dispatch) throws IOException, ServletException {
    if (!sale.route().settings().settlesFirst) {
      runHeld(sale, reply, dispatch);
      return;
    }
    VerifiedPayment payment = sale.payment();
    Settlement settlement = guarded(sale.route(), () -> gate.settle(payment));
    if (settlement instanceof Settlement.Settled) {
      new StreamedDelivery(gate, broken, sale).run(dispatch);
    } else {
      reply.send(to -> Answers.refuse(to, gate.refuse(sale.challenge(), payment, settlement)));
    }
  }

  private void runHeld(Sale sale, Reply reply, Dispatch dispatch) throws IOException {
    Long ownLimit = sale.route().settings().bufferLimit;
    PaidExchange exchange = PaidExchange.markHeld(dispatch.request(), sale.payment());
    Capture.run(
        dispatch.request(),
        dispatch.response(),
        dispatch.chain(),
        ownLimit == null ? limits : limits.withMaxBytes(ownLimit),
        (original, captured, failure) -> {
          try {
            conclude(sale, exchange, captured, failure, reply);
          } finally {
            if (exchange.isHeld()) {
              PaidExchange.unmark(original);
            } // what is paid and delivered needs no payment in a later dispatch of the request
          }
        });
  }

  /** The handler is done: what it made goes out if, and only if, the money has moved. */
  private void conclude(
      Sale sale,
      PaidExchange exchange,
      BufferedResponse captured,
      @Nullable Throwable failure,
      Reply reply)
      throws IOException {
    VerifiedPayment payment = sale.payment();
    if (reply.isTooLate()) { // before the money moves: afterwards nothing could be delivered
      gate.release(payment);
      throw new IllegalStateException("the response of a paid handler was sent around its filter");
    }
    if (failure != null || exchange.refusal().isPresent() || isUncharged(captured.getStatus())) {
      gate.release(payment);
      answerUncharged(sale.route(), exchange, captured, failure, reply);
      return;
    }
    Settlement settlement = guarded(sale.route(), () -> settleAndRecord(payment));
    if (settlement instanceof Settlement.Settled) {
      exchange.delivered();
      Map<String, String> receipt = sale.headers(gate);
      reply.addPaid(captured, receipt);
      keepAnswer(payment, captured);
      send(sale.route(), captured, receipt, reply);
    } else {
      captured.discard();
      reply.send(to -> Answers.refuse(to, gate.refuse(sale.challenge(), payment, settlement)));
    }
  }

  /** Sends what was held, or at least the receipt where the container refuses what it holds. */
  private static void send(
      Route route, BufferedResponse captured, Map<String, String> receipt, Reply reply)
      throws IOException {
    try {
      reply.deliver(captured);
    } catch (RuntimeException e) {
      if (reply.isTooLate()) {
        throw e;
      }
      log.error("route {}: the response of a settled payment cannot be sent", route, e);
      reply.send(to -> Answers.undeliverable(to, receipt));
    }
  }

  /** For a payer that has named its payment, and may ask for the answer again. */
  private void keepAnswer(VerifiedPayment payment, BufferedResponse captured) throws IOException {
    if (gate.wantsAnswerOf(payment)) {
      captured
          .copy(PaymentIdentifiers.MAX_ANSWER_BYTES)
          .ifPresent(answer -> gate.store(payment, answer));
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
      Reply reply)
      throws IOException {
    int status = captured.getStatus();
    boolean isError = status >= HttpServletResponse.SC_BAD_REQUEST;
    boolean ended = failure == null && exchange.refusal().isEmpty();
    if (ended && isError && route.settings().deliversErrors && !reply.isIncluded()) {
      reply.send(captured::commitTo);
      return;
    }
    captured.discard();
    String cost = cost(exchange.payment());
    if (exchange.refusal().isPresent()) {
      reply.send(exchange.refusal().get());
    } else if (failure instanceof CaptureOverflowException) {
      log.error("route {}: {}", route, failure.getMessage());
      reply.send(to -> Answers.error(to, 500, "response_too_large", cost));
    } else if (failure != null) {
      log.error("route {}: the handler failed; {}", route, cost, failure);
      reply.send(to -> Answers.error(to, 500, "handler_failed", cost));
    } else if (isError) {
      reply.send(to -> Answers.error(to, status, "handler_failed", cost));
    } else {
      reply.send(Answers::notModified);
    }
  }

  private static String cost(VerifiedPayment payment) {
    return payment.settlement().isPresent()
        ? "the payment stands; send the same one again"
        : "nothing was charged";
  }
}
