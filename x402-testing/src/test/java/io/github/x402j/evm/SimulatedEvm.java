// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.http.Ticker;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;

/** The two settings of this package that only a simulation uses. */
public final class SimulatedEvm {
  private SimulatedEvm() {}

  /** Returns a chain whose node is asked by this client, with pauses in this time. */
  public static Web3jChain chain(URI node, Duration timeout, HttpClient http, Ticker ticker) {
    return Web3jChain.simulated(node, timeout, http, ticker);
  }

  /** Lets the facilitator pause in this time. */
  public static EvmFacilitator.Builder pausing(EvmFacilitator.Builder builder, Ticker ticker) {
    return builder.ticker(ticker);
  }
}
