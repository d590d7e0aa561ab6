// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.http.Ticker;
import java.net.http.HttpClient;

/** The settings of this package that only a simulation uses. */
public final class SimulatedFacilitator {
  private SimulatedFacilitator() {}

  /** Lets the client of a facilitator ask by this HTTP client, and pause in this time. */
  public static HttpFacilitator.Builder over(
      HttpFacilitator.Builder builder, HttpClient http, Ticker ticker) {
    return builder.simulated(http, ticker);
  }
}
