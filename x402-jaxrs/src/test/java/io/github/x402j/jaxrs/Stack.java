// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.undertow.Undertow;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.api.ServletContainerInitializerInfo;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import jakarta.servlet.ServletContainerInitializer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The containers, each with a webapp at its root on a free port of 127.0.0.1. */
enum Stack {
  JETTY {
    @Override
    Running start(ServletContainerInitializer site) throws Exception {
      Server server = new Server(new QueuedThreadPool(20));
      ServerConnector connector = new ServerConnector(server, 1, 1);
      connector.setHost("127.0.0.1");
      server.addConnector(connector);
      ServletContextHandler context = new ServletContextHandler("/");
      context.addServletContainerInitializer(site);
      server.setHandler(context);
      try {
        server.start();
      } catch (Exception e) {
        server.stop();
        throw e;
      }
      return new Running(connector.getLocalPort(), server::stop);
    }
  },
  TOMCAT {
    @Override
    Running start(ServletContainerInitializer site) throws Exception {
      Tomcat tomcat = new Tomcat();
      tomcat.setBaseDir(Files.createTempDirectory("x402j-tomcat-").toString());
      Connector connector = new Connector();
      connector.setPort(0);
      connector.setProperty("address", "127.0.0.1");
      connector.setThrowOnFailure(true);
      tomcat.setConnector(connector);
      Context context = tomcat.addContext("", null);
      ((StandardContext) context).setFailCtxIfServletStartFails(true);
      context.setParentClassLoader(Stack.class.getClassLoader());
      context.addServletContainerInitializer(site, Set.of());
      tomcat.start();
      Stop stop =
          () -> {
            tomcat.stop();
            tomcat.destroy();
          };
      if (!context.getState().isAvailable()) {
        stop.stop();
        throw new IllegalStateException("the webapp did not start");
      }
      return new Running(connector.getLocalPort(), stop);
    }
  },
  UNDERTOW {
    @Override
    Running start(ServletContainerInitializer site) throws Exception {
      DeploymentInfo info =
          Servlets.deployment()
              .setClassLoader(Stack.class.getClassLoader())
              .setDeploymentName("test")
              .setContextPath("/")
              .addServletContainerInitializer(
                  new ServletContainerInitializerInfo(
                      site.getClass(), new ImmediateInstanceFactory<>(site), Set.of()));
      DeploymentManager manager = Servlets.newContainer().addDeployment(info);
      manager.deploy();
      Undertow server =
          Undertow.builder()
              .addHttpListener(0, "127.0.0.1")
              .setIoThreads(2)
              .setWorkerThreads(20)
              .setHandler(manager.start())
              .build();
      server.start();
      int port = ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
      return new Running(
          port,
          () -> {
            manager.stop();
            manager.undeploy();
            server.stop();
          });
    }
  };

  // Kept: the log manager holds loggers weakly, and would forget the level.
  private static final List<Logger> LOGGERS =
      List.of(
          Logger.getLogger("org.apache"),
          Logger.getLogger("io.undertow"),
          Logger.getLogger("org.xnio"),
          Logger.getLogger("org.glassfish"));

  static {
    LOGGERS.forEach(logger -> logger.setLevel(Level.OFF));
  }

  interface Stop {
    void stop() throws Exception;
  }

  record Running(int port, Stop stop) {}

  /**
   * Starts it.
   *
   * @param site adds servlets and filters
   */
  abstract Running start(ServletContainerInitializer site) throws Exception;
}
