// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A servlet container on a free port of 127.0.0.1, with one webapp that has a default servlet.
 *
 * <pre>{@code
 * try (TestContainer container =
 *     TestContainer.on(Stack.TOMCAT).docroot(dir).start(ctx -> {
 *       TestContainer.addFilter(ctx, new MyFilter());
 *       TestContainer.addServlet(ctx, "paid", new MyServlet(), "/private");
 *     })) {
 *   RawHttp.get(container.port(), "/private");
 * }
 * }</pre>
 */
final class TestContainer implements AutoCloseable {
  /** What the webapp consists of; called while the context starts. */
  interface Site {
    void configure(ServletContext context) throws ServletException;
  }

  /** How to stop a container. */
  interface Stop {
    void stop() throws Exception;
  }

  record Running(int port, Stop stop) {}

  /** How many connections wait to be accepted before clients have to ask for theirs again. */
  static final int BACKLOG = 4_096;

  private final Running running;

  private TestContainer(Running running) {
    this.running = running;
  }

  static Builder on(Stack stack) {
    return new Builder(stack);
  }

  int port() {
    return running.port();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  @Override
  public void close() {
    try {
      running.stop().stop();
    } catch (Exception e) {
      throw new IllegalStateException("the container did not stop", e);
    }
  }

  /** Adds a filter for all dispatches of all requests. */
  static void addFilter(ServletContext context, Filter filter) {
    addFilter(context, filter.getClass().getName() + System.identityHashCode(filter), filter);
  }

  static void addFilter(ServletContext context, String name, Filter filter) {
    var registration = context.addFilter(name, filter);
    registration.setAsyncSupported(true);
    registration.addMappingForUrlPatterns(EnumSet.allOf(DispatcherType.class), true, "/*");
  }

  static void addServlet(ServletContext context, String name, Servlet servlet, String... mappings) {
    var registration = context.addServlet(name, servlet);
    registration.setAsyncSupported(true);
    registration.addMapping(mappings);
  }

  /** The settings that all containers have. */
  static final class Builder {
    /** Undertow watches every directory below its document root. */
    private static final Path EMPTY = emptyDirectory();

    final Stack stack;
    String contextPath = "";
    Path docroot = EMPTY;
    List<String> welcomeFiles = List.of("index.html");
    int threads = 40;
    Duration gracefulStop = Duration.ZERO;
    boolean stopsAtOnce;
    final Map<Integer, String> errorPages = new LinkedHashMap<>();

    private Builder(Stack stack) {
      this.stack = stack;
    }

    /** Empty, or a path with a leading slash. */
    Builder contextPath(String path) {
      this.contextPath = path;
      return this;
    }

    /** Sets how many threads the container has. */
    Builder threads(int count) {
      this.threads = count;
      return this;
    }

    /**
     * Lets the container finish its requests for this long when it stops, by its own settings.
     * Default: it stops as it does without any.
     */
    Builder gracefulStop(Duration longest) {
      this.gracefulStop = longest;
      return this;
    }

    /**
     * Lets Tomcat wait for next to nothing when it stops. An async dispatch that failed counts as
     * running for ever, and the stop waits two seconds for it.
     */
    Builder stopsAtOnce() {
      this.stopsAtOnce = true;
      return this;
    }

    private static Path emptyDirectory() {
      try {
        Path directory = Files.createTempDirectory("x402j-docroot-");
        directory.toFile().deleteOnExit();
        return directory;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Builder docroot(Path directory) {
      this.docroot = directory;
      return this;
    }

    Builder welcomeFiles(String... names) {
      this.welcomeFiles = List.of(names);
      return this;
    }

    Builder errorPage(int status, String location) {
      errorPages.put(status, location);
      return this;
    }

    TestContainer start(Site site) {
      try {
        return new TestContainer(
            switch (stack) {
              case JETTY, JETTY_LEGACY -> JettyStack.start(this, site);
              case TOMCAT, TOMCAT_RELAXED, TOMCAT_PASSTHROUGH -> TomcatStack.start(this, site);
              case UNDERTOW, UNDERTOW_RELAXED -> UndertowStack.start(this, site);
            });
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException("the container did not start", e);
      }
    }
  }
}
