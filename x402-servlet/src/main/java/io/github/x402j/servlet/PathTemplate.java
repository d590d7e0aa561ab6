// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The paths of a resource as buyers are told of them: {@code /users/{id}}, in the spelling of our
 * rules, of Spring MVC or of JAX-RS. It describes; what is priced is decided elsewhere.
 */
final class PathTemplate {
  private static final Pattern NAME =
      Pattern.compile("\\{\\s*([A-Za-z_][A-Za-z0-9_]*)\\s*(?::(?:[^{}]|\\{[^{}]*})*)?}");

  private final List<Segment> segments;
  private final boolean isPrefix;

  private PathTemplate(List<Segment> segments, boolean isPrefix) {
    this.segments = List.copyOf(segments);
    this.isPrefix = isPrefix;
  }

  /** Returns the template that a pattern spells; {@code /*} at its end stands for what follows. */
  static PathTemplate of(String pattern) {
    boolean isPrefix = pattern.endsWith("/*") || pattern.endsWith("/**");
    String path = isPrefix ? pattern.substring(0, pattern.lastIndexOf('/')) : pattern;
    // An expression may hold slashes, so it goes first.
    String named = NAME.matcher(path).replaceAll("{$1}");
    return new PathTemplate(parts(named).stream().map(Segment::of).toList(), isPrefix);
  }

  private static List<String> parts(String path) {
    return Stream.of(path.split("/")).filter(part -> !part.isEmpty()).toList();
  }

  /** Returns the names, in their order. */
  List<String> names() {
    return segments.stream().flatMap(segment -> segment.names().stream()).toList();
  }

  /** Returns the pattern, with each name in braces. */
  String text() {
    String path = segments.stream().map(Segment::text).collect(Collectors.joining("/", "/", ""));
    return !isPrefix ? path : path.equals("/") ? "/*" : path + "/*";
  }

  /** Returns it as OpenAPI writes it, which has a name for what follows a prefix, too. */
  String openApi() {
    return text().replaceFirst("/\\*$", "/{var1}");
  }

  /**
   * What a path is, seen by its template.
   *
   * @param template of the whole path
   * @param values what the names stand for
   */
  record Match(String template, Map<String, String> values) {}

  /**
   * Returns how a path fits, empty if it does not. A framework knows its paths from where it is
   * mapped to, so what the path has in front belongs to the template, too.
   *
   * @param path within the webapp, decoded
   */
  Optional<Match> match(String path) {
    List<String> actual = parts(path);
    int before = isPrefix ? 0 : actual.size() - segments.size();
    if (before < 0 || actual.size() < segments.size()) {
      return Optional.empty();
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < segments.size(); i++) {
      if (!segments.get(i).fits(actual.get(before + i), values)) {
        return Optional.empty();
      }
    }
    if (isPrefix && actual.size() == segments.size() + 1) {
      values.put("var1", actual.get(actual.size() - 1));
    }
    String front = before == 0 ? "" : "/" + String.join("/", actual.subList(0, before));
    return Optional.of(new Match(front + text(), values));
  }

  /**
   * A part of a path.
   *
   * @param pattern null where it is one text, or one name alone
   */
  private record Segment(String text, List<String> names, @Nullable Pattern pattern) {
    static Segment of(String text) {
      List<String> names = new ArrayList<>();
      StringBuilder expression = new StringBuilder();
      Matcher found = NAME.matcher(text);
      int end = 0;
      while (found.find()) {
        expression.append(Pattern.quote(text.substring(end, found.start()))).append("(.+)");
        names.add(found.group(1));
        end = found.end();
      }
      expression.append(Pattern.quote(text.substring(end)));
      boolean isPlain = names.isEmpty() || text.equals("{" + names.get(0) + "}");
      return new Segment(
          text,
          List.copyOf(names),
          isPlain ? null : Pattern.compile(expression.toString(), Pattern.DOTALL));
    }

    boolean fits(String actual, Map<String, String> values) {
      if (names.isEmpty()) {
        return text.equals(actual);
      }
      if (pattern == null) {
        values.put(names.get(0), actual);
        return true;
      }
      Matcher matcher = pattern.matcher(actual);
      if (!matcher.matches()) {
        return false;
      }
      for (int i = 0; i < names.size(); i++) {
        values.put(names.get(i), matcher.group(i + 1));
      }
      return true;
    }
  }
}
