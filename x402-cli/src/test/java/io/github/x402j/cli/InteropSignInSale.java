// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.servlet.Route;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** Sells what payers may sign in for. */
final class InteropSignInSale implements InteropSale {
  @Override
  public void set(Shop shop) {
    for (String path : new String[] {"/member", "/other"}) {
      shop.filter().routes(Route.get(path).price("$0.01").signIn(Duration.ofHours(1)));
      shop.webapp().addServlet(new ServletHolder(new Content()), path);
    }
  }

  private static final class Content extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write("content of " + request.getRequestURI());
    }
  }
}
