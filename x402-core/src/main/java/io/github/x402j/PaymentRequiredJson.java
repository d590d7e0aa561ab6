// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The descriptor's JSON, in both versions. */
final class PaymentRequiredJson {
  private PaymentRequiredJson() {}

  static ObjectNode v2(PaymentRequired required) {
    ObjectNode json = Json.newObject().put("x402Version", 2);
    putIfPresent(json, "error", required.error());
    json.set("resource", v2(required.resource()));
    ArrayNode accepts = json.putArray("accepts");
    required.accepts().forEach(option -> accepts.add(v2(option)));
    if (!required.extensions().isEmpty()) {
      json.set("extensions", Json.fromJdk(required.extensions()));
    }
    return json;
  }

  static ObjectNode v2(ResourceInfo resource) {
    ObjectNode json = Json.newObject().put("url", resource.url());
    putIfPresent(json, "description", resource.description());
    putIfPresent(json, "mimeType", resource.mimeType());
    putIfPresent(json, "serviceName", resource.serviceName());
    if (!resource.tags().isEmpty()) {
      ArrayNode tags = json.putArray("tags");
      resource.tags().forEach(tags::add);
    }
    putIfPresent(json, "iconUrl", resource.iconUrl());
    return json;
  }

  static ObjectNode v2(PaymentRequirements option) {
    ObjectNode json =
        Json.newObject()
            .put("scheme", option.scheme())
            .put("network", option.network().caip2())
            .put("amount", option.amount().toString());
    return putCommon(json, option);
  }

  static ObjectNode v1(PaymentRequired required) {
    ObjectNode json = Json.newObject().put("x402Version", 1);
    String error = required.error();
    json.put("error", error == null ? "payment required" : error); // required in version 1
    ArrayNode accepts = json.putArray("accepts");
    for (PaymentRequirements option : required.accepts()) {
      nameInV1(option).ifPresent(name -> accepts.add(v1(option, name, required.resource())));
    }
    return json;
  }

  /**
   * Returns the network's name for an option that a descriptor of version 1 can hold. The deployed
   * client refuses the whole descriptor for one network that it does not know, and signs EIP-3009
   * authorizations whatever an option says.
   */
  static Optional<String> nameInV1(PaymentRequirements option) {
    boolean isForAnyClient =
        option.scheme().equals(PaymentRequirements.EXACT) && option.takesAuthorization();
    return isForAnyClient ? KnownNetwork.nameForV1Descriptor(option.network()) : Optional.empty();
  }

  static ObjectNode v1(PaymentRequirements option, String network, ResourceInfo resource) {
    ObjectNode json =
        Json.newObject()
            .put("scheme", option.scheme())
            .put("network", network)
            .put("maxAmountRequired", option.amount().toString())
            .put("resource", resource.url())
            // Both are required in version 1.
            .put("description", orElse(resource.description(), ""))
            .put("mimeType", orElse(resource.mimeType(), ""));
    putCommon(json, option);
    if (json.get("extra") instanceof ObjectNode extra) {
      extra.remove(PaymentFlow.NAME); // there is none in version 1
    }
    return json;
  }

  private static ObjectNode putCommon(ObjectNode json, PaymentRequirements option) {
    json.put("asset", option.asset().text())
        .put("payTo", option.payTo().text())
        .put("maxTimeoutSeconds", option.maxTimeout().toSeconds());
    if (!option.extra().isEmpty()) {
      json.set("extra", Json.fromJdk(option.extra()));
    }
    return json;
  }

  /** Returns what a payer says that it pays for, null if it does not say it. */
  static @Nullable ResourceInfo readReturnedResource(JsonNode message)
      throws MalformedPaymentException {
    return Json.isAbsent(message, "resource")
        ? null
        : readResource(Json.object(message, "", "resource"));
  }

  /** What is only shown to people is left out where it is not what it should be. */
  static ResourceInfo readResource(JsonNode resource) throws MalformedPaymentException {
    String url = Json.string(resource, "resource.", "url");
    if (url.isBlank()) {
      throw new MalformedPaymentException("resource.url: expected a URL, found nothing");
    }
    List<String> tags = new ArrayList<>();
    for (JsonNode tag : resource.path("tags")) {
      if (tag.isTextual()
          && ResourceInfo.isLabel(tag.textValue())
          && tags.size() < ResourceInfo.MAX_TAGS) {
        tags.add(tag.textValue());
      }
    }
    return new ResourceInfo(
        url,
        shown(resource, "description", text -> true),
        shown(resource, "mimeType", text -> true),
        shown(resource, "serviceName", ResourceInfo::isLabel),
        tags,
        shown(resource, "iconUrl", ResourceInfo::isIconUrl),
        null);
  }

  private static @Nullable String shown(JsonNode object, String name, Predicate<String> isGood) {
    JsonNode member = object.path(name);
    return member.isTextual() && isGood.test(member.textValue()) ? member.textValue() : null;
  }

  static ResourceInfo readResourceV1(JsonNode option) throws MalformedPaymentException {
    String url = Json.string(option, "accepts[].", "resource");
    if (url.isBlank()) {
      throw new MalformedPaymentException("accepts[].resource: expected a URL, found nothing");
    }
    return new ResourceInfo(
        url, shown(option, "description", text -> true), shown(option, "mimeType", text -> true));
  }

  static PaymentRequirements readRequirementsV2(JsonNode option, String path)
      throws MalformedPaymentException {
    return readRequirements(option, path, caip2(option, path), "amount");
  }

  static PaymentRequirements readRequirementsV1(JsonNode option, String path)
      throws MalformedPaymentException {
    return readRequirementsV1(option, path, v1Network(option, path));
  }

  static PaymentRequirements readRequirementsV1(JsonNode option, String path, Network network)
      throws MalformedPaymentException {
    return readRequirements(option, path, network, "maxAmountRequired");
  }

  private static PaymentRequirements readRequirements(
      JsonNode option, String path, Network network, String amountName)
      throws MalformedPaymentException {
    long timeout = Json.wholeNumber(option, path, "maxTimeoutSeconds");
    if (timeout < 1 || timeout > Integer.MAX_VALUE) {
      throw new MalformedPaymentException(
          path + "maxTimeoutSeconds: expected 1 to " + Integer.MAX_VALUE);
    }
    return new PaymentRequirements(
        Json.string(option, path, "scheme"),
        network,
        parsed(option, path, amountName, TokenAmount::parse),
        parsed(option, path, "asset", Address::parse),
        parsed(option, path, "payTo", Address::parse),
        Duration.ofSeconds(timeout),
        Json.optionalMap(option, path, "extra"));
  }

  static Network caip2(JsonNode object, String path) throws MalformedPaymentException {
    return parsed(object, path, "network", Network::parse);
  }

  static Network v1Network(JsonNode object, String path) throws MalformedPaymentException {
    Optional<Network> network = Network.ofV1Name(Json.string(object, path, "network"));
    if (network.isEmpty()) {
      throw new MalformedPaymentException(
          ErrorReason.INVALID_NETWORK,
          path + "network: expected a network name of version 1, such as base");
    }
    return network.get();
  }

  static <T> T parsed(JsonNode object, String path, String name, Function<String, T> parse)
      throws MalformedPaymentException {
    try {
      return parse.apply(Json.string(object, path, name));
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException(path + name + ": " + e.getMessage());
    }
  }

  private static void putIfPresent(ObjectNode json, String name, @Nullable String value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  private static String orElse(@Nullable String value, String other) {
    return value == null ? other : value;
  }
}
