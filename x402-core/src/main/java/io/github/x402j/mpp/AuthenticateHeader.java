// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the challenges of a {@code WWW-Authenticate} header (RFC 9110, section 11.6.1). */
final class AuthenticateHeader {
  private final String header;
  private int at;

  private AuthenticateHeader(String header) {
    this.header = header;
  }

  /**
   * One challenge.
   *
   * @param parameters by their names in lower case, unquoted; none if the scheme has a token in
   *     their place, or one of them occurs twice, as two readers could take different values
   */
  record Challenge(String scheme, Map<String, String> parameters) {}

  /** Returns the challenges, up to the first thing that is none. */
  static List<Challenge> parse(String header) {
    AuthenticateHeader reader = new AuthenticateHeader(header);
    List<Challenge> found = new ArrayList<>();
    reader.skip(" \t,");
    while (reader.at < header.length()) {
      Optional<Challenge> challenge = reader.challenge();
      if (challenge.isEmpty()) {
        return found;
      }
      found.add(challenge.get());
    }
    return found;
  }

  private Optional<Challenge> challenge() {
    String scheme = token();
    if (scheme.isEmpty()) {
      return Optional.empty();
    }
    boolean isFollowed = skip(" \t") > 0;
    Map<String, String> parameters = new LinkedHashMap<>();
    boolean isTwice = false;
    if (isFollowed) {
      int begin = at;
      while (true) {
        int before = at;
        String name = token().toLowerCase(Locale.ROOT);
        @Nullable String value = name.isEmpty() ? null : value();
        if (value == null) {
          at = before;
          break;
        }
        isTwice |= parameters.put(name, value) != null;
        if (!separated()) {
          return Optional.empty();
        }
      }
      if (at == begin) { // a token in place of parameters, such as of Negotiate
        skipToken68();
      }
    }
    boolean isEnd = !parameters.isEmpty() || separated();
    return isEnd
        ? Optional.of(new Challenge(scheme, isTwice ? Map.of() : parameters))
        : Optional.empty();
  }

  /** Returns the value after an equals sign, null if there is none. */
  private @Nullable String value() {
    skip(" \t");
    if (at >= header.length() || header.charAt(at) != '=') {
      return null;
    }
    at++;
    skip(" \t");
    if (at < header.length() && header.charAt(at) == '"') {
      return quoted();
    }
    String token = token();
    return token.isEmpty() ? null : token;
  }

  private @Nullable String quoted() {
    StringBuilder text = new StringBuilder();
    for (int i = at + 1; i < header.length(); i++) {
      char c = header.charAt(i);
      if (c == '"') {
        at = i + 1;
        return text.toString();
      }
      if (c == '\\') {
        i++;
      }
      if (i < header.length()) {
        text.append(header.charAt(i));
      }
    }
    return null; // it never ends
  }

  /** Returns whether the header ends here, or a comma follows, which is skipped. */
  private boolean separated() {
    skip(" \t");
    return at >= header.length() || header.charAt(at) == ',' && skip(" \t,") > 0;
  }

  private int skip(String characters) {
    int begin = at;
    while (at < header.length() && characters.indexOf(header.charAt(at)) >= 0) {
      at++;
    }
    return at - begin;
  }

  private String token() {
    int begin = at;
    while (at < header.length() && isTokenChar(header.charAt(at))) {
      at++;
    }
    return header.substring(begin, at);
  }

  private void skipToken68() {
    while (at < header.length()
        && (isAlphanumeric(header.charAt(at)) || "-._~+/=".indexOf(header.charAt(at)) >= 0)) {
      at++;
    }
  }

  private static boolean isTokenChar(char c) {
    return isAlphanumeric(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  private static boolean isAlphanumeric(char c) {
    return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }
}
