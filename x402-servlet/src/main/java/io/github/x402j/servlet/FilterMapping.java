// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks that the container hands every request to the filter before anything else answers it. */
final class FilterMapping {
  private static final Logger log = LoggerFactory.getLogger(FilterMapping.class);
  private static final String EVERYTHING = "/*";

  /** Jetty puts the filter of this name first when the first endpoint is added. */
  private static final String UPGRADE_FILTER = "WebSocketUpgradeFilter";

  private enum Upgrades {
    UNKNOWN,
    NONE,
    BEHIND
  }

  private volatile Upgrades whenRegistered = Upgrades.UNKNOWN;

  /** Notes that the filter is put in front of all filters that the webapp has by now. */
  void inFrontOfAll(ServletContext context) {
    whenRegistered = hasUpgradeFilter(context) ? Upgrades.BEHIND : Upgrades.NONE;
  }

  /**
   * Requires that the filter sees every request. Behind a narrower mapping a rule outside it would
   * never apply, and a spelling that only the default servlet resolves would walk past.
   *
   * @throws IllegalStateException if the filter is mapped to less, or a filter that answers
   *     WebSocket handshakes has come in front of it
   */
  void requireEverything(FilterConfig config) {
    ServletContext context = config.getServletContext();
    @Nullable FilterRegistration registration =
        context.getFilterRegistration(config.getFilterName());
    if (registration != null) { // else another filter calls this one, and its mapping counts
      requireAllPaths(config.getFilterName(), registration.getUrlPatternMappings());
    }
    if (hasUpgradeFilter(context)) {
      requireInFrontOfUpgrades();
    }
  }

  private static void requireAllPaths(String name, Collection<String> mappings) {
    if (!mappings.contains(EVERYTHING)) {
      throw new IllegalStateException(
          "filter '%s' is mapped to %s; expected %s with every dispatcher type, as what is priced may be reached by other URLs: call PaymentFilter.register, or map it so"
              .formatted(name, mappings, EVERYTHING));
    }
  }

  private void requireInFrontOfUpgrades() {
    if (whenRegistered == Upgrades.NONE) {
      throw new IllegalStateException(
          UPGRADE_FILTER
              + " was added after PaymentFilter.register was called, and may answer WebSocket"
              + " handshakes in front of it: add the endpoints first");
    }
    if (whenRegistered == Upgrades.UNKNOWN) {
      log.warn(
          "{} may stand in front of this filter, and then answers WebSocket handshakes unpaid; with"
              + " PaymentFilter.register it does not",
          UPGRADE_FILTER);
    }
  }

  private static boolean hasUpgradeFilter(ServletContext context) {
    return context.getFilterRegistrations().values().stream()
        .map(FilterRegistration::getClassName)
        .anyMatch(name -> name != null && name.endsWith(UPGRADE_FILTER));
  }
}
