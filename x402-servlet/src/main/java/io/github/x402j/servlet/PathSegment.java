// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One segment of a {@link PathPattern}: text, or a name with text before and after it.
 *
 * @param before the whole text if there is no name
 * @param name null if the segment is literal
 * @param after empty if there is no name
 */
record PathSegment(String before, @Nullable String name, String after)
    implements Comparable<PathSegment> {

  static PathSegment parse(String segment, String pattern) {
    int open = segment.indexOf('{');
    int close = segment.indexOf('}');
    if (open < 0 && close < 0) {
      requireNoForeignName(segment, pattern);
      return new PathSegment(segment, null, "");
    }
    boolean isOnePair =
        open >= 0
            && close > open
            && segment.indexOf('{', open + 1) < 0
            && segment.indexOf('}', close + 1) < 0;
    if (!isOnePair) {
      throw PathPattern.bad(
          pattern,
          "has braces that are not one balanced pair per segment",
          "write {name} once in a segment");
    }
    String name = segment.substring(open + 1, close);
    if (!isName(name)) {
      throw PathPattern.bad(
          pattern,
          "has the name '" + name + "'",
          "a name has ASCII letters, digits and underscores, and begins with a letter");
    }
    return new PathSegment(segment.substring(0, open), name, segment.substring(close + 1));
  }

  /** Taken as literal text, a name as other routers write it would leave the route free. */
  private static void requireNoForeignName(String segment, String pattern) {
    boolean isBracketed = segment.startsWith("[") && segment.endsWith("]");
    if (segment.startsWith(":") || isBracketed) {
      throw PathPattern.bad(
          pattern,
          "has the segment '" + segment + "', which other routers take for a name",
          "write {name}; a path that really begins so is covered by a {name} or a prefix");
    }
  }

  private static boolean isName(String name) {
    return !name.isEmpty()
        && isLetter(name.charAt(0))
        && name.chars().allMatch(c -> isLetter(c) || c >= '0' && c <= '9' || c == '_');
  }

  private static boolean isLetter(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  /** Tells whether {@code actual} fits, and notes what the name stands for. */
  boolean match(String actual, boolean ignoreCase, Map<String, String> variables) {
    if (name == null) {
      return same(before, actual, ignoreCase);
    }
    int length = actual.length() - before.length() - after.length();
    if (length < 1
        || !actual.regionMatches(ignoreCase, 0, before, 0, before.length())
        || !actual.regionMatches(
            ignoreCase, actual.length() - after.length(), after, 0, after.length())) {
      return false;
    }
    variables.put(name, actual.substring(before.length(), before.length() + length));
    return true;
  }

  boolean hasShapeOf(PathSegment other, boolean ignoreCase) {
    return (name == null) == (other.name == null)
        && same(before, other.before, ignoreCase)
        && same(after, other.after, ignoreCase);
  }

  private static boolean same(String a, String b, boolean ignoreCase) {
    return ignoreCase ? a.equalsIgnoreCase(b) : a.equals(b);
  }

  /** Literal text first, then a name with the more text around it. */
  @Override
  public int compareTo(PathSegment other) {
    if ((name == null) != (other.name == null)) {
      return name == null ? -1 : 1;
    }
    return name == null
        ? 0
        : Integer.compare(
            other.before.length() + other.after.length(), before.length() + after.length());
  }
}
