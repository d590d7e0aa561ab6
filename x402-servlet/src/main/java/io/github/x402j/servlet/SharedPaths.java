// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Finds requests that a handler of a framework and a rule have in common. No expression in a
 * template is read here: rules and framework are asked whether a path is really theirs.
 */
final class SharedPaths {
  /** To try where any method is meant. */
  private static final List<String> METHODS = List.of("GET", "POST", "PUT", "DELETE", "PATCH");

  /** What stands for a name. */
  private static final List<String> NAMES = List.of("1", "a");

  private static final Pattern NAME = Pattern.compile("\\{(?:[^{}]|\\{[^{}]*})*}|\\*");
  private static final Pattern MANY =
      Pattern.compile("\\*\\*|\\{\\*[^{}]*}|\\{[^{}:]*:\\s*\\.[*+]\\s*}");

  private final String name;
  private final boolean isPrefix;
  private final Set<String> found;

  private SharedPaths(String name, boolean isPrefix, Set<String> found) {
    this.name = name;
    this.isPrefix = isPrefix;
    this.found = found;
  }

  /**
   * Returns a request, method and path, that a rule decides on and a framework hands to a handler;
   * empty if none is found.
   */
  static Optional<String> example(Routes routes, Route rule, HandlerPaths handler) {
    for (String path : of(handler.template(), rule.pattern())) {
      for (String method : methods(rule, handler)) {
        if (decides(routes, rule, path, method) && handler.runs().test(method, path)) {
          return Optional.of(method + " " + path);
        }
      }
    }
    return Optional.empty();
  }

  private static Collection<String> methods(Route rule, HandlerPaths handler) {
    if (!handler.methods().isEmpty()) {
      return new TreeSet<>(handler.methods());
    }
    return rule.methods().isEmpty() ? METHODS : rule.methods();
  }

  private static boolean decides(Routes routes, Route rule, String path, String method) {
    return CanonicalPath.problemOf(path, PathRules.strict()) == null
        && routes.find(CanonicalPath.reading(path), method).filter(rule::equals).isPresent();
  }

  /** Returns paths, perhaps none. */
  private static Set<String> of(String template, String pattern) {
    boolean isPrefix = pattern.endsWith("/*");
    String bare = isPrefix ? pattern.substring(0, pattern.length() - 2) : pattern;
    Set<String> found = new LinkedHashSet<>();
    for (String name : NAMES) {
      new SharedPaths(name, isPrefix, found).walk(segments(template), segments(bare), "");
    }
    if (template.endsWith("/") && template.length() > 1) {
      return new LinkedHashSet<>(found.stream().map(path -> path + "/").toList());
    }
    return found;
  }

  /** Splits at slashes outside of braces. */
  private static List<String> segments(String path) {
    List<String> all = new ArrayList<>();
    StringBuilder segment = new StringBuilder();
    int depth = 0;
    for (char c : (path + "/").toCharArray()) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c != '/' || depth > 0) {
        segment.append(c);
      } else if (segment.length() > 0) {
        all.add(segment.toString());
        segment.setLength(0);
      }
    }
    return all;
  }

  private void walk(List<String> template, List<String> rule, String path) {
    if (template.isEmpty()) {
      if (rule.isEmpty()) {
        found.add(path.isEmpty() ? "/" : path);
      }
      return;
    }
    String next = template.get(0);
    List<String> rest = template.subList(1, template.size());
    if (MANY.matcher(next).matches()) {
      walk(rest, rule, path);
      if (!rule.isEmpty()) {
        walk(template, rule.subList(1, rule.size()), path + "/" + named(rule.get(0)));
      } else if (isPrefix) {
        walk(rest, rule, path + "/" + name);
      }
    } else if (!rule.isEmpty()) {
      walk(rest, rule.subList(1, rule.size()), path + "/" + shared(next, rule.get(0)));
    } else if (isPrefix) {
      walk(rest, rule, path + "/" + named(next));
    }
  }

  /** Returns the one that says more. */
  private String shared(String template, String rule) {
    boolean isTemplate = !NAME.matcher(template).find() && template.indexOf('?') < 0;
    boolean isRule = rule.indexOf('{') < 0;
    boolean isTemplateLonger =
        NAME.matcher(template).replaceAll("").length()
            >= NAME.matcher(rule).replaceAll("").length();
    return isTemplate || !isRule && isTemplateLonger ? named(template) : named(rule);
  }

  private String named(String segment) {
    return NAME.matcher(segment).replaceAll(name).replace("?", name);
  }
}
