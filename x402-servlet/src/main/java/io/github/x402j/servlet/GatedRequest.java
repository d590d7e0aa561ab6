// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One dispatch of a request through the filter, of any type.
 *
 * @param chain the rest of the way to the handler
 * @param open the dispatch whose handler runs already and has asked for a payment; null for one
 *     that is sold before its handler runs
 */
record GatedRequest(
    HttpServletRequest servletRequest,
    HttpServletResponse servletResponse,
    FilterChain chain,
    @Nullable OpenDispatch open) {

  static GatedRequest of(ServletRequest request, ServletResponse response, FilterChain chain) {
    return new GatedRequest(
        (HttpServletRequest) request, (HttpServletResponse) response, chain, null);
  }

  String method() {
    return servletRequest.getMethod();
  }

  /** Returns whether this includes a part of a page. */
  boolean isInclude() {
    return servletRequest.getDispatcherType() == DispatcherType.INCLUDE;
  }

  /** Returns whether the method is OPTIONS or TRACE, which would echo the payment. */
  boolean isNeverSold() {
    return method().equalsIgnoreCase("OPTIONS") || method().equalsIgnoreCase("TRACE");
  }

  /** Returns the payment that this dispatch is part of, empty if none was made. */
  Optional<PaidRequest> paid() {
    return PaidRequest.of(servletRequest);
  }

  /** Returns the page of this dispatch; for an original request it notes it for its includes. */
  GatedResponse.Page page() {
    return GatedResponse.page(servletRequest, servletResponse);
  }

  /**
   * Returns the response that answers of the filter go to.
   *
   * @throws ServletException if no answer could reach the client
   */
  GatedResponse response() throws ServletException {
    return GatedResponse.of(servletRequest, servletResponse, open);
  }

  /** Returns whether the container answers an error with this page. */
  boolean isErrorPage() {
    return servletRequest.getDispatcherType() == DispatcherType.ERROR;
  }

  /** Returns whether the handler runs for a payment; an error page is what follows it. */
  boolean isPartOfSale() {
    HeldRun run = HeldRun.of(servletRequest);
    return run != null && !run.isComplete() || paid().isPresent() && !isErrorPage();
  }

  /** Lets the handler run. A dispatch of a held handler goes on as part of its run. */
  void goOn() throws IOException, ServletException {
    HeldRun run = HeldRun.of(servletRequest);
    DispatcherType type = servletRequest.getDispatcherType();
    if (run == null || run.isComplete()) {
      goOnUnheld();
    } else if (type == DispatcherType.ASYNC) {
      rethrow(run.resume(servletRequest, servletResponse, chain));
    } else if (type == DispatcherType.INCLUDE) {
      run.include(() -> chain.doFilter(servletRequest, servletResponse));
    } else {
      if (type == DispatcherType.FORWARD) {
        run.forwarded();
      }
      chain.doFilter(servletRequest, servletResponse);
    }
  }

  private void goOnUnheld() throws IOException, ServletException {
    boolean returned = false;
    try {
      chain.doFilter(servletRequest, servletResponse);
      returned = true;
    } finally {
      if (!returned && servletRequest.getDispatcherType() == DispatcherType.ASYNC) {
        paid().ifPresent(PaidRequest::dispatchFailed); // Jetty may tell no listener
      }
    }
  }

  /** Throws what a held handler leaves to the container, if anything. */
  static void rethrow(@Nullable Throwable thrown) throws IOException, ServletException {
    if (thrown instanceof IOException io) {
      throw io;
    }
    if (thrown instanceof ServletException servlet) {
      throw servlet;
    }
    if (thrown instanceof RuntimeException runtime) {
      throw runtime;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown != null) {
      throw new ServletException(thrown);
    }
  }

  /** Answers in place of the resource, or in place of the whole paid response while it is held. */
  void refuse(Answer answer) throws IOException, ServletException {
    Optional<PaidRequest> paid = paid();
    if (paid.isEmpty() || !paid.get().isHeld()) {
      response().send(answer);
      return;
    }
    paid.get().refuseWith(answer);
    // Goes on to nothing: an asynchronous run has to be told that it is over.
    new GatedRequest(servletRequest, servletResponse, (req, res) -> {}, open).goOn();
  }

  /** Answers OPTIONS, TRACE, and a method that no rule of its path names. */
  void refuseMethod(Route route) throws IOException, ServletException {
    if (!method().equalsIgnoreCase("OPTIONS")) {
      refuse(Answer.error(405, "method_not_allowed", "not for a priced resource"));
    } else if (isPartOfSale()) {
      refuse(Answer.options(route));
    } else if (WebappOptions.answers(servletRequest)) {
      WebappOptions.answer(this);
    } else {
      refuse(Answer.options(route));
    }
  }
}
