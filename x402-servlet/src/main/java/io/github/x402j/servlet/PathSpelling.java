// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.PathRules.Leniency;
import org.jspecify.annotations.Nullable;

/**
 * The rules of strict mode for the raw path of a request line, as {@code getRequestURI()} gives it.
 * What breaks one of them is not sold; what can only be free goes on all the same.
 *
 * <p>An escaped letter or digit is accepted ({@code /%70rivate} is {@code /private} by RFC 3986,
 * section 6.2.2.2, and every container reads it so): it is the decoded path that is priced.
 */
final class PathSpelling {
  private static final String MALFORMED = "the request line has a malformed escape";
  private static final String NOT_UTF8 = "the request line has an escape that is not UTF-8";

  private final String raw;
  private final PathRules rules;
  private int at;

  private PathSpelling(String raw, PathRules rules) {
    this.raw = raw;
    this.rules = rules;
  }

  /** Returns why {@code rawPath} is refused, or null if it is not. Reads each character once. */
  static @Nullable String problemOf(@Nullable String rawPath, PathRules rules) {
    if (rawPath == null || !rawPath.startsWith("/")) {
      return "the request line has no absolute path";
    }
    return new PathSpelling(rawPath, rules).scan();
  }

  private @Nullable String scan() {
    at = 1;
    int segmentStart = 1;
    while (at < raw.length()) {
      char c = raw.charAt(at);
      if (c == '/') {
        String problem = segmentProblem(segmentStart, at);
        if (problem != null) {
          return problem;
        }
        segmentStart = at + 1;
      }
      String problem = c == '%' ? scanEscape() : scanPlain(c);
      if (problem != null) {
        return problem;
      }
    }
    return segmentStart == raw.length() ? null : segmentProblem(segmentStart, raw.length());
  }

  private @Nullable String segmentProblem(int start, int end) {
    if (!CanonicalPath.isRelative(raw, start, end)) {
      return null;
    }
    if (start == end) {
      return rules.allows(Leniency.EMPTY_SEGMENTS) ? null : "the request line has an empty segment";
    }
    return rules.allows(Leniency.DOT_SEGMENTS) ? null : "the request line has a dot segment";
  }

  private @Nullable String scanPlain(char c) {
    at++;
    if (c <= ' ' || Character.isISOControl(c)) {
      return "the request line has a control character or a space";
    }
    if (c == '\\') {
      return "the request line has a backslash";
    }
    if (c == ';') {
      return rules.allows(Leniency.PATH_PARAMETERS)
          ? null
          : "the request line has a path parameter";
    }
    if (c == '?' || c == '#') {
      return "the request line has a query or a fragment in its path";
    }
    boolean needsEscape = c > '~' || "\"<>^`{|}".indexOf(c) >= 0;
    return needsEscape && !rules.allows(Leniency.UNENCODED_CHARACTERS)
        ? "the request line has a character that must be escaped"
        : null;
  }

  private @Nullable String scanEscape() {
    int first = octetAt(raw, at);
    if (first < 0) {
      return MALFORMED;
    }
    at += 3;
    return first < 0x80 ? asciiProblem(first) : scanUtf8Rest(first);
  }

  private @Nullable String asciiProblem(int c) {
    if (c < ' ' || c == 0x7f) {
      return "the request line has an escaped control character";
    }
    return switch (c) {
      case '\\' -> "the request line has an escaped backslash";
      case '/' -> unless(Leniency.ENCODED_SLASH, "the request line has an escaped slash");
      case '.' -> unless(Leniency.ENCODED_DOT, "the request line has an escaped dot");
      case '%' -> unless(Leniency.ENCODED_PERCENT, "the request line has an escaped percent sign");
      case ';' -> unless(Leniency.ENCODED_SEMICOLON, "the request line has an escaped semicolon");
      default -> null;
    };
  }

  private @Nullable String unless(Leniency leniency, String problem) {
    return rules.allows(leniency) ? null : problem;
  }

  /** Reads the other octets of a character whose first was {@code first}: RFC 3629, section 4. */
  private @Nullable String scanUtf8Rest(int first) {
    int rest = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) {
      return NOT_UTF8;
    }
    int codePoint = first & (0x3f >> rest);
    for (int i = 0; i < rest; i++) {
      int octet = octetAt(raw, at);
      if (octet < 0x80 || octet > 0xbf) {
        return octet < 0 && at < raw.length() && raw.charAt(at) == '%' ? MALFORMED : NOT_UTF8;
      }
      codePoint = codePoint << 6 | (octet & 0x3f);
      at += 3;
    }
    return utf8Problem(codePoint, rest);
  }

  private static @Nullable String utf8Problem(int codePoint, int rest) {
    boolean overlong = rest == 2 && codePoint < 0x800 || rest == 3 && codePoint < 0x10000;
    boolean surrogate =
        codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    if (overlong || surrogate || codePoint > Character.MAX_CODE_POINT) {
      return NOT_UTF8;
    }
    return Character.isISOControl(codePoint)
        ? "the request line has an escaped control character"
        : null;
  }

  /** Returns the octet of the escape at {@code index}, or -1 if there is no well-formed escape. */
  static int octetAt(CharSequence raw, int index) {
    if (index + 2 >= raw.length() || raw.charAt(index) != '%') {
      return -1;
    }
    int high = hexDigit(raw.charAt(index + 1));
    int low = hexDigit(raw.charAt(index + 2));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  /**
   * Returns the value of an ASCII digit, or -1; {@code Character.digit} takes other scripts, too.
   */
  private static int hexDigit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
}
