// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Recent;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.extension.DiscoveryEntry;
import io.github.x402j.extension.ListedText;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists what a facilitator settles payments for, as the extension {@code bazaar} describes it. All
 * of that is the word of whoever sends the payment: it is checked, cut to size and shown, and
 * nothing of it is fetched. Safe for use by several threads.
 */
final class SettledListing implements FacilitatorExtension {
  /** The longest entry that is listed, as JSON, in characters. */
  private static final int MAX_LENGTH = 12 * 1024;

  /** A resource that is sold all the time is written once in this time. */
  private static final Duration BETWEEN_WRITES = Duration.ofMinutes(1);

  private static final int REMEMBERED = 2_000;
  private static final Logger log = LoggerFactory.getLogger(SettledListing.class);

  private final DiscoveryCatalog catalog;
  private final Clock clock;
  private final Recent<String, Written> written = new Recent<>(REMEMBERED);

  private record Written(String json, Instant time) {}

  SettledListing(DiscoveryCatalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  @Override
  public String name() {
    return Discoverable.EXTENSION;
  }

  /** Tells early what could be listed; nothing is, as no money has moved. */
  @Override
  public Optional<Map<String, Object>> verified(Payment payment) {
    return answered(payment, false);
  }

  @Override
  public Optional<Map<String, Object>> settled(Payment payment, Settlement.Settled settlement) {
    return settlement.amount().isZero() ? Optional.empty() : answered(payment, true);
  }

  private Optional<Map<String, Object>> answered(Payment payment, boolean isSettled) {
    PaymentPayload payload = payment.payload();
    if (!payload.extensions().containsKey(Discoverable.EXTENSION)) {
      return Optional.empty();
    }
    try {
      DiscoveredResource resource = resource(payload, payment.requirements(), clock.instant());
      if (!isSettled) {
        return Optional.of(Map.of("status", "processing"));
      }
      put(resource);
      return Optional.of(Map.of("status", "success"));
    } catch (IllegalArgumentException e) {
      return Optional.of(rejected(String.valueOf(e.getMessage())));
    } catch (LedgerException e) {
      log.warn("a settled resource could not be listed: {}", e.toString());
      return Optional.of(rejected("the list cannot be written now"));
    }
  }

  private static Map<String, Object> rejected(String reason) {
    Map<String, Object> rejected = new LinkedHashMap<>();
    rejected.put("status", "rejected");
    rejected.put("rejectedReason", reason);
    return rejected;
  }

  private void put(DiscoveredResource resource) {
    String json = DiscoveryMessages.write(resource.with(resource.accepts(), Instant.EPOCH));
    Instant now = resource.lastUpdated();
    Optional<Written> before = written.get(resource.key());
    if (before.isPresent()
        && before.get().json().equals(json)
        && now.isBefore(before.get().time().plus(BETWEEN_WRITES))) {
      return;
    }
    catalog.put(resource);
    written.put(resource.key(), new Written(json, now));
  }

  /**
   * Returns what is listed for a payment.
   *
   * @throws IllegalArgumentException if nothing can be; the message is for the seller, and repeats
   *     nothing of what was sent
   */
  static DiscoveredResource resource(
      PaymentPayload payload, PaymentRequirements requirements, Instant now) {
    ResourceInfo named = payload.resource();
    if (named == null) {
      throw new IllegalArgumentException("resource: missing");
    }
    DiscoveryEntry entry = DiscoveryEntry.of(payload.extensions().get(Discoverable.EXTENSION));
    DiscoveredResource listed =
        new DiscoveredResource(
            shown(named, ListedText.canonicalUrl(named.url(), entry.routeTemplate())),
            entry.type(),
            payload.x402Version(),
            List.of(requirements),
            List.of(),
            now,
            Map.of(Discoverable.EXTENSION, entry.toMap()));
    String text = DiscoveryMessages.write(listed);
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("extensions.bazaar: longer than is listed here");
    }
    requireReadable(text);
    return listed;
  }

  /** One entry that cannot be read makes a whole list unreadable: 1e100 is written as digits. */
  private static void requireReadable(String listed) {
    try {
      DiscoveryMessages.read(listed);
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException("extensions.bazaar: clients could not read it", e);
    }
  }

  private static ResourceInfo shown(ResourceInfo named, String url) {
    @Nullable String icon = named.iconUrl();
    return new ResourceInfo(
            url, ListedText.description(named.description()), ListedText.mimeType(named.mimeType()))
        .withServiceName(named.serviceName())
        .withTags(ListedText.tags(named.tags()))
        .withIconUrl(icon != null && ListedText.isIcon(icon) ? icon : null);
  }

  // ---- the lists

  /** Answers {@code GET /discovery/resources}. */
  FacilitatorService.Answer resources(Map<String, String> parameters) {
    return listed(parameters, false);
  }

  /** Answers {@code GET /discovery/search}. */
  FacilitatorService.Answer search(Map<String, String> parameters) {
    return listed(parameters, true);
  }

  private FacilitatorService.Answer listed(Map<String, String> parameters, boolean isSearch) {
    DiscoveryQuery query;
    try {
      query = DiscoveryQuery.of(parameters);
    } catch (IllegalArgumentException e) {
      return new FacilitatorService.Answer(
          400, PaymentCodec.errorBody("invalid_request", String.valueOf(e.getMessage())));
    }
    try {
      DiscoveryCatalog.Page page = catalog.find(query);
      return new FacilitatorService.Answer(
          200,
          isSearch
              ? DiscoveryMessages.found(page.resources(), query, page.total())
              : DiscoveryMessages.resources(page.resources(), query, page.total()));
    } catch (LedgerException e) {
      log.warn("the catalog could not be read: {}", e.toString());
      return new FacilitatorService.Answer(
          503, PaymentCodec.errorBody("catalog_unavailable", "try again later"));
    }
  }
}
