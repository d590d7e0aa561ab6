// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.Payments;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.servlet.HandlerInterceptor;

/** Decides on the price of the handler that Spring MVC has chosen, right before it runs. */
final class PaymentInterceptor implements HandlerInterceptor {
  private static final String DECIDED = PaymentInterceptor.class.getName() + ".decided";

  private final ObjectProvider<PricedHandlers> handlers;

  PaymentInterceptor(ObjectProvider<PricedHandlers> handlers) {
    this.handlers = handlers;
  }

  /**
   * Returns whether the handler may run. If not, the payment filter answers.
   *
   * @throws IllegalStateException if no payment filter has seen this dispatch
   */
  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    Optional<PricedHandlers.Priced> priced = handlers.getObject().of(handler);
    if (priced.isPresent() && isResult(request, priced.get())) {
      return true;
    }
    request.removeAttribute(DECIDED);
    if (priced.isEmpty()) {
      return true;
    }
    boolean isAdmitted =
        !priced.get().covers(request.getMethod()) || priced.get().handler().admit(request);
    if (isAdmitted) {
      request.setAttribute(DECIDED, priced.get());
    }
    return isAdmitted;
  }

  /**
   * Returns whether Spring MVC comes back with the asynchronous result of a handler that was
   * admitted. Its price may have risen since, but this is what was sold.
   */
  private static boolean isResult(HttpServletRequest request, PricedHandlers.Priced priced) {
    return request.getDispatcherType() == DispatcherType.ASYNC
        && hasAdmitted(request, priced)
        && (Payments.of(request).isPresent() || Payments.grantOf(request).isPresent());
  }

  /** Returns whether this handler may run, as decided last in this request. */
  static boolean hasAdmitted(HttpServletRequest request, PricedHandlers.Priced priced) {
    return request.getAttribute(DECIDED) == priced;
  }
}
