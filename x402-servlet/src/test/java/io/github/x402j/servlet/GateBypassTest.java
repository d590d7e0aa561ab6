// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The paths of {@link PathBypassTest} against the filter as it is used: with routes, an annotated
 * servlet and a real chain. {@code -Dx402.spelling.seed=N} repeats a run.
 */
class GateBypassTest {
  private static final String SECRET = PathSite.SECRET;
  private static final long SEED =
      Long.getLong("x402.spelling.seed", System.nanoTime() & 0xffff_ffffL);
  private static final int SPELLINGS = Integer.getInteger("x402.spellings", 10_000);
  private static final List<String> ANNOTATED =
      List.of(
          "/quotes",
          "/quotes/",
          "/quotes/x",
          "/quotes/x;y",
          "/%71uotes",
          "/quotes//x",
          "/quotes/../quotes",
          "/free.txt/../quotes/x",
          "/page.quote",
          "/a/b/page.quote",
          "/page.quot%65",
          "/page.quote;x=/free.txt",
          "/page.quote/",
          "/x/..;/page.quote");
  private static final String[] TARGETS = {
    "/private",
    "/api/x",
    "/api/x/y",
    "/mvc/private",
    "/report/7",
    "/paid/file.txt",
    "/paid/x/deep.txt",
    "/index.html",
    "/",
    "/paid/",
    "/dir/",
    "/quotes/x",
    "/page.quote",
    "/free.txt",
    "/x/free.txt",
    "/mvc/free"
  };

  private static Market market;
  private static final Map<Stack, List<PaidWebapp>> RUNNING = new EnumMap<>(Stack.class);

  /** Priced by annotation alone, under a prefix and under a suffix. */
  @RequiresPayment("$0.01")
  private static final class Quotes extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @BeforeAll
  static void startAll(@TempDir Path directory) throws IOException {
    market = new Market();
    Path docroot = PathSite.docroot(directory);
    for (Stack stack : Stack.values()) {
      RUNNING.put(
          stack,
          List.of(
              start(stack, docroot, GateBypassTest::mapped),
              start(stack, docroot, PathSite::frontController),
              start(stack, docroot, PathSite::everyReader)));
    }
  }

  private static void mapped(ServletContext context) {
    PathSite.mapped(context);
    TestContainer.addServlet(context, "quotes", new Quotes(), "/quotes/*", "*.quote");
  }

  private static PaidWebapp start(Stack stack, Path docroot, TestContainer.Site site) {
    Route[] routes =
        Arrays.stream(PathSite.PAID)
            .map(path -> Route.of(path).price("$0.01"))
            .toArray(Route[]::new);
    return PaidWebapp.on(stack, market)
        .container(c -> c.docroot(docroot))
        .routes(routes)
        .site(site)
        .withoutHandlers()
        .start();
  }

  @AfterAll
  static void stopAll() {
    RUNNING.values().forEach(apps -> apps.forEach(PaidWebapp::close));
    market.close();
  }

  @ParameterizedTest
  @EnumSource
  void noSpellingOfTheListGetsThrough(Stack stack) throws IOException {
    List<String> lines = new ArrayList<>(PathBypassTest.spellings());
    lines.addAll(ANNOTATED);
    lines.add("/api/" + "x".repeat(6_000));
    lines.add("/report/" + "%c3%a9".repeat(1_000));
    Map<String, Integer> statuses = new TreeMap<>();
    List<String> leaks = new ArrayList<>();
    for (String line : lines) {
      for (PaidWebapp app : RUNNING.get(stack)) {
        RawHttp.Response response = app.get(line);
        statuses.merge(Integer.toString(response.status()), 1, Integer::sum);
        if (response.all().contains(SECRET) || response.status() >= 500) {
          leaks.add(line + " -> " + response.status());
        }
      }
    }
    report("listed", stack, 3 * lines.size(), statuses, leaks.size());
    assertThat(leaks).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void pricesWhatEveryContainerReadsAlike(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack).get(0);
    for (String line :
        List.of(
            "/private",
            "/%70rivate",
            "/private/",
            "/private?x=/free.txt",
            "/api",
            "/mvc/private",
            "/report/7/",
            "/paid/file.txt",
            "/paid/",
            "/",
            "/dir/",
            "/quotes",
            "/%71uotes/x",
            "/a/b/page.quote")) {
      RawHttp.Response response = app.get(line);
      assertThat(response.status()).as(line).isEqualTo(402);
      assertThat(TestPayer.required(response).resource().url())
          .as(line)
          .startsWith(Market.PUBLIC_URL + "/");
    }
    assertThat(app.get("/free.txt").text()).isEqualTo("free\n");
  }

  @ParameterizedTest
  @EnumSource
  void deliversWhatWasPaidForUnderEachSpelling(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack).get(0);
    TestPayer payer = market.payer();
    List<String> lines =
        List.of("/private", "/%70rivate", "/paid/file.txt", "/report/7", "/quotes/x", "/dir/");
    for (String line : lines) {
      RawHttp.Response paid = app.pay(payer, line);
      assertThat(paid.status()).as(line).isEqualTo(200);
      assertThat(paid.text()).as(line).contains(SECRET);
    }
    assertThat(payer.balance()).isEqualTo(1_000_000 - lines.size() * PaidWebapp.CENT);
  }

  @ParameterizedTest
  @EnumSource
  void noRandomSpellingGetsThrough(Stack stack) throws IOException {
    Map<String, Integer> statuses = new TreeMap<>();
    List<String> leaks = new ArrayList<>();
    List<PaidWebapp> apps = RUNNING.get(stack);
    leaks.addAll(tryAll(apps.get(0).port(), SPELLINGS / 2, statuses));
    leaks.addAll(tryAll(apps.get(1).port(), SPELLINGS / 2, statuses));
    leaks.addAll(tryAll(apps.get(2).port(), SPELLINGS / 20, statuses));
    report("random, seed " + SEED, stack, SPELLINGS, statuses, leaks.size());
    assertThat(leaks).as("seed " + SEED).isEmpty();
    assertThat(statuses.get("402")).as("spellings that were priced").isGreaterThan(SPELLINGS / 100);
  }

  private static List<String> tryAll(int port, int count, Map<String, Integer> statuses)
      throws IOException {
    SpellingGenerator generator = new SpellingGenerator(SEED);
    List<String> leaks = new ArrayList<>();
    RawHttp connection = RawHttp.connect(port);
    for (int i = 0; i < count; i++) {
      String target = generator.next(TARGETS);
      RawHttp.Response response;
      try {
        response = connection.exchange("GET", target);
      } catch (IOException closedAfterTheLastResponse) {
        connection = reconnect(connection, port);
        response = connection.exchange("GET", target);
      }
      if (response.closes()) {
        connection = reconnect(connection, port);
      }
      statuses.merge(Integer.toString(response.status()), 1, Integer::sum);
      if (response.all().contains(SECRET)) {
        leaks.add(target + " -> " + response.status());
      }
    }
    connection.close();
    return leaks;
  }

  private static RawHttp reconnect(RawHttp connection, int port) throws IOException {
    connection.close();
    return RawHttp.connect(port);
  }

  private static void report(
      String what, Stack stack, int cases, Map<String, Integer> statuses, int leaks) {
    System.out.printf(
        "| %s | %s | %d cases | %d refused (400) | %d priced (402) | %d not found (404) | %s | %d"
            + " leaks |%n",
        stack,
        what,
        cases,
        statuses.getOrDefault("400", 0),
        statuses.getOrDefault("402", 0),
        statuses.getOrDefault("404", 0),
        statuses,
        leaks);
  }
}
