// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.PaymentHeader;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Refusal;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/** Writes what the filter itself says, and the headers that it adds to what others say. */
final class Answers {
  private static final String CACHE_CONTROL = "Cache-Control";
  private static final String EXPOSE_HEADERS = "Access-Control-Expose-Headers";
  private static final String EXPOSED =
      String.join(
          ", ",
          PaymentHeader.PAYMENT_REQUIRED,
          PaymentHeader.PAYMENT_RESPONSE,
          PaymentHeader.X_PAYMENT_RESPONSE,
          PaymentHeader.X_PAYMENT_REQUIRED,
          PaymentHeader.X_PAYMENT_RECEIPT,
          PaymentHeader.X_PAYMENT_RECEIPT_REMAINING,
          PassTerms.COVERS);
  private static final String VARY =
      String.join(
          ", ",
          PaymentHeader.PAYMENT_SIGNATURE,
          PaymentHeader.X_PAYMENT,
          PaymentHeader.X_PAYMENT_RECEIPT);

  private Answers() {}

  /** Sends a refusal of the gate. */
  static void refuse(HttpServletResponse response, Refusal refusal) throws IOException {
    start(response, refusal.status());
    refusal.headers().forEach(response::setHeader);
    response.addHeader(EXPOSE_HEADERS, EXPOSED);
    response.addHeader("Vary", VARY);
    sendJson(response, refusal.body());
  }

  /** Sends an answer that was bought before once more. */
  static void again(HttpServletResponse response, StoredAnswer answer) throws IOException {
    start(response, answer.status());
    answer
        .headers()
        .forEach(
            (name, values) -> {
              response.setHeader(name, values.get(0));
              values.stream().skip(1).forEach(value -> response.addHeader(name, value));
            });
    byte[] body = answer.body();
    response.setContentLength(body.length);
    try {
      response.getOutputStream().write(body);
    } catch (IllegalStateException writerInUse) { // a free page wrote, and then forwarded
      response.getWriter().write(new String(body, response.getCharacterEncoding()));
    }
    response.flushBuffer();
  }

  /** Sends an error of the filter's own: a fixed code and a fixed text, both safe in JSON. */
  static void error(HttpServletResponse response, int status, String code, String detail)
      throws IOException {
    start(response, status);
    response.setHeader(CACHE_CONTROL, "no-store");
    sendJson(response, "{\"error\":\"" + code + "\",\"detail\":\"" + detail + "\"}");
  }

  /** Tells the payer of a settled payment that the response to it cannot be sent. */
  static void undeliverable(HttpServletResponse response, Map<String, String> receipt)
      throws IOException {
    response.reset();
    receipt.forEach(response::setHeader);
    response.addHeader(EXPOSE_HEADERS, EXPOSED);
    error(response, 500, "delivery_failed", "the payment was settled; its response is lost");
  }

  /** Says what the handler of a paid resource said, and nothing else of it. */
  static void notModified(HttpServletResponse response) throws IOException {
    start(response, HttpServletResponse.SC_NOT_MODIFIED);
    response.flushBuffer();
  }

  /** Answers OPTIONS for a paid resource without its handler. */
  static void options(HttpServletResponse response, Route route) throws IOException {
    start(response, HttpServletResponse.SC_NO_CONTENT);
    if (!route.methods().isEmpty()) {
      List<String> allowed = new ArrayList<>(route.methods());
      if (allowed.contains("GET")) {
        allowed.add("HEAD");
      }
      allowed.add("OPTIONS");
      response.setHeader("Allow", String.join(", ", allowed));
    }
    response.flushBuffer();
  }

  /** Adds to the response of a handler that was paid for what tells its payer so. */
  static void addPaid(BufferedResponse captured, Map<String, String> receipt) {
    receipt.forEach(captured::replaceHeader);
    captured.replaceHeader(CACHE_CONTROL, cacheable(captured.getHeaders(CACHE_CONTROL), receipt));
    captured.appendHeader("Vary", VARY);
    captured.appendHeader(EXPOSE_HEADERS, EXPOSED);
  }

  /** The same for a response that is not held. */
  static void addPaid(HttpServletResponse response, Map<String, String> receipt) {
    receipt.forEach(response::setHeader);
    keepPrivate(response, receipt);
    response.addHeader("Vary", VARY);
    response.addHeader(EXPOSE_HEADERS, EXPOSED);
  }

  /** Tells shared caches to keep nothing of a response that was paid for. */
  static void keepPrivate(HttpServletResponse response, Map<String, String> receipt) {
    response.setHeader(CACHE_CONTROL, cacheable(response.getHeaders(CACHE_CONTROL), receipt));
  }

  /** A receipt is as good as the money: no cache is to keep one, not even its owner's. */
  static String cacheable(Iterable<String> said, Map<String, String> receipt) {
    String kept = notShared(said);
    return receipt.containsKey(PaymentHeader.X_PAYMENT_RECEIPT) && !kept.contains("no-store")
        ? kept + ", no-store"
        : kept;
  }

  /** Adds what stands in one of the headers that others may set, too, after they have set it. */
  static void keepShared(String name, BiConsumer<String, String> add) {
    if (name.equalsIgnoreCase("Vary")) {
      add.accept(name, VARY);
    } else if (name.equalsIgnoreCase(EXPOSE_HEADERS)) {
      add.accept(name, EXPOSED);
    }
  }

  /** Keeps what the handler says about caching, but for shared caches: those get nothing paid. */
  private static String notShared(Iterable<String> headers) {
    List<String> kept = new ArrayList<>();
    boolean strict = false;
    for (String header : headers) {
      for (String directive : header.split(",")) {
        String name = directive.trim().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals("public") || name.startsWith("s-maxage")) {
          continue;
        }
        strict |= name.equals("private") || name.equals("no-store");
        kept.add(directive.trim());
      }
    }
    if (!strict) {
      kept.add(0, "private");
    }
    return String.join(", ", kept);
  }

  private static void start(HttpServletResponse response, int status) {
    response.resetBuffer();
    response.setStatus(status);
  }

  private static void sendJson(HttpServletResponse response, String json) throws IOException {
    byte[] body = json.getBytes(UTF_8);
    response.setContentType("application/json");
    response.setCharacterEncoding("UTF-8");
    response.setContentLength(body.length);
    try {
      response.getOutputStream().write(body);
    } catch (IllegalStateException writerInUse) { // a free page wrote, and then forwarded
      response.getWriter().write(json);
    }
    response.flushBuffer();
  }
}
