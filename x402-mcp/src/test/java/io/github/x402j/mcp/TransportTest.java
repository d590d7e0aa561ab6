// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.transport.HttpServletStatelessServerTransport;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tool with an output schema, sold over each transport of the SDK. */
@Timeout(60)
class TransportTest {
  private static final BigInteger CENT = BigInteger.valueOf(10_000);
  private static final URI SHOP = URI.create("http://127.0.0.1/");
  private static McpMarket market;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  private enum Transport {
    STATELESS,
    STREAMABLE,
    STDIO
  }

  @BeforeAll
  static void openMarket() throws Exception {
    market = McpMarket.open();
  }

  @AfterAll
  static void closeMarket() throws Exception {
    market.close();
  }

  @AfterEach
  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  /** Says the sum of two numbers, and something else where that is zero. */
  static PricedTool sum() {
    Map<String, Object> number = Map.of("type", "integer");
    Tool tool =
        Tool.builder(
                "sum", Map.of("type", "object", "properties", Map.of("a", number, "b", number)))
            .outputSchema(
                Map.of(
                    "type",
                    "object",
                    "properties",
                    Map.of("sum", number),
                    "required",
                    List.of("sum"),
                    "additionalProperties",
                    false))
            .build();
    return PricedTool.of(tool, "$0.01", TransportTest::add);
  }

  private static CallToolResult add(CallToolRequest request) {
    int sum = (int) request.arguments().get("a") + (int) request.arguments().get("b");
    if (sum < 0) {
      return CallToolResult.builder(List.of()).build();
    }
    return CallToolResult.builder(List.of())
        .structuredContent((Object) Map.of("sum", sum == 0 ? "secret" : sum))
        .meta(Map.of("of the tool", true))
        .build();
  }

  private PaidToolClient connect(Transport transport, McpMarket.Agent agent) throws Exception {
    McpSyncClient client =
        McpClient.sync(
                switch (transport) {
                  case STATELESS -> http(stateless());
                  case STREAMABLE -> http(streamable());
                  case STDIO -> stdio();
                })
            .requestTimeout(Duration.ofSeconds(30))
            .build();
    PaidToolClient paying = PaidToolClient.over(client, SHOP, agent.payer());
    open.push(paying);
    client.initialize();
    return paying;
  }

  private PaidTools paid() {
    return PaidTools.start(market.gate(), market.token, market.address(), List.of(sum()));
  }

  private McpTestServer stateless() throws Exception {
    HttpServletStatelessServerTransport transport =
        HttpServletStatelessServerTransport.builder()
            .messageEndpoint("/mcp")
            .jsonMapper(PaidTools.jsonMapper())
            .build();
    PaidTools paid = paid();
    McpServer.StatelessSyncSpecification server =
        McpServer.sync(transport)
            .jsonMapper(PaidTools.jsonMapper())
            .serverInfo("x402j-test", "0.1.0")
            .capabilities(ServerCapabilities.builder().tools(false).build());
    paid.tools().forEach(tool -> server.toolCall(tool.tool(), (c, request) -> paid.call(request)));
    open.push(server.build()::close);
    return McpTestServer.start(0, transport);
  }

  private McpTestServer streamable() throws Exception {
    HttpServletStreamableServerTransportProvider transport =
        HttpServletStreamableServerTransportProvider.builder()
            .mcpEndpoint("/mcp")
            .jsonMapper(PaidTools.jsonMapper())
            .build();
    PaidTools paid = paid();
    McpServer.SyncSpecification<?> server =
        McpServer.sync(transport)
            .jsonMapper(PaidTools.jsonMapper())
            .serverInfo("x402j-test", "0.1.0")
            .capabilities(ServerCapabilities.builder().tools(false).build());
    paid.tools().forEach(tool -> server.toolCall(tool.tool(), (e, request) -> paid.call(request)));
    open.push(server.build()::close);
    return McpTestServer.start(0, transport);
  }

  private McpClientTransport http(McpTestServer shop) {
    open.push(shop);
    return HttpClientStreamableHttpTransport.builder("http://127.0.0.1:" + shop.url().getPort())
        .jsonMapper(PaidTools.jsonMapper())
        .build();
  }

  private static McpClientTransport stdio() {
    TestWallet gas = TestWallet.random();
    market.chain.fund(gas.address(), BigInteger.TEN.pow(18));
    ServerParameters server =
        ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin", "java").toString())
            .args(
                "-cp",
                System.getProperty("java.class.path"),
                StdioShop.class.getName(),
                market.chain.rpcUrl().toString(),
                market.usdc.address(),
                market.seller.address())
            .env(Map.of("GAS_KEY", gas.privateKey()))
            .build();
    return new StdioClientTransport(server, PaidTools.jsonMapper());
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void sellsAToolWithAnOutputSchema(Transport transport) throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    BigInteger before = market.sold();
    PaidToolClient client = connect(transport, agent);
    CallToolRequest unpaid =
        CallToolRequest.builder("sum").arguments(Map.of("a", 2, "b", 3)).build();
    assertThat(PaidToolClient.descriptorIn(client.unpaid().callTool(unpaid))).isPresent();
    assertThat(market.sold()).isEqualTo(before);

    ToolAnswer answer = client.call("sum", Map.of("a", 2, "b", 3));
    assertThat(answer.isError()).isFalse();
    assertThat(answer.result().structuredContent()).isEqualTo(Map.of("sum", 5));
    assertThat(((TextContent) answer.result().content().get(0)).text()).isEqualTo("{\"sum\":5}");
    assertThat(answer.result().meta()).containsEntry("of the tool", true);
    assertThat(answer.payment().orElseThrow().settled()).isTrue();
    assertThat(market.sold().subtract(before)).isEqualTo(CENT);
    assertThat(agent.paid()).isEqualTo(CENT);
  }

  /** The SDK would make an error of it after the settlement. */
  @ParameterizedTest
  @EnumSource(Transport.class)
  void chargesNothingForWhatDoesNotFollowTheSchema(Transport transport) throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    PaidToolClient client = connect(transport, agent);
    for (int b : new int[] {-2, -3}) { // of another type, and nothing at all
      ToolAnswer answer = client.call("sum", Map.of("a", 2, "b", b));
      assertThat(answer.isError()).isTrue();
      assertThat(answer.toString()).contains("nothing was charged").doesNotContain("secret");
      assertThat(agent.paid()).isZero();
    }
  }
}
