// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.client.Payment;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Optional;

/**
 * The answer of a tool to an agent.
 *
 * @param result the result, which can be an error
 * @param payment the payment that was sent for it, with its settlement; empty if nothing was paid
 */
public record ToolAnswer(CallToolResult result, Optional<Payment> payment) {
  /** Returns whether the result is an error, of the tool or about a payment. */
  public boolean isError() {
    return Boolean.TRUE.equals(result.isError());
  }
}
