// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Code to copy, with everything it needs on a laptop: no account, no node, no wallet. Read {@link
 * io.github.x402j.examples.ExampleServer} first, the server that sells, and then {@link
 * io.github.x402j.examples.Demo}, the agent that pays it. {@code McpShop} and {@code McpDemo} do
 * the same with tools of an MCP server, and {@code ReceiptDemo} with receipts of a payment network.
 * {@link io.github.x402j.examples.Main} runs them.
 */
@NullMarked
package io.github.x402j.examples;

import org.jspecify.annotations.NullMarked;
