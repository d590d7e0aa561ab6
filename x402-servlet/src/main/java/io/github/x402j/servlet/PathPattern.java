// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which paths a rule is for: {@code /private}, {@code /report/{id}}, {@code /file-{id}.pdf}, {@code
 * /api/*}.
 *
 * <p>A pattern is written decoded, with a leading slash, without the context path and without a
 * query. {@code {name}} stands for one or more characters of one segment; there may be one in a
 * segment, with text around it. {@code /*} at the end makes a prefix: {@code /api/*} covers {@code
 * /api}, {@code /api/} and everything below. Without it one trailing slash is folded: {@code
 * /private} covers {@code /private/}, too, which resource handlers serve as the same file.
 *
 * <pre>{@code
 * PathPattern report = PathPattern.parse("/report/{id}");
 * report.variables(CanonicalPath.parse("/report/7")); // {id=7}
 * }</pre>
 *
 * <p>The natural order puts the more specific pattern first: patterns without names and prefix,
 * then those with names, then prefixes, the longer before the shorter; among equals the one with
 * literal text in the first segment in which they differ. Of several patterns that match a path the
 * first in this order is the rule. Instances are immutable and safe for use by several threads.
 */
public final class PathPattern implements Comparable<PathPattern> {
  private static final Comparator<PathPattern> SPECIFIC_FIRST =
      Comparator.comparingInt(PathPattern::kind)
          .thenComparing(p -> p.segments.size(), Comparator.reverseOrder())
          .thenComparing(PathPattern::compareSegments)
          .thenComparing(p -> p.text)
          .thenComparing(p -> p.ignoresCase);

  private final String text;
  private final List<PathSegment> segments;
  private final boolean isPrefix;
  private final boolean ignoresCase;

  private PathPattern(
      String text, List<PathSegment> segments, boolean isPrefix, boolean ignoresCase) {
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
  public static PathPattern parse(String text) {
    if (text.isEmpty() || text.charAt(0) != '/') {
      throw bad(text, "has no leading slash", "write '/" + text + "', or '/*' for everything");
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
    List<PathSegment> segments = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String segment :
        path.length() <= 1 ? List.<String>of() : List.of(path.substring(1).split("/"))) {
      PathSegment parsed = PathSegment.parse(segment, text);
      if (parsed.name() != null && !names.add(parsed.name())) {
        throw bad(
            text, "has the name '" + parsed.name() + "' twice", "give each {name} its own name");
      }
      segments.add(parsed);
    }
    return new PathPattern(text, segments, isPrefix, false);
  }

  private static void refuseUnlessCanonical(String text, String path) {
    if (path.indexOf('*') >= 0) {
      throw bad(
          text,
          "has a * that is not the last segment",
          "use {name} for one segment and /* at the end for everything below");
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

  static IllegalArgumentException bad(String pattern, String found, String remedy) {
    return new IllegalArgumentException(
        "path pattern '%s' %s; expected an exact path, a path with {name} segments, or a prefix that ends with /*: %s"
            .formatted(pattern, found, remedy));
  }

  /**
   * Returns this pattern, but for paths in any letter case. Characters are folded one by one,
   * without a locale, as file systems that ignore case do.
   */
  public PathPattern ignoringCase() {
    return new PathPattern(text, segments, isPrefix, true);
  }

  /** Tells whether this pattern is for one path only, spelled as its text. */
  boolean isExact() {
    return kind() == 0 && !ignoresCase;
  }

  /** Tells whether this pattern covers {@code path}. */
  public boolean matches(CanonicalPath path) {
    return match(path) != null;
  }

  /**
   * Returns what the names of this pattern stand for in {@code path}, in the order of the pattern;
   * unmodifiable.
   *
   * @throws IllegalArgumentException if the pattern does not match the path
   */
  public Map<String, String> variables(CanonicalPath path) {
    Map<String, String> variables = match(path);
    if (variables == null) {
      throw new IllegalArgumentException("path pattern '" + text + "' does not match the path");
    }
    return Collections.unmodifiableMap(variables);
  }

  private @Nullable Map<String, String> match(CanonicalPath path) {
    List<String> actual = path.segments();
    boolean lengthFits =
        isPrefix ? actual.size() >= segments.size() : actual.size() == segments.size();
    if (!lengthFits) {
      return null;
    }
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < segments.size(); i++) {
      if (!segments.get(i).match(actual.get(i), ignoresCase, variables)) {
        return null;
      }
    }
    return variables;
  }

  /**
   * Tells whether both patterns are for the same paths, whatever the names are: {@code /a/{x}} and
   * {@code /a/{y}} are. Patterns of which one ignores case are compared as if both did, since they
   * disagree on the paths that they share.
   */
  public boolean overlapsExactly(PathPattern other) {
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

  /** Returns the names in this pattern, in its order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    for (PathSegment segment : segments) {
      if (segment.name() != null) {
        names.add(segment.name());
      }
    }
    return List.copyOf(names);
  }

  /** Returns the text that this pattern was parsed from. */
  public String text() {
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
}
