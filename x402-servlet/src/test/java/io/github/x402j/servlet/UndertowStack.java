// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.server.handlers.PathHandler;
import io.undertow.server.handlers.resource.PathResourceManager;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.api.ServletContainerInitializerInfo;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Starts Undertow 2.3. */
final class UndertowStack {
  // Kept: the log manager holds loggers weakly, and would forget the level.
  private static final List<Logger> LOGGERS =
      List.of(Logger.getLogger("io.undertow"), Logger.getLogger("org.xnio"));

  private UndertowStack() {}

  private record Initializer(TestContainer.Site site) implements ServletContainerInitializer {
    @Override
    public void onStartup(Set<Class<?>> classes, ServletContext context) throws ServletException {
      site.configure(context);
    }
  }

  static TestContainer.Running start(TestContainer.Builder builder, TestContainer.Site site)
      throws Exception {
    LOGGERS.forEach(logger -> logger.setLevel(Level.SEVERE));
    boolean relaxed = builder.stack == Stack.UNDERTOW_RELAXED;
    DeploymentInfo info =
        Servlets.deployment()
            .setClassLoader(UndertowStack.class.getClassLoader())
            .setDeploymentName("test")
            .setContextPath(builder.contextPath.isEmpty() ? "/" : builder.contextPath)
            .setResourceManager(new PathResourceManager(builder.docroot))
            .addWelcomePages(builder.welcomeFiles)
            .addServletContainerInitializer(
                new ServletContainerInitializerInfo(
                    Initializer.class,
                    new ImmediateInstanceFactory<>(new Initializer(site)),
                    Set.of()));
    info.addServlet(
        Servlets.servlet("default", io.undertow.servlet.handlers.DefaultServlet.class)
            .addInitParam("directory-listing", "true")
            .setAsyncSupported(true)
            .addMapping("/"));
    builder.errorPages.forEach(
        (status, location) -> info.addErrorPage(Servlets.errorPage(location, status)));
    DeploymentManager manager = Servlets.newContainer().addDeployment(info);
    manager.deploy();
    HttpHandler webapp = manager.start();
    HttpHandler root =
        builder.contextPath.isEmpty()
            ? webapp
            : new PathHandler().addPrefixPath(builder.contextPath, webapp);
    GracefulShutdownHandler graceful = new GracefulShutdownHandler(root);
    Undertow server =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setIoThreads(2)
            .setWorkerThreads(builder.threads)
            .setServerOption(UndertowOptions.ALLOW_ENCODED_SLASH, relaxed)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, 64L * 1024 * 1024) // by default 2 MiB
            .setServerOption(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, relaxed)
            .setHandler(graceful)
            .build();
    server.start();
    int port = ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
    return new TestContainer.Running(
        port,
        () -> {
          if (!builder.gracefulStop.isZero()) {
            graceful.shutdown();
            graceful.awaitShutdown(builder.gracefulStop.toMillis());
          }
          manager.stop();
          manager.undeploy();
          server.stop();
        });
  }
}
