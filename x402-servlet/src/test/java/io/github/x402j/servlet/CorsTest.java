// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.Filter;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.annotation.Bean;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.bind.annotation.CrossOrigin;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.filter.CorsFilter;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * What a browser asks before and around a payment, by each way in which webapps say which origins
 * they serve. No OPTIONS request runs a paid handler, or brings anything of it.
 */
class CorsTest {
  private static final String ORIGIN = "https://agent.example";

  /** Where {@link BrowserTest} has its page. */
  private static final String LOOPBACK = "http://127.0.0.1:[*]";

  private static final String[] PREFLIGHT = {
    "Origin: " + ORIGIN,
    "Access-Control-Request-Method: GET",
    "Access-Control-Request-Headers: payment-signature"
  };
  private static final AtomicInteger RUNS = new AtomicInteger();

  /** Where the webapp tells browsers of itself: behind the filter, but for the first. */
  static final List<String> TELLING = List.of("/front/a", "/behind/a", "/mvc/annotated");

  private static final List<String> ALL =
      List.of(
          "/front/a",
          "/behind/a",
          "/mvc/annotated",
          "/mvc/plain",
          "/mvc/function",
          "/mvc/bean",
          "/own/a",
          "/files/a.txt");

  @RegisterExtension static final Webapps RUNNING = Webapps.onEachContainer(CorsTest::webapp);

  static PaidWebapp.Builder webapp(PaidWebapp.Builder app) {
    return app.routes(
            Route.of("/front/*").price("$0.01"),
            Route.of("/behind/*").price("$0.01"),
            Route.of("/mvc/*").price("$0.01"),
            Route.of("/own/*").price("$0.01"),
            Route.of("/files/*").price("$0.01"))
        .withoutHandlers()
        .site(CorsTest::configure);
  }

  private static void configure(ServletContext context) {
    TestContainer.addServlet(context, "gets", new Gets(), "/front/*", "/behind/*");
    TestContainer.addServlet(context, "own", new Own(), "/own/*");
    AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
    spring.register(Config.class, Answers.class);
    TestContainer.addServlet(context, "mvc", new DispatcherServlet(spring), "/mvc/*");
    Filter cors =
        new CorsFilter(
            request -> {
              String path = request.getRequestURI();
              CorsConfiguration allowed = new CorsConfiguration();
              allowed.setAllowedOriginPatterns(List.of(ORIGIN, LOOPBACK));
              allowed.setAllowedMethods(List.of("GET"));
              allowed.setAllowedHeaders(List.of("PAYMENT-SIGNATURE"));
              allowed.setAllowCredentials(true);
              return path.startsWith("/front") || path.startsWith("/behind") ? allowed : null;
            });
    addInFront(context, "cors-front", cors, "/front/*");
    TestContainer.addFilter(context, "cors-behind", onlyFor("/behind", cors));
    TestContainer.addFilter(context, "override", CorsTest::override);
  }

  private static void addInFront(ServletContext context, String name, Filter filter, String path) {
    var registration = context.addFilter(name, filter);
    registration.setAsyncSupported(true);
    registration.addMappingForUrlPatterns(null, false, path);
  }

  private static Filter onlyFor(String prefix, Filter filter) {
    return (request, response, chain) -> {
      if (((HttpServletRequest) request).getRequestURI().startsWith(prefix)) {
        filter.doFilter(request, response, chain);
      } else {
        chain.doFilter(request, response);
      }
    };
  }

  /** A filter behind the gate that lets a client choose another method. */
  private static void override(
      jakarta.servlet.ServletRequest request,
      jakarta.servlet.ServletResponse response,
      jakarta.servlet.FilterChain chain)
      throws IOException, jakarta.servlet.ServletException {
    HttpServletRequest http = (HttpServletRequest) request;
    String header = http.getHeader("X-HTTP-Method-Override");
    String other = header != null ? header : http.getParameter("_method");
    chain.doFilter(
        other == null
            ? http
            : new HttpServletRequestWrapper(http) {
              @Override
              public String getMethod() {
                return other;
              }
            },
        response);
  }

  /** Leaves the choice of the method to its superclass. */
  private static final class Gets extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      RUNS.incrementAndGet();
      response.setHeader("X-Secret", SECRET);
      response.getWriter().write(SECRET);
    }
  }

  /** Takes whatever method comes. */
  private static final class Own extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      RUNS.incrementAndGet();
      response.getWriter().write(SECRET);
    }
  }

  @EnableWebMvc
  static class Config {
    @Bean
    RouterFunction<ServerResponse> function() {
      return RouterFunctions.route(
          RequestPredicates.path("/function"),
          request -> {
            RUNS.incrementAndGet();
            return ServerResponse.ok().body(SECRET);
          });
    }

    @Bean("/bean")
    HttpRequestHandler bean() {
      return (request, response) -> {
        RUNS.incrementAndGet();
        response.getWriter().write(SECRET);
      };
    }
  }

  @RestController
  static class Answers {
    @CrossOrigin(originPatterns = {ORIGIN, LOOPBACK})
    @GetMapping("/annotated")
    String annotated() {
      RUNS.incrementAndGet();
      return SECRET;
    }

    @GetMapping("/plain")
    String plain() {
      RUNS.incrementAndGet();
      return SECRET;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPreflightIsAnsweredAsTheWebappDoes(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    int before = RUNS.get();
    for (String target : TELLING) {
      RawHttp.Response response = app.request("OPTIONS", target, PREFLIGHT);
      assertThat(response.status()).as(target).isEqualTo(200);
      assertThat(response.headers("Access-Control-Allow-Origin")).as(target).containsOnly(ORIGIN);
      assertThat(response.header("Access-Control-Allow-Methods")).as(target).contains("GET");
      assertThat(response.header("Access-Control-Allow-Headers"))
          .as(target)
          .isEqualToIgnoringCase("payment-signature");
      assertThat(String.join(", ", response.headers("Vary"))).as(target).contains("Origin");
      assertThat(response.body()).as(target).isEmpty();
    }
    RawHttp.Response refused =
        app.request(
            "OPTIONS", "/behind/a", "Origin: https://evil.example", PREFLIGHT[1], PREFLIGHT[2]);
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.header("Access-Control-Allow-Origin")).isNull();
    assertThat(RUNS).hasValue(before);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPageReadsWhatItMayAndWhatItPaidFor(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    for (String target : TELLING) {
      int before = RUNS.get();
      RawHttp.Response unpaid = app.get(target, "Origin: " + ORIGIN);
      assertReadable(unpaid, 402, "PAYMENT-REQUIRED", target);
      assertThat(RUNS).hasValue(before);
      RawHttp.Response paid = app.get(target, "Origin: " + ORIGIN, payer.header(unpaid));
      assertReadable(paid, 200, "PAYMENT-RESPONSE", target);
      assertThat(paid.text()).isEqualTo(SECRET);
      RawHttp.Response malformed = app.get(target, "Origin: " + ORIGIN, "PAYMENT-SIGNATURE: x");
      assertThat(malformed.status()).isEqualTo(400);
      assertThat(malformed.headers("Access-Control-Allow-Origin")).containsOnly(ORIGIN);
    }
    assertThat(payer.balance()).isEqualTo(1_000_000 - TELLING.size() * PaidWebapp.CENT);
    RawHttp.Response evil = app.get("/behind/a", "Origin: https://evil.example");
    assertThat(evil.header("Access-Control-Allow-Origin")).isNull();
    RawHttp.Response same = app.get("/behind/a");
    assertThat(same.status()).isEqualTo(402);
    assertThat(same.header("Access-Control-Allow-Origin")).isNull();
  }

  private static void assertReadable(
      RawHttp.Response response, int status, String header, String target) {
    assertThat(response.status()).as(target).isEqualTo(status);
    assertThat(response.headers("Access-Control-Allow-Origin")).as(target).containsOnly(ORIGIN);
    assertThat(String.join(", ", response.headers("Access-Control-Expose-Headers")))
        .as(target)
        .contains(header);
    assertThat(String.join(", ", response.headers("Vary"))).as(target).contains("Origin");
    assertThat(response.header(header)).as(target).isNotNull();
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void noOptionsRequestRunsAHandler(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String payment = payer.header(app.port(), "/own/a");
    int before = RUNS.get();
    for (String target : ALL) {
      for (String method : List.of("OPTIONS", "options", "Options")) {
        for (String query : List.of("", "?_method=GET", "?%5fm%65thod=GET")) {
          for (List<String> more :
              List.of(
                  List.<String>of(),
                  List.of(PREFLIGHT),
                  List.of(PREFLIGHT[0], PREFLIGHT[1], payment),
                  List.of(PREFLIGHT[0], PREFLIGHT[1], "X-HTTP-Method-Override: GET"))) {
            RawHttp.Response response =
                app.request(method, target + query, more.toArray(String[]::new));
            String what = method + " " + target + query + " " + more;
            assertThat(response.all()).as(what).doesNotContain(SECRET);
            if (!target.startsWith("/front")) { // whose filter answers for itself
              assertThat(response.body()).as(what).isEmpty();
            }
            assertThat(response.status()).as(what).isIn(200, 204, 403, 400, 405, 501);
          }
        }
      }
    }
    assertThat(RUNS).hasValue(before);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aServletSaysWhichMethodsItHas(Stack stack) throws IOException {
    RawHttp.Response response = RUNNING.get(stack).request("OPTIONS", "/front/a");
    assertThat(response.header("Allow")).contains("GET", "HEAD").doesNotContain("POST");
  }
}
