// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** The handlers of {@link WithAndWithoutTest}: each way that a handler can answer, by name. */
final class WithAndWithoutHandlers {
  private WithAndWithoutHandlers() {}

  static Map<String, Handlers.Handler> all() {
    Map<String, Handlers.Handler> all = new TreeMap<>();
    addPlain(all);
    addStatuses(all);
    addErrors(all);
    addThrown(all);
    addDispatches(all);
    addAsync(all);
    return all;
  }

  private static void addPlain(Map<String, Handlers.Handler> all) {
    all.put("stream", (request, response) -> response.getOutputStream().print("text"));
    all.put("empty", (request, response) -> {});
    all.put(
        "writer",
        (request, response) -> {
          response.setContentType("text/html;charset=utf-8");
          response.getWriter().write("M\u00fcnchen \u6f22");
        });
    all.put(
        "json",
        (request, response) -> {
          response.setContentType("application/json");
          response.getOutputStream().write("{\"a\":\"\u00fc\"}".getBytes(UTF_8));
        });
    all.put(
        "length",
        (request, response) -> {
          response.setContentLength(4);
          response.getOutputStream().print("text");
        });
    all.put(
        "flushed",
        (request, response) -> {
          response.getOutputStream().print("one ");
          response.flushBuffer();
          response.setHeader("X-Late", "dropped");
          response.getOutputStream().print("two");
        });
    all.put(
        "closed",
        (request, response) -> {
          response.getWriter().write("text");
          response.getWriter().close();
        });
    all.put("large", (request, response) -> response.getOutputStream().write(new byte[300_000]));
    all.put(
        "headers",
        (request, response) -> {
          response.setHeader("ETag", "\"v1\"");
          response.addHeader("X-Two", "a");
          response.addHeader("X-Two", "b");
          response.addHeader("Vary", "Accept");
          response.setDateHeader("Last-Modified", 1_700_000_000_000L);
          response.addIntHeader("X-Number", 7);
          response.addHeader("Content-Disposition", "attachment; filename=\"a.txt\"");
          response.setHeader("Content-Language", "de");
          response.getOutputStream().print("text");
        });
    all.put(
        "cookies",
        (request, response) -> {
          Cookie cookie = new Cookie("c", "v");
          cookie.setPath("/");
          cookie.setHttpOnly(true);
          cookie.setMaxAge(60);
          response.addCookie(cookie);
          response.addCookie(new Cookie("d", "w"));
          response.getOutputStream().print("text");
        });
    all.put(
        "session",
        (request, response) -> {
          request.getSession().setAttribute("a", "b");
          response.getWriter().write("text");
        });
    all.put(
        "reset",
        (request, response) -> {
          response.setHeader("X-Gone", "x");
          response.getWriter().write("draft");
          response.reset();
          response.getOutputStream().print("text");
        });
    all.put(
        "trailers",
        (request, response) -> {
          response.setTrailerFields(() -> Map.of("X-Checksum", "7"));
          response.getOutputStream().print("text");
        });
    all.put(
        "locale",
        (request, response) -> {
          response.setLocale(java.util.Locale.GERMANY);
          response.setContentType("text/plain");
          response.getWriter().write("text");
        });
  }

  private static void addStatuses(Map<String, Handlers.Handler> all) {
    all.put(
        "201",
        (request, response) -> {
          response.setStatus(201);
          response.setHeader("Location", "/made/1");
          response.getOutputStream().print("made");
        });
    all.put("204", (request, response) -> response.setStatus(204));
    all.put("205", (request, response) -> response.setStatus(205));
    all.put(
        "206",
        (request, response) -> {
          response.setStatus(206);
          response.setHeader("Content-Range", "bytes 0-3/10");
          response.getOutputStream().print("0123");
        });
    all.put(
        "304",
        (request, response) -> {
          response.setHeader("ETag", "\"v1\"");
          response.setHeader("Cache-Control", "private, max-age=60");
          response.setHeader("Vary", "Accept-Encoding");
          response.setStatus(304);
        });
    all.put("redirect", (request, response) -> response.sendRedirect("/free/there?a=b"));
    all.put("redirect-relative", (request, response) -> response.sendRedirect("there"));
    all.put(
        "redirect-301",
        (request, response) -> {
          response.setStatus(301);
          response.setHeader("Location", "https://example.com/");
        });
  }

  private static void addErrors(Map<String, Handlers.Handler> all) {
    for (int status : new int[] {400, 403, 404, 410, 500, 503}) {
      all.put("error-" + status, (request, response) -> response.sendError(status));
      all.put(
          "body-" + status,
          (request, response) -> {
            response.setStatus(status);
            response.setContentType("application/problem+json");
            response.setHeader("ETag", "\"e\"");
            response.getWriter().write("{\"status\":" + status + "}");
          });
    }
    all.put(
        "error-401",
        (request, response) -> {
          response.setHeader("WWW-Authenticate", "Basic realm=\"a\"");
          response.sendError(401, "who are you");
        });
    all.put(
        "error-405",
        (request, response) -> {
          response.setHeader("Allow", "PUT");
          response.sendError(405);
        });
    all.put(
        "error-after-draft",
        (request, response) -> {
          response.getWriter().write("draft");
          response.sendError(422, "the reason");
        });
    all.put(
        "body-422-flushed",
        (request, response) -> {
          response.setStatus(422);
          response.getWriter().write("what is wrong");
          response.flushBuffer();
        });
    all.put("error-paged", (request, response) -> response.sendError(418));
    all.put("error-paged-paid", (request, response) -> response.sendError(417));
  }

  private static void addThrown(Map<String, Handlers.Handler> all) {
    all.put("throws-runtime", (request, response) -> fail(new IllegalStateException("own")));
    all.put("throws-io", (request, response) -> fail(new IOException("own")));
    all.put("throws-servlet", (request, response) -> fail(new ServletException("own")));
    all.put("throws-error", (request, response) -> fail(new StackOverflowError("own")));
    all.put(
        "throws-flushed",
        (request, response) -> {
          response.getOutputStream().print("begun");
          response.flushBuffer();
          fail(new IllegalStateException("own"));
        });
  }

  private static void fail(Throwable thrown) {
    WithAndWithoutHandlers.<RuntimeException>sneak(thrown);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  private static void addDispatches(Map<String, Handlers.Handler> all) {
    all.put(
        "forward",
        (request, response) -> {
          response.setHeader("X-Kept", "a");
          request.getRequestDispatcher("headers").forward(request, response);
        });
    all.put(
        "forward-after-draft",
        (request, response) -> {
          response.getOutputStream().print("draft");
          request.getRequestDispatcher("stream").forward(request, response);
        });
    all.put(
        "forward-after-writer",
        (request, response) -> {
          response.getWriter().print("draft");
          request.getRequestDispatcher("closed").forward(request, response);
        });
    all.put(
        "forward-by-context",
        (request, response) -> {
          response.getOutputStream().print("draft");
          String here = request.getServletPath();
          request
              .getServletContext()
              .getRequestDispatcher(here + "/stream")
              .forward(request, response);
          response.getOutputStream().print("after");
        });
    all.put(
        "forward-by-name",
        (request, response) -> {
          response.getOutputStream().print("draft");
          request.getServletContext().getNamedDispatcher("named").forward(request, response);
        });
    all.put(
        "forward-after-flush",
        (request, response) -> {
          response.getOutputStream().print("draft");
          response.flushBuffer();
          request.getRequestDispatcher("stream").forward(request, response);
        });
    all.put(
        "forward-to-error",
        (request, response) ->
            request.getRequestDispatcher("error-404").forward(request, response));
    all.put(
        "forward-to-nothing",
        (request, response) ->
            request.getRequestDispatcher("/free/nothing-here").forward(request, response));
    all.put(
        "include",
        (request, response) -> {
          response.getOutputStream().print("before ");
          request.getRequestDispatcher("headers").include(request, response);
          response.getOutputStream().print(" after");
        });
    all.put(
        "include-by-name",
        (request, response) -> {
          response.getOutputStream().print("before ");
          request.getServletContext().getNamedDispatcher("named").include(request, response);
          response.getOutputStream().print(" after");
        });
    all.put(
        "include-error",
        (request, response) -> {
          response.getOutputStream().print("before ");
          request.getRequestDispatcher("error-404").include(request, response);
          response.getOutputStream().print(" after");
        });
  }

  // ---- asynchronous ones

  private static void addAsync(Map<String, Handlers.Handler> all) {
    all.put(
        "async-complete",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          later(
              async,
              () -> {
                print(async, "later");
                async.complete();
              });
        });
    all.put(
        "async-complete-at-once",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          response.getOutputStream().print("one ");
          async.complete();
          response.getOutputStream().print("two");
        });
    all.put(
        "async-dispatch",
        (request, response) -> {
          if (request.getAttribute("again") == null) {
            request.setAttribute("again", true);
            AsyncContext async = request.startAsync(request, response);
            later(async, async::dispatch);
          } else {
            response.setHeader("X-Again", "yes");
            response.getOutputStream().print("dispatched");
          }
        });
    all.put(
        "async-dispatch-to",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          String target = request.getServletPath() + "/headers";
          later(async, () -> async.dispatch(target));
        });
    all.put(
        "async-error-422",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          later(
              async,
              () -> {
                ((HttpServletResponse) async.getResponse()).setStatus(422);
                print(async, "what is wrong");
                async.complete();
              });
        });
    all.put(
        "async-send-error",
        (request, response) -> {
          if (request.getAttribute("again") == null) {
            request.setAttribute("again", true);
            AsyncContext async = request.startAsync(request, response);
            later(async, async::dispatch);
          } else {
            response.sendError(404, "not there");
          }
        });
    all.put(
        "async-throws",
        (request, response) -> {
          if (request.getAttribute("again") == null) {
            request.setAttribute("again", true);
            AsyncContext async = request.startAsync(request, response);
            later(async, async::dispatch);
          } else {
            throw new IllegalStateException("own");
          }
        });
    all.put(
        "async-timeout",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          async.setTimeout(50);
        });
    all.put(
        "async-timeout-answered",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          async.setTimeout(50);
          async.addListener(
              new Listener() {
                @Override
                public void onTimeout(AsyncEvent event) {
                  ((HttpServletResponse) async.getResponse()).setStatus(503);
                  print(async, "too late");
                  async.complete();
                }
              });
        });
    all.put(
        "async-on-complete",
        (request, response) -> {
          AsyncContext async = request.startAsync(request, response);
          async.addListener(
              new Listener() {
                @Override
                public void onComplete(AsyncEvent event) {
                  print(async, "end");
                }
              });
          later(
              async,
              () -> {
                print(async, "begin ");
                async.complete();
              });
        });
    all.put("async-write-listener", WithAndWithoutHandlers::writeWithoutBlocking);
  }

  private static void writeWithoutBlocking(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext async = request.startAsync(request, response);
    ServletOutputStream out = response.getOutputStream();
    out.setWriteListener(
        new WriteListener() {
          private int pieces;

          @Override
          public void onWritePossible() throws IOException {
            while (out.isReady()) {
              if (pieces++ == 5) {
                async.complete();
                return;
              }
              out.write(new byte[20_000]);
            }
          }

          @Override
          public void onError(Throwable failure) {
            async.complete();
          }
        });
  }

  /** Runs it on another thread, after the dispatch. */
  private static void later(AsyncContext async, Runnable task) {
    ServletRequest request = async.getRequest();
    new Thread(
            () -> {
              SurroundingFilters.awaitDispatchEnd(request);
              task.run();
            })
        .start();
  }

  private static void print(AsyncContext async, String text) {
    try {
      async.getResponse().getOutputStream().print(text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A listener that does nothing. */
  private abstract static class Listener implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) throws IOException {}

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onError(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }
}
