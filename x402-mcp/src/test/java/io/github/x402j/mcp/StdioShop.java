// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.Address;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.PaymentGate;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.net.URI;
import java.util.List;

/**
 * An MCP server that speaks on its standard streams and sells one tool: {@code StdioShop RPC_URL
 * TOKEN PAY_TO}. The gas key is in {@code GAS_KEY}.
 */
final class StdioShop {
  private StdioShop() {}

  /** Runs until it is ended by the client. */
  public static void main(String[] arguments) throws Exception {
    Web3jChain chain = Web3jChain.at(URI.create(arguments[0]));
    Token token = OnChainToken.read(chain, Address.parse(arguments[1]));
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(
                EvmFacilitator.builder(
                        token.network(), chain, EvmSigner.ofPrivateKey(System.getenv("GAS_KEY")))
                    .build())
            .build();
    PaidTools paid =
        PaidTools.start(gate, token, Address.parse(arguments[2]), List.of(TransportTest.sum()));
    McpServer.SyncSpecification<?> server =
        McpServer.sync(new StdioServerTransportProvider(PaidTools.jsonMapper()))
            .jsonMapper(PaidTools.jsonMapper())
            .serverInfo("x402j-test", "0.1.0")
            .capabilities(ServerCapabilities.builder().tools(false).build());
    paid.tools()
        .forEach(sold -> server.toolCall(sold.tool(), (exchange, request) -> paid.call(request)));
    server.build();
  }
}
