// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

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
import java.util.function.Function;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An MCP server in an embedded Jetty, with tools that are free and tools that are sold. */
final class McpTestServer implements AutoCloseable {
  private static final String ENDPOINT = "/mcp";

  /** More than any call needs that carries a payment and a question. */
  private static final int MAX_REQUEST = 256 * 1024;

  /** A tool that costs nothing. */
  record FreeTool(Tool tool, Function<CallToolRequest, CallToolResult> handler) {}

  private final Server server;
  private final ServerConnector connector;

  private McpTestServer(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  static McpTestServer start(int port, PaidTools paid, List<FreeTool> free) throws Exception {
    HttpServletStatelessServerTransport transport =
        HttpServletStatelessServerTransport.builder()
            .messageEndpoint(ENDPOINT)
            .jsonMapper(McpJson.forSdk())
            .maxRequestSize(MAX_REQUEST)
            .httpHeaderValidator( // no page in a browser is to reach a server on this machine
                DefaultServerTransportSecurityValidator.builder()
                    .allowedHost("127.0.0.1:*")
                    .build())
            .build();
    McpServer.StatelessSyncSpecification mcp =
        McpServer.sync(transport)
            .jsonMapper(McpJson.forSdk())
            .serverInfo("x402j-test", "0.1.0")
            .capabilities(ServerCapabilities.builder().tools(false).build());
    paid.tools()
        .forEach(sold -> mcp.toolCall(sold.tool(), (context, request) -> paid.call(request)));
    free.forEach(
        tool -> mcp.toolCall(tool.tool(), (context, request) -> tool.handler().apply(request)));
    McpStatelessSyncServer built = mcp.build();
    try {
      return start(port, transport);
    } catch (Exception e) {
      built.close();
      throw e;
    }
  }

  /** Starts a Jetty with the servlet of one of the SDK's transports. */
  static McpTestServer start(int port, HttpServlet transport) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
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
    return new McpTestServer(server, connector);
  }

  /** Returns the URL of the MCP endpoint. */
  URI url() {
    return URI.create("http://127.0.0.1:" + connector.getLocalPort() + ENDPOINT);
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /** Returns a tool whose arguments are texts of these names, all of them needed. */
  static Tool tool(String name, String description, String... arguments) {
    Map<String, Object> properties = new LinkedHashMap<>();
    for (String argument : arguments) {
      properties.put(argument, Map.of("type", "string", "maxLength", 100));
    }
    Map<String, Object> schema =
        Map.of("type", "object", "properties", properties, "required", List.of(arguments));
    return Tool.builder(name, schema).description(description).build();
  }

  /** Returns a result of one text. */
  static CallToolResult text(String text) {
    return CallToolResult.builder(List.of(TextContent.builder(text).build())).build();
  }
}
