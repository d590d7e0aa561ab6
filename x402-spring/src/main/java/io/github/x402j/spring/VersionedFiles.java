// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.springframework.util.AntPathMatcher;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.resource.ResourceHttpRequestHandler;
import org.springframework.web.servlet.resource.VersionResourceResolver;
import org.springframework.web.servlet.resource.VersionStrategy;

/**
 * Reads a version out of the path of a static file, as Spring MVC does: {@code /v1/report.pdf} is
 * {@code /report.pdf}.
 */
final class VersionedFiles implements Function<String, List<String>> {
  private static final AntPathMatcher ANT = new AntPathMatcher();

  private final List<Versioned> all = new ArrayList<>();

  /** The files under a pattern, and how their versions are written. */
  private record Versioned(String pattern, VersionStrategy strategy) {
    Stream<String> read(String asked) {
      String path = asked.replaceAll("/{2,}", "/");
      if (!ANT.match(pattern, path)) {
        return Stream.empty();
      }
      String file = ANT.extractPathWithinPattern(pattern, path);
      String version = strategy.extractVersion(file);
      if (version == null) {
        return Stream.empty();
      }
      String directory = path.substring(0, path.lastIndexOf(file));
      return Stream.of(directory + strategy.removeVersion(file, version).replaceFirst("^/+", ""));
    }
  }

  /**
   * Adds the files of a handler mapping.
   *
   * @param servletPath the path of the dispatcher servlet, empty at the root
   */
  void add(AbstractUrlHandlerMapping mapping, String servletPath) {
    mapping
        .getHandlerMap()
        .forEach(
            (pattern, handler) -> {
              if (handler instanceof ResourceHttpRequestHandler files) {
                files.getResourceResolvers().stream()
                    .filter(VersionResourceResolver.class::isInstance)
                    .map(VersionResourceResolver.class::cast)
                    .flatMap(resolver -> resolver.getStrategyMap().values().stream())
                    .forEach(strategy -> all.add(new Versioned(servletPath + pattern, strategy)));
              }
            });
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  @Override
  public List<String> apply(String path) {
    return all.stream().flatMap(versioned -> versioned.read(path)).distinct().toList();
  }
}
