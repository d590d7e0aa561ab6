// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.StartUpTest.SECOND;
import static io.github.x402j.servlet.StartUpTest.SECRET;
import static io.github.x402j.servlet.StartUpTest.logged;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.web.context.WebApplicationContext;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

/**
 * A rule that covers nothing leaves free what it was meant for: it fails the start where that is
 * certain, the log warns where it is not, and nothing is said of a rule that may be right.
 */
class RuleReachTest {
  @RegisterExtension static final Market MARKET = new Market();
  private static Path docroot;

  @BeforeAll
  static void write(@TempDir Path directory) throws IOException {
    docroot = directory;
    Files.createDirectories(directory.resolve("files/deep"));
    Files.writeString(directory.resolve("files/a.txt"), "file");
    Files.writeString(directory.resolve("index.html"), "index");
  }

  /** What happens to a configuration at the start. */
  enum End {
    FAILS,
    WARNS,
    IS_SILENT
  }

  /**
   * A webapp and its rules.
   *
   * @param message what the failure or the warning says
   */
  record Case(
      End end,
      String message,
      String contextPath,
      TestContainer.Site site,
      UnaryOperator<PaymentFilter.Builder> rules) {}

  private static final Map<String, Case> CASES = new LinkedHashMap<>();

  private static Case rules(End end, String message, TestContainer.Site site, String... patterns) {
    return in("", end, message, site, patterns);
  }

  private static Case in(
      String context, End end, String message, TestContainer.Site site, String... patterns) {
    List<Route> routes =
        Stream.of(patterns).map(pattern -> Route.of(pattern).price("$0.01")).toList();
    return new Case(end, message, context, site, builder -> builder.routes(routes));
  }

  private static TestContainer.Site servlet(String... mappings) {
    return ctx -> TestContainer.addServlet(ctx, "s", new StartUpTest.Plain(), mappings);
  }

  /** What a webapp has besides servlets. */
  private static TestContainer.Site with(TestContainer.Site one, TestContainer.Site other) {
    return ctx -> {
      one.configure(ctx);
      other.configure(ctx);
    };
  }

  private static void scan(ServletContext context, Class<?>... found) {
    new RequiresPaymentScan().onStartup(Set.of(found), context);
  }

  /** A handler of a framework. */
  @RequiresPayment("$0.01")
  static final class Controller {}

  @RequiresPayment("$0.01")
  static class PassingFilter implements Filter {
    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      chain.doFilter(request, response);
    }
  }

  @RequiresPayment("$0.01")
  static class Annotated extends PaidBase {
    private static final long serialVersionUID = 1L;
  }

  @RequiresPayment("$0.02")
  abstract static class PaidBase extends HttpServlet {
    private static final long serialVersionUID = 1L;
  }

  static {
    String covers = "covers nothing: no servlet is mapped to it";
    CASES.put(
        "a servlet is below another path",
        rules(
            End.FAILS,
            "/orders " + covers + ", and there is no such file; did you mean /mvc/orders?",
            servlet("/mvc/*"),
            "/orders"));
    CASES.put(
        "a name is below another path",
        rules(End.FAILS, "did you mean /mvc/order/{id}?", servlet("/mvc/*"), "/order/{id}"));
    CASES.put(
        "another letter case",
        rules(End.FAILS, "did you mean /orders?", servlet("/orders"), "/Orders"));
    CASES.put(
        "the context path, too",
        in(
            "/shop",
            End.FAILS,
            "repeats the path of the webapp, /shop; rules are within the webapp: write /private",
            servlet("/private"),
            "/shop/private"));
    CASES.put(
        "the context path and a file",
        in("/shop", End.FAILS, "write /files/*", servlet("/private"), "/shop/files/*"));
    CASES.put(
        "the context path for everything",
        in("/shop", End.FAILS, "write /*", servlet("/private"), "/shop/*"));
    CASES.put(
        "the path of the public URL, which a proxy cuts off",
        new Case(
            End.FAILS,
            "repeats the path of the webapp, /shop",
            "",
            servlet("/private"),
            b ->
                b.publicUrl("https://a.example/shop")
                    .routes(Route.of("/shop/private").price("$1"))));
    CASES.put(
        "no rule",
        new Case(End.FAILS, "routes: there is no rule", "", servlet("/private"), b -> b));
    CASES.put(
        "an annotated class of a framework",
        rules(
            End.FAILS,
            "Controller is annotated with @RequiresPayment and is no servlet class",
            with(servlet("/private"), ctx -> scan(ctx, Controller.class)),
            "/private"));
    CASES.put(
        "an annotated filter",
        rules(
            End.FAILS,
            "PassingFilter is annotated with @RequiresPayment and is no servlet class",
            with(servlet("/private"), ctx -> TestContainer.addFilter(ctx, new PassingFilter())),
            "/private"));
    CASES.put(
        "a bean of Spring's root context",
        rules(
            End.FAILS,
            "Controller is annotated with @RequiresPayment and is no servlet class",
            with(servlet("/private"), RuleReachTest::springRoot),
            "/private"));
    CASES.put(
        "files that may come later",
        rules(End.WARNS, "/downloads/* " + covers, servlet("/mvc/*"), "/downloads/*"));
    CASES.put(
        "a file that may come later",
        rules(End.WARNS, "/report.pdf " + covers, servlet("/mvc/*"), "/report.pdf"));
    CASES.put(
        "a filter that may answer",
        rules(
            End.WARNS,
            "did you mean /mvc/orders?",
            with(
                servlet("/mvc/*"),
                ctx -> TestContainer.addFilter(ctx, (req, res, chain) -> chain.doFilter(req, res))),
            "/orders"));
    CASES.put(
        "the context path, and a servlet that routes itself",
        in(
            "/shop",
            End.WARNS,
            "repeats the path of the webapp, /shop",
            servlet("/*"),
            "/shop/private"));
    CASES.put(
        "an annotated servlet that is not registered",
        rules(
            End.WARNS,
            "Annotated is annotated with @RequiresPayment and is not registered",
            with(servlet("/private"), ctx -> scan(ctx, Annotated.class)),
            "/private"));
    CASES.put(
        "a servlet that routes itself",
        rules(End.IS_SILENT, "", servlet("/*"), "/orders", "/a/{b}/c", "/x/*"));
    CASES.put(
        "right rules",
        rules(
            End.IS_SILENT,
            "",
            servlet("/orders", "/api/v1/*", "*.pdf", "/report/*", "/deep/er"),
            "/orders",
            "/api/*",
            "/api/v1/x/{y}",
            "/a.pdf",
            "/{any}.pdf",
            "/report/{id}",
            "/deep/*",
            "/index.html",
            "/files/a.txt",
            "/files/{name}.txt",
            "/files/*",
            "/*"));
    CASES.put(
        "a servlet below a path that is named like the context",
        in("/shop", End.IS_SILENT, "", servlet("/shop/*"), "/shop/private"));
    CASES.put(
        "an annotated base class, and a servlet of it",
        rules(
            End.IS_SILENT,
            "",
            ctx -> {
              servlet("/private").configure(ctx);
              TestContainer.addServlet(ctx, "annotated", new Annotated(), "/annotated");
              scan(ctx, PaidBase.class, Annotated.class);
            },
            "/private"));
    CASES.put(
        "two calls",
        new Case(
            End.IS_SILENT,
            "",
            "",
            servlet("/a", "/b"),
            b -> b.routes(Route.of("/a").price("$0.01")).routes(Route.of("/b").price("$0.01"))));
  }

  private static void springRoot(ServletContext context) {
    AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
    spring.register(Controller.class);
    spring.setServletContext(context);
    spring.refresh();
    context.setAttribute(WebApplicationContext.ROOT_WEB_APPLICATION_CONTEXT_ATTRIBUTE, spring);
  }

  static Stream<Arguments> cases() {
    return Stream.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)
        .flatMap(stack -> CASES.keySet().stream().map(name -> Arguments.of(stack, name)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aRuleThatCoversNothingIsNoticed(Stack stack, String name) {
    Case one = CASES.get(name);
    StringBuilder served = new StringBuilder();
    String log = logged(() -> served.append(start(stack, one)));
    String all = served + log;
    System.out.println(stack + ", " + name + ": " + firstLine(all, one.message));
    switch (one.end) {
      case FAILS -> {
        assertThat(all).contains(one.message);
        assertThat(served.toString()).doesNotContain(SECRET);
      }
      case WARNS -> {
        assertThat(log).contains(one.message).contains("WARN");
        assertThat(served.toString()).contains("started");
      }
      default -> {
        assertThat(log).doesNotContain("covers nothing", "repeats the path", "@RequiresPayment");
        assertThat(served.toString()).contains("started");
      }
    }
  }

  private static String firstLine(String all, String message) {
    return all.lines().filter(line -> line.contains(message)).findFirst().orElse("(not said)");
  }

  /**
   * Starts the webapp and asks for a path of every kind; Undertow checks with the first request.
   */
  private static String start(Stack stack, Case one) {
    StringBuilder seen = new StringBuilder();
    Throwable failure =
        catchThrowable(
            () -> {
              try (TestContainer container =
                  TestContainer.on(stack)
                      .docroot(docroot)
                      .contextPath(one.contextPath)
                      .start(
                          ctx -> {
                            one.site.configure(ctx);
                            PaymentFilter.register(ctx, one.rules.apply(builder()).build());
                          })) {
                RawHttp.Response free = RawHttp.get(container.port(), one.contextPath + "/none");
                seen.append(free.status() < 500 && free.status() != 503 ? "started " : "");
                for (String path : List.of("/private", "/mvc/orders", "/annotated")) {
                  seen.append(get(container, one.contextPath + path));
                }
              }
            });
    for (Throwable t = failure; t != null; t = t.getCause()) {
      seen.append('\n').append(t);
    }
    return seen.toString();
  }

  private static String get(TestContainer container, String target) {
    try {
      return RawHttp.get(container.port(), target).all();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static PaymentFilter.Builder builder() {
    return MARKET.filter(TestWallet.random(), SECOND);
  }

  /** Nothing would gate what is annotated. */
  @ParameterizedTest
  @MethodSource("containers")
  void anAnnotationWithoutAFilterFailsTheStart(Stack stack) {
    for (Class<?> type : List.of(Annotated.class, Controller.class)) {
      String thrown =
          logged(
              () -> {
                Throwable failure =
                    catchThrowable(
                        () -> {
                          try (TestContainer container =
                              TestContainer.on(stack)
                                  .start(
                                      ctx -> {
                                        servlet("/private").configure(ctx);
                                        scan(ctx, type);
                                      })) {
                            System.err.println(get(container, "/private"));
                          }
                        });
                for (Throwable t = failure; t != null; t = t.getCause()) {
                  System.err.println(t);
                }
              });
      assertThat(thrown)
          .contains(type.getName() + " is annotated with @RequiresPayment")
          .doesNotContain(SECRET);
    }
  }

  static Stream<Stack> containers() {
    return Stream.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW);
  }
}
