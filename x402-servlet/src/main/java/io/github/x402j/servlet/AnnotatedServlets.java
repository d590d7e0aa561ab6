// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the servlets that carry {@link RequiresPayment}. Written during the start only. */
final class AnnotatedServlets {
  /** Servlets of these packages carry no annotation of ours. */
  private static final List<String> CONTAINERS =
      List.of("org.eclipse.jetty.", "org.apache.catalina.", "org.apache.jasper.", "io.undertow.");

  private final Map<String, Route> gated = new HashMap<>();

  /** Returns the rule of every annotated servlet that is registered now, by the servlet's name. */
  Map<String, Route> find(ServletContext context) {
    Map<String, Route> rules = new LinkedHashMap<>();
    context
        .getServletRegistrations()
        .forEach(
            (name, registration) ->
                annotation(context, registration)
                    .ifPresent(annotation -> rules.put(name, route(name, annotation))));
    return rules;
  }

  void gated(String servlet, Route rule) {
    gated.put(servlet, rule);
  }

  /**
   * Returns whether the original request goes to a servlet with a filter of its own, which then
   * decides. For other dispatches containers disagree about whose mapping they report, so both
   * filters check those.
   */
  boolean gates(HttpServletRequest request) {
    if (gated.isEmpty() || request.getDispatcherType() != DispatcherType.REQUEST) {
      return false;
    }
    HttpServletMapping mapping = request.getHttpServletMapping();
    Route rule = mapping == null ? null : gated.get(mapping.getServletName());
    return rule != null && rule.covers(request.getMethod());
  }

  void requireAllGated(ServletContext context) {
    for (String servlet : find(context).keySet()) {
      if (!gated.containsKey(servlet)) {
        throw new IllegalStateException(
            "servlet "
                + servlet
                + " is annotated with @RequiresPayment and would not be gated: call"
                + " PaymentFilter.register(servletContext, filter) once the servlet is registered");
      }
    }
  }

  /**
   * @throws IllegalArgumentException if a rule prices exactly what the servlet is mapped to
   */
  static void requireNoOtherRule(ServletContext context, String servlet, Routes routes) {
    for (String mapping : context.getServletRegistration(servlet).getMappings()) {
      for (Route route : routes.all()) {
        if (!route.isFree() && route.pattern().equals(mapping)) {
          throw new IllegalArgumentException(
              "servlet "
                  + servlet
                  + " is annotated with @RequiresPayment and route "
                  + route
                  + " prices its URL, too: two rules for the same thing; keep one");
        }
      }
    }
  }

  private static Route route(String servlet, RequiresPayment annotation) {
    Route route = Route.of("/*");
    if (annotation.methods().length > 0) {
      route = route.methods(annotation.methods());
    }
    if (!annotation.description().isEmpty()) {
      route = route.description(annotation.description());
    }
    if (!annotation.mimeType().isEmpty()) {
      route = route.mimeType(annotation.mimeType());
    }
    if (annotation.settleFirst()) {
      route = route.settleFirst();
    }
    try {
      return route.price(annotation.value());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "@RequiresPayment on servlet " + servlet + ": " + e.getMessage(), e);
    }
  }

  private static Optional<RequiresPayment> annotation(
      ServletContext context, ServletRegistration registration) {
    String className = registration.getClassName();
    if (className == null) {
      return Optional.empty(); // a JSP file
    }
    return Optional.ofNullable(load(context, className))
        .map(type -> type.getAnnotation(RequiresPayment.class));
  }

  /** Returns the class, null for one of the container's own that the webapp cannot see. */
  private static @Nullable Class<?> load(ServletContext context, String className) {
    Set<ClassLoader> loaders = new LinkedHashSet<>();
    loaders.add(context.getClassLoader());
    loaders.add(Thread.currentThread().getContextClassLoader());
    loaders.add(AnnotatedServlets.class.getClassLoader());
    for (ClassLoader loader : loaders) {
      try {
        return Class.forName(className, false, loader);
      } catch (ClassNotFoundException | LinkageError e) {
        // Another loader may see it.
      }
    }
    if (CONTAINERS.stream().anyMatch(className::startsWith)) {
      return null;
    }
    throw new IllegalStateException(
        "servlet class "
            + className
            + " cannot be loaded here, so whether it carries @RequiresPayment is unknown");
  }
}
