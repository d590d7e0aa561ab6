// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A response that goes nowhere: it takes everything that a handler can send, and answers as a
 * container's response would. The calls here are about the output, and most of them fail once it is
 * committed.
 *
 * <p>It is not a wrapper. A handler that unwraps {@link BufferedResponse} arrives here, and its
 * output is held all the same. The real response is asked for URL encoding only.
 */
final class HeldResponse extends HeldHeadResponse {
  private final HttpServletResponse real;
  private final HeldTrailers trailers;
  private final HeldOutput output;
  private int bufferSize;
  private boolean errorSent;
  private @Nullable String errorMessage;

  HeldResponse(
      HttpServletResponse real,
      boolean allowsTrailers,
      CaptureLimits limits,
      Consumer<WriteListener> writeListeners) {
    super(new HeldHead(real), limits.maxHeaderBytes());
    this.real = real;
    this.trailers = new HeldTrailers(allowsTrailers);
    this.output = new HeldOutput(limits, writeListeners);
    this.bufferSize = real.getBufferSize();
  }

  // ---- what the filter does when the handler is done

  HeldTrailers trailers() {
    return trailers;
  }

  HeldOutput output() {
    return output;
  }

  synchronized boolean isErrorSent() {
    return errorSent;
  }

  synchronized @Nullable String errorMessage() {
    return errorMessage;
  }

  /**
   * @param followsPage whether another resource may have written before: the length is not known
   */
  synchronized void writeTo(HttpServletResponse target, boolean isHead, boolean followsPage)
      throws IOException {
    head().writeTo(target);
    if (head().status() == SC_NO_CONTENT || head().status() == SC_NOT_MODIFIED) {
      return;
    }
    if (head().status() == SC_RESET_CONTENT) { // RFC 9110, 15.3.6: without content
      target.setContentLength(0);
      return;
    }
    if (!trailers.writeTo(target) && !followsPage) {
      head().writeLengthTo(target, output.size(), isHead);
    }
    if (!isHead) {
      writeBodyTo(target);
    }
  }

  void writeBodyTo(HttpServletResponse target) throws IOException {
    output.writeTo(target, head().contentType().charset());
  }

  // ---- output

  @Override
  void fail(CaptureOverflowException tooLong) {
    output.fail(tooLong);
  }

  @Override
  public ServletOutputStream getOutputStream() {
    return output.stream();
  }

  @Override
  public synchronized PrintWriter getWriter() throws IOException {
    return output.writer(head().contentType());
  }

  @Override
  public void flushBuffer() {
    output.flush();
  }

  @Override
  public boolean isCommitted() {
    return output.isCommitted();
  }

  @Override
  public synchronized void reset() {
    resetBuffer();
    output.forgetWriter();
    head().clear();
    trailers.clear();
  }

  @Override
  public synchronized void resetBuffer() {
    refuseIfCommitted("resetBuffer()");
    try {
      output.clear();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void refuseIfCommitted(String call) {
    if (isCommitted()) {
      throw new IllegalStateException(call + " after the response was committed");
    }
  }

  @Override
  public synchronized int getBufferSize() {
    return bufferSize;
  }

  @Override
  public synchronized void setBufferSize(int size) {
    if (isCommitted() || output.size() > 0) {
      throw new IllegalStateException("setBufferSize() after content was written");
    }
    bufferSize = Math.max(bufferSize, size);
  }

  @Override
  public synchronized void setTrailerFields(Supplier<Map<String, String>> supplier) {
    refuseIfCommitted("setTrailerFields()");
    trailers.set(supplier);
  }

  @Override
  public @Nullable Supplier<Map<String, String>> getTrailerFields() {
    return trailers.supplier();
  }

  // ---- errors and redirects

  @Override
  public void sendError(int sc) {
    sendErrorWith(sc, null);
  }

  @Override
  public void sendError(int sc, String message) {
    sendErrorWith(sc, message);
  }

  private synchronized void sendErrorWith(int sc, @Nullable String message) {
    checkStatus(sc);
    resetBuffer();
    head().setStatus(sc);
    head().undeclareLength();
    errorSent = true;
    errorMessage = message;
    output.commitAndDiscard();
  }

  @Override
  public void sendRedirect(String location) {
    sendRedirect(location, SC_FOUND, true);
  }

  /** What Servlet 6.1 adds; its other two forms call this one. */
  public synchronized void sendRedirect(String location, int sc, boolean clearBuffer) {
    checkStatus(sc);
    refuseIfCommitted("sendRedirect()");
    if (clearBuffer) {
      resetBuffer();
      head().undeclareLength();
    }
    setHeader("Location", location);
    head().setStatus(sc);
    output.commitAndDiscard();
  }

  // ---- URLs

  @Override
  public String encodeURL(String url) {
    return real.encodeURL(url);
  }

  @Override
  public String encodeRedirectURL(String url) {
    return real.encodeRedirectURL(url);
  }
}
