// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The head of a {@link HeldOutputResponse}: status, headers, cookies, content type, length and
 * language, as the handler has set them over what outer filters had set. The {@link HeldOutput}
 * knows when the handler may no longer change them.
 *
 * <p>Safe for use by several threads.
 */
final class HeldHead {
  private static final long UNDECLARED = -1;

  /** Undertow counts the values of a header in a signed byte; the filter adds some of its own. */
  private static final int MAX_VALUES = 100;

  private final HeldHeaders headers;
  private final HeldCookies cookies = new HeldCookies();
  private final HeldContentType contentType;
  private final @Nullable String outerContentType;
  private final int outerStatus;

  private int status;
  private long declaredLength = UNDECLARED;
  private Locale locale;

  HeldHead(HttpServletResponse outer) {
    headers = new HeldHeaders(outer);
    outerContentType = outer.getContentType();
    contentType = new HeldContentType(outerContentType, outer.getCharacterEncoding());
    outerStatus = outer.getStatus();
    status = outerStatus;
    locale = outer.getLocale();
  }

  /** Forgets what the handler has set. */
  synchronized void clear() {
    headers.clear();
    cookies.clear();
    contentType.clear();
    status = HttpServletResponse.SC_OK;
    declaredLength = UNDECLARED;
  }

  synchronized void setStatus(int newStatus) {
    status = newStatus;
  }

  synchronized int status() {
    return status;
  }

  HeldContentType contentType() {
    return contentType;
  }

  /** Declares a length for the answer to a HEAD; a body has the length that it has. */
  synchronized void declareLength(long length) {
    declaredLength = Math.max(length, UNDECLARED);
  }

  synchronized void undeclareLength() {
    declaredLength = UNDECLARED;
  }

  /** Sets the language only: the table from locales to charsets is the container's. */
  synchronized void setLocale(Locale newLocale) {
    locale = newLocale;
    headers.set("Content-Language", newLocale.toLanguageTag());
  }

  synchronized Locale locale() {
    return locale;
  }

  // ---- headers and cookies

  void addCookie(Cookie cookie) {
    cookies.add(cookie);
  }

  void set(String name, @Nullable String value) {
    if (!setState(name, value)) {
      headers.set(name, value);
    }
  }

  void add(String name, String value) {
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

  List<String> all(String name) {
    if (name.equalsIgnoreCase("Content-Type")) {
      String value = contentType.value();
      return value == null ? List.of() : List.of(value);
    }
    if (name.equalsIgnoreCase("Content-Length")) {
      synchronized (this) {
        return hasLength() ? List.of(Long.toString(declaredLength)) : List.of();
      }
    }
    return headers.all(name);
  }

  boolean contains(String name) {
    return !all(name).isEmpty() || name.equalsIgnoreCase("Set-Cookie") && !cookies.isEmpty();
  }

  Collection<String> names() {
    return headers.names(contains("Content-Type"), contains("Content-Length"));
  }

  /** Returns the size of what the handler has set, roughly. */
  int bytes() {
    return headers.bytes() + cookies.bytes() + contentType.bytes();
  }

  /** Returns whether one header has more values than every container can send. */
  boolean repeatsTooMuch() {
    return headers.mostValues() > MAX_VALUES
        || cookies.count() + headers.all("Set-Cookie").size() > MAX_VALUES;
  }

  // ---- delivery

  /** Sets everything but the length, which depends on the body. */
  synchronized void writeTo(HttpServletResponse target) {
    target.setStatus(status);
    headers.writeTo(target);
    cookies.writeTo(target);
    contentType.writeTo(target);
  }

  /**
   * @param bodyBytes what is held; a handler that answers HEAD may have declared another length
   */
  synchronized void writeLengthTo(HttpServletResponse target, long bodyBytes, boolean isHead) {
    if (!isHead) {
      target.setContentLengthLong(bodyBytes);
    } else if (hasLength() || bodyBytes > 0) {
      target.setContentLengthLong(hasLength() ? declaredLength : bodyBytes);
    }
  }

  private boolean hasLength() {
    return declaredLength >= 0;
  }

  /** Sets what outer filters had set before the handler ran. */
  void writeOuterTo(HttpServletResponse target) {
    target.setStatus(outerStatus);
    headers.writeOuterTo(target);
    if (outerContentType != null) {
      target.setContentType(outerContentType);
    }
  }
}
