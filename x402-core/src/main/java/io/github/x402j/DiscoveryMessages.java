// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lists of what can be bought (specification 8), as they are asked for and answered. */
public final class DiscoveryMessages {
  /** Numbers above it are milliseconds, those below are seconds. */
  private static final long MOST_SECONDS = 100_000_000_000L;

  private DiscoveryMessages() {}

  /**
   * A part of a list.
   *
   * @param resources those that can be read
   * @param next what to ask for what follows with, empty if that is all or it is not said
   */
  public record Listing(List<DiscoveredResource> resources, Optional<String> next) {}

  // ---- the facilitator's side

  /** Returns the answer of {@code GET /discovery/resources}. */
  public static String resources(
      List<DiscoveredResource> resources, DiscoveryQuery query, long total) {
    ObjectNode json = Json.newObject().put("x402Version", 2);
    putAll(json.putArray("items"), resources);
    json.putObject("pagination")
        .put("limit", query.limit())
        .put("offset", query.offset())
        .put("total", total);
    return Json.write(json);
  }

  /** Returns the answer of {@code GET /discovery/search}. */
  public static String found(List<DiscoveredResource> resources, DiscoveryQuery query, long total) {
    ObjectNode json = Json.newObject().put("x402Version", 2);
    putAll(json.putArray("resources"), resources);
    long next = (long) query.offset() + resources.size();
    if (next < total && !resources.isEmpty()) {
      json.put("partialResults", true)
          .putObject("pagination")
          .put("limit", query.limit())
          .put("cursor", String.valueOf(next));
    } else {
      json.putNull("pagination");
    }
    return Json.write(json);
  }

  private static void putAll(ArrayNode items, List<DiscoveredResource> resources) {
    resources.forEach(each -> items.add(node(each)));
  }

  /** Returns a resource as JSON. */
  public static String write(DiscoveredResource resource) {
    return Json.write(node(resource));
  }

  /** Returns a resource as JSON in JDK types. */
  public static Map<String, Object> toMap(DiscoveredResource resource) {
    try {
      return Json.toMap(node(resource), "");
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException(e); // a null in a list, which its maker refuses
    }
  }

  private static ObjectNode node(DiscoveredResource listed) {
    ObjectNode json = PaymentRequiredJson.v2(listed.resource());
    json.remove("url");
    ObjectNode item =
        Json.newObject()
            .put("resource", listed.resource().url())
            .put("type", listed.type())
            .put("x402Version", listed.x402Version());
    ArrayNode accepts = item.putArray("accepts");
    listed.accepts().forEach(option -> accepts.add(PaymentRequiredJson.v2(option)));
    item.put("lastUpdated", listed.lastUpdated().toString());
    item.setAll(json);
    if (!listed.extensions().isEmpty()) {
      item.set("extensions", Json.fromJdk(listed.extensions()));
    }
    return item;
  }

  // ---- the buyer's side

  /**
   * Returns what a list holds: the answer of either request. What cannot be read of it is left out.
   *
   * @throws MalformedPaymentException if it is no list
   */
  public static Listing readListing(String body) throws MalformedPaymentException {
    JsonNode json = Json.parseEnvelope(body);
    JsonNode items = json.path("items").isArray() ? json.path("items") : json.path("resources");
    if (!items.isArray()) {
      throw new MalformedPaymentException("items: expected an array");
    }
    List<DiscoveredResource> resources = new ArrayList<>();
    for (JsonNode item : items) {
      item(item).ifPresent(resources::add);
    }
    JsonNode cursor = json.path("pagination").path("cursor");
    return new Listing(
        List.copyOf(resources),
        cursor.isTextual() ? Optional.of(cursor.textValue()) : Optional.empty());
  }

  /**
   * Returns a resource that {@link #write} has written.
   *
   * @throws MalformedPaymentException if it is none
   */
  public static DiscoveredResource read(String json) throws MalformedPaymentException {
    return item(Json.parseObject(json))
        .orElseThrow(() -> new MalformedPaymentException("expected a listed resource"));
  }

  private static Optional<DiscoveredResource> item(JsonNode item) {
    if (!item.isObject() || !item.path("resource").isTextual() || !item.path("accepts").isArray()) {
      return Optional.empty();
    }
    try {
      return Optional.of(readItem((ObjectNode) item.deepCopy()));
    } catch (MalformedPaymentException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static DiscoveredResource readItem(ObjectNode item) throws MalformedPaymentException {
    List<PaymentRequirements> known = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (JsonNode option : item.path("accepts")) {
      PaymentRequirements read = option(option);
      if (read == null) {
        others.add(option.path("scheme").asText("?") + " " + option.path("network").asText("?"));
      } else {
        known.add(read);
      }
    }
    item.put("url", item.path("resource").textValue());
    return new DiscoveredResource(
        PaymentRequiredJson.readResource(item),
        item.path("type").asText("http"),
        item.path("x402Version").asInt(2),
        known,
        others,
        time(item.path("lastUpdated")),
        extensions(item));
  }

  private static @Nullable PaymentRequirements option(JsonNode option) {
    try {
      return option.has("amount")
          ? PaymentRequiredJson.readRequirementsV2(option, "accepts[].")
          : PaymentRequiredJson.readRequirementsV1(option, "accepts[].");
    } catch (MalformedPaymentException | IllegalArgumentException e) {
      return null;
    }
  }

  private static Map<String, Object> extensions(JsonNode item) {
    try {
      return Json.optionalMap(item, "", "extensions");
    } catch (MalformedPaymentException e) {
      return Map.of(); // it is shown, and nothing is paid by it
    }
  }

  /** ISO 8601; older facilitators write a number. */
  private static Instant time(JsonNode time) {
    try {
      if (time.isNumber()) {
        long number = time.asLong();
        return number > MOST_SECONDS ? Instant.ofEpochMilli(number) : Instant.ofEpochSecond(number);
      }
      return Instant.parse(time.asText(""));
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }
}
