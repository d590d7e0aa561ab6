// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;
import org.springframework.web.servlet.HandlerAdapter;
import org.springframework.web.servlet.ModelAndView;

/**
 * Runs every priced handler, by the adapter that would have run it, and runs none that was not
 * decided on: one whose mapping lacks the interceptor, such as that of another application context.
 */
final class PaymentHandlerAdapter implements HandlerAdapter, Ordered {
  private final PricedHandlers handlers;
  private final ListableBeanFactory beans;
  private volatile @Nullable List<HandlerAdapter> others;

  PaymentHandlerAdapter(PricedHandlers handlers, ListableBeanFactory beans) {
    this.handlers = handlers;
    this.beans = beans;
  }

  /** In front of all others. */
  @Override
  public int getOrder() {
    return HIGHEST_PRECEDENCE;
  }

  @Override
  public boolean supports(Object handler) {
    return handlers.of(handler).isPresent();
  }

  @Override
  public @Nullable ModelAndView handle(
      HttpServletRequest request, HttpServletResponse response, Object handler) throws Exception {
    PricedHandlers.Priced priced = handlers.of(handler).orElseThrow();
    if (!PaymentInterceptor.hasAdmitted(request, priced)) {
      throw new IllegalStateException(
          priced.handler()
              + " is annotated with @RequiresPayment, and its handler mapping lacks the interceptor"
              + " that decides on it: declare the mapping in the application context of the webapp");
    }
    for (HandlerAdapter adapter : others()) {
      if (adapter.supports(handler)) {
        return adapter.handle(request, response, handler);
      }
    }
    throw new IllegalStateException("no handler adapter supports " + priced.handler());
  }

  /** Says that this is not known: a 304 would come before the payment. */
  @Override
  @SuppressWarnings("deprecation") // required in Spring 6, gone in Spring 7
  public long getLastModified(HttpServletRequest request, Object handler) {
    return -1;
  }

  private List<HandlerAdapter> others() {
    List<HandlerAdapter> known = others;
    if (known == null) {
      known =
          new ArrayList<>(
              BeanFactoryUtils.beansOfTypeIncludingAncestors(
                      beans, HandlerAdapter.class, true, false)
                  .values());
      known.remove(this);
      AnnotationAwareOrderComparator.sort(known);
      others = known;
    }
    return known;
  }
}
