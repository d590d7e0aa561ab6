// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Runs handlers captured. The request header {@code X-Settles: yes} makes the settlement succeed:
 * the handler's response is delivered then; otherwise the answer is 402, and 500 after a failure.
 */
final class StubGate implements Filter {
  final LongAdder completions = new LongAdder();
  volatile CaptureLimits limits = CaptureLimits.defaults();
  volatile long settlementMillis;
  volatile String lastThread = "";

  @Override
  public void doFilter(ServletRequest req, ServletResponse resp, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest request = (HttpServletRequest) req;
    HttpServletResponse response = (HttpServletResponse) resp;
    Capture running = Capture.of(request);
    boolean isDearer =
        request.getDispatcherType() == DispatcherType.FORWARD
            && request.getRequestURI().contains("/dearer-");
    if (running == null || isDearer) {
      response.setHeader("X-Outer", "kept");
      Capture.run(
          request,
          response,
          chain,
          limits,
          (original, captured, failure) -> settle(original, captured, failure, response));
    } else if (request.getDispatcherType() == DispatcherType.ASYNC) {
      running.resume(req, resp, chain);
    } else {
      chain.doFilter(req, resp);
    }
  }

  private void settle(
      HttpServletRequest request,
      BufferedResponse captured,
      @Nullable Throwable failure,
      HttpServletResponse real)
      throws IOException {
    completions.increment();
    lastThread = Thread.currentThread().getName();
    pause();
    if (failure != null) {
      captured.discard();
      answer(real, 500, "failed");
    } else if ("yes".equals(request.getHeader("X-Settles"))) {
      captured.replaceHeader("PAYMENT-RESPONSE", "ours");
      captured.commitTo(real);
    } else {
      captured.discard();
      answer(real, 402, "pay");
    }
  }

  private static void answer(HttpServletResponse real, int status, String text) throws IOException {
    real.setStatus(status);
    real.getOutputStream().write(text.getBytes(UTF_8));
  }

  private void pause() {
    try {
      Thread.sleep(settlementMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
