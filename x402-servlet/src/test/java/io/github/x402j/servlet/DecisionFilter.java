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
 * A gate that takes no payments: 402 where a pattern matches, 400 where the path is not canonical.
 */
final class DecisionFilter implements Filter {
  private final PathRules rules;
  private final List<PathPattern> paid;
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
    this.paid = List.of(paid).stream().map(PathPattern::parse).toList();
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
    CanonicalPath.Decision decision =
        guarded ? CanonicalPath.of(request, rules) : unguarded(request);
    if (decision instanceof CanonicalPath.Refused r) {
      refused.increment();
      answer(response, 400, r.reason());
      return;
    }
    CanonicalPath.Canonical canonical = (CanonicalPath.Canonical) decision;
    if (isPaid(canonical.path())) {
      priced.increment();
      answer(response, 402, "pay");
    } else if (canonical.readings().stream().anyMatch(this::isPaid)) {
      refused.increment();
      answer(response, 400, "a reading is paid");
    } else {
      free.increment();
      chain.doFilter(req, resp);
    }
  }

  private boolean isPaid(CanonicalPath path) {
    return path.withWelcomeFiles(rules).stream()
        .anyMatch(each -> paid.stream().anyMatch(pattern -> pattern.matches(each)));
  }

  private static CanonicalPath.Decision unguarded(HttpServletRequest request) {
    String path =
        request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo());
    try {
      return new CanonicalPath.Canonical(CanonicalPath.parse(path), List.of());
    } catch (IllegalArgumentException notCanonical) {
      return new CanonicalPath.Canonical(CanonicalPath.parse("/no-rule"), List.of());
    }
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
