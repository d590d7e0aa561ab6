// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * A gate that takes no payments: 402 where a rule matches, 400 where it is not certain that none
 * does.
 */
final class DecisionFilter implements Filter {
  private final PathRules rules;
  private final Routes paid;
  private final boolean guarded;
  final LongAdder refused = new LongAdder();
  final LongAdder priced = new LongAdder();
  final LongAdder free = new LongAdder();

  DecisionFilter(PathRules rules, String... paid) {
    this(rules, true, paid);
  }

  private DecisionFilter(PathRules rules, boolean guarded, String... paid) {
    this.rules = rules;
    this.guarded = guarded;
    this.paid =
        Routes.of(List.of(paid).stream().map(path -> Route.of(path).price("$0.01")).toList());
  }

  /** Returns what other filters do: it takes the dispatched path and asks no further. */
  static DecisionFilter withoutGuard(String... paid) {
    return new DecisionFilter(PathRules.strict(), false, paid);
  }

  @Override
  public void doFilter(ServletRequest req, ServletResponse resp, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest request = (HttpServletRequest) req;
    HttpServletResponse response = (HttpServletResponse) resp;
    CanonicalPath.Decision decision = CanonicalPath.of(request, rules);
    boolean isPaid = isPaid(decision.path());
    if (guarded && isInDoubt(decision, isPaid)) {
      refused.increment();
      answer(response, 400, "may be paid");
    } else if (isPaid) {
      priced.increment();
      answer(response, 402, "pay");
    } else {
      free.increment();
      chain.doFilter(req, resp);
    }
  }

  private boolean isInDoubt(CanonicalPath.Decision decision, boolean isPaid) {
    return decision.problem() == null && isPaid ? false : paid.mayBePriced(decision, "GET", rules);
  }

  private boolean isPaid(CanonicalPath path) {
    return path.withWelcomeFiles(rules).stream()
        .anyMatch(each -> paid.find(each, "GET").isPresent());
  }

  private static void answer(HttpServletResponse response, int status, String text)
      throws IOException {
    if (!response.isCommitted()) {
      response.setStatus(status);
    }
    try {
      response.getWriter().write(text);
    } catch (IllegalStateException streamInUse) {
      response.getOutputStream().print(text);
    }
  }
}
