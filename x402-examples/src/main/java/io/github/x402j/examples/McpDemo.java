// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.mcp.PaidToolClient;
import io.github.x402j.mcp.ToolAnswer;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.io.PrintStream;
import java.math.BigInteger;
import java.util.Map;

/** An agent calls a paid MCP tool: from the descriptor to the balances, on a chain in this JVM. */
final class McpDemo {
  private static final Price PRICE = Price.parse("$0.01");
  private static final Map<String, Object> LISBON = Map.of("city", "Lisbon");

  private McpDemo() {}

  /**
   * Calls the tool once and prints each step.
   *
   * @throws IllegalStateException if the balances did not move by exactly the price
   */
  static void run(PrintStream out) throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      TestUsdc usdc = chain.deployUsdc();
      TestWallet payer = TestWallet.random();
      TestWallet seller = TestWallet.random();
      TestWallet gas = TestWallet.random();
      usdc.mint(payer.address(), 1_000_000);
      chain.fund(gas.address(), BigInteger.TEN.pow(18));
      out.println("chain      eip155:" + chain.chainId() + " in this JVM, token " + usdc.address());

      Token token = Demo.token(chain, usdc);
      EvmFacilitator facilitator =
          EvmFacilitator.builder(
                  token.network(),
                  Web3jChain.at(chain.rpcUrl()),
                  EvmSigner.ofPrivateKey(gas.privateKey()))
              .build();
      AgentWallet wallet =
          AgentWallet.provision(
                  "agent", EvmSigner.ofPrivateKey(payer.privateKey()), SpendJournal.inMemory())
              .limit("$0.05", BillingPeriod.DAY)
              .allowedDomains("127.0.0.1")
              .create();
      try (McpShop shop = McpShop.start(token, seller.address(), facilitator);
          PaidToolClient client = PaidToolClient.connect(shop.url(), Payer.of(wallet, token))) {
        out.println("server     " + shop.url());
        buy(out, client, wallet, usdc, token, payer, seller);
      }
    }
  }

  private static void buy(
      PrintStream out,
      PaidToolClient client,
      AgentWallet wallet,
      TestUsdc usdc,
      Token token,
      TestWallet payer,
      TestWallet seller)
      throws Exception {
    BigInteger payerBefore = usdc.balanceOf(payer.address());
    BigInteger sellerBefore = usdc.balanceOf(seller.address());
    out.println("\ntools/list (free)");
    client
        .unpaid()
        .listTools()
        .tools()
        .forEach(tool -> out.println("-> " + tool.name() + ": " + tool.description()));
    out.println("\ntools/call cities (free)\n-> " + text(client.call("cities", Map.of()).result()));

    CallToolResult unpaid =
        client.unpaid().callTool(CallToolRequest.builder("forecast").arguments(LISBON).build());
    out.println("\ntools/call forecast\n-> isError " + unpaid.isError());
    out.println(text(unpaid));

    ToolAnswer answer = client.call("forecast", LISBON);
    out.println("\ntools/call forecast with a payment\n-> " + text(answer.result()));
    Payment payment = answer.payment().orElseThrow();
    out.println("settled in " + payment.transaction().orElse("no transaction"));
    out.println("the agent may spend " + wallet.remaining() + " more");

    BigInteger payerAfter = usdc.balanceOf(payer.address());
    BigInteger sellerAfter = usdc.balanceOf(seller.address());
    out.println("\natomic units    before     after");
    out.printf("payer       %10d%10d%n", payerBefore, payerAfter);
    out.printf("seller      %10d%10d%n", sellerBefore, sellerAfter);
    BigInteger price = PRICE.in(token).atomicUnits();
    if (answer.isError()
        || !payerBefore.subtract(payerAfter).equals(price)
        || !sellerAfter.subtract(sellerBefore).equals(price)) {
      throw new IllegalStateException("the balances did not move by exactly " + price);
    }
    out.println("the balances moved by exactly " + PRICE);
  }

  private static String text(CallToolResult result) {
    return result.content().get(0) instanceof TextContent content ? content.text() : "no text";
  }
}
