// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.AccessRequest;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import io.github.x402j.servlet.hold.HeldResponse;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.UnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the output of a handler until its payment is settled. */
final class HeldDelivery implements Delivery {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** A repeated answer sets no cookies; its length is set with its body. */
  private static final Set<String> NOT_REPEATED = Set.of("set-cookie", "content-length");

  private final String route;
  private final ErrorDelivery errors;
  private final GatedRequest request;
  private final String path;
  private final Map<String, String> more;
  private final HeldLimits limits;
  private final boolean waitsWithoutThread;
  private volatile GatedResponse response;
  private volatile boolean begun;
  private @Nullable PaidRequest paid;
  private @Nullable HeldResponse held;
  private @Nullable Throwable failure;
  private @Nullable Throwable left;
  private boolean leavesFailure;
  private boolean endsInDispatch;
  private @Nullable Ending<IOException> ending;
  private @Nullable HeldRun run;
  private volatile boolean gone;
  private PaidResponseHeaders headers = PaidResponseHeaders.NONE;

  /**
   * @param route what the log calls what is sold
   * @param errors which errors go out as the handler made them
   * @param path within the webapp, decoded
   * @param more headers for the payer, besides the gate's
   * @param waitsWithoutThread whether it waits for the settlement asynchronously where it can
   */
  HeldDelivery(
      String route,
      ErrorDelivery errors,
      GatedRequest request,
      GatedResponse response,
      String path,
      Map<String, String> more,
      HeldLimits limits,
      boolean waitsWithoutThread) {
    this.route = route;
    this.errors = errors;
    this.request = request;
    this.response = response;
    this.path = path;
    this.more = more;
    this.limits = limits;
    this.waitsWithoutThread = waitsWithoutThread;
  }

  @Override
  public boolean hasBegun() {
    return begun;
  }

  @Override
  public void rethrow() throws IOException, ServletException {
    GatedRequest.rethrow(left);
  }

  @Override
  public void refuse(Refusal refusal) throws IOException {
    begun = true;
    if (gone) {
      return;
    }
    if (held != null) {
      held.discard();
    }
    response.send(Answer.refusal(refusal));
  }

  @Override
  public AccessRequest.Details details() {
    return GrantedRequest.details(request.servletRequest());
  }

  @Override
  public void runGranted(Admission.Granted granted) throws IOException {
    begun = true;
    try {
      GrantedRequest.run(request, response, path, limits, granted);
    } catch (ServletException e) {
      left = e;
    }
  }

  @Override
  public void repeat(StoredAnswer answer) throws IOException {
    begun = true;
    response.send(Answer.again(answer));
  }

  @Override
  public void run(VerifiedPayment payment, Ending<IOException> ending) throws IOException {
    begun = true;
    this.ending = ending;
    PaidRequest running = new PaidRequest(payment);
    paid = running;
    running.markHeld(request.servletRequest());
    HttpServletRequest http = request.servletRequest();
    HeldRun.Completion completion = end -> completed(end, running, ending);
    OpenDispatch open = request.open();
    if (open == null) {
      FilterChain chain = isHandshake() ? (req, res) -> refuseHandshake() : request.chain();
      left = HeldRun.start(http, request.servletResponse(), chain, limits, completion);
    } else {
      HeldRun begun = HeldRun.begin(http, request.servletResponse(), limits, completion);
      open.lead(begun.request(), begun.response(), begun::returned);
      if (isHandshake()) {
        refuseHandshake();
      }
    }
  }

  private boolean completed(HeldRun.End end, PaidRequest running, Ending<IOException> ending)
      throws IOException {
    run = end.run();
    held = end.held();
    failure = end.failure();
    response = response.in(end.response());
    endsInDispatch = end.inDispatch();
    try {
      end(running, end.held(), ending);
    } finally {
      running.endHold(end.request());
    }
    return !leavesFailure;
  }

  /** Returns whether the client asks for a WebSocket, whose messages cannot be held. */
  private boolean isHandshake() {
    return "websocket".equalsIgnoreCase(request.servletRequest().getHeader("Upgrade"));
  }

  /** Containers take a handshake from their own request, around every filter. */
  private void refuseHandshake() {
    log.warn("route {}: a WebSocket needs settleFirst(); its handshake was refused", route);
    Objects.requireNonNull(paid)
        .refuseWith(Answer.error(501, "websocket_not_held", "nothing was charged"));
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
  public boolean canAnswerLater() {
    HeldRun ended = run;
    return waitsWithoutThread && ended != null && !response.isIncluded() && ended.canAnswerLater();
  }

  @Override
  public void answerWhen(CompletionStage<?> known, Rest<IOException> rest) throws IOException {
    Runnable broken =
        () -> {
          gone = true;
          Objects.requireNonNull(ending).brokeOff();
        };
    boolean inDispatch = endsInDispatch;
    try {
      endsInDispatch = false;
      Objects.requireNonNull(run).answerWhen(known, rest::run, broken);
    } catch (IllegalStateException e) {
      log.debug("route {}: waits in its thread", route, e);
      endsInDispatch = inDispatch;
      known.toCompletableFuture().join();
      rest.run();
    }
  }

  @Override
  public void fail(VerifiedPayment payment) throws IOException {
    HeldResponse output = held();
    if (response.isTooLate()) {
      throw new IllegalStateException("the response of a paid handler was sent around its filter");
    }
    Optional<Answer> refusal = Objects.requireNonNull(paid).refusal();
    if (refusal.isPresent() || response.isIncluded()) {
      output.discard();
      response.send(refusal.orElseGet(() -> failed(output, cost(payment))));
    } else if (isLeftToContainer()) {
      leavesFailure = true;
      output.discard();
      paid.leaveToErrorPage();
    } else if (failure == null && errors.delivers(output.getStatus())) {
      sendAsMade(output);
    } else {
      Answer answer = failed(output, cost(payment));
      output.discard();
      response.send(answer);
    }
  }

  /** An exception by which a servlet says that it is not available is for the container. */
  private boolean isLeftToContainer() {
    return failure != null
        && !(failure instanceof OverflowException)
        && (errors == ErrorDelivery.ALL
            || errors == ErrorDelivery.CLIENT_ERRORS && failure instanceof UnavailableException);
  }

  /** Sends an error, or a 304, which costs nothing. */
  private void sendAsMade(HeldResponse output) throws IOException {
    PaidResponseHeaders.NONE.addTo(output);
    if (output.isSentError()) {
      Objects.requireNonNull(paid).leaveToErrorPage();
    }
    boolean isLast = !endsInDispatch;
    response.send(target -> output.commitTo(target, isLast));
  }

  private Answer failed(HeldResponse output, String cost) {
    int status = output.getStatus();
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
        : Answer.notModified(output);
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
    Ending<IOException> sale = Objects.requireNonNull(ending);
    try {
      response.deliver(held(), false);
      if (endsInDispatch && LastWrite.isNoticed(request.servletRequest())) {
        LastWrite.afterDispatch(request.servletRequest(), response.servletResponse(), sale);
        return;
      }
      if (!response.isIncluded()) {
        LastWrite.send(response.servletResponse());
      }
    } catch (RuntimeException e) {
      if (response.isTooLate()) {
        throw e;
      }
      log.error("route {}: the response of a settled payment cannot be sent", route, e);
      response.send(
          Answer.paidError(
              headers, "delivery_failed", "the payment was settled; its response is lost"));
    }
    sale.arrived();
  }

  private HeldResponse held() {
    return Objects.requireNonNull(held, "the handler has not run");
  }
}
