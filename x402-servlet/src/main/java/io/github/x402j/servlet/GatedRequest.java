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

/**
 * One dispatch of a request through the filter, of any type: how it goes on, and how it is refused.
 *
 * @param chain the rest of the way to the handler
 */
record GatedRequest(
    HttpServletRequest servletRequest, HttpServletResponse servletResponse, FilterChain chain) {

  static GatedRequest of(ServletRequest request, ServletResponse response, FilterChain chain) {
    return new GatedRequest((HttpServletRequest) request, (HttpServletResponse) response, chain);
  }

  String method() {
    return servletRequest.getMethod();
  }

  /** Returns whether this is a part of a page. */
  boolean isInclude() {
    return servletRequest.getDispatcherType() == DispatcherType.INCLUDE;
  }

  /** Returns whether the method asks about a priced resource, or would echo its payment. */
  boolean isNeverSold() {
    return method().equalsIgnoreCase("OPTIONS") || method().equalsIgnoreCase("TRACE");
  }

  /** Returns the payment that this dispatch is part of, empty if none was made. */
  Optional<PaidRequest> paid() {
    return PaidRequest.of(servletRequest);
  }

  /** Returns the page that this dispatch makes or is part of, as far as the filter knows it. */
  GatedResponse.Page page() {
    return GatedResponse.page(servletRequest, servletResponse);
  }

  /**
   * Returns the response that answers of the filter go to.
   *
   * @throws ServletException if no answer could reach the client
   */
  GatedResponse response() throws ServletException {
    return GatedResponse.of(servletRequest, servletResponse);
  }

  /** Lets the handler run; where its output is held, as a part of that run. */
  void goOn() throws IOException, ServletException {
    HeldRun run = HeldRun.of(servletRequest);
    if (run != null
        && servletRequest.getDispatcherType() == DispatcherType.ASYNC
        && !run.isComplete()) {
      run.resume(servletRequest, servletResponse, chain);
    } else {
      chain.doFilter(servletRequest, servletResponse);
    }
  }

  /** Answers in place of the resource; while a paid response is held, in place of all of it. */
  void refuse(Answer answer) throws IOException, ServletException {
    Optional<PaidRequest> paid = paid();
    if (paid.isEmpty() || !paid.get().isHeld()) {
      response().send(answer);
      return;
    }
    paid.get().refuseWith(answer);
    // Goes on to nothing: an asynchronous run has to be told that it is over.
    new GatedRequest(servletRequest, servletResponse, (req, res) -> {}).goOn();
  }

  /** Answers what is not sold: OPTIONS, TRACE, and a method that no rule of its path names. */
  void refuseMethod(Route route) throws IOException, ServletException {
    refuse(
        method().equalsIgnoreCase("OPTIONS")
            ? Answer.options(route)
            : Answer.error(405, "method_not_allowed", "not for a priced resource"));
  }
}
