// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.core.StandardService;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.ErrorPage;

/** Starts Tomcat 10.1. */
final class TomcatStack {
  // Kept: the log manager holds loggers weakly, and would forget the level.
  private static final Logger CATALINA = Logger.getLogger("org.apache");

  private TomcatStack() {}

  static TestContainer.Running start(TestContainer.Builder builder, TestContainer.Site site)
      throws Exception {
    CATALINA.setLevel(Level.SEVERE);
    Tomcat tomcat = new Tomcat();
    Path base = Files.createTempDirectory("x402j-tomcat-");
    tomcat.setBaseDir(base.toString());
    Connector connector = new Connector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("maxThreads", Integer.toString(builder.threads));
    connector.setProperty("maxKeepAliveRequests", "-1");
    connector.setProperty("acceptCount", Integer.toString(TestContainer.BACKLOG));
    connector.setThrowOnFailure(true);
    relax(builder.stack, connector);
    tomcat.setConnector(connector);

    Context context = tomcat.addContext(builder.contextPath, builder.docroot.toString());
    Tomcat.addDefaultMimeTypeMappings(context);
    Wrapper files = Tomcat.addServlet(context, "default", new DefaultServlet());
    files.addInitParameter("listings", "true");
    files.setAsyncSupported(true);
    context.addServletMappingDecoded("/", "default");
    builder.welcomeFiles.forEach(context::addWelcomeFile);
    builder.errorPages.forEach((status, location) -> context.addErrorPage(page(status, location)));
    context.addServletContainerInitializer((classes, ctx) -> site.configure(ctx), Set.of());
    if (!builder.gracefulStop.isZero()) {
      connector.setProperty("bindOnInit", "false");
      StandardService service = (StandardService) tomcat.getService();
      service.setGracefulStopAwaitMillis(builder.gracefulStop.toMillis());
      ((StandardContext) context).setUnloadDelay(builder.gracefulStop.toMillis());
    }
    if (builder.stopsAtOnce) {
      ((StandardContext) context).setUnloadDelay(100); // with 0 a servlet's stop has no end
    }
    tomcat.start();
    return new TestContainer.Running(
        connector.getLocalPort(),
        () -> {
          tomcat.stop();
          tomcat.destroy();
        });
  }

  private static void relax(Stack stack, Connector connector) {
    if (stack == Stack.TOMCAT) {
      return;
    }
    connector.setProperty("relaxedPathChars", "\"<>[\\]^`{|}");
    connector.setProperty("relaxedQueryChars", "\"<>[\\]^`{|}");
    connector.setProperty("allowBackslash", "true");
    String slashes = stack == Stack.TOMCAT_PASSTHROUGH ? "passthrough" : "decode";
    connector.setEncodedSolidusHandling(slashes);
    connector.setEncodedReverseSolidusHandling(slashes);
  }

  private static ErrorPage page(int status, String location) {
    ErrorPage page = new ErrorPage();
    page.setErrorCode(status);
    page.setLocation(location);
    return page;
  }
}
