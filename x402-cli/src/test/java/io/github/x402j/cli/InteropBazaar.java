// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.Route;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** Sells {@code /weather/{city}}, and says how it is called. */
final class InteropBazaar implements InteropSale {
  @Override
  public void set(Shop shop) {
    shop.filter()
        .serviceName("Weather")
        .routes(
            Route.get("/weather/{city}")
                .price("$0.01")
                .description("Forecast for a city")
                .tags("weather")
                .discoverable(
                    Discoverable.http().query("days", 3).output(Map.of("temperature", 21))));
    shop.webapp()
        .addServlet(new ServletHolder("weather", new SampleServer.Text("21")), "/weather/*");
  }
}
