// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
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
 * <p>It is not a wrapper. A handler that unwraps {@link HeldResponse} arrives here, and its output
 * is held all the same. The real response is asked for URL encoding only.
 */
final class HeldOutputResponse extends HeldHeadResponse {
  private final HttpServletResponse real;
  private final boolean allowsTrailers;
  private final HeldOutput output;
  private int bufferSize;
  private @Nullable Supplier<Map<String, String>> trailers;
  private boolean sentError;
  private @Nullable String errorMessage;

  HeldOutputResponse(
      HttpServletResponse real,
      boolean allowsTrailers,
      HeldLimits limits,
      Consumer<WriteListener> writeListeners) {
    super(real, limits.maxHeaderBytes());
    this.real = real;
    this.allowsTrailers = allowsTrailers;
    this.output = new HeldOutput(limits, writeListeners);
    this.bufferSize = real.getBufferSize();
  }

  // ---- what the filter does when the handler is done

  HeldOutput output() {
    return output;
  }

  /**
   * Asks the supplier of the trailers, which is part of the handler, before the money moves.
   *
   * @return what it threw, or what is wrong with its fields; null if they can be sent
   */
  synchronized @Nullable Throwable takeTrailers() {
    if (trailers == null) {
      return null;
    }
    try {
      Map<String, String> fields = ReservedHeaders.strip(trailers.get());
      fields.forEach(HeldHeaders::check);
      trailers = () -> fields;
      return null;
    } catch (Throwable thrown) {
      return thrown; // the completion decides, as about anything that a handler throws
    }
  }

  /**
   * @param followsPage whether another resource may have written before: the length is not known
   * @param isLast whether nothing can follow the body
   */
  synchronized void writeTo(
      HttpServletResponse target, boolean isHead, boolean followsPage, boolean isLast)
      throws IOException {
    writeHeadTo(target);
    if (sentError) {
      sendErrorTo(target);
      return;
    }
    if (getStatus() == SC_NO_CONTENT || getStatus() == SC_NOT_MODIFIED) {
      return;
    }
    if (getStatus() == SC_RESET_CONTENT) { // RFC 9110, 15.3.6: without content
      target.setContentLength(0);
      return;
    }
    if (trailers != null) { // a body before trailers has no length in its head
      target.setTrailerFields(trailers);
    } else if (!followsPage && (isLast || isLengthDue(target))) {
      writeLengthTo(target, output.size(), isHead);
    }
    writeBodyTo(target); // a container drops that of a HEAD; filters in front may want it
  }

  /** Returns whether the container would send the head before it knows the length itself. */
  private boolean isLengthDue(HttpServletResponse target) {
    return hasDeclaredLength() || output.size() >= target.getBufferSize();
  }

  private void sendErrorTo(HttpServletResponse target) throws IOException {
    if (errorMessage == null) {
      target.sendError(getStatus());
    } else {
      target.sendError(getStatus(), errorMessage);
    }
  }

  synchronized boolean isSentError() {
    return sentError;
  }

  void writeBodyTo(HttpServletResponse target) throws IOException {
    output.writeTo(target, contentType().charset());
  }

  // ---- output

  @Override
  void fail(OverflowException tooLong) {
    output.fail(tooLong);
  }

  @Override
  public ServletOutputStream getOutputStream() {
    return output.stream();
  }

  @Override
  public synchronized PrintWriter getWriter() throws IOException {
    return output.writer(contentType());
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
    if (isIncluding()) {
      return;
    }
    output.forgetWriter();
    clearHead();
    trailers = null;
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
    if (!allowsTrailers) {
      throw new IllegalStateException("trailer fields need HTTP/1.1 or later");
    }
    trailers = supplier;
  }

  @Override
  public synchronized @Nullable Supplier<Map<String, String>> getTrailerFields() {
    return trailers;
  }

  // ---- errors and redirects

  @Override
  public void sendError(int sc) {
    sendErrorWith(sc, null);
  }

  @Override
  public void sendError(int sc, @Nullable String message) {
    sendErrorWith(sc, message);
  }

  private synchronized void sendErrorWith(int sc, @Nullable String message) {
    if (isIncluding()) {
      return;
    }
    checkStatus(sc);
    resetBuffer();
    endWith(sc);
    sentError = true;
    errorMessage = message;
    undeclareLength();
    output.commitAndDiscard();
  }

  @Override
  public void sendRedirect(String location) {
    sendRedirect(location, SC_FOUND, true);
  }

  /** What Servlet 6.1 adds; its other two forms call this one. */
  public synchronized void sendRedirect(String location, int sc, boolean clearBuffer) {
    if (isIncluding()) {
      return;
    }
    checkStatus(sc);
    refuseIfCommitted("sendRedirect()");
    if (clearBuffer) {
      resetBuffer();
      undeclareLength();
    }
    setHeader("Location", location);
    endWith(sc);
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
