// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;

/** Spells a path in ways that some parser, somewhere, has taken for the same path. */
final class SpellingGenerator {
  private static final String[] INFIXES = {
    "/./",
    "//",
    "///",
    "/x/../",
    "/x/..;/",
    "/%2e/",
    "/%2E/",
    "/x/%2e%2e/",
    "/x/.%2E/",
    "/;/",
    "/;a/",
    "/;a=b/",
    "/;a=b;c/",
    "/x/..%2f",
    "/x%2f..%2f",
    "%2f",
    "%2F",
    "\\",
    "%5c",
    "%5C",
    "/%252e/",
    "%252f",
    "/.;/",
    "/%c0%ae/",
    "%c0%af",
    "%e0%80%af",
    "/%20/",
    "/%00/",
    "/%u002e/",
    "%u002f",
    "/\t/",
    "/..;x/",
    "/%2e%2e;/",
    "/x/..\\",
    "/%ef%bc%8f",
    "/private/../",
    "/free.txt/../",
    "/paid/x/../",
    "/mvc/../"
  };
  private static final String[] SUFFIXES = {
    "/",
    "//",
    ";",
    ";a",
    ";a=b",
    ";/",
    "/;",
    "/.",
    "/./",
    "/..",
    "/x/..",
    ".",
    "..",
    "%20",
    "%00",
    "%00.txt",
    "%2f",
    "%5c",
    "\\",
    "?",
    "?a=/free.txt",
    "#",
    "#a",
    "%3f",
    "%23",
    "%3b",
    "%3ba=b",
    ".json",
    ".html",
    "%0a",
    "%0d%0a",
    "/%2e",
    "/%2e%2e/",
    "::$DATA",
    "~",
    "/;jsessionid=1",
    "%ff"
  };
  private static final String[] PREFIXES = {
    "/",
    "//",
    "/.",
    "/;",
    "/;a",
    "/./",
    "/x/..",
    "/..",
    "/%2e",
    "/x/%2e%2e",
    "/%2f",
    "/%20",
    "/\\",
    "\\",
    "/x/..;",
    "http://evil.example",
    "http://localhost",
    "http://127.0.0.1/",
    "https://evil.example:1",
    "http:",
    "//a\\b",
    "/;/..",
    "/..;/x/..",
    "/%252e%252e",
    "/free.txt/..",
    "/x//..",
    "/x/..;a=b/",
    "",
    "."
  };

  private final Random random;

  SpellingGenerator(long seed) {
    this.random = new Random(seed);
  }

  /** Returns one target for a request line, from one of {@code paths} by one to four changes. */
  String next(String... paths) {
    StringBuilder path = new StringBuilder(paths[random.nextInt(paths.length)]);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      change(path);
    }
    return path.toString();
  }

  private void change(StringBuilder path) {
    switch (random.nextInt(9)) {
      case 0, 1 -> encode(path, false);
      case 2 -> encode(path, true);
      case 3, 4 -> replaceASlash(path);
      case 5 -> path.append(SUFFIXES[random.nextInt(SUFFIXES.length)]);
      case 6 -> path.insert(0, PREFIXES[random.nextInt(PREFIXES.length)]);
      case 7 -> flipCase(path);
      default -> insert(path);
    }
  }

  private void encode(StringBuilder path, boolean oddly) {
    if (path.length() == 0) {
      return;
    }
    int at = random.nextInt(path.length());
    int c = path.charAt(at);
    if (c > 0x7f || c == '%') {
      return;
    }
    String hex = "%02x".formatted(c);
    String cased = random.nextBoolean() ? hex : hex.toUpperCase(Locale.ROOT);
    String escape =
        !oddly
            ? "%" + cased
            : switch (random.nextInt(5)) {
              case 0 -> "%25" + cased;
              case 1 -> "%u00" + cased;
              case 2 -> "%c" + (c >> 6) + "%" + "%02x".formatted(0x80 | c & 0x3f);
              case 3 -> "%e0%8" + (c >> 6) + "%" + "%02x".formatted(0x80 | c & 0x3f);
              default -> new String(fullWidth(c), StandardCharsets.ISO_8859_1);
            };
    path.replace(at, at + 1, escape);
  }

  private static byte[] fullWidth(int c) {
    int wide = c > 0x20 && c < 0x7f ? 0xff00 + c - 0x20 : c;
    return new String(Character.toChars(wide)).getBytes(StandardCharsets.UTF_8);
  }

  private void replaceASlash(StringBuilder path) {
    int from = path.length() == 0 ? 0 : random.nextInt(path.length());
    int at = path.indexOf("/", from);
    at = at < 0 ? path.indexOf("/") : at;
    if (at >= 0) {
      path.replace(at, at + 1, INFIXES[random.nextInt(INFIXES.length)]);
    }
  }

  private void flipCase(StringBuilder path) {
    if (path.length() == 0) {
      return;
    }
    int at = random.nextInt(path.length());
    char c = path.charAt(at);
    path.setCharAt(
        at, Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
  }

  private void insert(StringBuilder path) {
    String chars = ";/.\\%|^~+&=:@!$'()*,\"<>[]{}`";
    path.insert(random.nextInt(path.length() + 1), chars.charAt(random.nextInt(chars.length())));
  }
}
