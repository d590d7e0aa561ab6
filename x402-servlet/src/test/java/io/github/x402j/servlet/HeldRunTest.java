// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What handlers do to get their output out early, on every container, when the payment fails. */
class HeldRunTest {
  static final String SECRET = "s3cr3t";
  private static final Map<Stack, TestContainer> RUNNING = new EnumMap<>(Stack.class);
  private static final StubGate GATE = new StubGate();

  static final Map<String, Handlers.Handler> HANDLERS = new TreeMap<>();

  static {
    HANDLERS.put("write", (req, resp) -> resp.getWriter().write(SECRET));
    HANDLERS.put("stream", (req, resp) -> resp.getOutputStream().write(SECRET.getBytes(UTF_8)));
    HANDLERS.put("write-9000", (req, resp) -> writeMuch(resp, 9_000));
    HANDLERS.put("write-5000000", (req, resp) -> writeMuch(resp, 5_000_000));
    HANDLERS.put(
        "flush",
        (req, resp) -> {
          resp.getWriter().write(SECRET);
          resp.getWriter().flush();
          resp.flushBuffer();
        });
    HANDLERS.put(
        "stream-flush-close",
        (req, resp) -> {
          resp.getOutputStream().write(SECRET.getBytes(UTF_8));
          resp.getOutputStream().flush();
          resp.getOutputStream().close();
        });
    HANDLERS.put(
        "writer-close",
        (req, resp) -> {
          PrintWriter writer = resp.getWriter();
          writer.print(SECRET);
          writer.close();
        });
    HANDLERS.put("redirect", (req, resp) -> resp.sendRedirect("/elsewhere?" + SECRET));
    HANDLERS.put(
        "location",
        (req, resp) -> {
          resp.setStatus(302);
          resp.setHeader("Location", "/elsewhere?" + SECRET);
        });
    HANDLERS.put("error", (req, resp) -> resp.sendError(404, SECRET));
    HANDLERS.put(
        "headers",
        (req, resp) -> {
          resp.setHeader("X-Data", SECRET);
          resp.addHeader("ETag", '"' + SECRET + '"');
          resp.addIntHeader("X-Int", 7);
          resp.setDateHeader("Last-Modified", 0);
          resp.addCookie(new Cookie("c", SECRET));
          resp.addHeader("Set-Cookie", "d=" + SECRET);
          resp.setHeader("Content-Disposition", "attachment; filename=" + SECRET);
          resp.flushBuffer();
        });
    HANDLERS.put(
        "length",
        (req, resp) -> {
          resp.setContentLength(500);
          resp.getOutputStream().write(SECRET.getBytes(UTF_8));
        });
    HANDLERS.put(
        "trailers",
        (req, resp) -> {
          resp.setTrailerFields(() -> Map.of("X-Trailer", SECRET));
          resp.getWriter().write(SECRET);
        });
    HANDLERS.put(
        "unwrap",
        (req, resp) -> {
          ServletResponse inner = resp;
          while (inner instanceof ServletResponseWrapper wrapper) {
            inner = wrapper.getResponse();
          }
          ((HttpServletResponse) inner).setHeader("X-Data", SECRET);
          inner.getWriter().write(SECRET);
          inner.flushBuffer();
        });
    HANDLERS.put(
        "throw-after-flush",
        (req, resp) -> {
          resp.getWriter().write(SECRET);
          resp.flushBuffer();
          throw new IOException(SECRET);
        });
    HANDLERS.put(
        "session",
        (req, resp) -> {
          req.getSession(true).setAttribute("x", SECRET);
          resp.getWriter().write(SECRET);
        });
    HANDLERS.put("forward", (req, resp) -> req.getRequestDispatcher("/h/flush").forward(req, resp));
    HANDLERS.put("include", (req, resp) -> req.getRequestDispatcher("/h/flush").include(req, resp));
    HANDLERS.put(
        "include-file", (req, resp) -> req.getRequestDispatcher("/file.txt").include(req, resp));
    HANDLERS.put(
        "forward-file", (req, resp) -> req.getRequestDispatcher("/file.txt").forward(req, resp));
    HANDLERS.put(
        "payment-headers",
        (req, resp) -> {
          resp.setHeader("PAYMENT-RESPONSE", SECRET);
          resp.addHeader("X-Payment-Response", SECRET);
          resp.setHeader("payment-required", SECRET);
          resp.setHeader("X-Payment-Receipt", SECRET);
          resp.getWriter().write("ok");
        });
    HANDLERS.put("upgrade", (req, resp) -> req.upgrade(Upgrade.class));
  }

  /** Never made: the upgrade is refused before. */
  public static final class Upgrade implements HttpUpgradeHandler {
    @Override
    public void init(WebConnection connection) {
      throw new AssertionError(SECRET);
    }

    @Override
    public void destroy() {}
  }

  private static void writeMuch(HttpServletResponse response, int bytes) throws IOException {
    byte[] chunk = (SECRET + "0123456789").getBytes(UTF_8);
    for (int written = 0; written < bytes; written += chunk.length) {
      response.getOutputStream().write(chunk, 0, Math.min(chunk.length, bytes - written));
    }
  }

  @BeforeAll
  static void startAll(@TempDir Path docroot) throws IOException {
    Files.writeString(docroot.resolve("file.txt"), SECRET.repeat(10_000));
    for (Stack stack : List.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)) {
      RUNNING.put(
          stack,
          TestContainer.on(stack)
              .docroot(docroot)
              .start(
                  ctx -> {
                    TestContainer.addFilter(ctx, GATE);
                    TestContainer.addServlet(ctx, "handlers", new Handlers(HANDLERS), "/h/*");
                  }));
    }
  }

  @AfterAll
  static void stopAll() {
    RUNNING.values().forEach(TestContainer::close);
    RUNNING.clear();
  }

  static List<Arguments> everyHandlerOnEveryStack() {
    List<Arguments> all = new ArrayList<>();
    for (Stack stack : List.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)) {
      HANDLERS.keySet().forEach(name -> all.add(Arguments.of(stack, "/h/" + name)));
      all.add(Arguments.of(stack, "/file.txt"));
      all.add(Arguments.of(stack, "/"));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("everyHandlerOnEveryStack")
  void nothingOfTheHandlerLeavesWhenThePaymentFails(Stack stack, String path) throws IOException {
    RawHttp.Response response = RawHttp.get(RUNNING.get(stack).port(), path);

    assertThat(response.status()).isIn(402, 500);
    assertThat(response.all()).doesNotContain(SECRET).doesNotContain("file.txt");
    // Undertow tells the client to forget the session that was taken back.
    assertThat(response.headers("Set-Cookie")).allMatch(cookie -> cookie.contains("01-Jan-1970"));
    assertThat(stack == Stack.UNDERTOW || response.headers("Set-Cookie").isEmpty()).isTrue();
    assertThat(response.header("X-Outer")).isEqualTo("kept");
    assertThat(response.text()).isEqualTo(response.status() == 402 ? "pay" : "failed");
    for (String header :
        List.of(
            "Location",
            "ETag",
            "X-Data",
            "X-Int",
            "Last-Modified",
            "Content-Disposition",
            "X-Trailer")) {
      assertThat(response.header(header)).as(header).isNull();
    }
  }

  private static RawHttp.Response paid(Stack stack, String method, String path) throws IOException {
    return RawHttp.request(RUNNING.get(stack).port(), method, path, "X-Settles: yes");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void deliversBodiesWithTheLengthThatTheyHave(Stack stack) throws IOException {
    Map<String, Integer> lengths =
        Map.of(
            "write",
            6,
            "flush",
            6,
            "writer-close",
            6,
            "length",
            6,
            "write-9000",
            9_000,
            "write-5000000",
            5_000_000);
    for (var each : lengths.entrySet()) {
      RawHttp.Response response = paid(stack, "GET", "/h/" + each.getKey());
      assertThat(response.status()).as(each.getKey()).isEqualTo(200);
      assertThat(response.body()).as(each.getKey()).hasSize(each.getValue());
      assertThat(response.header("Content-Length")).isEqualTo(each.getValue().toString());
      assertThat(response.text()).startsWith(SECRET);
    }
    RawHttp.Response file = paid(stack, "GET", "/file.txt");
    assertThat(file.text()).isEqualTo(SECRET.repeat(10_000));
    assertThat(file.header("Content-Type")).startsWith("text/plain");
    for (String dispatched : List.of("include-file", "forward-file", "include", "forward")) {
      assertThat(paid(stack, "GET", "/h/" + dispatched).text()).as(dispatched).startsWith(SECRET);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void deliversStatusHeadersAndCookies(Stack stack) throws IOException {
    RawHttp.Response headers = paid(stack, "GET", "/h/headers");
    assertThat(headers.header("X-Data")).isEqualTo(SECRET);
    assertThat(headers.header("X-Int")).isEqualTo("7");
    assertThat(headers.header("Last-Modified")).isEqualTo("Thu, 01 Jan 1970 00:00:00 GMT");
    assertThat(headers.headers("Set-Cookie")).contains("c=" + SECRET, "d=" + SECRET);
    assertThat(headers.header("X-Outer")).isEqualTo("kept");
    RawHttp.Response redirect = paid(stack, "GET", "/h/redirect");
    assertThat(redirect.status()).isEqualTo(302);
    assertThat(redirect.header("Location")).endsWith("/elsewhere?" + SECRET);
    assertThat(paid(stack, "GET", "/h/error").status()).isEqualTo(404);
    assertThat(paid(stack, "GET", "/h/session").headers("Set-Cookie")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void dropsThePaymentHeadersOfAHandler(Stack stack) throws IOException {
    RawHttp.Response response = paid(stack, "GET", "/h/payment-headers");

    assertThat(response.text()).isEqualTo("ok");
    assertThat(response.headers("PAYMENT-RESPONSE")).containsExactly("ours");
    assertThat(response.all()).doesNotContain(SECRET);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void deliversTrailers(Stack stack) throws IOException {
    RawHttp.Response response = paid(stack, "GET", "/h/trailers");

    assertThat(response.text()).isEqualTo(SECRET);
    assertThat(response.trailers().toLowerCase(Locale.ROOT)).contains("x-trailer: " + SECRET);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void deliversNoBodyWhereThereIsNone(Stack stack) throws IOException {
    Handlers.put("204", (req, resp) -> resp.setStatus(204));
    Handlers.put(
        "304",
        (req, resp) -> {
          resp.setStatus(304);
          resp.setHeader("ETag", "\"x\"");
        });
    Handlers.put("empty", (req, resp) -> resp.setContentType("text/plain"));

    assertThat(paid(stack, "GET", "/h/204").status()).isEqualTo(204);
    assertThat(paid(stack, "GET", "/h/304").header("ETag")).isEqualTo("\"x\"");
    assertThat(paid(stack, "GET", "/h/empty").header("Content-Length")).isEqualTo("0");
    RawHttp.Response head = paid(stack, "HEAD", "/h/write-9000");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Length")).isEqualTo("9000");
    assertThat(paid(stack, "HEAD", "/file.txt").header("Content-Length")).isEqualTo("60000");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void failsBeforeSettlementWhenTheBodyIsTooLarge(Stack stack) throws IOException {
    Handlers.put("too-much", (req, resp) -> writeMuch(resp, 9_000_000));
    Handlers.put(
        "too-much-swallowed",
        (req, resp) -> {
          try {
            writeMuch(resp, 9_000_000);
          } catch (IOException swallowed) {
            resp.setStatus(200);
          }
        });
    Handlers.put(
        "too-much-printed",
        (req, resp) -> {
          for (int i = 0; i < 9_000; i++) {
            resp.getWriter().write("0".repeat(1_000));
          }
        });
    Handlers.put("too-many-headers", (req, resp) -> resp.setHeader("X", "y".repeat(10_000)));
    for (String name :
        List.of("too-much", "too-much-swallowed", "too-much-printed", "too-many-headers")) {
      RawHttp.Response response = paid(stack, "GET", "/h/" + name);
      assertThat(response.status()).as(name).isEqualTo(500);
      assertThat(response.text()).as(name).isEqualTo("failed");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void leavesCompressionInsideAndOutsideAlone(Stack stack) throws IOException {
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                ctx -> {
                  TestContainer.addFilter(ctx, "outer", new Gzip("X-Gzip-Outside"));
                  TestContainer.addFilter(ctx, "gate", new StubGate());
                  TestContainer.addFilter(ctx, "inner", new Gzip("X-Gzip-Inside"));
                  TestContainer.addServlet(ctx, "handlers", new Handlers(HANDLERS), "/h/*");
                })) {
      for (String where : List.of("X-Gzip-Outside: 1", "X-Gzip-Inside: 1")) {
        RawHttp.Response response =
            RawHttp.get(container.port(), "/h/write-9000", "X-Settles: yes", where);
        assertThat(response.headers("Content-Encoding")).as(where).containsExactly("gzip");
        byte[] plain =
            new GZIPInputStream(new ByteArrayInputStream(response.body())).readAllBytes();
        assertThat(plain).as(where).hasSize(9_000);
        RawHttp.Response refused =
            RawHttp.get(container.port(), "/h/write-9000", "X-Gzip-Inside: 1");
        assertThat(refused.text()).isEqualTo("pay");
        assertThat(refused.header("Content-Encoding")).isNull();
      }
    }
  }

  /** Compresses when a header says so. */
  private record Gzip(String header) implements Filter {
    @Override
    public void doFilter(ServletRequest req, ServletResponse resp, FilterChain chain)
        throws IOException, ServletException {
      if (((HttpServletRequest) req).getHeader(header) == null) {
        chain.doFilter(req, resp);
        return;
      }
      HttpServletResponse response = (HttpServletResponse) resp;
      response.setHeader("Content-Encoding", "gzip");
      GZIPOutputStream zip = new GZIPOutputStream(response.getOutputStream());
      ServletOutputStream out =
          new ServletOutputStream() {
            @Override
            public boolean isReady() {
              return true;
            }

            @Override
            public void setWriteListener(WriteListener listener) {}

            @Override
            public void write(int b) throws IOException {
              zip.write(b);
            }
          };
      chain.doFilter(
          req,
          new HttpServletResponseWrapper(response) {
            @Override
            public ServletOutputStream getOutputStream() {
              return out;
            }

            @Override
            public void setContentLengthLong(long length) {}
          });
      zip.finish();
    }
  }
}
