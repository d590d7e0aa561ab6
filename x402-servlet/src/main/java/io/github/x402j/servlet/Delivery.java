// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.SaleTransport;
import jakarta.servlet.ServletException;
import java.io.IOException;

/** Runs a handler and sends its output, in the order of {@code PaymentGate.sell}. */
interface Delivery extends SaleTransport<IOException> {
  @Override
  default boolean tellsArrival() {
    return true;
  }

  /** Returns whether the request was answered, or its handler has run. */
  boolean hasBegun();

  /** Throws what the handler threw, if the container has to answer it. */
  void rethrow() throws IOException, ServletException;
}
