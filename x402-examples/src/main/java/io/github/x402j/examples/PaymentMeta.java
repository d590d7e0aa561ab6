// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The members of {@code _meta} that the MCP transport of x402 carries payments in, and their
 * translation: the messages are those of the HTTP transport, which has them in headers, as base64.
 */
final class PaymentMeta {
  /** Carries the payment of a {@code tools/call}. */
  static final String PAYMENT = "x402/payment";

  /** Carries what became of it, in the result. */
  static final String RESPONSE = "x402/payment-response";

  private PaymentMeta() {}

  /** Returns the payment that the request brings, empty if none. */
  static Optional<Object> paymentOf(CallToolRequest request) {
    return member(request.meta(), PAYMENT);
  }

  /** Returns the settlement that the result tells of, empty if none. */
  static Optional<Object> responseOf(CallToolResult result) {
    return member(result.meta(), RESPONSE);
  }

  private static Optional<Object> member(@Nullable Map<String, Object> meta, String name) {
    return meta == null ? Optional.empty() : Optional.ofNullable(meta.get(name));
  }

  /** Returns the request with a payment; what else its {@code _meta} has stays. */
  static CallToolRequest with(Object payment, CallToolRequest request) {
    Map<String, Object> meta = copy(request.meta());
    meta.put(PAYMENT, payment);
    return new CallToolRequest(request.name(), request.arguments(), meta);
  }

  /** Returns the request as a tool is to see it: who has the payment can have it settled. */
  static CallToolRequest without(CallToolRequest request) {
    Map<String, Object> meta = copy(request.meta());
    meta.remove(PAYMENT);
    return new CallToolRequest(request.name(), request.arguments(), meta);
  }

  /** Returns the result with what became of the payment, whatever the tool says of that. */
  static CallToolResult with(Map<String, Object> response, CallToolResult result) {
    Map<String, Object> meta = copy(result.meta());
    meta.put(RESPONSE, response);
    return new CallToolResult(result.content(), result.isError(), result.structuredContent(), meta);
  }

  private static Map<String, Object> copy(@Nullable Map<String, Object> meta) {
    return meta == null ? new LinkedHashMap<>() : new LinkedHashMap<>(meta);
  }

  /** Returns the version that the payment says it is in; 2 if it does not say 1. */
  static int versionOf(Object payment) {
    return payment instanceof Map<?, ?> object
            && Integer.valueOf(1).equals(object.get("x402Version"))
        ? 1
        : 2;
  }

  /**
   * Returns the payment as the header that a gate reads, strictly and up to its limit of {@value
   * PaymentCodec#MAX_HEADER_LENGTH} characters.
   */
  static Function<String, List<String>> asHeader(Object payment) {
    String header =
        versionOf(payment) == 1 ? PaymentHeader.X_PAYMENT : PaymentHeader.PAYMENT_SIGNATURE;
    String value = Base64.getEncoder().encodeToString(McpJson.text(payment).getBytes(UTF_8));
    return name -> name.equalsIgnoreCase(header) ? List.of(value) : List.of();
  }

  /** Returns what a gate says of the settlement in its headers, empty if nothing. */
  static Optional<Map<String, Object>> responseIn(Map<String, String> headers) {
    String v2 = headers.get(PaymentHeader.PAYMENT_RESPONSE);
    String value = v2 == null ? headers.get(PaymentHeader.X_PAYMENT_RESPONSE) : v2;
    return value == null ? Optional.empty() : McpJson.object(decoded(value));
  }

  /** Returns the descriptor as JSON text of version 2. */
  static String textOf(PaymentRequired required) {
    return decoded(PaymentCodec.encodeRequired(required));
  }

  static String decoded(String header) {
    return new String(Base64.getDecoder().decode(header), UTF_8);
  }
}
