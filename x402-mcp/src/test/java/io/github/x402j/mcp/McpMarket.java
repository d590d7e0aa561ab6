// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.client.Payer;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.AccessDecision;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** An MCP server with tools of all kinds, the chain behind it, and agents that call it. */
final class McpMarket implements AutoCloseable {
  /** The output that only a payer gets. */
  static final String SECRET = "the bridge opens at noon";

  static final Duration SETTLE_TIMEOUT = Duration.ofMillis(400);

  final LocalChain chain;
  final TestUsdc usdc;
  final Token token;
  final TestWallet seller = TestWallet.random();
  final AtomicInteger runs = new AtomicInteger();
  final McpTestServer shop;

  private McpMarket() throws Exception {
    chain = LocalChain.start(); // Base Sepolia's id, for which version 1 has a name
    usdc = chain.deployUsdc();
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    shop = McpTestServer.start(0, PaidTools.start(gate(), token, address(), priced()), free());
  }

  static McpMarket open() throws Exception {
    return new McpMarket();
  }

  PaymentGate gate() {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    return PaymentGate.builder()
        .ledger(InMemoryPaymentLedger.create())
        .facilitator(
            EvmFacilitator.builder(
                    token.network(),
                    Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(2)),
                    EvmSigner.ofPrivateKey(gas.privateKey()))
                .settleTimeout(SETTLE_TIMEOUT)
                .build())
        .access(
            request ->
                request.attribute("api-key").filter("k1"::equals).isPresent()
                    ? AccessDecision.grant("api-key")
                    : AccessDecision.charge())
        .build();
  }

  Address address() {
    return Address.parse(seller.address());
  }

  List<PricedTool> priced() {
    return List.of(
        PricedTool.of(McpTestServer.tool("secret", "Tells it", "to"), "$0.01", this::secret),
        PricedTool.of(McpTestServer.tool("dear", "Tells it, too"), "$0.02", this::secret),
        PricedTool.of(McpTestServer.tool("fails", "Says no"), "$0.01", request -> error()),
        PricedTool.of(McpTestServer.tool("explains", "Says why"), "$0.01", request -> error())
            .deliverErrors(),
        PricedTool.of(McpTestServer.tool("throws", "Breaks"), "$0.01", McpMarket::broken),
        PricedTool.of(
            McpTestServer.tool("unsendable", "Has what JSON has not"),
            "$0.01",
            McpMarket::unsendable));
  }

  static List<McpTestServer.FreeTool> free() {
    return List.of(
        new McpTestServer.FreeTool(
            McpTestServer.tool("free", "Costs nothing"),
            request -> McpTestServer.text("for nothing")));
  }

  private CallToolResult secret(CallToolRequest request) {
    runs.incrementAndGet();
    return CallToolResult.builder(List.of(TextContent.builder(SECRET).build()))
        .structuredContent(Map.of("told", SECRET, "seen", String.valueOf(request.meta())))
        .meta(Map.of("of the tool", true))
        .build();
  }

  private static CallToolResult error() {
    return CallToolResult.builder(List.of(TextContent.builder(SECRET).build()))
        .isError(true)
        .build();
  }

  private static CallToolResult broken(CallToolRequest request) {
    throw new IllegalStateException(SECRET);
  }

  private static CallToolResult unsendable(CallToolRequest request) {
    return CallToolResult.builder(List.of(TextContent.builder(SECRET).build()))
        .structuredContent(Map.of("thread", new Object()))
        .build();
  }

  BigInteger sold() {
    return usdc.balanceOf(seller.address());
  }

  /** Returns a client of the SDK that knows nothing of payments. */
  McpSyncClient plainClient() {
    McpSyncClient client =
        McpClient.sync(
                HttpClientStreamableHttpTransport.builder(
                        "http://127.0.0.1:" + shop.url().getPort())
                    .build())
            .requestTimeout(Duration.ofSeconds(20))
            .build();
    client.initialize();
    return client;
  }

  /** Returns an agent with a dollar on the chain and this limit. */
  Agent agent(String limit) {
    TestWallet account = TestWallet.random();
    usdc.mint(account.address(), 1_000_000);
    SpendJournal journal = SpendJournal.inMemory();
    AgentWallet wallet =
        AgentWallet.provision("agent", EvmSigner.ofPrivateKey(account.privateKey()), journal)
            .limit(limit, BillingPeriod.DAY)
            .allowedDomains("127.0.0.1")
            .create();
    return new Agent(this, account, wallet, journal, Payer.of(wallet, token));
  }

  /** An agent, its account and its books. */
  record Agent(
      McpMarket market, TestWallet account, AgentWallet wallet, SpendJournal journal, Payer payer) {

    PaidToolClient connect() {
      return connect(Duration.ofSeconds(20));
    }

    PaidToolClient connect(Duration timeout) {
      return PaidToolClient.connect(market.shop.url(), payer, timeout, Duration.ofMillis(20));
    }

    BigInteger paid() {
      return BigInteger.valueOf(1_000_000).subtract(market.usdc.balanceOf(account.address()));
    }

    void goBroke() {
      market.usdc.burn(account.address(), market.usdc.balanceOf(account.address()));
    }

    String lastEvent() throws IOException {
      List<JournalEntry> entries = journal.entries();
      return entries.get(entries.size() - 1).event().name();
    }
  }

  @Override
  public void close() throws Exception {
    shop.close();
    chain.close();
  }
}
