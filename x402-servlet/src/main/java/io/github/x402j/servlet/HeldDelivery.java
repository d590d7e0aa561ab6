// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import io.github.x402j.servlet.hold.HeldResponse;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the output of a handler until its payment is settled. */
final class HeldDelivery implements Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** A repeated answer sets no cookies; its length is set with its body. */
  private static final Set<String> NOT_REPEATED = Set.of("set-cookie", "content-length");

  private final Route route;
  private final GatedRequest request;
  private final GatedResponse response;
  private final Map<String, String> more;
  private final HeldLimits limits;
  private volatile boolean begun;
  private @Nullable PaidRequest paid;
  private @Nullable HeldResponse held;
  private @Nullable Throwable failure;
  private PaidResponseHeaders headers = PaidResponseHeaders.NONE;

  /**
   * @param more headers for the payer, besides the gate's
   */
  HeldDelivery(
      Route route,
      GatedRequest request,
      GatedResponse response,
      Map<String, String> more,
      HeldLimits limits) {
    this.route = route;
    this.request = request;
    this.response = response;
    this.more = more;
    this.limits = limits;
  }

  @Override
  public boolean hasBegun() {
    return begun;
  }

  @Override
  public void rethrow() {} // fail() answers what a held handler throws

  @Override
  public void refuse(Refusal refusal) throws IOException {
    begun = true;
    if (held != null) {
      held.discard();
    }
    response.send(Answer.refusal(refusal));
  }

  @Override
  public void repeat(StoredAnswer answer) throws IOException {
    begun = true;
    response.send(Answer.again(answer));
  }

  @Override
  public void run(VerifiedPayment payment, Ending<IOException> ending) throws IOException {
    begun = true;
    PaidRequest running = new PaidRequest(payment);
    paid = running;
    running.markHeld(request.servletRequest());
    HeldRun.start(
        request.servletRequest(),
        request.servletResponse(),
        request.chain(),
        limits,
        (original, output, thrown) -> {
          held = output;
          failure = thrown;
          try {
            end(running, output, ending);
          } finally {
            running.endHold(original);
          }
        });
  }

  /** The handler is done. Checks that its output can go out, before the money moves. */
  private void end(PaidRequest running, HeldResponse output, Ending<IOException> ending)
      throws IOException {
    if (response.isTooLate()
        || failure != null
        || running.refusal().isPresent()
        || isUncharged(output.getStatus())) {
      ending.failed();
    } else {
      ending.completed();
    }
  }

  /** Errors cost nothing, nor does 304, which delivers nothing. */
  private static boolean isUncharged(int status) {
    return status >= HttpServletResponse.SC_BAD_REQUEST
        || status == HttpServletResponse.SC_NOT_MODIFIED;
  }

  @Override
  public void fail(VerifiedPayment payment) throws IOException {
    HeldResponse output = held();
    if (response.isTooLate()) {
      throw new IllegalStateException("the response of a paid handler was sent around its filter");
    }
    int status = output.getStatus();
    boolean isError = status >= HttpServletResponse.SC_BAD_REQUEST;
    Optional<Answer> refusal = Objects.requireNonNull(paid).refusal();
    boolean ended = failure == null && refusal.isEmpty();
    if (ended && isError && route.settings().sendsErrors() && !response.isIncluded()) {
      response.send(output::commitTo);
      return;
    }
    output.discard();
    response.send(refusal.orElseGet(() -> failed(status, cost(payment))));
  }

  private Answer failed(int status, String cost) {
    if (failure instanceof OverflowException) {
      log.error("route {}: {}", route, failure.getMessage());
      return Answer.error(500, "response_too_large", cost);
    }
    if (failure != null) {
      log.error("route {}: the handler failed; {}", route, cost, failure);
      return Answer.error(500, "handler_failed", cost);
    }
    return status >= HttpServletResponse.SC_BAD_REQUEST
        ? Answer.error(status, "handler_failed", cost)
        : Answer.notModified();
  }

  private static String cost(VerifiedPayment payment) {
    return payment.settlement().isPresent()
        ? "the payment stands; send the same one again"
        : "nothing was charged";
  }

  @Override
  public void addHeaders(VerifiedPayment payment, Map<String, String> receipt) {
    Objects.requireNonNull(paid).delivered();
    headers = PaidResponseHeaders.of(receipt, more);
    response.addPaid(held(), headers);
  }

  /** For a payer that named its payment and may ask for the answer again. */
  @Override
  public Optional<StoredAnswer> copy(long maxBytes) throws IOException {
    HeldResponse output = held();
    Map<String, List<String>> all = new LinkedHashMap<>();
    output.getHeaderNames().forEach(name -> all.put(name, List.copyOf(output.getHeaders(name))));
    all.keySet().removeIf(name -> NOT_REPEATED.contains(name.toLowerCase(Locale.ROOT)));
    return output.bodyCopy(maxBytes).map(body -> StoredAnswer.of(output.getStatus(), all, body));
  }

  /** Sends what was held; if the container refuses that, an error with the payment response. */
  @Override
  public void deliver(VerifiedPayment payment) throws IOException {
    try {
      response.deliver(held());
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

  private HeldResponse held() {
    return Objects.requireNonNull(held, "the handler has not run");
  }
}
