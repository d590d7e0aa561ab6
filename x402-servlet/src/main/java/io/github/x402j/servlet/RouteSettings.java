// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a {@link Route} says besides path and method. Changed by nobody once its route exists. */
final class RouteSettings {
  @Nullable Price price;
  @Nullable Function<HttpServletRequest, Price> dynamicPrice;
  boolean free;
  List<AcceptedToken> accepted = List.of();
  @Nullable String description;
  @Nullable String mimeType;
  @Nullable Duration maxTimeout;
  boolean settlesFirst;
  boolean deliversErrors;
  @Nullable Long bufferLimit;
  @Nullable PassTerms pass;

  RouteSettings() {}

  RouteSettings(RouteSettings other) {
    price = other.price;
    dynamicPrice = other.dynamicPrice;
    free = other.free;
    accepted = other.accepted;
    description = other.description;
    mimeType = other.mimeType;
    maxTimeout = other.maxTimeout;
    settlesFirst = other.settlesFirst;
    deliversErrors = other.deliversErrors;
    bufferLimit = other.bufferLimit;
    pass = other.pass;
  }

  void setPrice(@Nullable Price fixed, @Nullable Function<HttpServletRequest, Price> dynamic) {
    price = fixed;
    dynamicPrice = dynamic;
    free = fixed == null && dynamic == null;
  }
}
