// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Paid tools of MCP servers, by the MCP transport of the x402 specification ({@code
 * specs/transports-v2/mcp.md} and {@code -v1}).
 *
 * <p><b>Selling.</b> {@link io.github.x402j.mcp.PaidTools} puts a {@link
 * io.github.x402j.gate.PaymentGate} in front of tools. It needs {@code x402-core} alone and works
 * with every transport of the SDK's servers:
 *
 * <pre>{@code
 * PaidTools paid =
 *     PaidTools.start(gate, Usdc.BASE, payTo, List.of(PricedTool.of(forecast, "$0.01", handler)));
 * paid.tools()
 *     .forEach(tool -> server.toolCall(tool.tool(), (context, call) -> paid.call(call)));
 * }</pre>
 *
 * Give the server and its transport the mapper {@link io.github.x402j.mcp.PaidTools#jsonMapper()}.
 *
 * <p><b>Buying.</b> {@link io.github.x402j.mcp.PaidToolClient} calls tools and pays within the
 * limits of a wallet. It needs {@code x402-client} as well, which is an optional dependency of this
 * module: add it to your own.
 *
 * <p>Both need a JSON binding of the MCP SDK: {@code mcp-json-jackson2}, also optional here.
 */
@NullMarked
package io.github.x402j.mcp;

import org.jspecify.annotations.NullMarked;
