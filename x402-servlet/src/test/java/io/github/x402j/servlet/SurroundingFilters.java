// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.springframework.security.web.DefaultSecurityFilterChain;
import org.springframework.security.web.FilterChainProxy;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.context.NullSecurityContextRepository;
import org.springframework.security.web.context.SecurityContextHolderFilter;
import org.springframework.security.web.context.request.async.WebAsyncManagerIntegrationFilter;
import org.springframework.security.web.header.HeaderWriterFilter;
import org.springframework.security.web.header.writers.XContentTypeOptionsHeaderWriter;
import org.springframework.security.web.header.writers.frameoptions.XFrameOptionsHeaderWriter;
import org.springframework.security.web.servletapi.SecurityContextHolderAwareRequestFilter;
import org.springframework.security.web.session.DisableEncodeUrlFilter;
import org.springframework.security.web.util.matcher.AnyRequestMatcher;
import org.springframework.web.filter.CharacterEncodingFilter;
import org.springframework.web.filter.ForwardedHeaderFilter;
import org.springframework.web.filter.ShallowEtagHeaderFilter;

/** The filters that stand around a webapp's handlers; a request chooses one by a header. */
final class SurroundingFilters implements Filter {
  static final List<String> NAMES =
      List.of("none", "etag", "gzip", "encoding", "forwarded", "security", "after", "all");

  /** The header that chooses the filter in front of all others. */
  static final String OUTERMOST = "X-Around";

  private static final String DISPATCH_END = SurroundingFilters.class.getName();

  private final String header;
  private final Map<String, Filter> filters = new TreeMap<>();

  /**
   * @param header the request header that names the filter, so that one webapp has all of them
   */
  SurroundingFilters(String header) throws ServletException {
    this.header = header;
    filters.put("none", (request, response, chain) -> chain.doFilter(request, response));
    filters.put("etag", new ShallowEtagHeaderFilter());
    filters.put("gzip", new Gzip());
    filters.put("encoding", new CharacterEncodingFilter("UTF-8", true));
    filters.put("forwarded", new ForwardedHeaderFilter());
    filters.put("security", security());
    filters.put(
        "after",
        (request, response, chain) -> {
          chain.doFilter(request, response);
          ((HttpServletResponse) response).setHeader("X-After", "yes");
        });
    filters.put(
        "all",
        chained(
            filters.get("security"),
            chained(
                filters.get("forwarded"), chained(filters.get("etag"), filters.get("encoding")))));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request.getAttribute(DISPATCH_END) == null) {
      request.setAttribute(DISPATCH_END, new CountDownLatch(1));
    }
    String name = ((HttpServletRequest) request).getHeader(header);
    try {
      filters.get(name == null ? "none" : name).doFilter(request, response, chain);
    } finally {
      if (header.equals(OUTERMOST)) {
        ((CountDownLatch) request.getAttribute(DISPATCH_END)).countDown();
      }
    }
  }

  /** Waits until the first dispatch has ended, so that what follows has one order. */
  static void awaitDispatchEnd(ServletRequest request) {
    try {
      ((CountDownLatch) request.getAttribute(DISPATCH_END)).await(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Filter chained(Filter outer, Filter inner) {
    return (request, response, chain) ->
        outer.doFilter(request, response, (req, res) -> inner.doFilter(req, res, chain));
  }

  private static Filter security() throws ServletException {
    SecurityContextHolderAwareRequestFilter aware = new SecurityContextHolderAwareRequestFilter();
    aware.afterPropertiesSet();
    return new FilterChainProxy(
        new DefaultSecurityFilterChain(
            AnyRequestMatcher.INSTANCE,
            new DisableEncodeUrlFilter(),
            new WebAsyncManagerIntegrationFilter(),
            new SecurityContextHolderFilter(new NullSecurityContextRepository()),
            new HeaderWriterFilter(
                List.of(
                    new XContentTypeOptionsHeaderWriter(),
                    new XFrameOptionsHeaderWriter(
                        XFrameOptionsHeaderWriter.XFrameOptionsMode.DENY))),
            aware,
            new AnonymousAuthenticationFilter("key")));
  }

  /** Compresses as simple filters do: the end is written when the chain, or the async part, is. */
  private static final class Gzip implements Filter {
    @Override
    public void doFilter(ServletRequest req, ServletResponse res, FilterChain chain)
        throws IOException, ServletException {
      if (req.getDispatcherType() != jakarta.servlet.DispatcherType.REQUEST) {
        chain.doFilter(req, res);
        return;
      }
      Compressed compressed = new Compressed((HttpServletResponse) res);
      chain.doFilter(req, compressed);
      if (!req.isAsyncStarted()) {
        compressed.end();
        return;
      }
      req.getAsyncContext()
          .addListener(
              new AsyncListener() {
                @Override
                public void onComplete(AsyncEvent event) throws IOException {
                  compressed.end();
                }

                @Override
                public void onTimeout(AsyncEvent event) {}

                @Override
                public void onError(AsyncEvent event) {}

                @Override
                public void onStartAsync(AsyncEvent event) {
                  event.getAsyncContext().addListener(this);
                }
              });
    }
  }

  private static final class Compressed extends HttpServletResponseWrapper {
    private Stream stream;
    private PrintWriter writer;

    Compressed(HttpServletResponse response) {
      super(response);
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      if (writer != null) {
        throw new IllegalStateException("getWriter() was called");
      }
      return stream();
    }

    private ServletOutputStream stream() throws IOException {
      if (stream == null) {
        setHeader("Content-Encoding", "gzip");
        stream = new Stream(super.getOutputStream());
      }
      return stream;
    }

    @Override
    public PrintWriter getWriter() throws IOException {
      if (writer == null) {
        if (stream != null) {
          throw new IllegalStateException("getOutputStream() was called");
        }
        String charset = getCharacterEncoding();
        writer =
            new PrintWriter(
                new OutputStreamWriter(
                    stream(), charset == null ? StandardCharsets.UTF_8.name() : charset));
      }
      return writer;
    }

    @Override
    public void resetBuffer() {
      super.resetBuffer();
      stream = null;
      writer = null;
      setHeader("Content-Encoding", null);
    }

    @Override
    public void reset() {
      super.reset();
      stream = null;
      writer = null;
    }

    @Override
    public void sendError(int sc) throws IOException {
      resetBuffer();
      super.sendError(sc);
    }

    @Override
    public void sendError(int sc, String message) throws IOException {
      resetBuffer();
      super.sendError(sc, message);
    }

    @Override
    public void setHeader(String name, String value) {
      if (!name.equalsIgnoreCase("Content-Length")) {
        super.setHeader(name, value);
      }
    }

    @Override
    public void addHeader(String name, String value) {
      if (!name.equalsIgnoreCase("Content-Length")) {
        super.addHeader(name, value);
      }
    }

    @Override
    public void setIntHeader(String name, int value) {
      setHeader(name, Integer.toString(value));
    }

    @Override
    public void setContentLength(int length) {}

    @Override
    public void setContentLengthLong(long length) {}

    @Override
    public void flushBuffer() throws IOException {
      if (writer != null) {
        writer.flush();
      }
      super.flushBuffer();
    }

    void end() throws IOException {
      if (writer != null) {
        writer.flush();
      }
      if (stream != null) {
        stream.end();
      }
    }
  }

  private static final class Stream extends ServletOutputStream {
    private final ServletOutputStream out;
    private final GZIPOutputStream gzip;

    Stream(ServletOutputStream out) throws IOException {
      this.out = out;
      this.gzip = new GZIPOutputStream(out);
    }

    @Override
    public void write(int b) throws IOException {
      gzip.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      gzip.write(bytes, offset, length);
    }

    void end() throws IOException {
      gzip.finish();
    }

    @Override
    public boolean isReady() {
      return out.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      out.setWriteListener(listener);
    }
  }
}
