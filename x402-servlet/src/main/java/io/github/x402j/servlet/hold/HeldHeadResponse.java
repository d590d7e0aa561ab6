// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The half of a {@link HeldOutputResponse} that is about its head. As in a container, what sets
 * something does nothing once the response is committed.
 */
abstract class HeldHeadResponse implements HttpServletResponse {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  private final HeldHead head;
  private final int maxHeaderBytes;

  HeldHeadResponse(HeldHead head, int maxHeaderBytes) {
    this.head = head;
    this.maxHeaderBytes = maxHeaderBytes;
  }

  final HeldHead head() {
    return head;
  }

  /** Fails the whole response: its head has become too long. */
  abstract void fail(HeldOverflowException tooLong);

  // ---- status

  @Override
  public synchronized void setStatus(int sc) {
    checkStatus(sc);
    if (!isCommitted()) {
      head.setStatus(sc);
    }
  }

  @Override
  public int getStatus() {
    return head.status();
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
    if (!isCommitted()) {
      head.addCookie(cookie);
      checkHeaderBytes();
    }
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (!isCommitted() && !ReservedHeaders.contains(name)) {
      head.set(name, value);
      checkHeaderBytes();
    }
  }

  @Override
  public void addHeader(String name, @Nullable String value) {
    if (value != null && !isCommitted() && !ReservedHeaders.contains(name)) {
      head.add(name, value);
      checkHeaderBytes();
    }
  }

  private void checkHeaderBytes() {
    if (head.bytes() > maxHeaderBytes || head.repeatsTooMuch()) {
      fail(new HeldOverflowException("head", maxHeaderBytes));
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
    return head.contains(name);
  }

  @Override
  public @Nullable String getHeader(String name) {
    return head.all(name).stream().findFirst().orElse(null);
  }

  @Override
  public Collection<String> getHeaders(String name) {
    return head.all(name);
  }

  @Override
  public Collection<String> getHeaderNames() {
    return head.names();
  }

  // ---- content type, length, locale

  @Override
  public void setContentType(@Nullable String type) {
    if (!isCommitted()) {
      head.contentType().set(type);
      checkHeaderBytes();
    }
  }

  @Override
  public @Nullable String getContentType() {
    return head.contentType().value();
  }

  @Override
  public void setCharacterEncoding(@Nullable String charset) {
    if (!isCommitted()) {
      head.contentType().setCharset(charset);
    }
  }

  @Override
  public String getCharacterEncoding() {
    return head.contentType().charset();
  }

  @Override
  public void setContentLength(int length) {
    setContentLengthLong(length);
  }

  @Override
  public void setContentLengthLong(long length) {
    if (!isCommitted()) {
      head.declareLength(length);
    }
  }

  @Override
  public void setLocale(@Nullable Locale locale) {
    if (!isCommitted() && locale != null) {
      head.setLocale(locale);
    }
  }

  @Override
  public Locale getLocale() {
    return head.locale();
  }
}
