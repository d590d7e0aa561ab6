// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Refusal;
import io.github.x402j.servlet.hold.HeldResponse;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The response that the filter's own answers go to. An included resource cannot set status and
 * headers, so its answer goes to the response of the including page, and replaces the page.
 */
final class GatedResponse {
  private static final String PAGE = GatedResponse.class.getName() + ".page";

  private final HttpServletResponse response;
  private final @Nullable Page page;
  private final @Nullable OpenDispatch open;
  private final @Nullable GatedRequest asking;

  private GatedResponse(
      HttpServletResponse response,
      @Nullable Page page,
      @Nullable OpenDispatch open,
      @Nullable GatedRequest asking) {
    this.response = response;
    this.page = page;
    this.open = open;
    this.asking = asking;
  }

  /** Returns the response for this dispatch; see {@link GatedRequest#response}. */
  static GatedResponse of(
      HttpServletRequest request, HttpServletResponse response, @Nullable OpenDispatch open)
      throws ServletException {
    if (request.getDispatcherType() != DispatcherType.INCLUDE) {
      if (response.isCommitted()) { // a free page flushed, and dispatched to this
        throw new ServletException("x402: a priced resource cannot follow what is sent already");
      }
      return new GatedResponse(response, null, open, null);
    }
    if (request.getAttribute(PAGE) instanceof Page page) {
      return new GatedResponse(response, page, open, null);
    }
    throw new ServletException("x402: a priced resource is included around the filter");
  }

  /**
   * Returns this for the end of the handler, perhaps in another dispatch of the same request. An
   * include stays with its page.
   */
  GatedResponse in(HttpServletResponse later) {
    return new GatedResponse(page == null ? later : response, page, null, null);
  }

  /**
   * Returns this so that a client gets an answer that is sent before a handler runs: one that
   * uploads, see {@link UnreadBody}, and a page of another origin, see {@link
   * WebappOptions#addOrigin}.
   */
  GatedResponse readableFor(GatedRequest request) {
    return new GatedResponse(response, page, open, request);
  }

  /** Returns the response that the handler's output goes to. */
  HttpServletResponse servletResponse() {
    return response;
  }

  /** Notes the response of an original request, for what it may include. */
  static Page page(HttpServletRequest request, HttpServletResponse response) {
    Page page = new Page(response);
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      request.setAttribute(PAGE, page);
    }
    return page;
  }

  /** Returns whether the filter has answered the page already: then nothing more is sold to it. */
  boolean isAnswered() {
    return page != null && page.answered;
  }

  /** Returns whether a handler has sent a response around the filter. */
  boolean isTooLate() {
    return page == null && response.isCommitted();
  }

  /** Returns whether it is for an include, which has no status of its own. */
  boolean isIncluded() {
    return page != null;
  }

  /** Answers now, or, while the handler runs, when it returns. */
  void send(Answer answer) throws IOException {
    if (asking != null) {
      UnreadBody.skip(asking.servletRequest());
    }
    if (open != null) {
      open.refuse(this, answer);
    } else if (page == null) {
      if (asking != null) {
        WebappOptions.addOrigin(asking);
      }
      answer.to(response);
    } else {
      page.replaceWith(answer);
    }
  }

  /** Adds the headers of the payment; call it before {@link #deliver}. */
  void addPaid(HeldResponse held, PaidResponseHeaders headers) {
    if (page == null) {
      headers.addTo(held);
    } else {
      page.addPaid(headers);
    }
  }

  /** Keeps what a granted handler is about to write from shared caches. */
  void keepPrivate() {
    if (page == null) {
      PaidResponseHeaders.NONE.addTo(response);
    } else {
      page.keepPrivate();
    }
  }

  /**
   * Sends what was held.
   *
   * @param isLast whether the container is done with the response then
   */
  void deliver(HeldResponse held, boolean isLast) throws IOException {
    held.commitTo(response, isLast);
  }

  /**
   * The response of an original request. Undertow's takes no status while something is included.
   */
  static final class Page {
    private final HttpServletResponse response;
    private boolean answered;
    private boolean isPrivate;
    private @Nullable Answer pending;
    private PaidResponseHeaders paid = PaidResponseHeaders.NONE;

    private Page(HttpServletResponse response) {
      this.response = response;
    }

    private void replaceWith(Answer answer) throws IOException {
      if (answered) {
        return;
      }
      if (response.isCommitted()) {
        throw new IOException("x402: a priced resource cannot be included in what is sent already");
      }
      answered = true;
      response.reset();
      response.setStatus(HttpServletResponse.SC_PAYMENT_REQUIRED);
      if (response.getStatus() == HttpServletResponse.SC_PAYMENT_REQUIRED) {
        answer.to(response);
      } else {
        pending = answer;
      }
    }

    /** Sets the headers now, where the container takes them, as the page may become long. */
    private void addPaid(PaidResponseHeaders headers) {
      paid = headers;
      headers.addTo(response);
    }

    private void keepPrivate() {
      isPrivate = true;
      PaidResponseHeaders.NONE.addTo(response);
    }

    /** Sends what could not be sent from within the include; call it when the page is done. */
    void finish(HttpServletRequest request) throws IOException {
      if (response.isCommitted() || request.isAsyncStarted()) {
        return;
      }
      if (pending != null) {
        response.reset();
        pending.to(response);
      } else if (!paid.areOn(response)) {
        paid.addTo(response); // Undertow takes no headers within an include
      } else if (isPrivate || !paid.isEmpty()) {
        paid.keepPrivate(response); // whatever the page has said since
      }
    }
  }

  /** Something that the filter itself answers. */
  interface Answer {
    /** The type of the bodies of this protocol. */
    String JSON = "application/json;charset=UTF-8";

    /** RFC 9110, 15.4.5. */
    List<String> NOT_MODIFIED_HEADERS =
        List.of("Cache-Control", "Content-Location", "ETag", "Expires", "Vary");

    void to(HttpServletResponse response) throws IOException;

    /** Returns a refusal of the gate. */
    static Answer refusal(Refusal refusal) {
      return response -> {
        start(response, refusal.status());
        Map<String, String> headers = new LinkedHashMap<>(refusal.headers());
        String type = headers.remove("Content-Type");
        String challenges = headers.remove(PaymentHeader.WWW_AUTHENTICATE);
        headers.forEach(response::setHeader);
        if (challenges != null) { // beside those of the webapp
          response.addHeader(PaymentHeader.WWW_AUTHENTICATE, challenges);
        }
        PaidResponseHeaders.addShared(response, refusal);
        sendJson(response, type == null ? JSON : type, refusal.body());
      };
    }

    /** Returns an answer that was bought before. */
    static Answer again(StoredAnswer answer) {
      return response -> {
        start(response, answer.status());
        answer.headers().forEach((name, values) -> setAll(response, name, values));
        byte[] body = answer.body();
        send(response, body, null);
      };
    }

    /** Returns an error of the filter's own: a fixed code and a fixed text. */
    static Answer error(int status, String code, String detail) {
      return response -> {
        start(response, status);
        response.setHeader("Cache-Control", "no-store");
        sendJson(response, JSON, PaymentCodec.errorBody(code, detail));
      };
    }

    /** Returns the error for the payer of a settled payment whose response is not sent. */
    static Answer paidError(PaidResponseHeaders paid, String code, String detail) {
      return response -> {
        response.reset();
        paid.addReceiptTo(response);
        error(500, code, detail).to(response);
      };
    }

    /** Returns the 304 of a paid handler, with those of its headers that a 304 is for. */
    static Answer notModified(HeldResponse held) {
      Map<String, List<String>> kept = new LinkedHashMap<>();
      NOT_MODIFIED_HEADERS.forEach(name -> kept.put(name, List.copyOf(held.getHeaders(name))));
      return response -> {
        start(response, HttpServletResponse.SC_NOT_MODIFIED);
        kept.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
      };
    }

    /** Returns what the webapp answered to OPTIONS for a paid resource: what is allowed. */
    static Answer options(HeldResponse held) {
      int status = held.getStatus();
      Map<String, List<String>> kept = new LinkedHashMap<>();
      for (String name : held.getHeaderNames()) {
        if (PaidResponseHeaders.tellsWhatIsAllowed(name)) {
          kept.put(name, List.copyOf(held.getHeaders(name)));
        }
      }
      return response -> {
        start(response, status);
        kept.forEach((name, values) -> setAll(response, name, values));
        if (status != HttpServletResponse.SC_NO_CONTENT) {
          response.setContentLength(0);
        }
        response.flushBuffer();
      };
    }

    static void setAll(HttpServletResponse response, String name, List<String> values) {
      response.setHeader(name, values.get(0));
      values.stream().skip(1).forEach(value -> response.addHeader(name, value));
    }

    /** Returns the answer to OPTIONS for a paid resource, without its handler. */
    static Answer options(Route route) {
      return response -> {
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
      };
    }

    private static void start(HttpServletResponse response, int status) {
      response.resetBuffer();
      response.setStatus(status);
      PaidResponseHeaders.keepFromSharedCaches(response);
    }

    private static void sendJson(HttpServletResponse response, String type, String json)
        throws IOException {
      response.setContentType(type);
      send(response, json.getBytes(UTF_8), json);
    }

    /**
     * @param text what the body says, null to read it in the charset of the response
     */
    private static void send(HttpServletResponse response, byte[] body, @Nullable String text)
        throws IOException {
      response.setContentLength(body.length);
      try {
        response.getOutputStream().write(body);
      } catch (IllegalStateException writerInUse) { // a free page wrote, and then forwarded
        response
            .getWriter()
            .write(text != null ? text : new String(body, response.getCharacterEncoding()));
      }
      response.flushBuffer();
    }
  }
}
