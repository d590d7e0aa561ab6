// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentHeader;
import io.github.x402j.Price;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an OpenAPI document says of a priced operation: the extension {@code x-payment-info}, as
 * indexes of paid services read it.
 *
 * <pre>{@code
 * x-payment-info:
 *   price: {mode: fixed, currency: USD, amount: "0.01"}
 *   protocols: [{x402: {}}]
 * }</pre>
 */
public final class PaymentInfo {
  /** The name of the extension. */
  public static final String EXTENSION = "x-payment-info";

  /** The status that asks for a payment, as documents write it. */
  public static final String STATUS = "402";

  /** What the response of that status is. */
  public static final String DESCRIPTION = "Payment required: the ways to pay (x402)";

  /** What the header of that response is. */
  public static final String HEADER_DESCRIPTION = "The same descriptor, JSON in base64";

  /** The members of the body of that response, by name, with their types. */
  public static final Map<String, String> MEMBERS = members();

  private PaymentInfo() {}

  private static Map<String, String> members() {
    Map<String, String> members = new LinkedHashMap<>();
    members.put("x402Version", "integer");
    members.put("error", "string");
    members.put("resource", "object");
    members.put("accepts", "array");
    return Collections.unmodifiableMap(members);
  }

  /** Returns the response 402 of a priced operation, of maps, lists and texts. */
  public static Map<String, Object> response() {
    Map<String, Object> properties = new LinkedHashMap<>();
    MEMBERS.forEach((name, type) -> properties.put(name, Map.of("type", type)));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("description", HEADER_DESCRIPTION);
    header.put("schema", Map.of("type", "string"));
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("description", DESCRIPTION);
    response.put("headers", Map.of(PaymentHeader.PAYMENT_REQUIRED, header));
    response.put("content", Map.of("application/json", Map.of("schema", schema)));
    return response;
  }

  /**
   * Returns the value of the extension, of maps, lists and texts.
   *
   * @param fixed the price, empty where it depends on the request
   */
  public static Map<String, Object> of(Optional<Price> fixed) {
    Map<String, Object> price = new LinkedHashMap<>();
    price.put("mode", fixed.isPresent() ? "fixed" : "dynamic");
    price.put("currency", "USD");
    fixed.ifPresent(known -> price.put("amount", known.dollars().toPlainString()));
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("price", price);
    info.put("protocols", List.of(Map.of("x402", Map.of())));
    return info;
  }
}
