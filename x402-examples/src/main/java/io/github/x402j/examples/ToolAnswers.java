// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.gate.Refusal;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts the refusals of a gate into results of tools. */
final class ToolAnswers {
  private ToolAnswers() {}

  /**
   * Returns the result for a call that is not let through, or not delivered.
   *
   * @param required what the call costs
   * @param x402Version the version of the payment; 2 where there is none
   */
  static CallToolResult refused(PaymentRequired required, Refusal refusal, int x402Version) {
    CallToolResult answer =
        switch (refusal.status()) {
          case 402 -> result(x402Version == 1 ? refusal.body() : descriptorIn(refusal));
          // No payment at all: the code is in the body, and the descriptor is asked for again.
          case 400 -> result(PaymentMeta.textOf(required.withError(codeIn(refusal))));
          // Not a descriptor, which would ask for another payment: the body says what to do.
          default -> result(refusal.body());
        };
    Optional<Map<String, Object>> response = PaymentMeta.responseIn(refusal.headers());
    return response.isPresent() ? PaymentMeta.with(response.get(), answer) : answer;
  }

  /** Returns an error of this server's own; code and detail are fixed texts, safe in JSON. */
  static CallToolResult error(String code, String detail) {
    return result("{\"error\":\"" + code + "\",\"detail\":\"" + detail + "\"}");
  }

  /** The same JSON twice, as not every client can read structured content. */
  private static CallToolResult result(String json) {
    return CallToolResult.builder(List.of(TextContent.builder(json).build()))
        .structuredContent((Object) McpJson.object(json).orElseThrow())
        .isError(true)
        .build();
  }

  private static String descriptorIn(Refusal refusal) {
    return PaymentMeta.decoded(
        String.valueOf(refusal.headers().get(PaymentHeader.PAYMENT_REQUIRED)));
  }

  private static String codeIn(Refusal refusal) {
    return McpJson.object(refusal.body())
        .map(body -> String.valueOf(body.get("error")))
        .orElseThrow();
  }
}
