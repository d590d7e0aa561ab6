// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import jakarta.ws.rs.core.Application;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;
import org.jboss.resteasy.core.ResteasyDeploymentImpl;
import org.jboss.resteasy.plugins.server.servlet.HttpServlet30Dispatcher;
import org.jboss.resteasy.spi.ResteasyDeployment;

/**
 * The implementations of JAX-RS. One class path holds one of them: the pom runs the tests once with
 * each.
 */
enum JaxRs {
  JERSEY,
  RESTEASY;

  /** The one on the class path. */
  static final JaxRs HERE =
      isPresent("org.jboss.resteasy.spi.ResteasyDeployment") ? RESTEASY : JERSEY;

  private static boolean isPresent(String name) {
    try {
      Class.forName(name);
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private Servlet servlet(ServletContext context, Application application) {
    return this == JERSEY ? Jersey.servlet(application) : Resteasy.servlet(context, application);
  }

  /** Loaded where Jersey is on the class path. */
  private static final class Jersey {
    static Servlet servlet(Application application) {
      return new ServletContainer(ResourceConfig.forApplication(application));
    }
  }

  /** Loaded where RESTEasy is. */
  private static final class Resteasy {
    static Servlet servlet(ServletContext context, Application application) {
      ResteasyDeployment deployment = new ResteasyDeploymentImpl();
      deployment.setApplication(application);
      context.setAttribute(ResteasyDeployment.class.getName(), deployment);
      return new HttpServlet30Dispatcher();
    }
  }

  /** Adds an application at {@code /*}. */
  void add(ServletContext context, Application application) {
    add(context, application, "/*");
  }

  /** Adds an application. */
  void add(ServletContext context, Application application, String mapping) {
    add(context, application, mapping, "jax-rs");
  }

  /** Adds one more. */
  void addAgain(ServletContext context, Application application, String mapping) {
    add(context, application, mapping, "jax-rs-again");
  }

  private void add(ServletContext context, Application application, String mapping, String name) {
    ServletRegistration.Dynamic jaxRs = context.addServlet(name, servlet(context, application));
    jaxRs.setAsyncSupported(true);
    jaxRs.setLoadOnStartup(1);
    jaxRs.addMapping(mapping);
    if (this == RESTEASY && !mapping.equals("/*")) {
      jaxRs.setInitParameter("resteasy.servlet.mapping.prefix", mapping.replace("/*", ""));
    }
  }
}
