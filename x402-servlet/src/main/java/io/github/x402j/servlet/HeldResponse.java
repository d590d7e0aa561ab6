// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A response that goes nowhere: it takes everything that a handler can send, and answers as a
 * container's response would.
 *
 * <p>It is not a wrapper. A handler that unwraps {@link BufferedResponse} arrives here, and its
 * output is held all the same. The real response is asked for URL encoding only.
 */
final class HeldResponse implements HttpServletResponse {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private final HttpServletResponse real;
  private final boolean allowsTrailers;
  private final int maxHeaderBytes;
  private final HeldOutput output;
  private final HeldHeaders headers;
  private final HeldCookies cookies = new HeldCookies();
  private final HeldContentType contentType;
  private final @Nullable String outerContentType;
  private final int outerStatus;

  private int status;
  private long declaredLength = -1;
  private int bufferSize;
  private Locale locale;
  private boolean errorSent;
  private @Nullable String errorMessage;
  private @Nullable Supplier<Map<String, String>> trailers;

  HeldResponse(
      HttpServletResponse real,
      boolean allowsTrailers,
      CaptureLimits limits,
      Consumer<WriteListener> writeListeners) {
    this.real = real;
    this.allowsTrailers = allowsTrailers;
    this.maxHeaderBytes = limits.maxHeaderBytes();
    this.output = new HeldOutput(limits, writeListeners);
    this.headers = new HeldHeaders(real);
    this.outerContentType = real.getContentType();
    this.contentType = new HeldContentType(outerContentType, real.getCharacterEncoding());
    this.outerStatus = real.getStatus();
    this.status = outerStatus;
    this.locale = real.getLocale();
    this.bufferSize = real.getBufferSize();
  }

  // ---- what the filter does when the handler is done

  HeldOutput output() {
    return output;
  }

  HeldHeaders headers() {
    return headers;
  }

  /**
   * Asks the handler's supplier of trailers, which is part of the handler, before the money moves.
   *
   * @return what it threw, or what is wrong with its fields; null if they can be sent
   */
  synchronized @Nullable Throwable takeTrailers() {
    if (trailers == null) {
      return null;
    }
    try {
      Map<String, String> fields = Map.copyOf(trailers.get());
      fields.forEach(HeldHeaders::check);
      trailers = () -> fields;
      return null;
    } catch (Throwable thrown) {
      return thrown; // the completion decides, as about anything that a handler throws
    }
  }

  /**
   * @param followsPage whether another resource may have written before: the length is not known
   */
  synchronized void writeTo(HttpServletResponse target, boolean isHead, boolean followsPage)
      throws IOException {
    target.setStatus(status);
    headers.writeTo(target);
    cookies.writeTo(target);
    writeContentType(target);
    if (status == SC_NO_CONTENT || status == SC_NOT_MODIFIED) {
      return;
    }
    if (trailers != null) {
      target.setTrailerFields(trailers);
    } else if (!followsPage) {
      writeContentLength(target, isHead);
    }
    if (!isHead) {
      writeBodyTo(target);
    }
  }

  /** Sets what outer filters had set before the handler ran. */
  void writeOuterHeadTo(HttpServletResponse target) {
    target.setStatus(outerStatus);
    headers.writeOuterTo(target);
    if (outerContentType != null) {
      target.setContentType(outerContentType);
    }
  }

  void writeBodyTo(HttpServletResponse target) throws IOException {
    output.writeTo(target, contentType.charset());
  }

  private void writeContentType(HttpServletResponse target) {
    String value = contentType.value();
    if (value != null) {
      target.setContentType(value);
    } else if (contentType.hasCharset()) {
      target.setCharacterEncoding(contentType.charset());
    }
  }

  private void writeContentLength(HttpServletResponse target, boolean isHead) {
    if (!isHead) {
      target.setContentLengthLong(output.size());
    } else if (declaredLength >= 0 || output.size() > 0) {
      target.setContentLengthLong(declaredLength >= 0 ? declaredLength : output.size());
    }
  }

  synchronized boolean isErrorSent() {
    return errorSent;
  }

  synchronized @Nullable String errorMessage() {
    return errorMessage;
  }

  // ---- body

  @Override
  public ServletOutputStream getOutputStream() {
    return output.stream();
  }

  @Override
  public synchronized PrintWriter getWriter() throws IOException {
    return output.writer(contentType);
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
    headers.clear();
    cookies.clear();
    contentType.unfixCharset();
    contentType.set(null);
    status = SC_OK;
    declaredLength = -1;
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

  // ---- status

  @Override
  public synchronized void setStatus(int sc) {
    checkStatus(sc);
    if (!isCommitted()) {
      status = sc;
    }
  }

  @Override
  public synchronized int getStatus() {
    return status;
  }

  private static void checkStatus(int sc) {
    if (sc < 200 || sc > 999) {
      throw new IllegalArgumentException(
          "status of a paid response: expected 200 to 999, found " + sc);
    }
  }

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
    status = sc;
    errorSent = true;
    errorMessage = message;
    declaredLength = -1;
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
      declaredLength = -1;
    }
    setHeader("Location", location);
    status = sc;
    output.commitAndDiscard();
  }

  // ---- headers and cookies

  @Override
  public void addCookie(Cookie cookie) {
    if (!isCommitted()) {
      cookies.add(cookie);
      checkHeaderBytes();
    }
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (isCommitted() || HeldHeaders.isDropped(name) || setSpecial(name, value)) {
      return;
    }
    headers.set(name, value);
    checkHeaderBytes();
  }

  @Override
  public void addHeader(String name, @Nullable String value) {
    if (value == null || isCommitted() || HeldHeaders.isDropped(name) || setSpecial(name, value)) {
      return;
    }
    headers.add(name, value);
    checkHeaderBytes();
  }

  /** Handles the two headers that are state of the response and not text. */
  private boolean setSpecial(String name, @Nullable String value) {
    if (name.equalsIgnoreCase("Content-Type")) {
      setContentType(value);
      return true;
    }
    if (!name.equalsIgnoreCase("Content-Length")) {
      return false;
    }
    setContentLengthLong(value == null ? -1 : Long.parseLong(value.strip()));
    return true;
  }

  private void checkHeaderBytes() {
    if (headers.bytes() + cookies.bytes() > maxHeaderBytes) {
      output.fail(new CaptureOverflowException("head", maxHeaderBytes));
    }
  }

  @Override
  public void setDateHeader(String name, long date) {
    setHeader(name, HTTP_DATE.format(Instant.ofEpochMilli(date)));
  }

  @Override
  public void addDateHeader(String name, long date) {
    addHeader(name, HTTP_DATE.format(Instant.ofEpochMilli(date)));
  }

  @Override
  public void setIntHeader(String name, int value) {
    setHeader(name, Integer.toString(value));
  }

  @Override
  public void addIntHeader(String name, int value) {
    addHeader(name, Integer.toString(value));
  }

  @Override
  public boolean containsHeader(String name) {
    return !getHeaders(name).isEmpty() || name.equalsIgnoreCase("Set-Cookie") && !cookies.isEmpty();
  }

  @Override
  public @Nullable String getHeader(String name) {
    Collection<String> values = getHeaders(name);
    return values.isEmpty() ? null : values.iterator().next();
  }

  @Override
  public Collection<String> getHeaders(String name) {
    if (name.equalsIgnoreCase("Content-Type")) {
      String value = getContentType();
      return value == null ? List.of() : List.of(value);
    }
    if (name.equalsIgnoreCase("Content-Length")) {
      synchronized (this) {
        return declaredLength < 0 ? List.of() : List.of(Long.toString(declaredLength));
      }
    }
    return headers.all(name);
  }

  @Override
  public Collection<String> getHeaderNames() {
    return headers.names(containsHeader("Content-Type"), containsHeader("Content-Length"));
  }

  // ---- content type, length, locale

  @Override
  public synchronized void setContentType(@Nullable String type) {
    if (!isCommitted()) {
      contentType.set(type);
    }
  }

  @Override
  public synchronized @Nullable String getContentType() {
    return contentType.value();
  }

  @Override
  public synchronized void setCharacterEncoding(@Nullable String charset) {
    if (!isCommitted()) {
      contentType.setCharset(charset);
    }
  }

  @Override
  public synchronized String getCharacterEncoding() {
    return contentType.charset();
  }

  @Override
  public void setContentLength(int length) {
    setContentLengthLong(length);
  }

  @Override
  public synchronized void setContentLengthLong(long length) {
    if (!isCommitted()) {
      declaredLength = Math.max(length, -1);
    }
  }

  /** Sets the language only: the table from locales to charsets is the container's. */
  @Override
  public synchronized void setLocale(@Nullable Locale newLocale) {
    if (isCommitted() || newLocale == null) {
      return;
    }
    locale = newLocale;
    headers.set("Content-Language", newLocale.toLanguageTag());
  }

  @Override
  public synchronized Locale getLocale() {
    return locale;
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
