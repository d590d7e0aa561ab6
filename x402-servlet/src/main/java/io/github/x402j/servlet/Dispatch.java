// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

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
 * One dispatch of a request through the filter, of whatever type: what it can be answered with, and
 * how it goes on.
 *
 * @param chain the rest of the way to the handler
 */
record Dispatch(HttpServletRequest request, HttpServletResponse response, FilterChain chain) {

  static Dispatch of(ServletRequest request, ServletResponse response, FilterChain chain) {
    return new Dispatch((HttpServletRequest) request, (HttpServletResponse) response, chain);
  }

  /** Tells whether this is how the request came in, and not a dispatch within the webapp. */
  boolean isOriginal() {
    return request.getDispatcherType() == DispatcherType.REQUEST;
  }

  /** Tells whether this is a part of a page. */
  boolean isInclude() {
    return request.getDispatcherType() == DispatcherType.INCLUDE;
  }

  /** Tells whether the method asks about a priced resource, or would echo its payment. */
  boolean isNeverSold() {
    String method = request.getMethod();
    return method.equalsIgnoreCase("OPTIONS") || method.equalsIgnoreCase("TRACE");
  }

  /** Returns the exchange that this is part of, if one has been paid for. */
  Optional<PaidExchange> paid() {
    return PaidExchange.of(request);
  }

  /** Lets the handler run; where its output is held, as a part of that run. */
  void goOn() throws IOException, ServletException {
    Capture capture = Capture.of(request);
    if (capture != null
        && request.getDispatcherType() == DispatcherType.ASYNC
        && !capture.isComplete()) {
      capture.resume(request, response, chain);
    } else {
      chain.doFilter(request, response);
    }
  }

  /**
   * Answers in place of the resource; where a paid exchange is under way, in place of all of it.
   */
  void refuse(Reply.Answer answer) throws IOException, ServletException {
    Optional<PaidExchange> paid = paid();
    if (paid.isEmpty() || !paid.get().isHeld()) {
      Reply.to(request, response).send(answer);
      return;
    }
    paid.get().refuseWith(answer);
    // Goes on to nothing: an asynchronous run has to be told that it is over.
    new Dispatch(request, response, (req, res) -> {}).goOn();
  }

  /** Answers what is not sold: OPTIONS, TRACE, and what no rule knows where rules name methods. */
  void refuseMethod(Route route) throws IOException, ServletException {
    if (request.getMethod().equalsIgnoreCase("OPTIONS")) {
      refuse(to -> Answers.options(to, route));
    } else {
      refuse(to -> Answers.error(to, 405, "method_not_allowed", "not for a priced resource"));
    }
  }
}
