// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.gate.AccessRequest;
import io.github.x402j.gate.Admission;
import io.github.x402j.servlet.hold.HeldLimits;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A request that an access hook has let in without a payment. It is an attribute of the servlet
 * request while the handler runs; a client cannot put an object of this class there.
 */
final class GrantedRequest {
  private static final String ATTRIBUTE = GrantedRequest.class.getName();

  private final Admission.Granted granted;

  private GrantedRequest(Admission.Granted granted) {
    this.granted = granted;
  }

  static Optional<GrantedRequest> of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof GrantedRequest known
        ? Optional.of(known)
        : Optional.empty();
  }

  /** Returns why it was let in. */
  String reason() {
    return granted.reason();
  }

  /** Returns whether a resource that its handler dispatches to costs no more than it would. */
  private boolean covers(List<PaymentRequirements> other) {
    return granted.required().accepts().stream()
        .anyMatch(
            spared -> other.stream().anyMatch(option -> PaidRequest.isCovered(option, spared)));
  }

  /**
   * Returns whether the request was let in, and a resource that costs this is part of what it gets.
   */
  static boolean covers(ServletRequest request, Supplier<List<PaymentRequirements>> other) {
    return of(request).filter(known -> known.covers(other.get())).isPresent();
  }

  /**
   * Runs the handler, which writes straight to the client. What it makes is not for shared caches:
   * the next client has no grant.
   *
   * @param path within the webapp, for what the handler asks for besides
   */
  static void run(
      GatedRequest request,
      GatedResponse response,
      String path,
      HeldLimits limits,
      Admission.Granted granted)
      throws IOException, ServletException {
    HttpServletRequest http = request.servletRequest();
    response.keepPrivate();
    PrivateResponse output =
        new PrivateResponse(request.servletResponse(), PaidResponseHeaders.NONE);
    http.setAttribute(ATTRIBUTE, new GrantedRequest(granted));
    OpenDispatch around = request.open();
    OpenDispatch open = around == null ? new OpenDispatch(request, path, null, limits) : around;
    open.pass(new Handlers(http, output), output, () -> end(http));
    if (around == null) {
      open.run(request.chain());
    }
  }

  /** A later dispatch of the request is decided on anew. */
  private static void end(HttpServletRequest http) {
    if (!http.isAsyncStarted()) {
      http.removeAttribute(ATTRIBUTE);
    }
  }

  /** What an access hook can know of the request. */
  static AccessRequest.Details details(HttpServletRequest http) {
    return new AccessRequest.Details() {
      @Override
      public Optional<Principal> principal() {
        return Optional.ofNullable(http.getUserPrincipal());
      }

      @Override
      public Optional<Object> attribute(String name) {
        return Optional.ofNullable(http.getAttribute(name));
      }

      @Override
      public Optional<String> remoteAddress() {
        return Optional.ofNullable(http.getRemoteAddr());
      }
    };
  }

  /** {@code startAsync()} keeps the response. */
  private static final class Handlers extends HttpServletRequestWrapper {
    private final HttpServletResponse output;

    Handlers(HttpServletRequest request, HttpServletResponse output) {
      super(request);
      this.output = output;
    }

    @Override
    public AsyncContext startAsync() {
      return startAsync(this, output);
    }
  }
}
