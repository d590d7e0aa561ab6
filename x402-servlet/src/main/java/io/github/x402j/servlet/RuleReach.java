// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.net.MalformedURLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for priced rules that cover nothing that the webapp answers: what they are meant for is
 * free then. A servlet for everything routes by itself, so no rule that it would answer is doubted,
 * except one that repeats the context path.
 */
final class RuleReach {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  /** Servlets of containers that serve files, and answer everything else with 404. */
  static final Set<String> FILE_SERVLETS =
      Set.of(
          "org.apache.catalina.servlets.DefaultServlet",
          "org.eclipse.jetty.ee10.servlet.DefaultServlet",
          "org.eclipse.jetty.ee11.servlet.DefaultServlet",
          "org.eclipse.jetty.ee10.servlet.ResourceServlet",
          "org.eclipse.jetty.ee11.servlet.ResourceServlet",
          "org.eclipse.jetty.servlet.DefaultServlet",
          "io.undertow.servlet.handlers.DefaultServlet");

  private final ServletContext context;
  private final String publicPath;
  private final List<String> mappings = new ArrayList<>();

  /** Whether a servlet of the webapp answers what no narrower mapping does. */
  private final boolean routesItself;

  private RuleReach(ServletContext context, String publicPath) {
    this.context = context;
    this.publicPath = publicPath;
    boolean hasRouter = false;
    for (ServletRegistration servlet : context.getServletRegistrations().values()) {
      for (String mapping : servlet.getMappings()) {
        if (!mapping.equals("/") && !mapping.equals("/*")) {
          mappings.add(mapping);
        } else if (!FILE_SERVLETS.contains(String.valueOf(servlet.getClassName()))) {
          hasRouter = true;
        }
      }
    }
    routesItself = hasRouter;
  }

  /**
   * Checks every priced rule. What is certain fails the start, of the rest the log warns.
   *
   * @param publicPath the path of the public URL, which a proxy may cut off
   * @throws IllegalStateException if a rule certainly covers nothing; the message names the rule,
   *     the reason and the pattern that would have matched
   */
  static void check(ServletContext context, Routes routes, String publicPath) {
    RuleReach reach = new RuleReach(context, publicPath);
    routes.all().stream().filter(route -> !route.isFree()).forEach(reach::check);
  }

  private void check(Route route) {
    Path path = Path.of(route);
    if (isMapped(path)) {
      return;
    }
    Optional<Path> repeated = withoutPrefix(path);
    if (repeated.isPresent()) {
      String problem =
          "route %s repeats the path of the webapp, %s; rules are within the webapp: write %s"
              .formatted(route, prefixOf(path), repeated.get().pattern());
      tell(problem, !routesItself && (isMapped(repeated.get()) || isFile(repeated.get(), route)));
    } else if (!routesItself && !isFile(path, route)) {
      Optional<String> meant = meant(path);
      String problem =
          "route %s covers nothing: no servlet is mapped to it, and there is no such file; %s"
              .formatted(
                  route,
                  meant
                      .map(pattern -> "did you mean " + pattern + "? ")
                      .orElse("")
                      .concat("servlets are mapped to " + mappings));
      tell(problem, meant.isPresent() && !path.mayBeAFile() && !hasOtherFilters());
    }
  }

  private static void tell(String problem, boolean isCertain) {
    if (isCertain) {
      throw new IllegalStateException(problem);
    }
    log.warn(
        "{}; unless it is served in a way that the container does not know, it is free", problem);
  }

  /** Returns whether a servlet is mapped to something that the rule covers. */
  private boolean isMapped(Path path) {
    return mappings.stream().anyMatch(path::meets);
  }

  /** Returns whether there is a file, or a directory, for a rule. */
  private boolean isFile(Path path, Route route) {
    if (route.paths().ignoresCase()) {
      return true; // the file system may know it by another name
    }
    try {
      Set<String> below = context.getResourcePaths(path.directory());
      return context.getResource(path.literal()) != null
          || !path.isExact() && below != null && !below.isEmpty();
    } catch (MalformedURLException | RuntimeException e) {
      return true; // not known
    }
  }

  /** A filter may answer by itself, as routers that are filters do. */
  private boolean hasOtherFilters() {
    return context.getFilterRegistrations().values().stream()
        .map(FilterRegistration::getClassName)
        .anyMatch(name -> name == null || !name.startsWith(PaymentFilter.class.getName()));
  }

  /** Returns the pattern that a mapping makes of the rule, if one is like it. */
  private Optional<String> meant(Path path) {
    for (String mapping : mappings) {
      String bare = mapping.endsWith("/*") ? mapping.substring(0, mapping.length() - 2) : mapping;
      if (bare.equalsIgnoreCase(path.literal())) {
        return Optional.of(mapping);
      }
    }
    return mappings.stream()
        .filter(mapping -> mapping.endsWith("/*"))
        .map(mapping -> mapping.substring(0, mapping.length() - 2) + path.pattern())
        .findFirst();
  }

  private Optional<Path> withoutPrefix(Path path) {
    String prefix = prefixOf(path);
    return prefix.isEmpty() ? Optional.empty() : Optional.of(path.without(prefix));
  }

  /** Returns the path of the webapp that the rule begins with, empty if it does not. */
  private String prefixOf(Path path) {
    for (String prefix : List.of(context.getContextPath(), publicPath)) {
      if (!prefix.isEmpty()
          && (path.pattern().equals(prefix) || path.pattern().startsWith(prefix + "/"))) {
        return prefix;
      }
    }
    return "";
  }

  /**
   * The paths of a rule, as mappings of servlets see them.
   *
   * @param pattern as it was written
   * @param literal the segments before the first name, without a slash at the end
   * @param isExact whether there is no name and no prefix
   */
  private record Path(String pattern, String literal, boolean isExact) {
    static Path of(Route route) {
      return of(route.pattern());
    }

    private static Path of(String pattern) {
      boolean isPrefix = pattern.endsWith("/*");
      String path = isPrefix ? pattern.substring(0, pattern.length() - 2) : pattern;
      int name = path.indexOf('{');
      String literal = name < 0 ? path : path.substring(0, path.lastIndexOf('/', name));
      return new Path(pattern, literal.equals("/") ? "" : literal, name < 0 && !isPrefix);
    }

    Path without(String prefix) {
      String rest = pattern.substring(prefix.length());
      return of(rest.isEmpty() ? "/" : rest);
    }

    String directory() {
      return literal + "/";
    }

    /** Returns whether a mapping of the servlet specification (12.2) covers one of the paths. */
    boolean meets(String mapping) {
      if (mapping.isEmpty()) {
        return isExact ? literal.isEmpty() : true;
      }
      if (mapping.startsWith("*.")) {
        return !isExact || literal.endsWith(mapping.substring(1));
      }
      boolean isPrefix = mapping.endsWith("/*");
      String mapped = isPrefix ? mapping.substring(0, mapping.length() - 2) : mapping;
      boolean covers = isPrefix && isWithin(literal, mapped);
      return covers || mapped.equals(literal) || !isExact && isWithin(mapped, literal);
    }

    private static boolean isWithin(String path, String directory) {
      return path.equals(directory) || path.startsWith(directory + "/");
    }

    /** Returns whether the last segment looks like a file that may come later. */
    boolean mayBeAFile() {
      return !isExact && pattern.endsWith("/*")
          || pattern.indexOf('.', pattern.lastIndexOf('/')) >= 0;
    }
  }
}
