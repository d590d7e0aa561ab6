// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Which requests the container brings before the filter. */
final class FilterMapping {
  private static final String EVERYTHING = "/*";

  private FilterMapping() {}

  /**
   * Requires that the filter sees every request. Behind a narrower mapping a rule outside it would
   * never be looked at, and a spelling that only the default servlet resolves would walk past.
   *
   * @throws IllegalStateException if the filter is mapped to less
   */
  static void requireEverything(FilterConfig config) {
    @Nullable FilterRegistration registration =
        config.getServletContext().getFilterRegistration(config.getFilterName());
    if (registration == null) {
      return; // called by another filter, whose mapping is not known here
    }
    Collection<String> mappings = registration.getUrlPatternMappings();
    if (!mappings.contains(EVERYTHING)) {
      throw new IllegalStateException(
          "filter '%s' is mapped to %s; expected %s with every dispatcher type, as what is priced may be reached by other URLs: call PaymentFilter.register, or map it so"
              .formatted(config.getFilterName(), mappings, EVERYTHING));
    }
  }
}
