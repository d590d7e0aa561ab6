// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Extension;
import io.github.x402j.extension.Discoverable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a priced rule tells buyers about how it is called: its declaration, with the method and the
 * path of a request.
 */
final class Announcement {
  private static final List<String> METHODS = List.of("GET", "POST", "PUT", "PATCH", "DELETE");

  private final Discoverable declared;
  private final Set<String> methods;
  private final Set<String> listedMethods;

  /** Several where a handler is mapped to several; the first that fits counts. */
  private final List<PathTemplate> templates;

  private Announcement(
      Discoverable declared,
      Set<String> methods,
      Set<String> listedMethods,
      List<PathTemplate> templates) {
    this.declared = declared;
    this.methods = methods;
    this.listedMethods = listedMethods;
    this.templates = templates;
  }

  /**
   * Returns that of a rule, null if it is not discoverable.
   *
   * @param handler what the handler of a framework is called, {@code GET /quotes/{id}}; empty for a
   *     rule that is found by its path
   * @throws IllegalArgumentException if no method of the rule is one that the declaration is for
   */
  static @Nullable Announcement of(Route route, String handler) {
    Discoverable declared = route.settings().discoverable();
    if (declared == null) {
      return null;
    }
    int space = handler.indexOf(' ');
    Set<String> covered =
        space > 0 ? Set.of(handler.substring(0, space).split(",")) : route.methods();
    Set<String> methods =
        METHODS.stream()
            .filter(method -> covered.isEmpty() || covered.contains(method))
            .filter(declared::isFor)
            .collect(Collectors.toCollection(TreeSet::new));
    if (methods.isEmpty()) {
      throw new IllegalArgumentException(
          "discoverable: it has a body, which none of the methods of the rule has; name POST, PUT or"
              + " PATCH");
    }
    String pattern =
        declared
            .template()
            .orElse(handler.isEmpty() ? route.pattern() : handler.substring(space + 1));
    // A rule for all methods does not say which its handler takes.
    Set<String> listed = covered.isEmpty() ? Set.of(declared.usualMethod()) : methods;
    return new Announcement(
        declared, methods, listed, patterns(pattern).map(PathTemplate::of).toList());
  }

  /** An expression of a framework may have a comma in it, which no slash follows. */
  private static Stream<String> patterns(String all) {
    return Arrays.stream(all.split(",(?=/)")).filter(each -> each.startsWith("/"));
  }

  Discoverable declared() {
    return declared;
  }

  /** Returns the methods that it describes. */
  Set<String> methods() {
    return methods;
  }

  /** Returns those that lists name. */
  Set<String> listedMethods() {
    return listedMethods;
  }

  /** Returns the templates of the paths, within the webapp; none if they are not known. */
  List<PathTemplate> templates() {
    return templates;
  }

  /**
   * Returns the entry for a request.
   *
   * @param method one of those that it describes
   * @param path within the webapp, decoded
   */
  Extension entry(String method, PublicUrl url, String path) {
    Optional<PathTemplate.Match> match =
        templates.stream().flatMap(template -> template.match(path).stream()).findFirst();
    return declared.entry(
        method,
        url.pathOf(match.map(PathTemplate.Match::template).orElse(path)),
        match.map(PathTemplate.Match::values).orElse(Map.of()));
  }

  /** Returns the entry of a list, for all paths of a template. */
  Extension entry(String method, PublicUrl url, PathTemplate template) {
    return declared.entry(method, url.pathOf(template.text()), Map.of());
  }

  /** Returns the longest entry for a path of this length. */
  Extension longest(PublicUrl url, int length) {
    PathTemplate template = templates.isEmpty() ? PathTemplate.of("/*") : templates.get(0);
    Map<String, String> values = new LinkedHashMap<>();
    int each = length / Math.max(1, template.names().size());
    template.names().forEach(name -> values.put(name, "x".repeat(each)));
    return declared.entry(
        methods.stream().max(Comparator.comparing(String::length)).orElseThrow(),
        url.pathOf(template.text()),
        values);
  }
}
