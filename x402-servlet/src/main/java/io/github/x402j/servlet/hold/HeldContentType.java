// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The media type and charset of a response, by the rules of the servlet specification (5.6): the
 * last call before {@code getWriter()} decides about the charset, later ones change the media type
 * only. Safe for use by several threads.
 */
final class HeldContentType {
  /** Undertow fails on an empty name when it is sent: after settlement. */
  private static final Pattern CHARSET_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9+.:_-]{0,99}");

  private final String defaultCharset;
  private @Nullable String mediaType;
  private @Nullable String charset;
  private boolean charsetIsFixed;

  HeldContentType(@Nullable String outerContentType, @Nullable String outerCharset) {
    this.defaultCharset = Objects.requireNonNullElse(outerCharset, "ISO-8859-1");
    if (outerContentType != null) {
      take(outerContentType);
    }
  }

  /**
   * Sets the media type, and the charset if the text has one; null removes both.
   *
   * @throws IllegalArgumentException if a container might refuse to send it
   */
  synchronized void set(@Nullable String contentType) {
    if (contentType != null) {
      HeldHeaders.check("Content-Type", contentType);
    }
    String before = charset;
    take(contentType);
    if (charset != null && !charset.equals(before)) {
      requireCharsetName(charset);
    }
  }

  private void take(@Nullable String contentType) {
    if (contentType == null) {
      mediaType = null;
      takeCharset(null);
      return;
    }
    List<String> kept = new ArrayList<>();
    String found = null;
    for (String part : splitParameters(contentType)) {
      if (part.toLowerCase(Locale.ROOT).startsWith("charset=")) {
        found = unquote(part.substring("charset=".length()).strip());
      } else if (!part.isEmpty()) {
        kept.add(part);
      }
    }
    mediaType = String.join(";", kept);
    if (found != null && !found.isEmpty()) {
      takeCharset(found);
    }
  }

  /**
   * @throws IllegalArgumentException if it is no name of a charset, known or not
   */
  synchronized void setCharset(@Nullable String name) {
    if (name != null) {
      requireCharsetName(name);
    }
    takeCharset(name);
  }

  private static void requireCharsetName(String name) {
    if (!CHARSET_NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("charset: expected a name, as IANA registers them");
    }
  }

  private void takeCharset(@Nullable String name) {
    if (!charsetIsFixed) {
      charset = name;
    }
  }

  /**
   * Returns the charset for a writer. JSON is UTF-8 by RFC 8259, unless the handler says otherwise;
   * the default of the specification would destroy it.
   */
  synchronized String charsetForWriter() {
    if (charset != null) {
      return charset;
    }
    return isJson() ? "UTF-8" : defaultCharset;
  }

  /** Fixes the charset to that of the writer, and declares it. */
  synchronized void fixCharset() {
    charset = charsetForWriter();
    charsetIsFixed = true;
  }

  /** Forgets everything, also that there was a writer. */
  synchronized void clear() {
    charsetIsFixed = false;
    set(null);
  }

  synchronized String charset() {
    return charset != null ? charset : defaultCharset;
  }

  /** Returns the value of the Content-Type header, or null if there is no media type. */
  synchronized @Nullable String value() {
    if (mediaType == null || charset == null) {
      return mediaType;
    }
    return mediaType + ";charset=" + charset;
  }

  /** Returns the size of the header, 0 if there is none. */
  synchronized int bytes() {
    String value = value();
    return value == null ? 0 : HeldHeaders.cost("Content-Type", value);
  }

  synchronized void writeTo(HttpServletResponse response) {
    String value = value();
    if (value != null) {
      response.setContentType(value);
    } else if (charset != null) {
      response.setCharacterEncoding(charset);
    }
  }

  private boolean isJson() {
    if (mediaType == null) {
      return false;
    }
    int semicolon = mediaType.indexOf(';');
    String bare = semicolon < 0 ? mediaType : mediaType.substring(0, semicolon);
    String lower = bare.strip().toLowerCase(Locale.ROOT);
    return lower.equals("application/json") || lower.endsWith("+json");
  }

  private static List<String> splitParameters(String contentType) {
    List<String> parts = new ArrayList<>();
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < contentType.length(); i++) {
      char c = contentType.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ';' && !quoted) {
        parts.add(contentType.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(contentType.substring(start).strip());
    return parts;
  }

  private static String unquote(String text) {
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1) : text;
  }
}
