// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.servlet.Route;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** Sells {@code /first}, whose payment is settled before its handler runs. */
final class InteropFlows implements InteropSale {
  @Override
  public void set(Shop shop) {
    shop.filter().routes(Route.get("/first").price("$0.01").settleFirst());
    shop.webapp()
        .addServlet(new ServletHolder("first", new SampleServer.Text("premium")), "/first");
  }
}
