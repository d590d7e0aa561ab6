// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the filter's own words about a resource go. An included resource has no say over status and
 * headers, so there they go to the response of the page that includes it, and take the page's
 * place.
 */
final class Reply {
  /** Something that the filter itself answers. */
  interface Answer {
    void to(HttpServletResponse response) throws IOException;
  }

  private static final String PAGE = Reply.class.getName() + ".page";

  private final HttpServletResponse response;
  private final @Nullable Page page;

  private Reply(HttpServletResponse response, @Nullable Page page) {
    this.response = response;
    this.page = page;
  }

  /** Returns where answers for the current dispatch go. */
  static Reply to(HttpServletRequest request, HttpServletResponse response)
      throws ServletException {
    if (request.getDispatcherType() != DispatcherType.INCLUDE) {
      if (response.isCommitted()) { // a free page flushed, and dispatched to this
        throw new ServletException("x402: a priced resource cannot follow what is sent already");
      }
      return new Reply(response, null);
    }
    if (request.getAttribute(PAGE) instanceof Page page) {
      return new Reply(response, page);
    }
    throw new ServletException("x402: a priced resource is included around the filter");
  }

  /** Notes the response of an original request, for what it may include. */
  static Page page(HttpServletRequest request, HttpServletResponse response) {
    Page page = new Page(response);
    request.setAttribute(PAGE, page);
    return page;
  }

  /** Tells whether the page has got an answer of ours already: nothing more is sold to it. */
  boolean isAnswered() {
    return page != null && page.answered;
  }

  /** Tells whether somebody went around the filter: a whole response cannot be delivered then. */
  boolean isTooLate() {
    return page == null && response.isCommitted();
  }

  /** Tells whether it is about a part of a page, which has no status of its own to show. */
  boolean isIncluded() {
    return page != null;
  }

  void send(Answer answer) throws IOException {
    if (page == null) {
      answer.to(response);
    } else {
      page.replaceWith(answer);
    }
  }

  /** Tells the payer that it is paid; what was held goes out with {@link #deliver}. */
  void addPaid(BufferedResponse captured, Map<String, String> receipt) {
    if (page == null) {
      Answers.addPaid(captured, receipt);
    } else {
      page.addPaid(receipt);
    }
  }

  /** Sends what was held. */
  void deliver(BufferedResponse captured) throws IOException {
    captured.commitTo(response);
  }

  /**
   * The response of an original request. Undertow's takes no status while something is included.
   */
  static final class Page {
    private final HttpServletResponse response;
    private boolean answered;
    private @Nullable Answer pending;
    private Map<String, String> receipt = Map.of();

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
    private void addPaid(Map<String, String> headers) {
      receipt = headers;
      Answers.addPaid(response, headers);
    }

    /** Sends what could not be sent from within the include; call it when the page is done. */
    void finish(HttpServletRequest request) throws IOException {
      if (response.isCommitted() || request.isAsyncStarted()) {
        return;
      }
      if (pending != null) {
        response.reset();
        pending.to(response);
      } else if (!receipt.keySet().stream().allMatch(response::containsHeader)) {
        Answers.addPaid(response, receipt); // Undertow takes no headers within an include
      } else if (!receipt.isEmpty()) {
        Answers.keepPrivate(response, receipt); // whatever the page has said since
      }
    }
  }
}
