// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.mcp.PaidTools;
import io.github.x402j.mcp.PricedTool;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.server.transport.DefaultServerTransportSecurityValidator;
import io.modelcontextprotocol.server.transport.HttpServletStatelessServerTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import jakarta.servlet.http.HttpServlet;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An MCP server in an embedded Jetty, with a free tool and one that is sold. */
final class McpShop implements AutoCloseable {
  private static final String ENDPOINT = "/mcp";

  /** More than a call with a payment needs. */
  private static final int MAX_REQUEST = 256 * 1024;

  private final Server server;
  private final ServerConnector connector;

  private McpShop(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  /**
   * Starts the server on a free port of 127.0.0.1.
   *
   * @param payTo the recipient of the payments
   */
  static McpShop start(Token token, String payTo, Facilitator facilitator) throws Exception {
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.create())
            .facilitator(facilitator)
            .build();
    PricedTool forecast =
        PricedTool.of(
                tool("forecast", "The weather of tomorrow", "city"), "$0.01", McpShop::forecast)
            .deliverErrors();
    PaidTools paid = PaidTools.start(gate, token, Address.parse(payTo), List.of(forecast));

    HttpServletStatelessServerTransport transport =
        HttpServletStatelessServerTransport.builder()
            .messageEndpoint(ENDPOINT)
            .jsonMapper(PaidTools.jsonMapper())
            .maxRequestSize(MAX_REQUEST)
            .httpHeaderValidator( // keeps pages in a browser from calling a server on this machine
                DefaultServerTransportSecurityValidator.builder()
                    .allowedHost("127.0.0.1:*")
                    .build())
            .build();
    McpServer.StatelessSyncSpecification mcp =
        McpServer.sync(transport)
            .jsonMapper(PaidTools.jsonMapper())
            .serverInfo("x402j-example", "0.1.0")
            .capabilities(ServerCapabilities.builder().tools(false).build());
    mcp.toolCall(
        tool("cities", "The cities of the forecast"), (context, call) -> text("Lisbon, Oslo"));
    paid.tools().forEach(sold -> mcp.toolCall(sold.tool(), (context, call) -> paid.call(call)));
    McpStatelessSyncServer built = mcp.build();
    try {
      return serve(transport);
    } catch (Exception e) {
      built.close();
      throw e;
    }
  }

  private static McpShop serve(HttpServlet transport) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler webapp = new ServletContextHandler("/");
    ServletHolder servlet = new ServletHolder("mcp", transport);
    servlet.setAsyncSupported(true);
    webapp.addServlet(servlet, ENDPOINT);
    server.setHandler(webapp);
    try {
      server.start();
    } catch (Exception e) {
      server.stop();
      throw e;
    }
    return new McpShop(server, connector);
  }

  /** Returns the URL of the MCP endpoint. */
  URI url() {
    return URI.create("http://127.0.0.1:" + connector.getLocalPort() + ENDPOINT);
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /** Returns a tool with these arguments, which are texts and all required. */
  private static Tool tool(String name, String description, String... arguments) {
    Map<String, Object> properties = new LinkedHashMap<>();
    for (String argument : arguments) {
      properties.put(argument, Map.of("type", "string", "maxLength", 100));
    }
    Map<String, Object> schema =
        Map.of("type", "object", "properties", properties, "required", List.of(arguments));
    return Tool.builder(name, schema).description(description).build();
  }

  private static CallToolResult text(String text) {
    return CallToolResult.builder(List.of(TextContent.builder(text).build())).build();
  }

  private static CallToolResult forecast(CallToolRequest request) {
    return switch (String.valueOf(request.arguments().get("city"))) {
      case "Lisbon" -> text("Lisbon: sun, 24 degrees");
      case "Oslo" -> text("Oslo: rain, 11 degrees");
      default ->
          CallToolResult.builder(
                  List.of(TextContent.builder("No such city; see the tool cities").build()))
              .isError(true)
              .build();
    };
  }
}
