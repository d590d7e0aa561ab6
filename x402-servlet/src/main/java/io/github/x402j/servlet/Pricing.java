// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Function;

/** What requests for a rule cost. */
sealed interface Pricing {
  /** The same for every request. */
  record Fixed(Price price) implements Pricing {}

  /** A price that depends on the request. */
  record PerRequest(Function<HttpServletRequest, Price> price) implements Pricing {}

  /** Nothing. */
  record Free() implements Pricing {}
}
