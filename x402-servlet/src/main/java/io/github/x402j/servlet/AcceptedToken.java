// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.Settings;
import io.github.x402j.Token;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A token that is accepted, and its recipient. */
record AcceptedToken(Token token, Address payTo) {
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);

  static AcceptedToken of(Token token, @Nullable String payTo) {
    String text = Settings.require("payTo", "the address that is paid", payTo);
    Address address;
    try {
      address = Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("payTo: " + e.getMessage(), e);
    }
    if (address.isZero()) {
      throw new IllegalArgumentException("payTo: the zero address would burn the payments");
    }
    return new AcceptedToken(token, address);
  }

  static Duration requireTimeout(Duration timeout) {
    if (timeout.compareTo(SHORTEST_TIMEOUT) < 0
        || timeout.compareTo(LONGEST_TIMEOUT) > 0
        || timeout.getNano() != 0) {
      throw new IllegalArgumentException(
          "maxTimeout: expected whole seconds, 10 to 3600, found " + timeout);
    }
    return timeout;
  }

  PaymentRequirements requirements(Price price, Duration maxTimeout) {
    return PaymentRequirements.exact(token, price.in(token), payTo, maxTimeout);
  }
}
