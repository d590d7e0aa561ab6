// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.PaymentHeader;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The headers that a paid handler does not set, whether its response is held or streams: those of
 * the payment protocol are the filter's, and the framing is the container's. What a handler sets of
 * them is dropped.
 */
public final class ReservedHeaders {
  private static final Set<String> NAMES =
      Set.of(
          lower(PaymentHeader.PAYMENT_REQUIRED),
          lower(PaymentHeader.PAYMENT_RESPONSE),
          lower(PaymentHeader.PAYMENT_SIGNATURE),
          lower(PaymentHeader.PAYMENT_RECEIPT),
          lower(PaymentHeader.X_PAYMENT),
          "transfer-encoding");

  /** {@code X-Payment-Response}, {@code X-Payment-Receipt}, and those of later versions. */
  private static final String PREFIX = lower(PaymentHeader.X_PAYMENT) + "-";

  private ReservedHeaders() {}

  /** Returns whether a handler's header of this name never goes out. */
  public static boolean contains(String name) {
    String lower = lower(name);
    return NAMES.contains(lower) || lower.startsWith(PREFIX);
  }

  /** Returns a handler's trailer fields without those that never go out. */
  public static Map<String, String> strip(Map<String, String> trailers) {
    Map<String, String> kept = new LinkedHashMap<>(trailers);
    kept.keySet().removeIf(ReservedHeaders::contains);
    return Map.copyOf(kept);
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
