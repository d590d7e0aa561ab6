// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.HandlerPaths;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.http.server.PathContainer;
import org.springframework.util.AntPathMatcher;
import org.springframework.util.ClassUtils;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.handler.AbstractHandlerMapping;
import org.springframework.web.servlet.handler.AbstractHandlerMethodMapping;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/** The handlers of one mapping of Spring MVC, with the paths that it maps them to. */
final class MappedHandlers {
  private static final AntPathMatcher ANT = new AntPathMatcher();

  private final String servletPath;
  private final List<Mapped> all = new ArrayList<>();

  /**
   * What something is mapped to.
   *
   * @param patterns behind the path of the servlet
   * @param methods empty for all
   * @param isCertain whether nothing but path and method is looked at
   */
  private record Mapped(Set<String> patterns, Set<String> methods, boolean isCertain) {
    static Mapped of(Object mapped) {
      if (!(mapped instanceof RequestMappingInfo info)) {
        return new Mapped(mapped instanceof String path ? Set.of(path) : Set.of(), Set.of(), true);
      }
      boolean isCertain =
          info.getParamsCondition().isEmpty()
              && info.getHeadersCondition().isEmpty()
              && info.getConsumesCondition().isEmpty()
              && info.getProducesCondition().isEmpty()
              && info.getCustomCondition() == null;
      Set<String> methods =
          info.getMethodsCondition().getMethods().stream()
              .map(Enum::name)
              .collect(Collectors.toUnmodifiableSet());
      return new Mapped(Set.copyOf(info.getPatternValues()), methods, isCertain);
    }

    boolean takes(String method) {
      return methods.isEmpty() || methods.contains(method);
    }

    /** Returns whether Spring MVC prefers this to another for a request that both take. */
    boolean comesBefore(Mapped other, String pattern, String method, String path) {
      return isCertain
          && takes(method)
          && patterns.stream()
              .filter(own -> matches(own, path))
              .mapToInt(own -> ANT.getPatternComparator(path).compare(own, pattern))
              .anyMatch(
                  order ->
                      order < 0 || order == 0 && methods.size() > 0 && other.methods.isEmpty());
    }
  }

  /**
   * @param servletPath the path of the dispatcher servlet, empty at the root
   */
  MappedHandlers(AbstractHandlerMapping mapping, String servletPath) {
    this.servletPath = servletPath;
    if (mapping instanceof AbstractHandlerMethodMapping<?> methods) {
      methods.getHandlerMethods().keySet().forEach(mapped -> all.add(Mapped.of(mapped)));
    } else if (mapping instanceof AbstractUrlHandlerMapping urls) {
      urls.getHandlerMap().keySet().forEach(mapped -> all.add(Mapped.of(mapped)));
    }
  }

  /** Returns the path of the dispatcher servlet as a prefix of paths. */
  static String prefix(String servletPath) {
    return servletPath.endsWith("/")
        ? servletPath.substring(0, servletPath.length() - 1)
        : servletPath;
  }

  /**
   * Returns the templates of the paths within the webapp that lead to a handler, separated by
   * commas; empty where they are not known.
   *
   * @param mapped the path or the {@link RequestMappingInfo} that it is mapped to
   */
  String template(Object mapped) {
    return Mapped.of(mapped).patterns().stream()
        .map(servletPath::concat)
        .filter(path -> path.startsWith("/"))
        .sorted()
        .collect(Collectors.joining(","));
  }

  /**
   * Returns the paths within the webapp that lead to a priced handler.
   *
   * @param mapped the path or the {@link RequestMappingInfo} that it is mapped to
   */
  List<HandlerPaths> paths(Object mapped, Object handler, PricedHandlers.Priced priced) {
    Mapped own = Mapped.of(mapped);
    Set<String> methods =
        own.methods().isEmpty()
            ? priced.methods()
            : own.methods().stream().filter(priced::covers).collect(Collectors.toSet());
    return own.patterns().stream()
        .map(
            pattern ->
                new HandlerPaths(
                    handler instanceof HandlerMethod
                        ? handler.toString()
                        : ClassUtils.getUserClass(handler).getName(),
                    servletPath + pattern,
                    methods,
                    (method, path) -> runs(own, pattern, method, path)))
        .toList();
  }

  private boolean runs(Mapped own, String pattern, String method, String path) {
    if (!path.startsWith(servletPath + "/")) {
      return false;
    }
    String within = path.substring(servletPath.length());
    return matches(pattern, within)
        && all.stream()
            .filter(other -> !other.equals(own))
            .noneMatch(other -> other.comesBefore(own, pattern, method, within));
  }

  private static boolean matches(String pattern, String path) {
    try {
      return PathPatternParser.defaultInstance
          .parse(pattern)
          .matches(PathContainer.parsePath(path));
    } catch (PatternParseException e) { // of the other syntax
      return ANT.match(pattern, path);
    }
  }
}
