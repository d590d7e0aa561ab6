// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.Payments;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** What is for sale. */
final class Handlers {
  private Handlers() {}

  static void addTo(ServletContextHandler webapp) {
    webapp.addServlet(new ServletHolder("free", new Text("free")), "/free");
    webapp.addServlet(new ServletHolder("health", new Text("ok")), "/health");
    webapp.addServlet(new ServletHolder("premium", new Premium()), "/premium");
    webapp.addServlet(new ServletHolder("annotated", new Annotated()), "/annotated");
    webapp.addServlet(new ServletHolder("report", new Report()), "/report/*");
    webapp.addServlet(new ServletHolder("pass", new Text("open for ten minutes")), "/pass");
    webapp.addServlet(new ServletHolder("fails", new Fails()), "/fails");
  }

  private static void write(HttpServletResponse response, String text) throws IOException {
    response.setContentType("text/plain");
    response.setCharacterEncoding("UTF-8");
    response.getWriter().println(text);
  }

  /** Says the same to everybody. */
  static final class Text extends HttpServlet {
    private final String text;

    Text(String text) {
      this.text = text;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, text);
    }
  }

  /** Is priced by a rule, and knows who paid. */
  static final class Premium extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String payer = Payments.of(request).map(VerifiedPayment::payer).orElseThrow().text();
      write(response, "premium content, paid for by " + payer);
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      int bytes = request.getInputStream().readAllBytes().length;
      write(response, "premium answer to " + bytes + " bytes");
    }
  }

  /** Is priced by its annotation, under whatever URL it is reached. */
  @RequiresPayment(value = "$0.01", description = "An annotated servlet")
  static final class Annotated extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, "annotated content");
    }
  }

  /** Serves {@code /report/{id}}. */
  static final class Report extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      if (request.getPathInfo() == null || request.getPathInfo().length() < 2) {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
        return;
      }
      write(response, "report " + request.getPathInfo().substring(1));
    }
  }

  /** Fails after the payment was found good; nobody pays for that. */
  static final class Fails extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
      write(response, "half an answer");
    }
  }
}
