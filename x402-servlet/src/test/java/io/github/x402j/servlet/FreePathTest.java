// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.SessionTrackingMode;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What costs nothing is answered with the same bytes as without the filter, in whatever spelling,
 * beside what is priced.
 */
class FreePathTest {
  private static final List<String> SPELLINGS =
      List.of(
          "/free/a",
          "/free/a;jsessionid=1",
          "/free;v=1/a",
          "/free/a;b=c;d=e",
          "/free/;a",
          "/free//a",
          "//free/a",
          "/free/a//",
          "/free/./a",
          "/free/x/../a",
          "/x/../free/a",
          "/free/%2e/a",
          "/free/x/%2e%2e/a",
          "/free/x/..;y/a",
          "/free/...",
          "/free/a..b",
          "/free/a%2Fb",
          "/free/a%2fb",
          "/free%2fa",
          "/free/a%25b",
          "/free/a%2525b",
          "/free/a%20b",
          "/free/a%20",
          "/free/a+b",
          "/free/a%2Bb",
          "/free/a%3Fb",
          "/free/a%23b",
          "/free/a%3Bb",
          "/free/a%5Cb",
          "/free/caf%C3%A9",
          "/free/caf%E9",
          "/free/%e6%bc%a2",
          "/free/a|b",
          "/free/{a}",
          "/free/[a]",
          "/free/a\"b",
          "/free/a^b",
          "/free/a`b",
          "/free/<a>",
          "/free/a\\b",
          "/free/caf\u00e9",
          "/free/caf\u00c3\u00a9",
          "/free/%7Ea/%41%42",
          "/%66ree/a",
          "/free/a%",
          "/free/%zz",
          "/free/%u0061",
          "/free/a%00b",
          "/free/a%0Ab",
          "/free/%ff",
          "/free/%c0%af",
          "/free/%252525252525252561",
          "/free/%25" + "25".repeat(200) + "61",
          "/free/" + "long/".repeat(600) + ";jsessionid=1",
          "/free/" + "%C3%A9/".repeat(300) + "a//b",
          "/free/a?b=%2F..%2F&c=//",
          "/free/a;b?c=/private",
          "http://other.example/free/a;b",
          "/files/a%20b.txt",
          "/files//a%20b.txt",
          "/files/a%20b.txt;v=1",
          "/files/./a%20b.txt",
          "/files/",
          "/files/;a",
          "/files//",
          "/nothing//here",
          "/apiary//x",
          "/privat%65er/;a",
          "/dir;x/other.html");

  /** How the webapp dispatches to some of them. */
  private static final List<String> KINDS = List.of("forward", "include", "async");

  @RegisterExtension static final Market MARKET = new Market();
  @TempDir static Path docroot;

  /** Tells all that a webapp can see of its request's path. */
  private static final class Echo extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setHeader("X-Echo", "yes");
      response.setContentType("text/plain;charset=utf-8");
      response
          .getOutputStream()
          .write(
              String.join(
                      "\n",
                      request.getRequestURI(),
                      request.getServletPath(),
                      String.valueOf(request.getPathInfo()),
                      String.valueOf(request.getQueryString()),
                      String.valueOf(request.getRequestedSessionId()),
                      String.valueOf(response.getHeaderNames()))
                  .getBytes(ISO_8859_1));
    }
  }

  private static TestContainer start(Stack stack, String context, String echo, boolean isGated) {
    return TestContainer.on(stack)
        .docroot(docroot)
        .contextPath(context)
        .stopsAtOnce()
        .start(
            servlets -> {
              servlets.setSessionTrackingModes(
                  EnumSet.of(SessionTrackingMode.COOKIE, SessionTrackingMode.URL));
              configure(servlets, echo);
              if (isGated) {
                PaymentFilter.register(
                    servlets,
                    MARKET
                        .filter(TestWallet.random(), Duration.ofSeconds(1))
                        .routes(
                            Route.of("/private").price("$0.01"),
                            Route.of("/api/*").price("$0.01"),
                            Route.of("/report/{id}").price("$0.01"),
                            Route.of("/Upper/{id}/x").ignoringCase().price("$0.01"),
                            Route.of("/dir/index.html").price("$0.01"))
                        .build());
              }
            });
  }

  private static void configure(ServletContext context, String echo) {
    TestContainer.addServlet(context, "echo", new Echo(), echo);
    TestContainer.addServlet(
        context, "paid", new PathSite.Secret(), "/private", "/api/*", "/report/*", "/Upper/*");
    TestContainer.addServlet(context, "links", new PathSite.Links(), "/links/*");
  }

  @ParameterizedTest
  @EnumSource
  void isAnsweredWithTheSameBytes(Stack stack) throws IOException {
    Files.createDirectories(docroot.resolve("files"));
    Files.writeString(docroot.resolve("files/a b.txt"), "free\n");
    Files.createDirectories(docroot.resolve("dir"));
    Files.writeString(docroot.resolve("dir/index.html"), PathSite.SECRET);
    List<String> differences = new ArrayList<>();
    Map<Integer, Integer> statuses = new TreeMap<>();
    for (String context : List.of("", "/shop")) {
      for (String echo : List.of("/free/*", "/*")) {
        try (TestContainer with = start(stack, context, echo, true);
            TestContainer without = start(stack, context, echo, false)) {
          for (String line : lines(context)) {
            String gated = bytes(with, line);
            String bare = bytes(without, line);
            statuses.merge(Integer.parseInt(bare.substring(9, 12)), 1, Integer::sum);
            if (!gated.equals(bare)) {
              differences.add(line + "\n" + bare + "\n----\n" + gated);
            }
          }
        }
      }
    }
    System.out.printf("%s: free requests by status, with and without: %s%n", stack, statuses);
    assertThat(differences).isEmpty();
    assertThat(statuses.get(200)).isGreaterThan(100);
  }

  private static List<String> lines(String context) {
    List<String> lines = new ArrayList<>();
    for (String spelling : SPELLINGS) {
      lines.add(
          spelling.startsWith("http")
              ? spelling.replace(".example/", ".example" + context + "/")
              : context + spelling);
    }
    for (String target : List.of("/free/a;b", "/free//a", "/free/x/../a", "/free/a%2fb")) {
      KINDS.forEach(kind -> lines.add(context + "/links/" + kind + "?to=" + target));
    }
    return lines;
  }

  /** The whole response as it went over the wire, but for the time. */
  private static String bytes(TestContainer container, String line) throws IOException {
    try (RawHttp connection = RawHttp.connect(container.port())) {
      connection.send("GET " + line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      return connection
          .receiveAll(RawHttp.TIMEOUT_MILLIS)
          .replaceFirst("(?im)^Date: .*\r\n", "")
          .replace(Integer.toString(container.port()), "PORT");
    }
  }
}
