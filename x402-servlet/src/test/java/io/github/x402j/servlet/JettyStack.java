// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import org.eclipse.jetty.ee10.servlet.DefaultServlet;
import org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Starts Jetty 12.1, EE 10. */
final class JettyStack {
  private JettyStack() {}

  static TestContainer.Running start(TestContainer.Builder builder, TestContainer.Site site)
      throws Exception {
    Server server = new Server(new QueuedThreadPool(builder.threads));
    HttpConfiguration http = new HttpConfiguration();
    boolean legacy = builder.stack == Stack.JETTY_LEGACY;
    if (legacy) {
      http.setUriCompliance(UriCompliance.LEGACY);
      http.setHttpCompliance(HttpCompliance.RFC7230_LEGACY);
    }
    ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost("127.0.0.1");
    connector.setAcceptQueueSize(TestContainer.BACKLOG);
    server.addConnector(connector);

    ServletContextHandler context =
        new ServletContextHandler(
            builder.contextPath.isEmpty() ? "/" : builder.contextPath,
            ServletContextHandler.SESSIONS);
    context.setBaseResourceAsPath(builder.docroot);
    context.setWelcomeFiles(builder.welcomeFiles.toArray(String[]::new));
    context.getServletHandler().setDecodeAmbiguousURIs(legacy);
    ServletHolder files = new ServletHolder("default", DefaultServlet.class);
    files.setInitParameter("dirAllowed", "true");
    files.setAsyncSupported(true);
    context.addServlet(files, "/");
    ErrorPageErrorHandler errors = new ErrorPageErrorHandler();
    builder.errorPages.forEach(errors::addErrorPage);
    context.setErrorHandler(errors);
    context.addServletContainerInitializer((classes, ctx) -> site.configure(ctx));
    if (builder.gracefulStop.isZero()) {
      server.setHandler(context);
    } else {
      server.setHandler(new GracefulHandler(context));
      server.setStopTimeout(builder.gracefulStop.toMillis());
    }
    server.start();
    return new TestContainer.Running(connector.getLocalPort(), server::stop);
  }
}
