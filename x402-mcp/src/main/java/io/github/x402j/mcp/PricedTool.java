// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A tool of an MCP server with a price.
 *
 * @param tool its name, description and schemas, as clients see them. A result that does not follow
 *     the output schema costs nothing, and does not go out
 * @param price the price of one call
 * @param deliversErrors whether a result with {@code isError} reaches the caller, who has not paid
 *     for it
 * @param handler does the work. A result with {@code isError} and an exception cost nothing
 */
public record PricedTool(
    Tool tool,
    Price price,
    boolean deliversErrors,
    Function<CallToolRequest, CallToolResult> handler) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

  /**
   * Checks the tool.
   *
   * @throws IllegalArgumentException if its name is not 1 to 128 of {@code A-Z a-z 0-9 _ . -}
   */
  public PricedTool {
    if (!NAME.matcher(tool.name()).matches()) {
      throw new IllegalArgumentException(
          "tool: expected a name of 1 to 128 of A-Z a-z 0-9 _ . -, found " + tool.name());
    }
  }

  /**
   * Returns a tool whose errors the caller does not see.
   *
   * @param price such as {@code "$0.01"}
   */
  public static PricedTool of(
      Tool tool, @Nullable String price, Function<CallToolRequest, CallToolResult> handler) {
    return new PricedTool(tool, Price.parse(price), false, handler);
  }

  /** Returns this tool with its error results delivered, which cost nothing. */
  public PricedTool deliverErrors() {
    return new PricedTool(tool, price, true, handler);
  }

  /** Returns the resource of the descriptor. */
  ResourceInfo resource() {
    return new ResourceInfo(resourceOf(tool.name()), tool.description(), "application/json");
  }

  /** Returns the name of a tool as a resource. */
  static String resourceOf(String tool) {
    return "mcp://tool/" + tool;
  }
}
