// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.client.Payment;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Optional;

/**
 * What a tool answered.
 *
 * @param result the result, which may be an error
 * @param payment the payment that was sent for it, with what the server says of it; empty if none
 */
record ToolAnswer(CallToolResult result, Optional<Payment> payment) {
  /** Returns whether the result is an error, of the tool's or about a payment. */
  boolean isError() {
    return Boolean.TRUE.equals(result.isError());
  }
}
