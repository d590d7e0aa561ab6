// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Settlement;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldOverflowException;
import io.github.x402j.servlet.hold.HeldResponse;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a handler whose payment is verified, settles, and delivers. */
final class Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** Cookies were for the one time, and the length is that of the body. */
  private static final Set<String> NOT_REPEATED = Set.of("set-cookie", "content-length");

  private final PaymentGate gate;
  private final HeldLimits limits;
  private final StreamedDelivery.BreakCounter broken = new StreamedDelivery.BreakCounter();

  Delivery(PaymentGate gate, HeldLimits limits) {
    this.gate = gate;
    this.limits = limits;
  }

  void deliver(PaidRequest paid, GatedRequest request, GatedResponse response)
      throws IOException, ServletException {
    if (!paid.route().settings().settlesFirst()) {
      runHeld(paid, request, response);
      return;
    }
    Settlement settlement = guarded(paid.route(), () -> gate.settle(paid.payment()));
    if (settlement instanceof Settlement.Settled) {
      new StreamedDelivery(gate, broken, paid).run(request);
    } else {
      response.send(unsettled(paid, settlement));
    }
  }

  private void runHeld(PaidRequest paid, GatedRequest request, GatedResponse response)
      throws IOException {
    Long ownLimit = paid.route().settings().limit();
    paid.markHeld(request.servletRequest());
    HeldRun.start(
        request.servletRequest(),
        request.servletResponse(),
        request.chain(),
        ownLimit == null ? limits : limits.withMaxBytes(ownLimit),
        (original, held, failure) -> {
          try {
            conclude(paid, held, failure, response);
          } finally {
            paid.endHold(original);
          }
        });
  }

  /** The handler is done: what it made goes out if, and only if, the money has moved. */
  private void conclude(
      PaidRequest paid, HeldResponse held, @Nullable Throwable failure, GatedResponse response)
      throws IOException {
    VerifiedPayment payment = paid.payment();
    if (response.isTooLate()) { // before the money moves: afterwards nothing could be delivered
      gate.release(payment);
      throw new IllegalStateException("the response of a paid handler was sent around its filter");
    }
    if (failure != null || paid.refusal().isPresent() || isUncharged(held.getStatus())) {
      gate.release(payment);
      answerUncharged(paid, held, failure, response);
      return;
    }
    Settlement settlement = guarded(paid.route(), () -> settleAndRecord(payment));
    if (settlement instanceof Settlement.Settled) {
      paid.delivered();
      PaidResponseHeaders headers = paid.headers(gate);
      response.addPaid(held, headers);
      keepAnswer(payment, held);
      send(paid.route(), held, headers, response);
    } else {
      held.discard();
      response.send(unsettled(paid, settlement));
    }
  }

  private Answer unsettled(PaidRequest paid, Settlement settlement) {
    return Answer.refusal(gate.refuse(paid.challenge(), paid.payment(), settlement));
  }

  /** Sends what was held, or at least the receipt where the container refuses what it holds. */
  private static void send(
      Route route, HeldResponse held, PaidResponseHeaders headers, GatedResponse response)
      throws IOException {
    try {
      response.deliver(held);
    } catch (RuntimeException e) {
      if (response.isTooLate()) {
        throw e;
      }
      log.error("route {}: the response of a settled payment cannot be sent", route, e);
      response.send(
          Answer.paidError(
              headers, "delivery_failed", "the payment was settled; its response is lost"));
    }
  }

  /** For a payer that has named its payment, and may ask for the answer again. */
  private void keepAnswer(VerifiedPayment payment, HeldResponse held) throws IOException {
    if (!gate.wantsAnswerOf(payment)) {
      return;
    }
    Optional<byte[]> body = held.bodyCopy(PaymentIdentifiers.MAX_ANSWER_BYTES);
    if (body.isPresent()) {
      Map<String, List<String>> headers = new LinkedHashMap<>();
      held.getHeaderNames().forEach(name -> headers.put(name, List.copyOf(held.getHeaders(name))));
      headers.keySet().removeIf(name -> NOT_REPEATED.contains(name.toLowerCase(Locale.ROOT)));
      gate.store(payment, StoredAnswer.of(held.getStatus(), headers, body.get()));
    }
  }

  private Settlement settleAndRecord(VerifiedPayment payment) {
    Settlement settlement = gate.settle(payment);
    if (settlement instanceof Settlement.Settled) {
      gate.delivered(payment);
    }
    return settlement;
  }

  /** A settlement that breaks off, such as by a fault of the ledger, fails closed. */
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
      PaidRequest paid, HeldResponse held, @Nullable Throwable failure, GatedResponse response)
      throws IOException {
    int status = held.getStatus();
    boolean isError = status >= HttpServletResponse.SC_BAD_REQUEST;
    boolean ended = failure == null && paid.refusal().isEmpty();
    if (ended && isError && paid.route().settings().sendsErrors() && !response.isIncluded()) {
      response.send(held::commitTo);
      return;
    }
    held.discard();
    String cost = cost(paid.payment());
    if (paid.refusal().isPresent()) {
      response.send(paid.refusal().get());
    } else if (failure instanceof HeldOverflowException) {
      log.error("route {}: {}", paid.route(), failure.getMessage());
      response.send(Answer.error(500, "response_too_large", cost));
    } else if (failure != null) {
      log.error("route {}: the handler failed; {}", paid.route(), cost, failure);
      response.send(Answer.error(500, "handler_failed", cost));
    } else if (isError) {
      response.send(Answer.error(status, "handler_failed", cost));
    } else {
      response.send(Answer.notModified());
    }
  }

  private static String cost(VerifiedPayment payment) {
    return payment.settlement().isPresent()
        ? "the payment stands; send the same one again"
        : "nothing was charged";
  }
}
