// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A tool of an MCP server that costs something.
 *
 * @param tool what clients are told of it
 * @param price of one call
 * @param deliversErrors whether a result with {@code isError} reaches the caller, who has not paid
 *     for it
 * @param handler does the work. A result with {@code isError}, and an exception, cost nothing
 */
record PricedTool(
    Tool tool,
    Price price,
    boolean deliversErrors,
    Function<CallToolRequest, CallToolResult> handler) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

  PricedTool {
    if (!NAME.matcher(tool.name()).matches()) {
      throw new IllegalArgumentException(
          "tool: expected a name of 1 to 128 of A-Z a-z 0-9 _ . -, found " + tool.name());
    }
    if (tool.outputSchema() != null) {
      // The SDK replaces a result that does not match by an error, after it has left our hands.
      throw new IllegalArgumentException(
          "tool "
              + tool.name()
              + ": expected no output schema, which would be checked when the money has moved");
    }
  }

  /** Returns a tool whose errors the caller does not see. */
  static PricedTool of(Tool tool, String price, Function<CallToolRequest, CallToolResult> handler) {
    return new PricedTool(tool, Price.parse(price), false, handler);
  }

  /** Returns this tool, its errors shown to callers for nothing. */
  PricedTool deliverErrors() {
    return new PricedTool(tool, price, true, handler);
  }

  /** Returns what is sold, as the MCP transport names it. */
  ResourceInfo resource() {
    return new ResourceInfo(resourceOf(tool.name()), tool.description(), "application/json");
  }

  /** Returns the name of a tool as a resource. */
  static String resourceOf(String tool) {
    return "mcp://tool/" + tool;
  }
}
