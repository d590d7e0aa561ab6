// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The half of a {@link HeldOutputResponse} that is about its head: status, headers, cookies,
 * content type, length and language, as the handler sets them over what outer filters had set. As
 * in a container, a setter does nothing once the response is committed.
 */
abstract class HeldHeadResponse implements HttpServletResponse {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private static final long UNDECLARED = -1;

  /** Undertow counts the values of a header in a signed byte; the filter adds some of its own. */
  private static final int MAX_VALUES = 100;

  private final HeldHeaders headers;
  private final HeldContentType contentType;
  private final @Nullable String outerContentType;
  private final int outerStatus;
  private final int maxHeaderBytes;

  private volatile int status;
  private volatile long declaredLength = UNDECLARED;
  private volatile Locale locale;
  private volatile boolean including;

  HeldHeadResponse(HttpServletResponse outer, int maxHeaderBytes) {
    headers = new HeldHeaders(outer);
    outerContentType = outer.getContentType();
    contentType = new HeldContentType(outerContentType, outer.getCharacterEncoding());
    outerStatus = outer.getStatus();
    status = outerStatus;
    locale = outer.getLocale();
    this.maxHeaderBytes = maxHeaderBytes;
  }

  /** Fails the whole response: its head has become too long. */
  abstract void fail(OverflowException tooLong);

  /** Returns whether setters have an effect. */
  private boolean isOpen() {
    return !including && !isCommitted();
  }

  /** Lets setters do nothing while something is included. */
  final void setIncluding(boolean including) {
    this.including = including;
  }

  final boolean isIncluding() {
    return including;
  }

  // ---- status

  @Override
  public synchronized void setStatus(int sc) {
    checkStatus(sc);
    if (isOpen()) {
      status = sc;
    }
  }

  /** Sets the status of an error or a redirect. */
  final void endWith(int sc) {
    status = sc;
  }

  @Override
  public int getStatus() {
    return status;
  }

  static void checkStatus(int sc) {
    if (sc < 200 || sc > 999) {
      throw new IllegalArgumentException(
          "status of a paid response: expected 200 to 999, found " + sc);
    }
  }

  // ---- headers and cookies

  @Override
  public void addCookie(Cookie cookie) {
    if (isOpen()) {
      headers.add(cookie);
      checkHeaderBytes();
    }
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (isOpen() && !ReservedHeaders.contains(name)) {
      set(name, value);
      checkHeaderBytes();
    }
  }

  @Override
  public void addHeader(String name, @Nullable String value) {
    if (value != null && isOpen() && !ReservedHeaders.contains(name)) {
      add(name, value);
      checkHeaderBytes();
    }
  }

  /** Sets a header, also on a committed response. */
  final void set(String name, @Nullable String value) {
    if (!setState(name, value)) {
      headers.set(name, value);
    }
  }

  /** Adds a header, also to a committed response. */
  final void add(String name, String value) {
    if (!setState(name, value)) {
      headers.add(name, value);
    }
  }

  /** Handles the two headers that are state of the response and not text. */
  private boolean setState(String name, @Nullable String value) {
    if (name.equalsIgnoreCase("Content-Type")) {
      contentType.set(value);
      return true;
    }
    if (name.equalsIgnoreCase("Content-Length")) {
      declareLength(value == null ? UNDECLARED : Long.parseLong(value.strip()));
      return true;
    }
    return false;
  }

  private void checkHeaderBytes() {
    boolean isTooLong = headers.bytes() + contentType.bytes() > maxHeaderBytes;
    if (isTooLong || headers.mostValues() > MAX_VALUES) {
      fail(new OverflowException("head", maxHeaderBytes));
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
    return !getHeaders(name).isEmpty() || headers.contains(name);
  }

  @Override
  public @Nullable String getHeader(String name) {
    return getHeaders(name).stream().findFirst().orElse(null);
  }

  @Override
  public Collection<String> getHeaders(String name) {
    if (name.equalsIgnoreCase("Content-Type")) {
      String type = contentType.value();
      return type == null ? List.of() : List.of(type);
    }
    if (name.equalsIgnoreCase("Content-Length")) {
      long length = declaredLength;
      return length < 0 ? List.of() : List.of(Long.toString(length));
    }
    return headers.all(name);
  }

  @Override
  public Collection<String> getHeaderNames() {
    return headers.names(containsHeader("Content-Type"), containsHeader("Content-Length"));
  }

  // ---- content type, length, locale

  @Override
  public void setContentType(@Nullable String type) {
    if (isOpen()) {
      contentType.set(type);
      checkHeaderBytes();
    }
  }

  @Override
  public @Nullable String getContentType() {
    return contentType.value();
  }

  @Override
  public void setCharacterEncoding(@Nullable String charset) {
    if (isOpen()) {
      contentType.setCharset(charset);
    }
  }

  @Override
  public String getCharacterEncoding() {
    return contentType.charset();
  }

  @Override
  public void setContentLength(int length) {
    setContentLengthLong(length);
  }

  @Override
  public void setContentLengthLong(long length) {
    if (isOpen()) {
      declareLength(length);
    }
  }

  /** Declares a length for the answer to a HEAD; a body has the length that it has. */
  private void declareLength(long length) {
    declaredLength = Math.max(length, UNDECLARED);
  }

  final boolean hasDeclaredLength() {
    return declaredLength >= 0;
  }

  final void undeclareLength() {
    declaredLength = UNDECLARED;
  }

  @Override
  public void setLocale(@Nullable Locale locale) {
    if (isOpen() && locale != null) {
      this.locale = locale; // the table from locales to charsets is the container's
      headers.set("Content-Language", locale.toLanguageTag());
    }
  }

  @Override
  public Locale getLocale() {
    return locale;
  }

  final HeldContentType contentType() {
    return contentType;
  }

  /** Forgets what the handler has set. */
  final void clearHead() {
    headers.clear();
    contentType.clear();
    status = SC_OK;
    declaredLength = UNDECLARED;
  }

  // ---- delivery

  /** Sets everything but the length, which depends on the body. */
  final void writeHeadTo(HttpServletResponse target) {
    target.setStatus(status);
    headers.writeTo(target);
    contentType.writeTo(target);
  }

  /**
   * @param bodyBytes what is held; a handler that answers HEAD may have declared another length
   */
  final void writeLengthTo(HttpServletResponse target, long bodyBytes, boolean isHead) {
    long declared = declaredLength;
    if (!isHead) {
      target.setContentLengthLong(bodyBytes);
    } else if (declared >= 0 || bodyBytes > 0) {
      target.setContentLengthLong(declared >= 0 ? declared : bodyBytes);
    }
  }

  /** Sets what outer filters had set before the handler ran. */
  final void writeOuterTo(HttpServletResponse target) {
    target.setStatus(outerStatus);
    headers.writeOuterTo(target);
    if (outerContentType != null) {
      target.setContentType(outerContentType);
    }
  }
}
