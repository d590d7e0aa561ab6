// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.PaymentHeader;
import io.github.x402j.servlet.PaymentInfo;
import java.lang.reflect.Method;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.models.Components;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/**
 * Puts prices into a MicroProfile OpenAPI document (4.0 or later). A document is made from
 * annotations that the specification knows, so a filter of the application adds the others:
 *
 * <pre>{@code
 * // mp.openapi.filter=com.example.Prices
 * public final class Prices implements OASFilter {
 *   @Override
 *   public void filterOpenAPI(OpenAPI document) {
 *     OpenApiPrices.add(document, Quotes.class, Reports.class);
 *   }
 * }
 * }</pre>
 */
public final class OpenApiPrices {
  private static final String SCHEMA = "PaymentRequired";
  private static final int DEEPEST = 8;

  private final OpenAPI document;

  private OpenApiPrices(OpenAPI document) {
    this.document = document;
  }

  /**
   * Adds {@code x-payment-info} and a response 402 to each operation that {@link
   * io.github.x402j.servlet.RequiresPayment} prices. A response 402 that is there stays.
   *
   * @param resources the root resource classes; their sub-resources are found by the types that
   *     locators return
   * @throws IllegalStateException if an annotation holds no price
   */
  public static void add(OpenAPI document, Class<?>... resources) {
    OpenApiPrices prices = new OpenApiPrices(document);
    for (Class<?> type : resources) {
      prices.add(type, ResourcePrice.path(type).orElse("/"), Optional.empty(), 0);
    }
  }

  private void add(Class<?> type, String path, Optional<ResourcePrice> around, int depth) {
    Optional<ResourcePrice> own = ResourcePrice.onClass(type);
    Optional<ResourcePrice> ofClass = own.isPresent() ? own : around;
    for (Method method : type.getMethods()) {
      if (method.isSynthetic()) {
        continue;
      }
      String template = ResourcePrice.join(path, ResourcePrice.path(type, method).orElse(""));
      String httpMethod = ResourcePrice.httpMethod(type, method);
      if (!httpMethod.isEmpty()) {
        ResourcePrice.onMethod(type, method)
            .or(() -> ofClass.filter(price -> price.covers(httpMethod)))
            .ifPresent(price -> add(httpMethod, template, price));
      } else if (ResourcePrice.isLocator(type, method) && depth < DEEPEST) {
        add(ResourcePrice.located(method), template, ofClass, depth + 1);
      }
    }
  }

  private void add(String httpMethod, String template, ResourcePrice price) {
    find(template).stream()
        .flatMap(item -> item.getOperations().entrySet().stream())
        .filter(operation -> operation.getKey().name().equals(httpMethod))
        .forEach(operation -> describe(operation.getValue(), price));
  }

  /** Returns what the document says of a path; there the path of the application may precede it. */
  private Optional<PathItem> find(String template) {
    if (document.getPaths() == null || document.getPaths().getPathItems() == null) {
      return Optional.empty();
    }
    String shape = shape(template);
    return document.getPaths().getPathItems().entrySet().stream()
        .filter(entry -> shape(entry.getKey()).endsWith(shape))
        .min(Comparator.comparing(entry -> entry.getKey().length()))
        .map(Map.Entry::getValue);
  }

  /** Leaves names and expressions out: {@code /a/{id: [0-9]+}} is {@code /a/{}}. */
  private static String shape(String template) {
    return template.replaceAll("\\{(?:[^{}]|\\{[^{}]*})*}", "{}");
  }

  private void describe(Operation operation, ResourcePrice price) {
    operation.addExtension(PaymentInfo.EXTENSION, PaymentInfo.of(price.fixed()));
    if (operation.getResponses() == null) {
      operation.setResponses(OASFactory.createAPIResponses());
    }
    if (!operation.getResponses().hasAPIResponse(PaymentInfo.STATUS)) {
      operation.getResponses().addAPIResponse(PaymentInfo.STATUS, paymentRequired());
    }
  }

  private APIResponse paymentRequired() {
    if (document.getComponents() == null) {
      document.setComponents(OASFactory.createComponents());
    }
    Components components = document.getComponents();
    if (components.getSchemas() == null || !components.getSchemas().containsKey(SCHEMA)) {
      components.addSchema(SCHEMA, descriptor());
    }
    return OASFactory.createAPIResponse()
        .description(PaymentInfo.DESCRIPTION)
        .addHeader(
            PaymentHeader.PAYMENT_REQUIRED,
            OASFactory.createHeader()
                .description(PaymentInfo.HEADER_DESCRIPTION)
                .schema(schema(SchemaType.STRING)))
        .content(
            OASFactory.createContent()
                .addMediaType(
                    "application/json",
                    OASFactory.createMediaType().schema(OASFactory.createSchema().ref(SCHEMA))));
  }

  private static Schema descriptor() {
    Schema descriptor = schema(SchemaType.OBJECT).addRequired("x402Version").addRequired("accepts");
    PaymentInfo.MEMBERS.forEach((name, type) -> descriptor.addProperty(name, member(type)));
    return descriptor;
  }

  private static Schema member(String type) {
    Schema schema = schema(SchemaType.valueOf(type.toUpperCase(Locale.ROOT)));
    return type.equals("array") ? schema.items(schema(SchemaType.OBJECT)) : schema;
  }

  private static Schema schema(SchemaType type) {
    return OASFactory.createSchema().addType(type);
  }
}
