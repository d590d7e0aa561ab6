// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The paths of a rule; {@link Route} tells how a pattern is written.
 *
 * <p>The natural order puts the more specific pattern first: patterns without names and prefix,
 * then those with names, then prefixes, the longer before the shorter; among equals the one with
 * literal text in the first segment in which they differ. Immutable.
 */
final class PathPattern implements Comparable<PathPattern> {
  private static final Comparator<PathPattern> SPECIFIC_FIRST =
      Comparator.comparingInt(PathPattern::kind)
          .thenComparing(p -> p.segments.size(), Comparator.reverseOrder())
          .thenComparing(PathPattern::compareSegments)
          .thenComparing(p -> p.text)
          .thenComparing(p -> p.ignoresCase);

  /**
   * What no path of a URL has unescaped, outside of names, and what only ends a regular expression.
   */
  private static final Pattern FOREIGN =
      Pattern.compile("[\\[\\]|^<>`\"]|[.)][+]|[$](?=/|$)|[(][?]|\\\\[dwsDWS]");

  private final String text;
  private final List<Segment> segments;
  private final boolean isPrefix;
  private final boolean ignoresCase;

  private PathPattern(String text, List<Segment> segments, boolean isPrefix, boolean ignoresCase) {
    this.text = text;
    this.segments = List.copyOf(segments);
    this.isPrefix = isPrefix;
    this.ignoresCase = ignoresCase;
  }

  /**
   * Returns the pattern that {@code text} spells.
   *
   * @throws IllegalArgumentException if the text is not a pattern; the message names it, what was
   *     expected and what to write instead
   */
  static PathPattern parse(String text) {
    if (text.isEmpty() || text.charAt(0) != '/') {
      throw bad(text, "has no leading slash", remedyForNoSlash(text));
    }
    boolean isPrefix = text.endsWith("/*");
    String path = isPrefix ? text.substring(0, text.length() - 2) : text;
    refuseUnlessCanonical(text, path);
    if (path.endsWith("/") && (isPrefix || path.length() > 1)) {
      throw bad(
          text,
          "ends with a slash",
          "leave the slash out (that covers the path with and without it), or end with one /*");
    }
    List<Segment> segments = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String segment :
        path.length() <= 1 ? List.<String>of() : List.of(path.substring(1).split("/"))) {
      Segment parsed = Segment.parse(segment, text);
      if (parsed.name() != null && !names.add(parsed.name())) {
        throw bad(
            text, "has the name '" + parsed.name() + "' twice", "give each {name} its own name");
      }
      segments.add(parsed);
    }
    return new PathPattern(text, segments, isPrefix, false);
  }

  private static String remedyForNoSlash(String text) {
    if (text.startsWith("*.")) {
      return "a rule covers a path, not an extension: write '/{name}" + text.substring(1) + "'";
    }
    if (text.contains("://")) {
      return "leave scheme, host and context path out";
    }
    if (text.contains(" /")) {
      return "write the path alone, and the method as Route.get(...) or methods(...)";
    }
    return "write '/" + text + "', or '/*' for everything";
  }

  private static void refuseUnlessCanonical(String text, String path) {
    if (path.indexOf('*') >= 0) {
      throw bad(
          text,
          "has a * that is not the last segment",
          "use {name} for one segment and /* at the end for everything below");
    }
    if (FOREIGN.matcher(path).find()) {
      throw bad(
          text,
          "looks like a regular expression or another router's pattern",
          "write {name} for one segment and /* at the end for everything below");
    }
    if (path.indexOf('?') >= 0 || path.indexOf('#') >= 0) {
      throw bad(text, "has a query or a fragment", "write the path alone");
    }
    String problem = path.isEmpty() ? null : CanonicalPath.problemOf(path, PathRules.strict());
    if (problem != null) {
      throw bad(
          text, "is not canonical: " + problem, "write the decoded path, such as /api/report");
    }
  }

  private static IllegalArgumentException bad(String pattern, String found, String remedy) {
    return new IllegalArgumentException(
        "path pattern '%s' %s; expected an exact path, a path with {name} segments, or a prefix that ends with /*: %s"
            .formatted(pattern, found, remedy));
  }

  /**
   * Returns this pattern, but for paths in any letter case. Characters are folded one by one,
   * without a locale, as file systems that ignore case do.
   */
  PathPattern ignoringCase() {
    return new PathPattern(text, segments, isPrefix, true);
  }

  boolean ignoresCase() {
    return ignoresCase;
  }

  /** Returns whether this pattern is for one path only, spelled as its text. */
  boolean isExact() {
    return kind() == 0 && !ignoresCase;
  }

  /** Returns whether this pattern covers {@code path}. */
  boolean matches(CanonicalPath path) {
    List<String> actual = path.segments();
    boolean lengthFits =
        isPrefix ? actual.size() >= segments.size() : actual.size() == segments.size();
    if (!lengthFits) {
      return false;
    }
    for (int i = 0; i < segments.size(); i++) {
      if (!segments.get(i).matches(actual.get(i), ignoresCase)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns whether a path may match that is made of parts of {@code text}, in whatever way: the
   * text of every segment, up to its name, occurs.
   */
  boolean mayOccurIn(String text) {
    return segments.stream().allMatch(segment -> segment.mayOccurIn(text, ignoresCase));
  }

  /**
   * Returns whether both patterns are for the same paths, whatever the names are: {@code /a/{x}}
   * and {@code /a/{y}} are. Patterns of which one ignores case are compared as if both did, since
   * they disagree on the paths that they share.
   */
  boolean overlapsExactly(PathPattern other) {
    if (isPrefix != other.isPrefix || segments.size() != other.segments.size()) {
      return false;
    }
    boolean fold = ignoresCase || other.ignoresCase;
    for (int i = 0; i < segments.size(); i++) {
      if (!segments.get(i).hasShapeOf(other.segments.get(i), fold)) {
        return false;
      }
    }
    return true;
  }

  /** Compares by specificity: see the description of this class. Consistent with equals. */
  @Override
  public int compareTo(PathPattern other) {
    return SPECIFIC_FIRST.compare(this, other);
  }

  private int kind() {
    if (isPrefix) {
      return 2;
    }
    return segments.stream().allMatch(s -> s.name() == null) ? 0 : 1;
  }

  private static int compareSegments(PathPattern a, PathPattern b) {
    for (int i = 0; i < a.segments.size(); i++) {
      int difference = a.segments.get(i).compareTo(b.segments.get(i));
      if (difference != 0) {
        return difference;
      }
    }
    return 0;
  }

  /** Returns the text that this pattern was parsed from. */
  String text() {
    return text;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PathPattern that
        && text.equals(that.text)
        && ignoresCase == that.ignoresCase;
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** Returns {@link #text()}. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * One segment of a pattern: text, or a name with text before and after it.
   *
   * @param before the whole text if there is no name
   * @param name null if the segment is literal
   * @param after empty if there is no name
   */
  private record Segment(String before, @Nullable String name, String after)
      implements Comparable<Segment> {

    static Segment parse(String segment, String pattern) {
      int open = segment.indexOf('{');
      int close = segment.indexOf('}');
      if (open < 0 && close < 0) {
        requireNoForeignName(segment, pattern);
        return new Segment(segment, null, "");
      }
      boolean isOnePair =
          open >= 0
              && close > open
              && segment.indexOf('{', open + 1) < 0
              && segment.indexOf('}', close + 1) < 0;
      if (!isOnePair) {
        throw bad(
            pattern,
            "has braces that are not one balanced pair per segment",
            "write {name} once in a segment");
      }
      String name = segment.substring(open + 1, close);
      if (!isName(name)) {
        throw bad(
            pattern,
            "has the name '" + name + "'",
            "a name has ASCII letters, digits and underscores, and begins with a letter");
      }
      return new Segment(segment.substring(0, open), name, segment.substring(close + 1));
    }

    /** Taken as literal text, a name as other routers write it would leave the route free. */
    private static void requireNoForeignName(String segment, String pattern) {
      boolean isBracketed = segment.startsWith("[") && segment.endsWith("]");
      if (segment.startsWith(":") || isBracketed) {
        throw bad(
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

    /** A name stands for one character at least. */
    boolean matches(String actual, boolean ignoreCase) {
      if (name == null) {
        return same(before, actual, ignoreCase);
      }
      return actual.length() > before.length() + after.length()
          && actual.regionMatches(ignoreCase, 0, before, 0, before.length())
          && actual.regionMatches(
              ignoreCase, actual.length() - after.length(), after, 0, after.length());
    }

    boolean mayOccurIn(String text, boolean ignoreCase) {
      int last = text.length() - before.length();
      return before.chars().anyMatch(c -> c > '~') // which the text is not made of
          || IntStream.rangeClosed(0, last)
              .anyMatch(at -> text.regionMatches(ignoreCase, at, before, 0, before.length()));
    }

    boolean hasShapeOf(Segment other, boolean ignoreCase) {
      return (name == null) == (other.name == null)
          && same(before, other.before, ignoreCase)
          && same(after, other.after, ignoreCase);
    }

    private static boolean same(String a, String b, boolean ignoreCase) {
      return ignoreCase ? a.equalsIgnoreCase(b) : a.equals(b);
    }

    /** Literal text first, then a name with the more text around it. */
    @Override
    public int compareTo(Segment other) {
      if ((name == null) != (other.name == null)) {
        return name == null ? -1 : 1;
      }
      return name == null
          ? 0
          : Integer.compare(
              other.before.length() + other.after.length(), before.length() + after.length());
    }
  }
}
