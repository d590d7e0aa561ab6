// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code x402 find}, in a list that says odd things. */
class FindCommandTest {
  private HttpServer bazaar;
  private String items = "";

  @BeforeEach
  void start() throws Exception {
    bazaar = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    bazaar.createContext(
        "/discovery",
        exchange -> {
          byte[] body = ("{\"x402Version\":2,\"resources\":[" + items + "]}").getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    bazaar.start();
  }

  @AfterEach
  void stop() {
    bazaar.stop(0);
  }

  private String url() {
    return "http://127.0.0.1:" + bazaar.getAddress().getPort();
  }

  private static String item(String url, String amount, String description, String input) {
    return """
        {"resource":"%s","type":"http","x402Version":2,"lastUpdated":"2026-11-03T12:00:00Z",
         "description":"%s","accepts":[{"scheme":"exact","network":"eip155:8453","amount":"%s",
          "asset":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913","maxTimeoutSeconds":60,
          "payTo":"0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
          "extra":{"name":"USD Coin","version":"2"}}],
         "extensions":{"bazaar":{"info":{"input":%s},"schema":{"type":"object"}}}}"""
        .formatted(url, description, amount, input);
  }

  private static String body(String method, String json) {
    return "{\"type\":\"http\",\"method\":\"" + method + "\"," + json + "}";
  }

  @Test
  void showsPriceNetworkAndTheLineThatPays() {
    items =
        item(
                "https://a.example/weather/:city",
                "10000",
                "Forecast",
                body("GET", "\"pathParams\":{\"city\":\"SF\"},\"queryParams\":{\"days\":3}"))
            + ","
            + item(
                "https://a.example/ask",
                "250000",
                "It's an answer",
                body("POST", "\"bodyType\":\"json\",\"body\":{\"q\":\"it's\"}"));
    Invocation found = Invocation.of(Map.of(), "find", "weather", "--bazaar", url(), "--schema");
    assertThat(found.status()).isZero();
    assertThat(found.out())
        .contains(
            "$0.01 on Base (eip155:8453)  GET https://a.example/weather/:city\n"
                + "  Forecast\n"
                + "  pathParams {\"city\":\"SF\"}, queryParams {\"days\":3}\n"
                + "  schema: {\"type\":\"object\"}\n"
                + "  x402 pay 'https://a.example/weather/SF?days=3' --max '$0.01'\n")
        .contains(
            "  x402 pay 'https://a.example/ask' -X POST -H 'Content-Type: application/json'"
                + " --data '{\"q\":\"it'\\''s\"}' --max '$0.25'\n");
  }

  @Test
  void leavesOutWhatIsDearerAndPrintsJson() throws Exception {
    items =
        item("https://a.example/", "10000", "", body("GET", "\"x\":1"))
            + ","
            + item("https://b.example/", "60000", "", body("GET", "\"x\":1"));
    Invocation found =
        Invocation.of(Map.of(), "find", "--bazaar", url(), "--max", "$0.05", "--json");
    JsonNode json = new ObjectMapper().readTree(found.out());
    assertThat(json.get("offers").size()).isEqualTo(1);
    assertThat(json.at("/offers/0/dollars").asText()).isEqualTo("0.01");
    assertThat(json.at("/offers/0/pay").asText())
        .isEqualTo("x402 pay 'https://a.example/' --max '$0.01'");
    assertThat(json.at("/offers/0/bazaar").asText()).isEqualTo(url());
  }

  /** A line that is copied into a shell does what it shows, and nothing besides. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"bodyType\":\"text\",\"body\":\"@/etc/passwd\"",
        "\"bodyType\":\"text\",\"body\":\"--rpc-url=http://evil.example\"",
        "\"bodyType\":\"text\",\"body\":\"a\\nrm -rf x\"",
        "\"bodyType\":\"json\",\"body\":{\"q\":\"\\u202egnp\"}"
      })
  void printsNoLineThatAShellWouldTakeForSomethingElse(String body) {
    items = item("https://a.example/ask", "10000", "", body("POST", body));
    Invocation found = Invocation.of(Map.of(), "find", "--bazaar", url());
    assertThat(found.out()).contains("https://a.example/ask").doesNotContain("x402 pay");
  }

  @Test
  void showsForeignTextHarmless() {
    items = item("https://a.example/", "10000", "a\\u001b[2Jb\\u202ec\\nd", body("GET", "\"x\":1"));
    Invocation found = Invocation.of(Map.of(), "find", "--bazaar", url());
    assertThat(found.out()).contains("  a?[2Jb?c?d\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "arbitrum", "celo", "eip155:10"})
  void takesEveryNameOfANetwork(String network) {
    assertThat(Invocation.of(Map.of(), "find", "--bazaar", url(), "--network", network).status())
        .isZero();
  }

  @Test
  void failsWhereNoListAnswers() {
    Invocation found = Invocation.of(Map.of(), "find", "--bazaar", "http://127.0.0.1:1");
    assertThat(found.status()).isEqualTo(ExitCode.FAILED);
    assertThat(found.err()).contains("x402: http://127.0.0.1:1: no connection");
    assertThat(Invocation.of(Map.of(), "find", "--bazaar", "http://bazaar.example").status())
        .isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.of(Map.of(), "find", "--bazaar", url(), "--network", "x").status())
        .isEqualTo(ExitCode.USAGE);
  }
}
