// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.hold.ReservedHeaders;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets everything straight out, except what a handler must not say about the payment, and what
 * would let shared caches keep the response.
 */
class PrivateResponse extends HttpServletResponseWrapper {
  private final PaidResponseHeaders paid;

  /**
   * @param paid the headers of the payment, which are on the response already
   */
  PrivateResponse(HttpServletResponse response, PaidResponseHeaders paid) {
    super(response);
    this.paid = paid;
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (ReservedHeaders.contains(name)) {
      return;
    }
    if (PaidResponseHeaders.isCacheControl(name)) {
      super.setHeader(name, paid.cacheControl(name, value == null ? List.of() : List.of(value)));
      return;
    }
    super.setHeader(name, value);
    paid.keepShared(name, super::addHeader); // ours are appended to, never replaced
  }

  @Override
  public void addHeader(String name, String value) {
    if (PaidResponseHeaders.isCacheControl(name)) {
      List<String> all = new ArrayList<>(getHeaders(name));
      all.add(value);
      super.setHeader(name, paid.cacheControl(name, all));
    } else if (!ReservedHeaders.contains(name)) {
      super.addHeader(name, value);
    }
  }

  @Override
  public void setIntHeader(String name, int value) {
    setHeader(name, Integer.toString(value));
  }

  @Override
  public void addIntHeader(String name, int value) {
    addHeader(name, Integer.toString(value));
  }

  @Override
  public void setDateHeader(String name, long date) {
    if (!ReservedHeaders.contains(name)) {
      super.setDateHeader(name, date);
    }
  }

  @Override
  public void addDateHeader(String name, long date) {
    if (!ReservedHeaders.contains(name)) {
      super.addDateHeader(name, date);
    }
  }

  @Override
  public void reset() {
    super.reset();
    paid.addTo((HttpServletResponse) getResponse());
  }

  @Override
  public void setTrailerFields(Supplier<Map<String, String>> supplier) {
    super.setTrailerFields(
        () -> {
          Map<String, String> fields = supplier.get();
          return fields == null ? Map.of() : ReservedHeaders.strip(fields);
        });
  }
}
