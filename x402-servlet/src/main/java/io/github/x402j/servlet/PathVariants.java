// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What some reader makes of a path in one step: a container, a router, a static file handler or a
 * URI parser. Every reader is a sequence of such steps, in an order of its own.
 */
final class PathVariants {
  private static final Pattern PARAMETER = Pattern.compile(";[^/]*");
  private static final Pattern BACKSLASHES = Pattern.compile("\\\\+");
  private static final Pattern SLASHES = Pattern.compile("//+");
  private static final Pattern SPACES_BEFORE = Pattern.compile("(?<=/) +");
  private static final Pattern SPACES_BEHIND = Pattern.compile("(?<! ) +(?=/|$)");

  /** Steps of readers that take a backslash for a slash, and keep those that are left. */
  private static final List<Pattern> RESOLVED =
      List.of(
          Pattern.compile("[^/\\\\]*[/\\\\][.][.](?=[/\\\\]|$)"),
          Pattern.compile("[/\\\\][^/\\\\]*[/\\\\][.][.](?=[/\\\\]|$)"),
          Pattern.compile("[/\\\\][.](?=[/\\\\]|$)"),
          Pattern.compile("[/\\\\](?=[/\\\\])"),
          Pattern.compile("(?<=[/\\\\])[/\\\\]"));

  private static final Pattern QUERY = Pattern.compile("[?#].*", Pattern.DOTALL);
  private static final Pattern SCHEME =
      Pattern.compile("^/?[a-z][a-z0-9+.-]*:(?=/)", Pattern.CASE_INSENSITIVE);

  private static final Pattern AUTHORITY = Pattern.compile("^//[^/?#\\\\]*");

  /** Of a reader that escapes first what a URI cannot have, so that only a slash ends it. */
  private static final Pattern ESCAPED_AUTHORITY = Pattern.compile("^//[^/]*");

  /** What Java puts in place of octets that are not UTF-8. */
  private static final char REPLACEMENT = '\ufffd';

  private PathVariants() {}

  /** Returns what one step makes of {@code text}, without what has no effect on it. */
  static Set<String> of(String text) {
    Set<String> all = new LinkedHashSet<>();
    all.add(text.indexOf(';') < 0 ? text : PARAMETER.matcher(text).replaceAll(""));
    if (text.indexOf('\\') >= 0) {
      addWithBackslashes(text, all);
    }
    if (text.contains("//")) {
      all.add(SLASHES.matcher(text).replaceAll("/"));
      all.add(AUTHORITY.matcher(text).replaceFirst("")); // as java.net.URI reads it
      all.add(ESCAPED_AUTHORITY.matcher(text).replaceFirst(""));
    }
    if (text.contains(":/")) {
      all.add(SCHEME.matcher(text).replaceFirst(""));
    }
    all.add(text.contains("/.") ? withoutDotSegments(text) : text);
    all.add(text.replace('+', ' ')); // as decoders of forms read it
    if (hasSpacesAround(text)) {
      all.add(SPACES_BEFORE.matcher(text).replaceAll(""));
      all.add(SPACES_BEHIND.matcher(text).replaceAll(""));
    }
    if (text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
      all.add(QUERY.matcher(text).replaceFirst(""));
    }
    addWithoutControls(text, all);
    addDecoded(text, all);
    all.remove(text);
    return all;
  }

  private static void addWithBackslashes(String text, Set<String> all) {
    all.add(text.replace('\\', '/'));
    all.add(text.replace("\\\\", "/")); // as a separator that was escaped with another
    all.add(BACKSLASHES.matcher(text).replaceAll("/"));
    RESOLVED.forEach(step -> all.add(step.matcher(text).replaceFirst("")));
  }

  /**
   * Returns whether a segment begins or ends with a space. Spring MVC serves {@code / file} as
   * {@code /file} where it matches with its older matcher, which can also trim every segment.
   */
  static boolean hasSpacesAround(String text) {
    return text.contains("/ ") || text.contains(" /") || text.endsWith(" ");
  }

  /** Resolves dot segments and keeps empty ones; more dots than segments lead to the root. */
  private static String withoutDotSegments(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    int start = text.startsWith("/") ? 1 : 0;
    while (start <= text.length()) {
      int slash = text.indexOf('/', start);
      int end = slash < 0 ? text.length() : slash;
      boolean isLast = slash < 0;
      String segment = text.substring(start, end);
      if (segment.equals("..")) {
        kept.setLength(Math.max(0, kept.lastIndexOf("/")));
      } else if (!segment.equals(".")) {
        kept.append('/').append(segment);
      }
      if (isLast && (segment.equals(".") || segment.equals(".."))) {
        kept.append('/'); // what is left is a directory
      }
      start = end + 1;
    }
    return kept.toString();
  }

  /** Some readers end at NUL, and some take control characters out. */
  private static void addWithoutControls(String text, Set<String> all) {
    if (!has(text, 0, ' ' - 1) && !has(text, 0x7f, 0x9f)) {
      return;
    }
    int nul = text.indexOf('\0');
    all.add(nul < 0 ? text : text.substring(0, nul));
    StringBuilder kept = new StringBuilder(text.length());
    text.chars().filter(c -> !Character.isISOControl(c)).forEach(c -> kept.append((char) c));
    all.add(kept.toString());
  }

  private static void addDecoded(String text, Set<String> all) {
    boolean hasEscapes = text.indexOf('%') >= 0;
    if (hasEscapes) {
      all.add(withAsciiDigits(text));
      all.add(decoded(text));
      all.add(new String(octets(text, true), UTF_8));
    }
    String strict = hasEscapes ? decoded(text) : text;
    if (strict.indexOf(REPLACEMENT) >= 0) {
      byte[] octets = octets(text, false);
      all.add(new String(octets, ISO_8859_1));
      all.add(leniently(octets));
    }
    if (has(text, 0x80, 0xff) && !has(text, 0x100, Character.MAX_VALUE)) {
      byte[] octets = text.getBytes(ISO_8859_1); // the container took each octet for a character
      all.add(new String(octets, UTF_8));
      all.add(leniently(octets));
    }
  }

  /** Java's number parsers, and so its URL decoder, take the digits of other scripts as well. */
  private static String withAsciiDigits(String text) {
    if (!has(text, 0x80, Character.MAX_VALUE)) {
      return text;
    }
    StringBuilder ascii = new StringBuilder(text);
    for (int at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) {
      for (int i = at + 1; i < Math.min(at + 3, text.length()); i++) {
        int digit = Character.digit(text.charAt(i), 16);
        if (digit >= 0) {
          ascii.setCharAt(i, Character.forDigit(digit, 16));
        }
      }
    }
    return ascii.toString();
  }

  /** Returns whether a text has a character in a range. */
  private static boolean has(String text, int first, int last) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= first && text.charAt(i) <= last) {
        return true;
      }
    }
    return false;
  }

  /** Returns the text with every escape decoded once; what is no escape stays. */
  static String decoded(String text) {
    return text.indexOf('%') < 0 ? text : new String(octets(text, false), UTF_8);
  }

  /**
   * @param splitFirst leaves escaped slashes, as a router does that splits a path before
   */
  private static byte[] octets(String text, boolean splitFirst) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      int octet = PathSpelling.octetAt(text, i);
      int unit = octet < 0 ? unitAt(text, i) : -1;
      if (octet >= 0 && !(splitFirst && (octet == '/' || octet == '\\'))) {
        bytes.write(octet);
        i += 2;
      } else if (unit >= 0) {
        bytes.writeBytes(Character.toString(unit).getBytes(UTF_8));
        i += 5;
      } else {
        int length = Character.charCount(text.codePointAt(i));
        bytes.writeBytes(text.substring(i, i + length).getBytes(UTF_8));
        i += length - 1;
      }
    }
    return bytes.toByteArray();
  }

  /** Returns the UTF-16 unit of an escape like %u002f, or -1. */
  private static int unitAt(String text, int index) {
    if (!text.startsWith("%u", index) && !text.startsWith("%U", index)) {
      return -1;
    }
    // Read as two escapes of an octet each.
    int high = octetOf(text, index + 2);
    int low = octetOf(text, index + 4);
    return high < 0 || low < 0 ? -1 : high << 8 | low;
  }

  private static int octetOf(String text, int index) {
    return index + 2 > text.length()
        ? -1
        : PathSpelling.octetAt("%" + text.substring(index, index + 2), 0);
  }

  /** Decodes UTF-8 as careless decoders do, which take longer forms of a character, too. */
  private static String leniently(byte[] octets) {
    StringBuilder text = new StringBuilder(octets.length);
    for (int i = 0; i < octets.length; i++) {
      int first = octets[i] & 0xff;
      int rest = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
      int codePoint = rest == 0 ? first : first & (0x3f >> rest);
      int taken = 0;
      while (taken < rest && i + taken + 1 < octets.length) {
        int next = octets[i + taken + 1];
        if ((next & 0xc0) != 0x80) {
          break;
        }
        codePoint = codePoint << 6 | next & 0x3f;
        taken++;
      }
      boolean isWhole = taken == rest && Character.isValidCodePoint(codePoint);
      text.appendCodePoint(isWhole ? codePoint : first);
      i += isWhole ? rest : 0;
    }
    return text.toString();
  }

  /**
   * Returns the text with escapes decoded until there is none, without control characters. Every
   * segment that begins with plain text in some reading has that text here. Null if something comes
   * out that is not ASCII, as it depends on the reader then. Time is linear.
   */
  static @Nullable String decodedThroughout(String text) {
    StringBuilder decoded = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      int c = text.charAt(i);
      while (c >= 0) {
        if (c > '~' || isUnit(decoded, c)) {
          return null;
        }
        if (!Character.isISOControl(c)) {
          decoded.append((char) c);
        }
        int escape = decoded.length() - 3;
        c = escape < 0 ? -1 : PathSpelling.octetAt(decoded, escape);
        if (c >= 0) {
          decoded.setLength(escape);
        }
      }
    }
    return decoded.toString();
  }

  private static boolean isUnit(StringBuilder before, int c) {
    return (c == 'u' || c == 'U')
        && before.length() > 0
        && before.charAt(before.length() - 1) == '%';
  }
}
