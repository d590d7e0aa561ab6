// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.context.annotation.Configuration;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.PathMatchConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.util.UrlPathHelper;

/**
 * Dispatches within the webapp to a Spring MVC webapp, whose router reads the URI of a dispatch
 * itself, and not as the container's dispatcher did.
 */
class SpringDispatchTest {
  private static final String SECRET = "s3cr3t";

  private static final Set<Stack> BY_DEFAULT =
      EnumSet.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW);
  private static final Set<Spring> ON_EVERY_STACK =
      EnumSet.of(Spring.PATTERNS_IN_CONTEXT, Spring.ANT_FULL_PATH);

  /** Errors that only an error page of the webapp answers. */
  private static final int FIRST_STATUS = 430;

  private static final int LAST_STATUS = 600;

  private static final List<String> FREE =
      List.of(
          "/free",
          "/free/",
          "/free/a",
          "/free/a b",
          "/free/a%20b",
          "/free/caf\u00e9",
          "/free/a;b=c",
          "/free/{a}|b");

  private static final List<String> FREE_IN_ODD_SPELLING =
      List.of(
          "/free/./a",
          "/free/x/../a",
          "/x/../free/a",
          "/free//a",
          "//free/a",
          "/free/a%2fb",
          "/free/a%25b",
          "/free/a%3Bb",
          "/free;v=1/a",
          "/free/a;jsessionid=1",
          "/free/%2e%2e/free/a",
          "/free/a%5cb",
          "/free/caf%E9");

  private static final PathRules LENIENT =
      PathRules.strict()
          .allowPathParameters()
          .allowEncodedSlash()
          .allowEncodedDot()
          .allowEncodedPercent()
          .allowEncodedSemicolon()
          .allowDotSegments()
          .allowEmptySegments()
          .allowUnencodedCharacters();

  @RegisterExtension static final Market MARKET = new Market();

  /** Where Spring's servlet is, and by which of its two matchers it finds a handler. */
  enum Spring {
    PATTERNS_EVERYWHERE("", "", "/*", Patterns.class),
    PATTERNS_BELOW("", "/mvc", "/mvc/*", Patterns.class),
    PATTERNS_IN_CONTEXT("/shop", "", "/*", Patterns.class),
    ANT_EVERYWHERE("", "", "/*", Ant.class),
    ANT_BELOW("/shop", "/mvc", "/mvc/*", Ant.class),
    ANT_FULL_PATH("", "", "/*", AntFullPath.class);

    final String context;
    final String prefix;
    final String mapping;
    final Class<?> configuration;

    Spring(String context, String prefix, String mapping, Class<?> configuration) {
      this.context = context;
      this.prefix = prefix;
      this.mapping = mapping;
      this.configuration = configuration;
    }

    void configure(ServletContext context) {
      AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
      spring.register(configuration, Pages.class);
      TestContainer.addServlet(context, "spring", new DispatcherServlet(spring), mapping);
      TestContainer.addServlet(context, "links", new PathSite.Links(), "/links/*");
    }
  }

  @Configuration
  @EnableWebMvc
  static class Patterns {}

  @Configuration
  @EnableWebMvc
  static class Ant implements WebMvcConfigurer {
    @Override
    public void configurePathMatch(PathMatchConfigurer paths) {
      paths.setPatternParser(null);
      paths.setUrlPathHelper(helper());
    }

    UrlPathHelper helper() {
      return new UrlPathHelper();
    }
  }

  @Configuration
  @EnableWebMvc
  static class AntFullPath extends Ant {
    @Override
    UrlPathHelper helper() {
      UrlPathHelper helper = new UrlPathHelper();
      helper.setAlwaysUseFullPath(true);
      helper.setRemoveSemicolonContent(false);
      return helper;
    }
  }

  @Controller
  static class Pages {
    @RequestMapping({"/all/**", "/mvc/all/**"})
    @ResponseBody
    String secret() {
      return SECRET;
    }

    @RequestMapping({"/free/**", "/mvc/free/**"})
    @ResponseBody
    String free() {
      return "free";
    }
  }

  /** Ways that lead out of the paid part, or into it, for one reader and not for another. */
  private static List<String> spellings(String prefix) {
    Set<String> all =
        new LinkedHashSet<>(
            List.of(
                "/all/secret",
                "/all/secret/../../free",
                "/all/secret/..%2f..%2ffree",
                "/all/x/../../free/",
                "/free/../all/secret",
                "/%61ll/secret",
                "/%2561ll/secret",
                "/all;x/secret",
                "//all/secret",
                "/free//../all/secret",
                "/free/..;/all/secret",
                "/free/%2e%2e/all/secret",
                "/free/%252e%252e/all/secret",
                "/all%2fsecret",
                "/all%2fsecret/../free",
                "/all%252fsecret/../free",
                "/free/..%2fall/secret",
                "/free\\..\\all\\secret"));
    for (String up : List.of("..", "%2e%2e", ".%2e", "%2E.", "..;x", "..;/..", "%252e%252e")) {
      for (String slash : List.of("/", "%2f", "%2F", "%5c", "\\", "%252f", "//", "/./", "/;x/")) {
        String climb = slash + up;
        all.add("/all/secret" + climb + climb + slash + "free");
        all.add("/all/secret" + climb + climb + slash + "free/");
        all.add("/all" + climb + slash + "free");
        all.add("/free" + climb + slash + "all/secret");
      }
    }
    return all.stream().map(path -> prefix + path).toList();
  }

  static Stream<Arguments> webapps() {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                Stream.of(Spring.values())
                    .filter(spring -> BY_DEFAULT.contains(stack) || ON_EVERY_STACK.contains(spring))
                    .map(spring -> Arguments.of(stack, spring)));
  }

  @ParameterizedTest
  @MethodSource("webapps")
  void noSpellingOfADispatchReachesWhatIsPaid(Stack stack, Spring spring) throws IOException {
    List<String> targets = spellings(spring.prefix);
    Map<String, Integer> leaks = new TreeMap<>();
    List<String> which = new ArrayList<>();
    int asked = 0;
    try (TestContainer container = gated(stack, spring, targets, PathRules.strict())) {
      for (String link : links(spring, targets)) {
        RawHttp.Response response = RawHttp.get(container.port(), link);
        asked++;
        if (response.all().contains(SECRET)) {
          leaks.merge(link.replaceFirst("\\?.*", ""), 1, Integer::sum);
          which.add(response.status() + " " + URLDecoder.decode(link, UTF_8));
        }
      }
    }
    System.out.printf("%s, %s: %d dispatches, leaks: %s%n", stack, spring, asked, leaks);
    assertThat(which).isEmpty();
  }

  /** The policy for request lines may give up every rule: the readings decide. */
  @ParameterizedTest
  @MethodSource("webapps")
  void norDoesARequestLineUnderAnyPolicy(Stack stack, Spring spring) throws IOException {
    for (PathRules rules : List.of(PathRules.strict(), LENIENT)) {
      List<String> which = new ArrayList<>();
      Map<String, Integer> statuses = new TreeMap<>();
      try (TestContainer container = gated(stack, spring, List.of(), rules)) {
        for (String target : spellings(spring.prefix)) {
          RawHttp.Response response = RawHttp.get(container.port(), spring.context + target);
          statuses.merge(Integer.toString(response.status()), 1, Integer::sum);
          if (response.all().contains(SECRET)) {
            which.add(response.status() + " " + target);
          }
        }
      }
      System.out.printf("%s, %s: request lines: %s%n", stack, spring, statuses);
      assertThat(which).isEmpty();
    }
  }

  /** What has nothing to do with a rule goes on, however it is spelled. */
  @ParameterizedTest
  @MethodSource("webapps")
  void whatIsFreeIsDispatchedAsWithoutTheFilter(Stack stack, Spring spring) throws IOException {
    List<String> paths = Stream.concat(FREE.stream(), FREE_IN_ODD_SPELLING.stream()).toList();
    List<Pair> free = withAndWithout(stack, spring, paths);
    assertThat(free).allMatch(pair -> pair.with.equals(pair.without));
    assertThat(free).anyMatch(pair -> pair.with.equals("200 free"));
  }

  record Pair(String link, String with, String without) {}

  private static List<Pair> withAndWithout(Stack stack, Spring spring, List<String> paths)
      throws IOException {
    List<String> targets = paths.stream().map(path -> spring.prefix + path).toList();
    List<Pair> pairs = new ArrayList<>();
    try (TestContainer gated = gated(stack, spring, targets, PathRules.strict());
        TestContainer bare = container(stack, spring, targets).start(spring::configure)) {
      List<String> links = links(spring, targets);
      targets.stream()
          .filter(target -> target.matches("[!-~]+"))
          .forEach(target -> links.add(spring.context + target));
      for (String link : links) {
        String with = seen(RawHttp.get(gated.port(), link));
        pairs.add(new Pair(link, with, seen(RawHttp.get(bare.port(), link))));
      }
    }
    return pairs;
  }

  private static String seen(RawHttp.Response response) {
    return response.status() + (response.text().contains("free") ? " free" : "");
  }

  /** Every kind of dispatch to every target; an error goes to the page of its status. */
  private static List<String> links(Spring spring, List<String> targets) {
    List<String> links = new ArrayList<>();
    for (String target : targets) {
      for (String kind : List.of("forward", "include", "async")) {
        links.add(spring.context + "/links/" + kind + "?to=" + URLEncoder.encode(target, UTF_8));
      }
    }
    for (int i = 0; i < Math.min(targets.size(), LAST_STATUS - FIRST_STATUS); i++) {
      links.add(spring.context + "/links/error?status=" + (FIRST_STATUS + i));
    }
    return links;
  }

  private static TestContainer gated(
      Stack stack, Spring spring, List<String> targets, PathRules rules) {
    return container(stack, spring, targets)
        .start(
            ctx -> {
              spring.configure(ctx);
              PaymentFilter.register(
                  ctx,
                  MARKET
                      .filter(TestWallet.random(), Duration.ofSeconds(1))
                      .routes(Route.of(spring.prefix + "/all/*").price("$0.01"))
                      .pathRules(rules)
                      .build());
            });
  }

  private static TestContainer.Builder container(Stack stack, Spring spring, List<String> targets) {
    TestContainer.Builder container =
        TestContainer.on(stack).contextPath(spring.context).stopsAtOnce();
    for (int i = 0; i < Math.min(targets.size(), LAST_STATUS - FIRST_STATUS); i++) {
      container.errorPage(FIRST_STATUS + i, targets.get(i));
    }
    return container;
  }
}
