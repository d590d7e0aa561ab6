// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Paid resources under every spelling that has fooled some server, over raw sockets. Whoever gets
 * the secret has walked around the gate. {@code -Dx402.spelling.seed=N} repeats a run.
 */
class PathBypassTest {
  private static final long SEED =
      Long.getLong("x402.spelling.seed", System.nanoTime() & 0xffff_ffffL);
  private static final int SPELLINGS = Integer.getInteger("x402.spellings", 10_000);
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
    "/dir/index.html",
    "/free.txt",
    "/x/free.txt",
    "/mvc/free",
    "/x/api/x"
  };

  private static Path docroot;
  private static final Map<Stack, TestContainer> MAPPED = new EnumMap<>(Stack.class);
  private static final Map<Stack, TestContainer> FRONT = new EnumMap<>(Stack.class);
  private static final Map<Stack, TestContainer> READERS = new EnumMap<>(Stack.class);

  @BeforeAll
  static void startAll(@TempDir Path directory) throws IOException {
    docroot = PathSite.docroot(directory);
    for (Stack stack : Stack.values()) {
      MAPPED.put(stack, start(stack, gate(), PathSite::mapped));
      FRONT.put(stack, start(stack, gate(), PathSite::frontController));
      READERS.put(stack, start(stack, gate(), PathSite::everyReader));
    }
  }

  private static DecisionFilter gate() {
    return new DecisionFilter(PathRules.strict(), PathSite.PAID);
  }

  private static TestContainer start(Stack stack, DecisionFilter gate, TestContainer.Site site) {
    return TestContainer.on(stack)
        .docroot(docroot)
        .errorPage(418, "/private")
        .start(
            ctx -> {
              TestContainer.addFilter(ctx, gate);
              site.configure(ctx);
            });
  }

  @AfterAll
  static void stopAll() {
    MAPPED.values().forEach(TestContainer::close);
    FRONT.values().forEach(TestContainer::close);
    READERS.values().forEach(TestContainer::close);
  }

  /** The path rows of the list of cases, and some more. */
  static List<String> spellings() {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "/private",
                "/private?",
                "/private?a=/free.txt",
                "/%70rivate",
                "/%50rivate",
                "/p%52ivate",
                "/%70%72%69%76%61%74%65",
                "/./private",
                "/x/../private",
                "/x/..;/private",
                "/x/..;y=z/private",
                "/private/..;/private",
                "/private;/..;/private",
                "/%u0070rivate",
                "/%u002e/private",
                "/\\private",
                "/private\\",
                "/x\\..\\private",
                "/report/a%2Fb",
                "/report/a%2fb",
                "/x%2f..%2fprivate",
                "/%2fprivate",
                "/private%2f",
                "/%2570rivate",
                "/api/a%252Fb",
                "/x/%252e%252e/private",
                "/private%00",
                "/.%00/private",
                "/api/%0A",
                "/private%0d%0a",
                "/private/",
                "/private//",
                "/private.",
                "/private;",
                "/private;a=b",
                "/;/private",
                "/;a/private",
                "//private",
                "///private",
                "/privat%c3%a9",
                "/%ef%bc%8fprivate",
                "/%c0%ae/private",
                "/%c0%afprivate",
                "/%e0%80%afprivate",
                "http://evil.example/private",
                "http://localhost/private",
                "http://evil.example//private",
                "http:/private",
                "http://private",
                "http://api/x",
                "//a\\b/private",
                "//a%5cb/private",
                "/\\\\x/private",
                "/%5c%5cx/private",
                "/\\\\\\x/private",
                "//a%3fb/private",
                "//a%23b/private",
                "/api/cheap/../x",
                "/api/health;/../x",
                "/api",
                "/api/",
                "/api;x",
                "/api/x;y",
                "/mvc/private",
                "/mvc/private/",
                "/mvc//private",
                "/mvc/./private",
                "/mvc/;/private",
                "/mvc/x/../private",
                "/mvc/%70rivate",
                "/mvc%2fprivate",
                "/report/7",
                "/report/7/",
                "/report/7;x",
                "/report/%37",
                "//paid/file.txt",
                "/paid//file.txt",
                "/paid/;a/file.txt",
                "/;/paid/file.txt",
                "/./paid/file.txt",
                "/free.txt/../paid/file.txt",
                "/x/%2e%2e/paid/file.txt",
                "/paid/file.txt/.",
                "/paid/x/../file.txt",
                "/paid/file.txt/",
                "/paid/file.txt;",
                "/paid/file.txt%20",
                "/paid/file.txt%00",
                "/paid/",
                "/paid",
                "/paid/x/",
                "/",
                "/;",
                "/.",
                "/./",
                "/x/..",
                "/x/../",
                "/index.html",
                "/index.html;",
                "/%69ndex.html",
                "/dir",
                "/dir/",
                "/dir/;",
                "/dir/.",
                "/dir/index.html",
                "/PAID/file.txt",
                "/PRIVATE",
                "\\private",
                "private",
                "*",
                "?",
                "/x\\..\\paid\\file.txt",
                "/paid\\file.txt",
                "/paid%5cfile.txt",
                "/paid%2ffile.txt",
                "/x/..%2fpaid/file.txt",
                "/x/%2e%2e%2fpaid/file.txt",
                "/x/..%5cpaid/file.txt"));
    lines.add("/" + "a/../".repeat(1_000) + "private");
    lines.add("/" + "%2e/".repeat(1_000) + "private");
    return lines;
  }

  @ParameterizedTest
  @EnumSource
  void noSpellingOfTheListGetsThrough(Stack stack) throws IOException {
    List<String> leaks = new ArrayList<>();
    for (String line : spellings()) {
      for (TestContainer container :
          List.of(MAPPED.get(stack), FRONT.get(stack), READERS.get(stack))) {
        RawHttp.Response response = RawHttp.get(container.port(), line);
        if (response.all().contains(PathSite.SECRET) || response.status() >= 500) {
          leaks.add(line + " -> " + response.status());
        }
      }
    }
    assertThat(leaks).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void pricesTheSpellingsThatEveryContainerReadsAlike(Stack stack) throws IOException {
    for (String line :
        List.of(
            "/private",
            "/%70rivate",
            "/private/",
            "/api",
            "/api/x",
            "/mvc/private",
            "/report/7/",
            "/paid/file.txt",
            "/paid/file.txt/",
            "/paid/",
            "/",
            "/dir/",
            "/private?x=/free.txt")) {
      assertThat(RawHttp.get(MAPPED.get(stack).port(), line).status()).as(line).isEqualTo(402);
      assertThat(RawHttp.get(FRONT.get(stack).port(), line).status()).as(line).isEqualTo(402);
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesFreePathsAlone(Stack stack) throws IOException {
    for (String line :
        List.of(
            "/free.txt",
            "/free.txt?x=/private",
            "/x/free.txt",
            "/free%2Etxt".replace("%2E", "."))) {
      RawHttp.Response response = RawHttp.get(MAPPED.get(stack).port(), line);
      assertThat(response.status()).as(line).isEqualTo(200);
      assertThat(response.text()).isEqualTo("free\n");
    }
    assertThat(RawHttp.get(MAPPED.get(stack).port(), "/PRIVATE").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @EnumSource
  void pricesEveryMethod(Stack stack) throws IOException {
    for (String method :
        List.of("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", "FOO", "GETX", "PATCH")) {
      RawHttp.Response response = RawHttp.request(MAPPED.get(stack).port(), method, "/private");
      assertThat(response.all()).as(method).doesNotContain(PathSite.SECRET);
      assertThat(response.status()).as(method).isIn(402, 400, 405, 501);
    }
  }

  @ParameterizedTest
  @EnumSource
  void pricesEveryDispatch(Stack stack) throws IOException {
    int port = MAPPED.get(stack).port();
    for (String target :
        List.of("/private", "/api/x", "/paid/file.txt", "/report/7", "/index.html")) {
      for (String kind : List.of("forward", "include", "include-after-writer", "async")) {
        RawHttp.Response response = RawHttp.get(port, "/links/" + kind + "?to=" + target);
        assertThat(response.all()).as(kind + " " + target).doesNotContain(PathSite.SECRET);
        assertThat(response.text()).as(kind + " " + target).contains("pay");
      }
    }
    for (String spelling :
        List.of("//paid/file.txt", "/x/../paid/file.txt", "/paid//file.txt", "/./private")) {
      for (String kind : List.of("forward", "include", "async")) {
        RawHttp.Response response = RawHttp.get(port, "/links/" + kind + "?to=" + spelling);
        assertThat(response.all()).as(kind + " " + spelling).doesNotContain(PathSite.SECRET);
      }
    }
    assertThat(RawHttp.get(port, "/links/error").all()).doesNotContain(PathSite.SECRET);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
      POST /free.txt HTTP/1.1~Host: a~Content-Length: 6~Transfer-Encoding: chunked~~0~~GET /private HTTP/1.1~Host: a~Connection: close~~
      POST /free.txt HTTP/1.1~Host: a~Content-Length: 5~Content-Length: 5~Connection: close~~hello
      POST /free.txt HTTP/1.1~Host: a~Transfer-Encoding: xchunked~Connection: close~~0~~
      GET /private HTTP/1.1~Host: a~Connection: Upgrade, close~Upgrade: websocket~Sec-WebSocket-Version: 13~Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==~~
      GET /private HTTP/1.1~Host: a~Connection: Upgrade, HTTP2-Settings, close~Upgrade: h2c~HTTP2-Settings: AAMAAABkAAQAAP__~~
      GET /private HTTP/1.1~Host: a~If-None-Match: "x"~If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT~Connection: close~~
      POST /private HTTP/1.1~Host: a~X-HTTP-Method-Override: GET~Content-Length: 0~Connection: close~~
      GET /private HTTP/1.0~~
      GET /private~
      """)
  void noFramingGetsThrough(String request) throws IOException {
    for (Stack stack : Stack.values()) {
      try (RawHttp connection = RawHttp.connect(MAPPED.get(stack).port())) {
        connection.send(request.replace("~", "\r\n"));
        String everything = connection.receiveAll(500);
        assertThat(everything)
            .as(stack.name())
            .doesNotContain(PathSite.SECRET)
            .doesNotContain(" 304 ");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void noRandomSpellingGetsThrough(Stack stack) throws IOException {
    Map<String, Integer> mapped = new TreeMap<>();
    Map<String, Integer> front = new TreeMap<>();
    Map<String, Integer> readers = new TreeMap<>();
    List<String> leaks = tryAll(MAPPED.get(stack), SEED, SPELLINGS / 2, mapped);
    leaks.addAll(tryAll(FRONT.get(stack), SEED + 1, SPELLINGS / 2, front));
    leaks.addAll(tryAll(READERS.get(stack), SEED + 2, SPELLINGS / 10, readers));
    System.out.printf(
        "%-18s seed %d, %d spellings: mapped servlets and files %s, front controller %s, every"
            + " reader %s%n",
        stack, SEED, SPELLINGS, mapped, front, readers);
    assertThat(leaks).as("seed " + SEED).isEmpty();
    assertThat(mapped.get("402")).as("spellings that were priced").isGreaterThan(SPELLINGS / 100);
    assertThat(mapped.get("200")).as("spellings that were free").isGreaterThan(SPELLINGS / 100);
  }

  /** The target of a dispatch is spelled by the webapp, perhaps from what a client has sent. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void noRandomSpellingOfADispatchGetsThrough(Stack stack) throws IOException {
    Map<String, Integer> statuses = new TreeMap<>();
    List<String> leaks = new ArrayList<>();
    for (TestContainer container : List.of(MAPPED.get(stack), READERS.get(stack))) {
      for (String kind : List.of("forward", "include")) {
        String link = "/links/" + kind + "?to=/";
        leaks.addAll(
            tryAll(
                container,
                SEED,
                SPELLINGS / 40,
                target -> link + URLEncoder.encode(target.replaceFirst("^/", ""), UTF_8),
                statuses));
      }
    }
    System.out.printf("%-18s seed %d, dispatches: %s%n", stack, SEED, statuses);
    assertThat(leaks).as("seed " + SEED).isEmpty();
  }

  /** Spellings that one reader has understood once. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void noSpellingOfADispatchGetsThrough(Stack stack) throws IOException {
    for (String target :
        List.of(
            "/.//m\\vc/pri%u0076ate",
            "//a\\b/private",
            "//a%5cb/private",
            "/%5c\\x/private",
            "/\\\\\\x/private",
            "/%5c\\x/api/x/%2e%2e/",
            "/report/..;x/x/..\\7:",
            "/%5c../m%3fvc./private",
            "/priv%25ï¼\u00961te",
            "//a%3fb/private",
            "//a%23b/private",
            "/%68ttp:/private",
            "/http://api/x")) {
      for (TestContainer container : List.of(MAPPED.get(stack), READERS.get(stack))) {
        for (String kind : List.of("forward", "include")) {
          String line = "/links/" + kind + "?to=" + URLEncoder.encode(target, UTF_8);
          assertThat(RawHttp.get(container.port(), line).all())
              .as(kind + " " + target)
              .doesNotContain(PathSite.SECRET);
        }
      }
    }
  }

  /** If this fails the generator has lost its teeth. */
  @ParameterizedTest
  @EnumSource(names = {"UNDERTOW", "JETTY_LEGACY"})
  void randomSpellingsDoGetThroughWithoutTheGuard(Stack stack) throws IOException {
    DecisionFilter open = DecisionFilter.withoutGuard(PathSite.PAID);
    try (TestContainer container = start(stack, open, PathSite::mapped)) {
      assertThat(tryAll(container, SEED, SPELLINGS / 4, new TreeMap<>())).isNotEmpty();
    }
  }

  /** Nor has a servlet for everything by which no reader finds anything. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void someReaderGetsThroughWithoutTheGuard(Stack stack) throws IOException {
    DecisionFilter open = DecisionFilter.withoutGuard(PathSite.PAID);
    try (TestContainer container = start(stack, open, PathSite::everyReader)) {
      assertThat(tryAll(container, SEED, SPELLINGS / 10, new TreeMap<>())).isNotEmpty();
    }
  }

  private static List<String> tryAll(
      TestContainer container, long seed, int count, Map<String, Integer> statuses)
      throws IOException {
    return tryAll(container, seed, count, target -> target, statuses);
  }

  private static List<String> tryAll(
      TestContainer container,
      long seed,
      int count,
      UnaryOperator<String> line,
      Map<String, Integer> statuses)
      throws IOException {
    SpellingGenerator generator = new SpellingGenerator(seed);
    List<String> leaks = new ArrayList<>();
    KeptAlive connection = new KeptAlive(container.port());
    for (int i = 0; i < count; i++) {
      String target = line.apply(generator.next(TARGETS));
      Optional<RawHttp.Response> response = connection.get(target);
      String status = response.map(answer -> Integer.toString(answer.status())).orElse("none");
      statuses.merge(status, 1, Integer::sum);
      if (response.isPresent() && response.get().all().contains(PathSite.SECRET)) {
        leaks.add(target);
      }
    }
    connection.close();
    return leaks;
  }

  /** One connection after the other, each for as many requests as the server likes. */
  private static final class KeptAlive {
    private static final int ATTEMPTS = 3;

    private final int port;
    private RawHttp connection;

    KeptAlive(int port) throws IOException {
      this.port = port;
      this.connection = RawHttp.connect(port);
    }

    /** Returns nothing where the server ends connections without an answer, which tells nothing. */
    Optional<RawHttp.Response> get(String target) throws IOException {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
          RawHttp.Response response = connection.exchange("GET", target);
          if (response.closes()) {
            reconnect();
          }
          return Optional.of(response);
        } catch (IOException closedAfterTheLastResponse) {
          reconnect();
        }
      }
      return Optional.empty();
    }

    private void reconnect() throws IOException {
      connection.close();
      connection = RawHttp.connect(port);
    }

    void close() throws IOException {
      connection.close();
    }
  }
}
