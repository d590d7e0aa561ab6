// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.hold.HeldLimits;
import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * OPTIONS for a priced path, as the webapp answers it: with the methods that there are, and to a
 * browser's preflight with what its CORS configuration says.
 *
 * <p>It costs nothing, so it goes on only where it is known to run no handler. That is known of
 * servlets that leave the choice of the method to {@code HttpServlet}, of Spring's dispatcher for
 * preflights, and of JAX-RS. It is not known of servlets that choose by themselves, nor of those
 * that serve files, as filters that route stand in front of those. And of what the webapp answers,
 * only the status and the headers that say what is allowed go out.
 */
final class WebappOptions {
  private static final HeldLimits LIMITS = HeldLimits.inMemory(64 * 1024);

  /** Classes whose {@code service} runs no handler for OPTIONS, nor do their subclasses'. */
  private static final Set<String> ANSWER_OPTIONS =
      Set.of(
          "jakarta.servlet.http.HttpServlet",
          "org.glassfish.jersey.servlet.ServletContainer",
          "org.jboss.resteasy.plugins.server.servlet.HttpServletDispatcher");

  /** Runs no handler for a preflight; for another OPTIONS request it may. */
  private static final String SPRING = "org.springframework.web.servlet.DispatcherServlet";

  /** The headers by which a page may read an answer. */
  private static final List<String> ORIGIN_HEADERS =
      List.of("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary");

  private WebappOptions() {}

  /** Returns whether the webapp answers a request for OPTIONS without a handler of it. */
  static boolean answers(HttpServletRequest request) {
    if (!request.getMethod().equals("OPTIONS")
        || request.getDispatcherType() != DispatcherType.REQUEST
        || mayBeAnotherMethod(request)) {
      return false;
    }
    Class<?> servlet = servlet(request);
    if (servlet == null || RuleReach.FILE_SERVLETS.contains(servlet.getName())) {
      return false;
    }
    return servlet.getName().equals(SPRING)
        ? isPreflight(request)
        : ANSWER_OPTIONS.contains(ownerOfService(servlet));
  }

  private static boolean isPreflight(HttpServletRequest request) {
    return request.getHeader("Origin") != null
        && request.getHeader("Access-Control-Request-Method") != null;
  }

  /** Filters behind this one may take the method from elsewhere. No browser's preflight says it. */
  private static boolean mayBeAnotherMethod(HttpServletRequest request) {
    List<String> names = Collections.list(request.getHeaderNames());
    String query = request.getQueryString();
    return names.stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .anyMatch(
                name -> name.contains("method") && !name.equals("access-control-request-method"))
        || query != null && PathVariants.decoded(query).toLowerCase(Locale.ROOT).contains("method");
  }

  private static @Nullable Class<?> servlet(HttpServletRequest request) {
    HttpServletMapping mapping = request.getHttpServletMapping();
    ServletRegistration registration =
        mapping == null
            ? null
            : request.getServletContext().getServletRegistration(mapping.getServletName());
    String name = registration == null ? null : registration.getClassName();
    return name == null ? null : Registration.findClass(request.getServletContext(), name);
  }

  /** Returns the class that says what a servlet does with a request. */
  private static String ownerOfService(Class<?> servlet) {
    Class<?> owner = servlet;
    while (owner != null
        && Arrays.stream(owner.getDeclaredMethods())
            .noneMatch(method -> method.getName().equals("service"))) {
      owner = owner.getSuperclass();
    }
    return owner == null ? "" : owner.getName();
  }

  /**
   * Adds to an answer of the filter to a cross-origin request what lets its page read it, as the
   * webapp says it in answer to the preflight of that request. Nothing is added where a filter in
   * front has said it, or where the webapp is not known to run no handler then.
   */
  static void addOrigin(GatedRequest request) throws IOException {
    HttpServletRequest http = request.servletRequest();
    HttpServletResponse response = request.servletResponse();
    HttpServletRequest preflight = new Preflight(http);
    if (http.getHeader("Origin") == null
        || response.containsHeader("Access-Control-Allow-Origin")
        || response.isCommitted()
        || HeldRun.of(http) != null
        || !answers(preflight)) {
      return;
    }
    HeldRun.start(
        preflight,
        response,
        request.chain(),
        LIMITS,
        end -> {
          Map<String, List<String>> kept = new LinkedHashMap<>();
          if (end.failure() == null && end.held().getStatus() < 300) {
            ORIGIN_HEADERS.stream()
                .filter(end.held()::containsHeader)
                .forEach(name -> kept.put(name, List.copyOf(end.held().getHeaders(name))));
          }
          end.held().discard();
          kept.forEach((name, values) -> Answer.setAll(response, name, values));
          return true;
        });
  }

  /** A preflight for a request, as a browser sends it before. */
  private static final class Preflight extends HttpServletRequestWrapper {
    private static final String FOR_METHOD = "Access-Control-Request-Method";

    private final String method;

    Preflight(HttpServletRequest request) {
      super(request);
      this.method = request.getMethod();
    }

    @Override
    public String getMethod() {
      return "OPTIONS";
    }

    @Override
    public @Nullable String getHeader(String name) {
      return name.equalsIgnoreCase(FOR_METHOD) ? method : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return name.equalsIgnoreCase(FOR_METHOD)
          ? Collections.enumeration(List.of(method))
          : super.getHeaders(name);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
      Set<String> names = new LinkedHashSet<>(Collections.list(super.getHeaderNames()));
      names.add(FOR_METHOD);
      return Collections.enumeration(names);
    }
  }

  /** Lets the webapp answer. What it throws goes on to the container. */
  static void answer(GatedRequest request) throws IOException, ServletException {
    GatedResponse response = request.response();
    GatedRequest.rethrow(
        HeldRun.start(
            request.servletRequest(),
            request.servletResponse(),
            request.chain(),
            LIMITS,
            end -> {
              if (end.failure() != null) {
                return false;
              }
              Answer answer = Answer.options(end.held());
              end.held().discard();
              response.in(end.response()).send(answer);
              return true;
            }));
  }
}
