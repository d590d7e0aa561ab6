// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.extension.Discoverable;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a {@link PaymentFilter} stands in its webapp: in front of everything, and once more in
 * front of each servlet that carries {@link RequiresPayment}. Written during the start only.
 */
final class Registration {
  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private static final int OLDEST_SERVLET_API = 6;
  private static final String EVERYTHING = "/*";
  private static final EnumSet<DispatcherType> ALL_DISPATCHES = EnumSet.allOf(DispatcherType.class);

  /** Jetty puts the filter of this name first when the first endpoint is added. */
  private static final String UPGRADE_FILTER = "WebSocketUpgradeFilter";

  /** Servlets whose names begin so carry no annotation of ours; a native image hides them. */
  private static final List<String> CONTAINERS =
      List.of(
          "org.eclipse.jetty.",
          "org.apache.catalina.",
          "org.apache.jasper.",
          "io.undertow.",
          ForSale.class.getName());

  /** Where the upgrade filter stands, as far as is known. */
  private enum Upgrades {
    UNKNOWN,
    NONE,
    BEHIND
  }

  private volatile Upgrades whenRegistered = Upgrades.UNKNOWN;
  private final Map<String, Route> gated = new HashMap<>();

  // ---- registering

  /**
   * Registers the filter in front of all filters that the webapp has by now, and one more filter
   * for each annotated servlet.
   *
   * @param pricing makes the filter of a servlet with this rule
   * @throws IllegalArgumentException if an annotation holds no price, or a rule prices exactly what
   *     its servlet is mapped to
   */
  void register(
      ServletContext context, Filter filter, Routes routes, Function<Route, Filter> pricing) {
    requireServletApi(context);
    whenRegistered = hasUpgradeFilter(context) ? Upgrades.BEHIND : Upgrades.NONE;
    add(context, "x402", filter).addMappingForUrlPatterns(ALL_DISPATCHES, false, EVERYTHING);
    registerServlets(context, routes, pricing);
  }

  /** Does the same for a filter that is mapped by something else. */
  void registerServlets(ServletContext context, Routes routes, Function<Route, Filter> pricing) {
    requireServletApi(context);
    RequiresPaymentScan.registered(context);
    LastWrite.listenIn(context);
    annotated(context)
        .forEach(
            (servlet, route) -> {
              requireNoOtherRule(context, servlet, routes);
              Filter priced = pricing.apply(route);
              gated.put(servlet, route);
              add(context, "x402-" + servlet, priced)
                  .addMappingForServletNames(ALL_DISPATCHES, true, servlet);
            });
  }

  /** An older container would fail with the first paid response. */
  private static void requireServletApi(ServletContext context) {
    if (context.getMajorVersion() < OLDEST_SERVLET_API) {
      throw new IllegalStateException(
          "the container, %s, has the Servlet API %d.%d; expected %d.0 or later, which Tomcat 10.1, Jetty 12 and Undertow 2.3 have"
              .formatted(
                  context.getServerInfo(),
                  context.getMajorVersion(),
                  context.getMinorVersion(),
                  OLDEST_SERVLET_API));
    }
  }

  private static FilterRegistration.Dynamic add(
      ServletContext context, String name, Filter filter) {
    FilterRegistration.Dynamic registration = context.addFilter(name, filter);
    if (registration == null) {
      throw new IllegalStateException("a filter named " + name + " is registered already");
    }
    registration.setAsyncSupported(true);
    return registration;
  }

  private static void requireNoOtherRule(ServletContext context, String servlet, Routes routes) {
    for (String mapping : context.getServletRegistration(servlet).getMappings()) {
      for (Route route : routes.all()) {
        if (route.isPriced() && route.pattern().equals(mapping)) {
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

  // ---- checking

  /**
   * Requires that the filter sees every request. Behind a narrower mapping a rule outside it would
   * never apply, and a spelling that only the default servlet resolves would walk past.
   *
   * @param publicPath the path of the public URL
   * @param handlers what frameworks gate
   * @throws IllegalStateException if the container is too old, the filter is mapped to less, a
   *     filter that answers WebSocket handshakes has come in front of it, an annotated class has no
   *     filter, there is no rule, or one covers nothing
   */
  void requireEverything(
      FilterConfig config, Routes routes, String publicPath, HandlerPrices handlers) {
    ServletContext context = config.getServletContext();
    requireServletApi(context);
    @Nullable FilterRegistration registration =
        context.getFilterRegistration(config.getFilterName());
    if (registration != null && !isMock(context)) { // else another's mapping counts
      requireAllPaths(config.getFilterName(), registration.getUrlPatternMappings());
    }
    if (hasUpgradeFilter(context)) {
      requireInFrontOfUpgrades();
    }
    for (String servlet : annotated(context).keySet()) {
      if (!gated.containsKey(servlet)) {
        throw new IllegalStateException(
            "servlet "
                + servlet
                + " is annotated with @RequiresPayment and would not be gated: call"
                + " PaymentFilter.register(servletContext, filter) once the servlet is registered");
      }
    }
    RequiresPaymentScan.check(context, handlers);
    if (routes.all().isEmpty() && gated.isEmpty() && !handlers.areExpected()) {
      throw new IllegalStateException(
          "routes: there is no rule and no servlet with @RequiresPayment, so everything would be"
              + " free; add routes(Route.of(...).price(...))");
    }
    if (!isMock(context)) {
      RuleReach.check(context, routes, publicPath);
    }
  }

  /** Returns whether this is no container, but what tests have in place of one: MockMvc. */
  private static boolean isMock(ServletContext context) {
    return context.getClass().getName().startsWith("org.springframework.mock.web.");
  }

  private static void requireAllPaths(String name, Collection<String> mappings) {
    if (!mappings.contains(EVERYTHING)) {
      throw new IllegalStateException(
          "filter '%s' is mapped to %s; expected %s with every dispatcher type, as what is priced may be reached by other URLs: call PaymentFilter.register, or map it so"
              .formatted(name, mappings, EVERYTHING));
    }
  }

  private void requireInFrontOfUpgrades() {
    if (whenRegistered == Upgrades.NONE) {
      throw new IllegalStateException(
          UPGRADE_FILTER
              + " was added after PaymentFilter.register was called, and may answer WebSocket"
              + " handshakes in front of it: add the endpoints first");
    }
    if (whenRegistered == Upgrades.UNKNOWN) {
      log.warn(
          "{} may stand in front of this filter, and then answers WebSocket handshakes unpaid; with"
              + " PaymentFilter.register it does not",
          UPGRADE_FILTER);
    }
  }

  private static boolean hasUpgradeFilter(ServletContext context) {
    return context.getFilterRegistrations().values().stream()
        .map(FilterRegistration::getClassName)
        .anyMatch(name -> name != null && name.endsWith(UPGRADE_FILTER));
  }

  // ---- annotated servlets

  /** Returns the rule of every annotated servlet that is registered now, by the servlet's name. */
  private static Map<String, Route> annotated(ServletContext context) {
    Map<String, Route> rules = new LinkedHashMap<>();
    context
        .getServletRegistrations()
        .forEach(
            (name, registration) ->
                annotation(context, registration)
                    .ifPresent(
                        annotation ->
                            rules.put(name, route(name, annotation, registration.getMappings()))));
    return rules;
  }

  private static Route route(
      String servlet, RequiresPayment annotation, Collection<String> mappings) {
    Route route = Route.of(EVERYTHING);
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
    if (!annotation.pricedBy().isEmpty()) {
      throw new IllegalArgumentException(
          "@RequiresPayment on servlet "
              + servlet
              + ": pricedBy is for the handlers of a framework; price its path with"
              + " routes(Route.of(...).price(function))");
    }
    try {
      return DiscoverableHandlers.described(
          route.price(annotation.value()), annotation, () -> known(mappings));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "@RequiresPayment on servlet " + servlet + ": " + e.getMessage(), e);
    }
  }

  /** Returns what is known of a servlet: its path, if it has one alone. */
  private static Discoverable known(Collection<String> mappings) {
    return mappings.size() == 1 && mappings.iterator().next().matches("/.*[^/*]|/.+/\\*")
        ? Discoverable.http().template(mappings.iterator().next())
        : Discoverable.http();
  }

  private static Optional<RequiresPayment> annotation(
      ServletContext context, ServletRegistration registration) {
    String className = registration.getClassName();
    if (className == null) {
      return Optional.empty(); // a JSP file
    }
    Class<?> type = load(context, className);
    if (type == null) {
      return Optional.empty();
    }
    RequiresPaymentScan.annotatedMethod(type)
        .ifPresent(
            method -> {
              throw new IllegalStateException(
                  method
                      + " is annotated with @RequiresPayment, and nothing gates a method of a"
                      + " servlet: annotate the class, and name the methods there");
            });
    return Optional.ofNullable(type.getAnnotation(RequiresPayment.class));
  }

  /** Returns the class, null for one of the container's own that the webapp cannot see. */
  private static @Nullable Class<?> load(ServletContext context, String className) {
    Class<?> type = findClass(context, className);
    if (type != null || CONTAINERS.stream().anyMatch(className::startsWith)) {
      return type;
    }
    throw new IllegalStateException(
        "servlet class "
            + className
            + " cannot be loaded here, so whether it carries @RequiresPayment is unknown");
  }

  /** Returns a class that the webapp sees, or null. */
  static @Nullable Class<?> findClass(ServletContext context, String className) {
    Set<ClassLoader> loaders = new LinkedHashSet<>();
    loaders.add(context.getClassLoader());
    loaders.add(Thread.currentThread().getContextClassLoader());
    loaders.add(Registration.class.getClassLoader());
    for (ClassLoader loader : loaders) {
      try {
        return Class.forName(className, false, loader);
      } catch (ClassNotFoundException | LinkageError e) {
        // Another loader may see it.
      }
    }
    return null;
  }
}
