// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What handlers do to get their output out early, on every container, when the payment fails. */
class CaptureTest {
  static final String SECRET = "s3cr3t";
  private static final Map<Stack, TestContainer> RUNNING = new EnumMap<>(Stack.class);
  private static final StubGate GATE = new StubGate();

  /** A handler, written as a function. */
  interface Handler {
    void handle(HttpServletRequest request, HttpServletResponse response) throws Exception;
  }

  static final Map<String, Handler> HANDLERS = new TreeMap<>();

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
        "forward-named",
        (req, resp) -> req.getServletContext().getNamedDispatcher("handlers").include(req, resp));
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
    HANDLERS.remove("forward-named");
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

  static final class Handlers extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String path = request.getRequestURI();
      if (request.getAttribute("jakarta.servlet.include.request_uri") instanceof String included) {
        path = included;
      }
      Handler handler = HANDLERS.get(path.substring(path.lastIndexOf('/') + 1));
      try {
        handler.handle(request, response);
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Runs handlers captured; a header of the request says how the settlement ends. */
  static final class StubGate implements Filter {
    volatile CaptureLimits limits = CaptureLimits.defaults();

    @Override
    public void doFilter(ServletRequest req, ServletResponse resp, FilterChain chain)
        throws IOException, jakarta.servlet.ServletException {
      HttpServletRequest request = (HttpServletRequest) req;
      HttpServletResponse response = (HttpServletResponse) resp;
      Capture running = Capture.of(request);
      if (running != null) {
        if (request.getDispatcherType() == jakarta.servlet.DispatcherType.ASYNC) {
          running.resume(req, resp, chain);
        } else {
          chain.doFilter(req, resp);
        }
        return;
      }
      response.setHeader("X-Outer", "kept");
      Capture.run(
          request,
          response,
          chain,
          limits,
          (original, captured, failure) -> settle(original, captured, failure, response));
    }

    private static void settle(
        HttpServletRequest request,
        BufferedResponse captured,
        Throwable failure,
        HttpServletResponse real)
        throws IOException {
      if (failure != null) {
        captured.discard();
        real.setStatus(500);
        real.setHeader("X-Failure", failure.getClass().getSimpleName());
        real.getOutputStream().write("failed".getBytes(UTF_8));
      } else if ("yes".equals(request.getHeader("X-Settles"))) {
        captured.replaceHeader("PAYMENT-RESPONSE", "ours");
        captured.commitTo(real);
      } else {
        captured.discard();
        real.setStatus(402);
        real.getOutputStream().write("pay".getBytes(UTF_8));
      }
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
                    TestContainer.addServlet(ctx, "handlers", new Handlers(), "/h/*");
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
    assertThat(response.headers("Set-Cookie")).isEmpty();
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
}
