// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldResponse;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A dispatch that is free until its handler asks for a payment. Its request and response pass
 * everything through; from that moment on they lead to those of a sale, or, where nothing was sold,
 * to a response that is held and thrown away. All calls are made by the thread of the dispatch.
 */
final class OpenDispatch {
  private static final String ATTRIBUTE = OpenDispatch.class.getName();
  private static final String REFUSED = ATTRIBUTE + ".refused";

  /** What is left to do when the dispatch ends. */
  interface Return {
    /**
     * Ends the dispatch of a sale.
     *
     * @param failure what the handler threw, null if it returned
     * @return what goes on to the container, null if nothing does
     */
    @Nullable Throwable returned(@Nullable Throwable failure) throws IOException;
  }

  private final GatedRequest dispatch;
  private final String path;
  private final HeldLimits limits;
  private final Thread thread = Thread.currentThread();
  private final OpenRequest request;
  private final OpenResponse response;
  private PriceList.@Nullable PricedRoute rule;
  private @Nullable Return sale;
  private Runnable granted = () -> {};
  private boolean refused;

  /**
   * @param path within the webapp, decoded
   * @param rule the rule that lets the handler price its request, null where none does
   * @param limits of what is thrown away
   */
  OpenDispatch(
      GatedRequest dispatch, String path, PriceList.@Nullable PricedRoute rule, HeldLimits limits) {
    this.dispatch = dispatch;
    this.path = path;
    this.rule = rule;
    this.limits = limits;
    this.request = new OpenRequest(dispatch.servletRequest());
    this.response = new OpenResponse(dispatch.servletResponse());
  }

  /** Returns the innermost open dispatch that this thread is in. */
  static Optional<OpenDispatch> of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof OpenDispatch open
            && open.thread == Thread.currentThread()
        ? Optional.of(open)
        : Optional.empty();
  }

  /** Returns whether a handler of this request was refused its payment: nothing is sold to it. */
  static boolean isRefused(ServletRequest request) {
    return request.getAttribute(REFUSED) != null;
  }

  /** Runs the rest of the chain, and ends the sale that its handler has begun, if any. */
  void run(FilterChain chain) throws IOException, ServletException {
    HttpServletRequest outer = dispatch.servletRequest();
    Object around = outer.getAttribute(ATTRIBUTE);
    outer.setAttribute(ATTRIBUTE, this);
    Throwable failure = null;
    try {
      chain.doFilter(request, response);
    } catch (Throwable thrown) {
      if (sale == null) {
        throw thrown;
      }
      failure = thrown;
    } finally {
      outer.setAttribute(ATTRIBUTE, around);
      granted.run();
    }
    if (sale != null) {
      GatedRequest.rethrow(sale.returned(failure));
    }
  }

  /** Returns the path within the webapp, decoded. */
  String path() {
    return path;
  }

  /** Returns the rule by which its handler may price it, empty if there is none. */
  Optional<PriceList.PricedRoute> rule() {
    return Optional.ofNullable(rule);
  }

  /**
   * Returns the dispatch to sell something to.
   *
   * @throws IllegalStateException if it is too late: the handler has written, or gone asynchronous
   */
  GatedRequest toSell() {
    if (sale == null && (response.isUsed() || dispatch.servletRequest().isAsyncStarted())) {
      throw new IllegalStateException(
          "a payment was asked for after the handler had written or gone asynchronous: ask first");
    }
    return new GatedRequest(
        dispatch.servletRequest(), dispatch.servletResponse(), (req, res) -> {}, this);
  }

  /**
   * Leads the handler to the request and response of a sale from now on.
   *
   * @param end called when the dispatch ends
   */
  void lead(HttpServletRequest toRequest, HttpServletResponse toResponse, Return end) {
    if (sale != null) {
      throw new IllegalStateException("this dispatch is part of a sale already");
    }
    sale = end;
    request.setRequest(toRequest);
    response.setResponse(toResponse);
  }

  /**
   * Leads the handler to the request and response of a grant from now on. It may still ask for a
   * payment that the grant does not cover.
   *
   * @param end called when the dispatch ends
   */
  void pass(HttpServletRequest toRequest, HttpServletResponse toResponse, Runnable end) {
    granted = end;
    request.setRequest(toRequest);
    response.setResponse(toResponse);
  }

  /** Answers when the dispatch ends, in place of all that the handler makes until then. */
  void refuse(GatedResponse target, Answer answer) {
    refused = true;
    dispatch.servletRequest().setAttribute(REFUSED, true);
    boolean isBeforeHandler = !HandlerPrices.isAsking(dispatch.servletRequest());
    HeldRun run =
        HeldRun.begin(
            dispatch.servletRequest(),
            dispatch.servletResponse(),
            limits,
            end -> {
              if (isBeforeHandler) {
                keepForBrowsers(end.held(), end.response());
              }
              end.held().discard();
              target.in(end.response()).send(answer);
              return true;
            });
    lead(run.request(), run.response(), run::returned);
  }

  /**
   * Keeps what a framework tells browsers after a handler that has not run: without it a page of
   * another origin sees no answer.
   */
  private static void keepForBrowsers(HeldResponse held, HttpServletResponse response) {
    for (String name : held.getHeaderNames()) {
      if (PaidResponseHeaders.tellsWhatIsAllowed(name)) {
        Answer.setAll(response, name, List.copyOf(held.getHeaders(name)));
      }
    }
  }

  /** Returns whether the handler must not run: the filter answers. */
  boolean isRefused() {
    return refused;
  }

  /** Passes everything through until there is another request to pass it to. */
  private static final class OpenRequest extends HttpServletRequestWrapper {
    OpenRequest(HttpServletRequest request) {
      super(request);
    }
  }

  /** Passes everything through until there is another response, and notes whether it was used. */
  private static final class OpenResponse extends HttpServletResponseWrapper {
    private boolean used;

    OpenResponse(HttpServletResponse response) {
      super(response);
    }

    boolean isUsed() {
      return used || isCommitted();
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      used = true;
      return super.getOutputStream();
    }

    @Override
    public PrintWriter getWriter() throws IOException {
      used = true;
      return super.getWriter();
    }

    @Override
    public void sendError(int status, @Nullable String message) throws IOException {
      used = true;
      super.sendError(status, message);
    }

    @Override
    public void sendError(int status) throws IOException {
      used = true;
      super.sendError(status);
    }

    @Override
    public void sendRedirect(String location) throws IOException {
      used = true;
      super.sendRedirect(location);
    }
  }
}
