// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.PaymentHeader;
import io.github.x402j.Price;
import io.github.x402j.servlet.PaymentInfo;
import io.github.x402j.spring.X402Properties.PricedPath;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/** Writes prices into an OpenAPI document. */
final class PaidOperations {
  private PaidOperations() {}

  /** Adds a price and the 402 to an operation. */
  static void price(Operation operation, String price) {
    operation.addExtension(PaymentInfo.EXTENSION, PaymentInfo.of(fixed(price)));
    if (operation.getResponses() == null) {
      operation.setResponses(new ApiResponses());
    }
    operation.getResponses().addApiResponse(PaymentInfo.STATUS, paymentRequired());
  }

  /** Returns a price that is the same for every request. */
  private static Optional<Price> fixed(String price) {
    try {
      return Optional.of(Price.parse(price));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static ApiResponse paymentRequired() {
    Schema<?> body = schema("object");
    PaymentInfo.MEMBERS.forEach((name, type) -> body.addProperty(name, member(type)));
    Header descriptor =
        new Header().description(PaymentInfo.HEADER_DESCRIPTION).schema(schema("string"));
    return new ApiResponse()
        .description(PaymentInfo.DESCRIPTION)
        .addHeaderObject(PaymentHeader.PAYMENT_REQUIRED, descriptor)
        .content(new Content().addMediaType("application/json", new MediaType().schema(body)));
  }

  private static Schema<?> member(String type) {
    return type.equals("array") ? schema(type).items(schema("object")) : schema(type);
  }

  /** Documents of version 3.0 and 3.1 write the type from different members. */
  private static Schema<?> schema(String type) {
    Schema<?> schema = new Schema<>();
    schema.setType(type);
    schema.setTypes(Set.of(type));
    return schema;
  }

  /** Adds prices to the operations whose path a rule prices. */
  static void priceRoutes(OpenAPI document, List<PricedPath> routes) {
    if (document.getPaths() != null && !routes.isEmpty()) {
      document.getPaths().forEach((path, item) -> priceOperations(path, item, routes));
    }
  }

  private static void priceOperations(String path, PathItem item, List<PricedPath> routes) {
    item.readOperationsMap()
        .forEach(
            (method, operation) ->
                deciding(path, method.name(), routes)
                    .filter(route -> !route.free())
                    .ifPresent(route -> price(operation, String.valueOf(route.price()))));
  }

  /** Returns the most specific rule that covers a path with its names. */
  private static Optional<PricedPath> deciding(
      String path, String method, List<PricedPath> routes) {
    PathContainer described = PathContainer.parsePath(path);
    return routes.stream()
        .filter(
            route ->
                route.methods().isEmpty()
                    || route.methods().stream().anyMatch(method::equalsIgnoreCase))
        .filter(route -> pattern(route).matches(described))
        .min(
            Comparator.comparing(PaidOperations::pattern, PathPattern.SPECIFICITY_COMPARATOR)
                .thenComparing(route -> route.methods().isEmpty()));
  }

  private static PathPattern pattern(PricedPath route) {
    String pattern = String.valueOf(route.pattern());
    return PathPatternParser.defaultInstance.parse(
        pattern.endsWith("/*") ? pattern + "*" : pattern);
  }
}
