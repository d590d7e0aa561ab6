// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What one payment opens besides its own request: the receipt of the payment may be presented again
 * until it expires or is used up.
 *
 * @param route the seller's name of what the pass opens, 1 to 256 characters; equality decides
 * @param method the method that it opens it for, or the seller's word for several; equality decides
 * @param lifetime how long the receipt is good, whole seconds, at least one
 * @param uses how often it may be presented, at least 1; empty for any number of times. The request
 *     that was paid for is not counted
 */
public record Pass(String route, String method, Duration lifetime, OptionalLong uses) {
  /** Checks the ranges. */
  public Pass {
    if (route.isEmpty() || route.length() > 256 || method.isEmpty() || method.length() > 32) {
      throw new IllegalArgumentException(
          "pass: expected a route of 1 to 256 and a method of 1 to 32 characters");
    }
    if (lifetime.toSeconds() < 1 || lifetime.getNano() != 0) {
      throw new IllegalArgumentException(
          "pass: expected a lifetime of whole seconds, at least 1, found " + lifetime);
    }
    if (uses.isPresent() && uses.getAsLong() < 1) {
      throw new IllegalArgumentException(
          "pass: expected at least one use, found " + uses.getAsLong());
    }
  }

  /** Returns a pass for any number of requests. */
  public static Pass unlimited(String route, String method, Duration lifetime) {
    return new Pass(route, method, lifetime, OptionalLong.empty());
  }

  /** Returns a pass for this many requests. */
  public static Pass of(String route, String method, Duration lifetime, long uses) {
    return new Pass(route, method, lifetime, OptionalLong.of(uses));
  }
}
