// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The response that a container is given for the asynchronous dispatches of a held run. The filters
 * in front of the run find in it what they had put around the response before: it unwraps to that.
 *
 * <p>Until a dispatch has come back to the run, nothing that is sent here goes out. Headers are
 * kept until then, as filters in front set them; everything else fails. So the handler of a
 * dispatch that is led around the run cannot send what is not paid for.
 */
final class ContainerResponse extends HttpServletResponseWrapper {
  private @Nullable List<Consumer<HttpServletResponse>> kept = new ArrayList<>();

  ContainerResponse(HttpServletResponse real) {
    super(real);
  }

  /** Returns whether a filter in front of the run has wrapped the response. */
  static boolean isWrapped(ServletResponse response) {
    ServletResponse inner = response;
    while (inner instanceof ContainerResponse ours) {
      inner = ours.getResponse();
    }
    return inner instanceof ServletResponseWrapper;
  }

  /** Lets everything through from here on, first what was kept. */
  void open() {
    List<Consumer<HttpServletResponse>> changes;
    synchronized (this) {
      changes = kept == null ? List.of() : kept;
      kept = null;
    }
    changes.forEach(change -> change.accept(real()));
  }

  private HttpServletResponse real() {
    return (HttpServletResponse) getResponse();
  }

  private void change(Consumer<HttpServletResponse> change) {
    synchronized (this) {
      if (kept != null) {
        kept.add(change);
        return;
      }
    }
    change.accept(real());
  }

  private HttpServletResponse opened() {
    synchronized (this) {
      if (kept != null) {
        throw new IllegalStateException(
            "a dispatch of a paid handler has gone around the payment filter: map it to ASYNC, too");
      }
    }
    return real();
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    return opened().getOutputStream();
  }

  @Override
  public PrintWriter getWriter() throws IOException {
    return opened().getWriter();
  }

  @Override
  public void sendError(int sc) throws IOException {
    opened().sendError(sc);
  }

  @Override
  public void sendError(int sc, String message) throws IOException {
    opened().sendError(sc, message);
  }

  @Override
  public void sendRedirect(String location) throws IOException {
    opened().sendRedirect(location);
  }

  @Override
  public void flushBuffer() throws IOException {
    opened().flushBuffer();
  }

  @Override
  public void reset() {
    opened().reset();
  }

  @Override
  public void resetBuffer() {
    opened().resetBuffer();
  }

  @Override
  public void setStatus(int sc) {
    change(real -> real.setStatus(sc));
  }

  @Override
  public void addCookie(Cookie cookie) {
    change(real -> real.addCookie(cookie));
  }

  @Override
  public void setHeader(String name, String value) {
    change(real -> real.setHeader(name, value));
  }

  @Override
  public void addHeader(String name, String value) {
    change(real -> real.addHeader(name, value));
  }

  @Override
  public void setIntHeader(String name, int value) {
    change(real -> real.setIntHeader(name, value));
  }

  @Override
  public void addIntHeader(String name, int value) {
    change(real -> real.addIntHeader(name, value));
  }

  @Override
  public void setDateHeader(String name, long date) {
    change(real -> real.setDateHeader(name, date));
  }

  @Override
  public void addDateHeader(String name, long date) {
    change(real -> real.addDateHeader(name, date));
  }

  @Override
  public void setContentType(String type) {
    change(real -> real.setContentType(type));
  }

  @Override
  public void setCharacterEncoding(String charset) {
    change(real -> real.setCharacterEncoding(charset));
  }

  @Override
  public void setContentLength(int length) {
    change(real -> real.setContentLength(length));
  }

  @Override
  public void setContentLengthLong(long length) {
    change(real -> real.setContentLengthLong(length));
  }

  @Override
  public void setLocale(Locale locale) {
    change(real -> real.setLocale(locale));
  }
}
