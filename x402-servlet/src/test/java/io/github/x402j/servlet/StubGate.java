// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldResponse;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Runs handlers with their output held. The request header {@code X-Settles: yes} makes the
 * settlement succeed: the handler's response is delivered then; otherwise the answer is 402, and
 * 500 after a failure.
 */
final class StubGate implements Filter {
  private static final String DISPATCH_END = StubGate.class.getName() + ".end";

  final LongAdder completions = new LongAdder();
  volatile HeldLimits limits = HeldLimits.inMemory(HeldLimits.DEFAULT_MAX_BYTES);
  volatile long settlementMillis;
  volatile String lastThread = "";

  /** Has a permit for each original dispatch that has ended. */
  final Semaphore dispatched = new Semaphore(0);

  /** Returns what counts down when the original dispatch of the request has ended. */
  static CountDownLatch dispatchEnd(ServletRequest request) {
    return (CountDownLatch) request.getAttribute(DISPATCH_END);
  }

  @Override
  public void doFilter(ServletRequest req, ServletResponse resp, FilterChain chain)
      throws IOException, ServletException {
    if (req.getDispatcherType() != DispatcherType.REQUEST) {
      gate(req, resp, chain);
      return;
    }
    CountDownLatch end = new CountDownLatch(1);
    req.setAttribute(DISPATCH_END, end);
    try {
      gate(req, resp, chain);
    } finally {
      end.countDown();
      dispatched.release();
    }
  }

  private void gate(ServletRequest req, ServletResponse resp, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest request = (HttpServletRequest) req;
    HttpServletResponse response = (HttpServletResponse) resp;
    HeldRun running = HeldRun.of(request);
    boolean isDearer =
        request.getDispatcherType() == DispatcherType.FORWARD
            && request.getRequestURI().contains("/dearer-");
    if (running == null || isDearer) {
      response.setHeader("X-Outer", "kept");
      HeldRun.start(
          request,
          response,
          chain,
          limits,
          end -> {
            settle(end.request(), end.held(), end.failure(), end.response());
            return true;
          });
    } else if (request.getDispatcherType() == DispatcherType.ASYNC) {
      running.resume(request, response, chain);
    } else {
      chain.doFilter(req, resp);
    }
  }

  private void settle(
      HttpServletRequest request,
      HeldResponse held,
      @Nullable Throwable failure,
      HttpServletResponse real)
      throws IOException {
    completions.increment();
    lastThread = Thread.currentThread().getName();
    pause();
    if ("error".equals(request.getHeader("X-Settles"))) {
      throw new StackOverflowError("in the settlement");
    }
    if (failure != null) {
      held.discard();
      answer(real, 500, "failed");
    } else if ("yes".equals(request.getHeader("X-Settles"))) {
      held.replaceHeader("PAYMENT-RESPONSE", "ours");
      held.commitTo(real);
    } else {
      held.discard();
      answer(real, 402, "pay");
    }
  }

  private static void answer(HttpServletResponse real, int status, String text) throws IOException {
    real.setStatus(status);
    real.getOutputStream().write(text.getBytes(UTF_8));
  }

  /** Only time will do: it is compared with a timeout of the container. */
  private void pause() {
    try {
      Thread.sleep(settlementMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
