// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.servlet.HandlerPaths;
import io.github.x402j.servlet.PricedHandler;
import jakarta.servlet.Registration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where resources are in a webapp. Where JAX-RS itself is, is certain if one servlet of Jersey or
 * RESTEasy is registered. Of several it may be any. Where there is none, but a filter perhaps, it
 * may be wherever something is mapped.
 *
 * @param bases the paths that JAX-RS may have, empty for the root
 * @param isCertain whether it has all of them
 */
record ResourcePaths(Set<String> bases, boolean isCertain) {
  private static final String RESTEASY = "org.jboss.resteasy.plugins.server.servlet.";
  private static final List<String> SERVLETS = List.of("org.glassfish.jersey.servlet.", RESTEASY);
  private static final String RESTEASY_PREFIX = "resteasy.servlet.mapping.prefix";

  private static final Pattern VARIABLE =
      Pattern.compile("\\{\\s*[^{}:\\s]+\\s*(?::((?:[^{}]|\\{[^{}]*})*))?}");

  /** Returns those of a webapp, as far as it is known by now. */
  static ResourcePaths of(ServletContext context) {
    List<ServletRegistration> servlets =
        context.getServletRegistrations().values().stream()
            .filter(servlet -> isJaxRs(context, servlet))
            .map(ServletRegistration.class::cast)
            .toList();
    boolean hasFilter =
        context.getFilterRegistrations().values().stream()
            .anyMatch(filter -> isJaxRs(context, filter));
    if (!servlets.isEmpty() && !hasFilter) {
      Set<String> bases = new LinkedHashSet<>();
      servlets.forEach(servlet -> bases.addAll(bases(context, servlet)));
      return new ResourcePaths(bases, servlets.size() == 1);
    }
    Set<String> all = new LinkedHashSet<>(Set.of(""));
    context.getServletRegistrations().values().forEach(it -> addBases(it.getMappings(), all));
    context
        .getFilterRegistrations()
        .values()
        .forEach(it -> addBases(it.getUrlPatternMappings(), all));
    return new ResourcePaths(all, false);
  }

  private static boolean isJaxRs(ServletContext context, Registration registration) {
    for (Class<?> type = load(context, registration.getClassName());
        type != null;
        type = type.getSuperclass()) {
      if (SERVLETS.stream().anyMatch(type.getName()::startsWith)) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable Class<?> load(ServletContext context, @Nullable String name) {
    for (ClassLoader loader :
        new @Nullable ClassLoader[] {
          context.getClassLoader(),
          Thread.currentThread().getContextClassLoader(),
          ResourcePaths.class.getClassLoader()
        }) {
      try {
        return name == null ? null : Class.forName(name, false, loader);
      } catch (ClassNotFoundException | LinkageError e) {
        // Another one may see it.
      }
    }
    return null;
  }

  /** RESTEasy reads the whole path, and leaves a prefix out that it is told. */
  private static Set<String> bases(ServletContext context, ServletRegistration servlet) {
    if (String.valueOf(servlet.getClassName()).startsWith(RESTEASY)) {
      String own = servlet.getInitParameter(RESTEASY_PREFIX);
      String prefix = own == null ? context.getInitParameter(RESTEASY_PREFIX) : own;
      return Set.of(prefix == null || prefix.equals("/") ? "" : prefix.replaceFirst("/\\*?$", ""));
    }
    Set<String> bases = new LinkedHashSet<>();
    addBases(servlet.getMappings(), bases);
    return bases;
  }

  private static void addBases(Collection<String> mappings, Set<String> bases) {
    for (String mapping : mappings) {
      if (mapping.equals("/") || mapping.endsWith("/*")) {
        bases.add(mapping.substring(0, mapping.lastIndexOf('/')));
      }
    }
  }

  /**
   * Requires that no rule of the filter takes less for a method of a root resource, or, where it is
   * not certain where that is, none that settles first.
   *
   * @param root the classes that JAX-RS may choose a method of
   * @throws IllegalStateException if one does
   */
  void requireNoCheaperRule(
      PricedHandler price, Class<?> type, Method method, Collection<Class<?>> root) {
    Mapped own = Mapped.of(type, method);
    List<Mapped> others =
        Stream.concat(root.stream(), Stream.of(type))
            .distinct()
            .filter(each -> ResourcePrice.path(each).isPresent())
            .flatMap(each -> Stream.of(each.getMethods()).map(other -> Mapped.of(each, other)))
            .filter(other -> other.httpMethod().equals(own.httpMethod()))
            .toList();
    Consumer<HandlerPaths> check =
        isCertain ? price::requireNoCheaperRule : price::requireNoCheaperRuleThatSettlesFirst;
    for (String base : bases) {
      check.accept(
          new HandlerPaths(
              type.getName() + "." + method.getName(),
              ResourcePrice.join(base, own.path()),
              Set.of(own.httpMethod()),
              (asked, path) ->
                  path.startsWith(base + "/") && own.runs(path.substring(base.length()), others)));
    }
  }

  /** Returns where a locator leads to. */
  List<HandlerPaths> below(Class<?> type, Method locator) {
    String path = Mapped.of(type, locator).path();
    return bases.stream()
        .map(
            base ->
                new HandlerPaths(
                    type.getName() + "." + locator.getName(),
                    ResourcePrice.join(base, path) + "/**",
                    Set.of(),
                    (method, found) -> true))
        .toList();
  }

  /**
   * A method of a root resource, or a locator.
   *
   * @param ofClass the template of its class
   * @param path the template of both
   */
  private record Mapped(String httpMethod, String ofClass, String path) {
    /**
     * The more literal characters, the sooner JAX-RS chooses it: first the class, then the method.
     */
    private static final Comparator<Mapped> SOONER =
        Comparator.comparingInt((Mapped mapped) -> literals(mapped.ofClass))
            .thenComparingInt(mapped -> literals(mapped.path));

    static Mapped of(Class<?> type, Method method) {
      String ofClass = ResourcePrice.join(ResourcePrice.path(type).orElse(""), "");
      return new Mapped(
          ResourcePrice.httpMethod(type, method),
          ofClass,
          ResourcePrice.join(ofClass, ResourcePrice.path(type, method).orElse("")));
    }

    private static int literals(String template) {
      return VARIABLE.matcher(template).replaceAll("").length();
    }

    boolean runs(String asked, List<Mapped> others) {
      return matches(asked)
          && others.stream()
              .noneMatch(other -> SOONER.compare(other, this) > 0 && other.matches(asked));
    }

    private boolean matches(String asked) {
      StringBuilder pattern = new StringBuilder();
      Matcher variables = VARIABLE.matcher(path);
      int end = 0;
      while (variables.find()) {
        pattern.append(Pattern.quote(path.substring(end, variables.start())));
        String expression = variables.group(1);
        pattern.append(expression == null ? "[^/]+" : "(?:" + expression.strip() + ")");
        end = variables.end();
      }
      pattern.append(Pattern.quote(path.substring(end))).append("/?");
      try {
        return asked.matches(pattern.toString());
      } catch (PatternSyntaxException e) {
        return true; // as far as is known
      }
    }
  }
}
