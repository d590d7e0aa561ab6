// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.FacilitatorMessages;
import io.github.x402j.PaymentCodec;
import io.github.x402j.gate.FacilitatorService;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A facilitator for other sellers (specification 7): {@code POST /verify}, {@code POST /settle},
 * {@code GET /supported}, and {@code GET /health}; with a catalog {@code GET /discovery/resources}
 * and {@code GET /discovery/search} (specification 8). Map it to {@code /*}, or to a prefix.
 *
 * <pre>{@code
 * FacilitatorServlet servlet =
 *     FacilitatorServlet.of(
 *         FacilitatorService.builder().ledger(InMemoryPaymentLedger.create())
 *             .facilitator(facilitator)
 *             .token(Usdc.BASE)
 *             .build());
 * }</pre>
 *
 * <p>It has no authentication: every client that reaches it can have payments settled at the cost
 * of its gas. Put authentication in front of it, or let only your sellers reach it.
 */
public final class FacilitatorServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  /** The longest time that a body may take to arrive. */
  private static final Duration LONGEST_READ = Duration.ofSeconds(10);

  private static final int TOO_LARGE = 413;

  private final transient FacilitatorService service;

  private FacilitatorServlet(FacilitatorService service) {
    this.service = service;
  }

  /** Returns the servlet in front of the service. */
  public static FacilitatorServlet of(FacilitatorService service) {
    return new FacilitatorServlet(service);
  }

  /** Checks the configuration against the chains. */
  @Override
  public void init() throws ServletException {
    service.start();
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String path = path(request);
    switch (path) {
      case "/verify", "/settle" -> post(request, response, path);
      case "/supported" -> get(request, response, path);
      case "/health" -> get(request, response, path);
      case "/discovery/resources", "/discovery/search" -> get(request, response, path);
      default ->
          error(
              response,
              404,
              "not_found",
              "expected /verify, /settle, /supported, /health or /discovery/...");
    }
  }

  /** For a servlet on a prefix or on everything this is what follows the prefix. */
  private static String path(HttpServletRequest request) {
    String info = request.getPathInfo();
    return info == null ? request.getServletPath() : info;
  }

  private void get(HttpServletRequest request, HttpServletResponse response, String path)
      throws IOException {
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      notAllowed(response, "GET, HEAD");
      return;
    }
    send(
        response,
        switch (path) {
          case "/health" -> service.health();
          case "/supported" -> service.supported();
          case "/discovery/resources" -> service.resources(parameters(request));
          default -> service.search(parameters(request));
        });
  }

  /** Of several values the first counts. */
  private static Map<String, String> parameters(HttpServletRequest request) {
    Map<String, String> parameters = new LinkedHashMap<>();
    request.getParameterMap().forEach((name, values) -> parameters.put(name, values[0]));
    return parameters;
  }

  private void post(HttpServletRequest request, HttpServletResponse response, String path)
      throws IOException {
    if (!request.getMethod().equals("POST")) {
      notAllowed(response, "POST");
      return;
    }
    Optional<String> body = body(request, response);
    if (body.isPresent()) {
      send(
          response,
          path.equals("/verify")
              ? service.verify(body.get())
              : service.settle(body.get(), request.getHeader(FacilitatorMessages.IDEMPOTENCY_KEY)));
    }
  }

  /** Returns the body, empty if the request was answered because of it. */
  private static Optional<String> body(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getContentLengthLong() > FacilitatorService.MAX_REQUEST_BYTES) {
      tooLarge(response);
      return Optional.empty();
    }
    long end = System.nanoTime() + LONGEST_READ.toNanos();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] part = new byte[8192];
    InputStream in = request.getInputStream();
    for (int read = in.read(part); read >= 0; read = in.read(part)) {
      body.write(part, 0, read);
      if (body.size() > FacilitatorService.MAX_REQUEST_BYTES) {
        tooLarge(response);
        return Optional.empty();
      }
      if (System.nanoTime() - end > 0) {
        error(
            response,
            HttpServletResponse.SC_REQUEST_TIMEOUT,
            "request_too_slow",
            "the body took longer than " + LONGEST_READ.toSeconds() + " s");
        return Optional.empty();
      }
    }
    return Optional.of(body.toString(UTF_8));
  }

  private static void send(HttpServletResponse response, FacilitatorService.Answer answer)
      throws IOException {
    if (answer.status() == HttpServletResponse.SC_SERVICE_UNAVAILABLE) {
      response.setHeader("Retry-After", "5");
    }
    answer.headers().forEach(response::setHeader);
    send(response, answer.status(), answer.json());
  }

  private static void notAllowed(HttpServletResponse response, String allowed) throws IOException {
    response.setHeader("Allow", allowed);
    error(
        response,
        HttpServletResponse.SC_METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "expected " + allowed);
  }

  private static void tooLarge(HttpServletResponse response) throws IOException {
    error(
        response,
        TOO_LARGE,
        "request_too_large",
        "expected at most " + FacilitatorService.MAX_REQUEST_BYTES + " bytes");
  }

  private static void error(HttpServletResponse response, int status, String code, String detail)
      throws IOException {
    response.setHeader("Connection", "close"); // the rest of the body is not read
    send(response, status, PaymentCodec.errorBody(code, detail));
  }

  private static void send(HttpServletResponse response, int status, String json)
      throws IOException {
    byte[] body = json.getBytes(UTF_8);
    response.setStatus(status);
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
