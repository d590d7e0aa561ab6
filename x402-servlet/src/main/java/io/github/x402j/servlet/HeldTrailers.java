// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The trailer fields of a {@link HeldResponse}: a supplier of the handler's, asked once. */
final class HeldTrailers {
  private final boolean allowed;
  private @Nullable Supplier<Map<String, String>> supplier;

  /**
   * @param allowed whether the version of HTTP knows trailers
   */
  HeldTrailers(boolean allowed) {
    this.allowed = allowed;
  }

  synchronized void set(Supplier<Map<String, String>> newSupplier) {
    if (!allowed) {
      throw new IllegalStateException("trailer fields need HTTP/1.1 or later");
    }
    supplier = newSupplier;
  }

  synchronized @Nullable Supplier<Map<String, String>> supplier() {
    return supplier;
  }

  synchronized void clear() {
    supplier = null;
  }

  /**
   * Asks the supplier, which is part of the handler, before the money moves.
   *
   * @return what it threw, or what is wrong with its fields; null if they can be sent
   */
  synchronized @Nullable Throwable take() {
    if (supplier == null) {
      return null;
    }
    try {
      Map<String, String> fields = Map.copyOf(supplier.get());
      fields.forEach(HeldHeaders::check);
      supplier = () -> fields;
      return null;
    } catch (Throwable thrown) {
      return thrown; // the completion decides, as about anything that a handler throws
    }
  }

  /** Sets them, and tells whether there are any: the body has no length in its head then. */
  synchronized boolean writeTo(HttpServletResponse target) {
    if (supplier == null) {
      return false;
    }
    target.setTrailerFields(supplier);
    return true;
  }
}
