// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

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
 * The members of {@code _meta} that carry payments, and their translation from and to headers: the
 * messages are those of the HTTP transport, which sends them as base64 in headers.
 */
final class PaymentMeta {
  /** Carries the payment of a {@code tools/call}. */
  static final String PAYMENT = "x402/payment";

  /** Carries the payer's secret of the payment, as {@link PaymentHeader#X_PAYMENT_SECRET} does. */
  static final String SECRET = "x402/payment-secret";

  /** Carries the settlement, in the result. */
  static final String RESPONSE = "x402/payment-response";

  private PaymentMeta() {}

  /** Returns the payment in the request, empty if there is none. */
  static Optional<Object> paymentOf(CallToolRequest request) {
    return member(request.meta(), PAYMENT);
  }

  /** Returns the settlement in the result, empty if there is none. */
  static Optional<Object> responseOf(CallToolResult result) {
    return member(result.meta(), RESPONSE);
  }

  private static Optional<Object> member(@Nullable Map<String, Object> meta, String name) {
    return meta == null ? Optional.empty() : Optional.ofNullable(meta.get(name));
  }

  /** Returns the request with a payment; the other members of its {@code _meta} stay. */
  static CallToolRequest with(Object payment, String secret, CallToolRequest request) {
    Map<String, Object> meta = copy(request.meta());
    meta.put(PAYMENT, payment);
    meta.put(SECRET, secret);
    return new CallToolRequest(request.name(), request.arguments(), meta);
  }

  /** Returns the request as the tool sees it: whoever holds the payment can settle it. */
  static CallToolRequest without(CallToolRequest request) {
    Map<String, Object> meta = copy(request.meta());
    meta.remove(PAYMENT);
    meta.remove(SECRET);
    return new CallToolRequest(request.name(), request.arguments(), meta);
  }

  /** Returns the result with the settlement, which replaces what the tool put there. */
  static CallToolResult with(Map<String, Object> response, CallToolResult result) {
    Map<String, Object> meta = copy(result.meta());
    meta.put(RESPONSE, response);
    return new CallToolResult(result.content(), result.isError(), result.structuredContent(), meta);
  }

  private static Map<String, Object> copy(@Nullable Map<String, Object> meta) {
    return meta == null ? new LinkedHashMap<>() : new LinkedHashMap<>(meta);
  }

  /** Returns the version of the payment: 1 if it says so, else 2. */
  static int versionOf(Object payment) {
    return payment instanceof Map<?, ?> object
            && Integer.valueOf(1).equals(object.get("x402Version"))
        ? 1
        : 2;
  }

  /**
   * Returns the payment and its secret as the headers that a gate reads, strictly and up to its
   * limit of {@value PaymentCodec#MAX_HEADER_LENGTH} characters.
   */
  static Function<String, List<String>> asHeaders(Object payment, CallToolRequest request) {
    List<String> secret =
        member(request.meta(), SECRET).map(String::valueOf).map(List::of).orElse(List.of());
    String header =
        versionOf(payment) == 1 ? PaymentHeader.X_PAYMENT : PaymentHeader.PAYMENT_SIGNATURE;
    String value = Base64.getEncoder().encodeToString(McpJson.text(payment).getBytes(UTF_8));
    return name -> {
      if (name.equalsIgnoreCase(PaymentHeader.X_PAYMENT_SECRET)) {
        return secret;
      }
      return name.equalsIgnoreCase(header) ? List.of(value) : List.of();
    };
  }

  /** Returns the settlement in a gate's headers, empty if there is none. */
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
