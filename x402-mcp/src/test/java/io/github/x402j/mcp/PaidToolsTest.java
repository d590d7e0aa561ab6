// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static io.github.x402j.mcp.McpMarket.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.x402j.PaymentCodec;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The SDK's own client and server over HTTP, and a chain: who gets what for which payment. */
@Timeout(60)
class PaidToolsTest {
  private static final BigInteger CENT = BigInteger.valueOf(10_000);
  private static final Map<String, Object> TO_ME = Map.of("to", "me");

  private static McpMarket market;
  private static McpSyncClient plain;

  private BigInteger before;
  private int runsBefore;

  @BeforeAll
  static void open() throws Exception {
    market = McpMarket.open();
    plain = market.plainClient();
  }

  @AfterAll
  static void close() throws Exception {
    plain.close();
    market.close();
  }

  @BeforeEach
  void count() {
    before = market.sold();
    runsBefore = market.runs.get();
  }

  @AfterEach
  void mend() {
    market.chain.faults().clear();
  }

  private BigInteger sold() {
    return market.sold().subtract(before);
  }

  private int runs() {
    return market.runs.get() - runsBefore;
  }

  @Test
  void listsItsToolsAndRunsTheFreeOnesForNothing() throws Exception {
    assertThat(plain.listTools().tools()).extracting(Tool::name).contains("free", "secret");
    assertThat(text(plain.callTool(call("free", Map.of())))).isEqualTo("for nothing");
    McpMarket.Agent agent = market.agent("$1");
    try (PaidToolClient client = agent.connect()) {
      assertThat(client.call("free", Map.of()).payment()).isEmpty();
    }
    assertThat(agent.journal().entries()).hasSize(1); // that it was provisioned
  }

  /** Section "Payment Required Signaling" of the MCP transport. */
  @Test
  void asksForAPaymentAsTheSpecificationSays() throws Exception {
    CallToolResult result = plain.callTool(call("secret", TO_ME));
    assertThat(result.isError()).isTrue();
    JsonNode asked = json(result.structuredContent());
    assertThat(asked.path("x402Version").intValue()).isEqualTo(2);
    assertThat(asked.path("error").textValue()).isNotBlank();
    assertThat(asked.at("/resource/url").textValue()).isEqualTo("mcp://tool/secret");
    assertThat(asked.at("/resource/description").textValue()).isEqualTo("Tells it");
    assertThat(asked.at("/accepts/0/amount").textValue()).isEqualTo("10000");
    assertThat(asked.at("/accepts/0/network").textValue()).isEqualTo("eip155:84532");
    assertThat(asked.at("/accepts/0/maxTimeoutSeconds").intValue()).isEqualTo(60);
    assertThat(result.content()).hasSize(1);
    assertThat(new JsonMapper().readTree(text(result))).isEqualTo(asked);
    assertThat(runs()).isZero();
  }

  @Test
  void anAccessHookSeesTheMetaOfACallAndGrantsIt() {
    CallToolResult granted = plain.callTool(keyed("secret", "k1"));
    assertThat(text(granted)).isEqualTo(SECRET);
    assertThat(granted.meta()).doesNotContainKey("x402/payment-response");
    CallToolResult failed = plain.callTool(keyed("throws", "k1"));
    assertThat(failed.isError()).isTrue();
    assertThat(text(failed)).contains("handler_failed").doesNotContain(SECRET);
    assertThat(text(plain.callTool(keyed("fails", "k1")))).doesNotContain("x402Version");
    assertThat(text(plain.callTool(keyed("secret", "k2")))).contains("x402Version");
    assertThat(runs()).isEqualTo(1);
    assertThat(sold()).isZero();
  }

  private static CallToolRequest keyed(String tool, String key) {
    return new CallToolRequest(tool, TO_ME, Map.of("api-key", key));
  }

  /** Sections "Payment Payload Transmission" and "Settlement Response Delivery". */
  @Test
  void deliversWhatIsPaidForWithItsSettlement() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    try (PaidToolClient client = agent.connect()) {
      ToolAnswer answer = client.call("secret", TO_ME);
      assertThat(answer.isError()).isFalse();
      assertThat(text(answer.result())).isEqualTo(SECRET);
      JsonNode settlement = json(answer.result().meta().get("x402/payment-response"));
      assertThat(settlement.path("success").booleanValue()).isTrue();
      assertThat(settlement.path("transaction").textValue()).matches("0x[0-9a-f]{64}");
      assertThat(settlement.path("network").textValue()).isEqualTo("eip155:84532");
      assertThat(settlement.path("payer").textValue())
          .isEqualToIgnoringCase(agent.account().address());
      assertThat(answer.result().meta()).containsEntry("of the tool", true);
      assertThat(answer.payment().orElseThrow().settled()).isTrue();
    }
    assertThat(sold()).isEqualTo(CENT);
    assertThat(agent.paid()).isEqualTo(CENT);
    assertThat(agent.lastEvent()).isEqualTo("SETTLED");
    assertThat(agent.wallet().remaining()).hasToString("$0.99");
  }

  @Test
  void theToolDoesNotSeeThePayment() throws Exception {
    try (PaidToolClient client = market.agent("$1").connect()) {
      JsonNode told = json(client.call("secret", TO_ME).result().structuredContent());
      assertThat(told.path("seen").textValue()).doesNotContain("signature", "x402/payment");
    }
  }

  @Test
  void takesAPaymentOfVersion1AndAnswersInIt() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    String v2 = PaidToolClient.descriptorIn(plain.callTool(call("secret", TO_ME))).orElseThrow();
    String v1 = PaymentCodec.encodeRequiredV1(PaymentCodec.decodeRequiredBody(v2));
    Payment payment = agent.payer().pay(market.shop.url(), "mcp://tool/secret", v1);
    Object message = message(payment);
    assertThat(json(message).path("x402Version").intValue()).isEqualTo(1);

    CallToolResult paid = plain.callTool(paid("secret", TO_ME, message));
    assertThat(text(paid)).isEqualTo(SECRET);
    assertThat(json(paid.meta().get("x402/payment-response")).path("network").textValue())
        .isEqualTo("base-sepolia");
    CallToolResult again = plain.callTool(paid("secret", TO_ME, message));
    JsonNode refused = json(again.structuredContent());
    assertThat(refused.path("x402Version").intValue()).isEqualTo(1);
    assertThat(refused.at("/accepts/0/maxAmountRequired").textValue()).isEqualTo("10000");
    assertThat(again.toString()).doesNotContain(SECRET);
    assertThat(sold()).isEqualTo(CENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fails", "throws", "unsendable"})
  void aToolThatFailsCostsNothingAndShowsNothing(String tool) throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    try (PaidToolClient client = agent.connect()) {
      ToolAnswer answer = client.call(tool, Map.of());
      assertThat(answer.isError()).isTrue();
      assertThat(answer.result().toString())
          .contains("handler_failed", "nothing was charged")
          .doesNotContain(SECRET);
      assertThat(answer.payment().orElseThrow().settled()).isFalse();
    }
    assertThat(sold()).isZero();
    assertThat(agent.lastEvent()).isEqualTo("REJECTED");
  }

  @Test
  void aToolMayShowItsErrorsToThoseWhoHaveNotPaid() throws Exception {
    try (PaidToolClient client = market.agent("$1").connect()) {
      ToolAnswer answer = client.call("explains", Map.of());
      assertThat(answer.isError()).isTrue();
      assertThat(text(answer.result())).isEqualTo(SECRET);
    }
    assertThat(sold()).isZero();
  }

  @Test
  void aPaymentThatAToolFailedForIsStillGood() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    Object message = message(pay(agent, "fails", Map.of()));
    assertThat(plain.callTool(paid("fails", Map.of(), message)).isError()).isTrue();
    assertThat(text(plain.callTool(paid("secret", TO_ME, message)))).isEqualTo(SECRET);
    assertThat(sold()).isEqualTo(CENT);
  }

  @Test
  void argumentsThatDoNotFitAreRefusedBeforeAnybodyPays() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    try (PaidToolClient client = agent.connect()) {
      ToolAnswer answer = client.call("secret", Map.of("to", 7));
      assertThat(answer.isError()).isTrue();
      assertThat(answer.payment()).isEmpty();
    }
    assertThat(sold()).isZero();
  }

  @Test
  void aPaymentBuysOneResultWhateverItIsBroughtFor() throws Exception {
    Object message = message(pay(market.agent("$1"), "secret", TO_ME));
    assertThat(text(plain.callTool(paid("secret", TO_ME, message)))).isEqualTo(SECRET);
    for (Map<String, Object> arguments : List.of(TO_ME, Map.<String, Object>of("to", "you"))) {
      CallToolResult again = plain.callTool(paid("secret", arguments, message));
      assertThat(json(again.structuredContent()).path("error").textValue())
          .isEqualTo("invalid_exact_evm_nonce_already_used");
      assertThat(json(again.meta().get("x402/payment-response")).path("success").booleanValue())
          .isFalse();
      assertThat(again.toString()).doesNotContain(SECRET);
    }
    assertThat(runs()).isEqualTo(1);
    assertThat(sold()).isEqualTo(CENT);
  }

  @Test
  void aCallerWhosePaymentIsRefusedIsNotMadeToPayAgain() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    agent.goBroke();
    try (PaidToolClient client = agent.connect()) {
      ToolAnswer answer = client.call("secret", TO_ME);
      assertThat(answer.isError()).isTrue();
      assertThat(json(answer.result().structuredContent()).path("error").textValue())
          .isEqualTo("insufficient_funds");
    }
    assertThat(agent.journal().entries())
        .filteredOn(entry -> entry.event().name().equals("SIGNED"))
        .hasSize(1);
    assertThat(runs()).isZero();
  }

  @Test
  void twoCallsWithOnePaymentGetOneResult() throws Exception {
    Object message = message(pay(market.agent("$1"), "secret", TO_ME));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (McpSyncClient other = market.plainClient()) {
      Callable<CallToolResult> one = () -> plain.callTool(paid("secret", TO_ME, message));
      Callable<CallToolResult> two = () -> other.callTool(paid("secret", TO_ME, message));
      long delivered =
          threads.invokeAll(List.of(one, two, one, two)).stream()
              .map(
                  future -> {
                    try {
                      return future.get();
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  })
              .filter(result -> result.toString().contains(SECRET))
              .count();
      assertThat(delivered).isEqualTo(1);
    } finally {
      threads.shutdownNow();
    }
    assertThat(sold()).isEqualTo(CENT);
  }

  @Test
  void aPendingSettlementAsksForNoOtherPaymentAndTheSameOneGetsTheResult() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    Object message = message(pay(agent, "secret", TO_ME));
    market.chain.faults().withholdReceipts();
    CallToolResult pending = plain.callTool(paid("secret", TO_ME, message));
    assertThat(pending.isError()).isTrue();
    assertThat(pending.toString())
        .contains("do not make another payment")
        .doesNotContain(SECRET, "accepts");
    JsonNode told = json(pending.meta().get("x402/payment-response"));
    assertThat(told.path("success").booleanValue()).isFalse();
    assertThat(told.path("errorReason").textValue()).isEqualTo("settlement_pending");
    assertThat(told.path("transaction").textValue()).matches("0x[0-9a-f]{64}");
    assertThat(sold()).as("it is mined").isEqualTo(CENT);

    market.chain.faults().clear();
    long sent = market.chain.requests("eth_sendRawTransaction");
    CallToolResult other = plain.callTool(paid("secret", Map.of("to", "you"), message));
    assertThat(other.toString()).as("begun for other arguments").doesNotContain(SECRET);
    assertThat(text(plain.callTool(paid("secret", TO_ME, message)))).isEqualTo(SECRET);
    assertThat(market.chain.requests("eth_sendRawTransaction")).isEqualTo(sent);
    assertThat(sold()).isEqualTo(CENT);
  }

  @Test
  void aPendingResultGoesToThePayerAloneAndNotToWhoReadsTheChain() throws Exception {
    Payment payment = pay(market.agent("$1"), "secret", TO_ME);
    CallToolRequest call = call("secret", TO_ME);
    CallToolRequest paid = PaymentMeta.with(message(payment), payment.resumptionSecret(), call);
    market.chain.faults().withholdReceipts();
    assertThat(plain.callTool(paid).isError()).isTrue();
    assertThat(sold()).as("it is mined").isEqualTo(CENT);

    market.chain.faults().clear();
    CallToolResult stranger = plain.callTool(paid("secret", TO_ME, message(payment)));
    assertThat(stranger.toString()).doesNotContain(SECRET);
    CallToolRequest guessed = PaymentMeta.with(message(payment), "g".repeat(43), call);
    assertThat(plain.callTool(guessed).toString()).doesNotContain(SECRET);
    CallToolResult delivered = plain.callTool(paid);
    assertThat(text(delivered)).isEqualTo(SECRET);
    assertThat(delivered.toString()).doesNotContain(payment.resumptionSecret());
    assertThat(sold()).isEqualTo(CENT);
  }

  @Test
  void aSettlementThatFailsLetsNothingOutAndAsksAgain() throws Exception {
    McpMarket.Agent agent = market.agent("$1");
    Object message = message(pay(agent, "secret", TO_ME));
    market.chain.faults().beforeNext("eth_sendRawTransaction", () -> agent.goBroke());
    CallToolResult failed = plain.callTool(paid("secret", TO_ME, message));
    assertThat(failed.isError()).isTrue();
    JsonNode asked = json(failed.structuredContent());
    assertThat(asked.path("accepts").size()).isEqualTo(1);
    assertThat(new JsonMapper().readTree(text(failed))).isEqualTo(asked);
    assertThat(failed.toString()).doesNotContain(SECRET);
    assertThat(runs()).as("it ran, and what it said was thrown away").isEqualTo(1);
    assertThat(sold()).isZero();
  }

  @Test
  void whatIsOverTheLimitIsDeclinedBeforeItIsSigned() throws Exception {
    McpMarket.Agent agent = market.agent("$0.015");
    try (PaidToolClient client = agent.connect()) {
      PaymentDeclinedException declined =
          catchThrowableOfType(PaymentDeclinedException.class, () -> client.call("dear", Map.of()));
      assertThat(declined.rule()).isEqualTo("limit");
    }
    assertThat(agent.journal().entries()).noneMatch(entry -> entry.event().name().equals("SIGNED"));
    assertThat(sold()).isZero();
    assertThat(runs()).isZero();
  }

  static List<Map.Entry<String, Consumer<Map<String, Object>>>> hostile() {
    return List.of(
        Map.entry("pays less", m -> at(m, "payload", "authorization").put("value", "9999")),
        Map.entry("pays more", m -> at(m, "payload", "authorization").put("value", "10001")),
        Map.entry("accepts less", m -> at(m, "accepted").put("amount", "9999")),
        Map.entry("pays itself", m -> at(m, "payload", "authorization").put("to", zero())),
        Map.entry("accepts another payee", m -> at(m, "accepted").put("payTo", zero())),
        Map.entry("another token", m -> at(m, "accepted").put("asset", zero())),
        Map.entry("another chain", m -> at(m, "accepted").put("network", "eip155:1")),
        Map.entry("another scheme", m -> at(m, "accepted").put("scheme", "upto")),
        Map.entry("another payer", m -> at(m, "payload", "authorization").put("from", zero())),
        Map.entry("another nonce", m -> at(m, "payload", "authorization").put("nonce", hash())),
        Map.entry("no signature", m -> at(m, "payload").remove("signature")),
        Map.entry("an empty signature", m -> at(m, "payload").put("signature", "0x")),
        Map.entry("a number as value", m -> at(m, "payload", "authorization").put("value", 10000)),
        Map.entry("a text as timeout", m -> at(m, "accepted").put("maxTimeoutSeconds", "60")),
        Map.entry("a fraction as timeout", m -> at(m, "accepted").put("maxTimeoutSeconds", 60.5)),
        Map.entry("no version", m -> m.remove("x402Version")),
        Map.entry("version 3", m -> m.put("x402Version", 3)),
        Map.entry("version 1 in the form of 2", m -> m.put("x402Version", 1)),
        Map.entry("a version in a text", m -> m.put("x402Version", "2")),
        Map.entry("thirteen KiB", m -> m.put("padding", "x".repeat(13 * 1024))),
        Map.entry("nothing accepted", m -> m.remove("accepted")),
        Map.entry("an empty payment", Map::clear));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aPaymentThatIsNotGoodGetsADescriptorAndNothingElse(
      Map.Entry<String, Consumer<Map<String, Object>>> hostile) throws Exception {
    Map<String, Object> message = copy(unspent());
    hostile.getValue().accept(message);
    refused(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"text\"", "7", "true", "[]", "[{}]", "{\"x402Version\":{}}", "\"a.b.c\""})
  void whatIsNoPaymentGetsADescriptorAndNothingElse(String payment) throws Exception {
    refused(new JsonMapper().readValue(payment, Object.class));
  }

  @Test
  void aPaymentForACheaperToolDoesNotBuyADearerOne() throws Exception {
    CallToolResult result = plain.callTool(paid("dear", Map.of(), unspent()));
    assertThat(json(result.structuredContent()).at("/accepts/0/amount").textValue())
        .isEqualTo("20000");
    assertThat(result.toString()).doesNotContain(SECRET);
    assertThat(runs()).isZero();
  }

  /** Sessions and event streams, where the shop of the example has neither. */
  @Test
  void sellsOverTheStreamableTransportAsWell() throws Exception {
    HttpServletStreamableServerTransportProvider transport =
        HttpServletStreamableServerTransportProvider.builder()
            .mcpEndpoint("/mcp")
            .jsonMapper(McpJson.forSdk())
            .build();
    PaidTools paid =
        PaidTools.start(market.gate(), market.token, market.address(), market.priced());
    McpServer.StreamableSyncSpecification server = McpServer.sync(transport);
    paid.tools()
        .forEach(sold -> server.toolCall(sold.tool(), (exchange, request) -> paid.call(request)));
    McpSyncServer built = server.build();
    McpMarket.Agent agent = market.agent("$1");
    try (McpTestServer shop = McpTestServer.start(0, transport);
        PaidToolClient client = PaidToolClient.connect(shop.url(), agent.payer())) {
      ToolAnswer answer = client.call("secret", TO_ME);
      assertThat(text(answer.result())).isEqualTo(SECRET);
      assertThat(answer.payment().orElseThrow().settled()).isTrue();
      assertThat(client.call("fails", Map.of()).result().toString()).doesNotContain(SECRET);
    } finally {
      built.close();
    }
    assertThat(sold()).isEqualTo(CENT);
    assertThat(agent.paid()).isEqualTo(CENT);
  }

  @Test
  void aMessageWithAMemberTwiceIsNoMessage() throws Exception {
    String body =
        McpJson.text(
            Map.of(
                "jsonrpc",
                "2.0",
                "id",
                1,
                "method",
                "tools/call",
                "params",
                Map.of(
                    "name",
                    "secret",
                    "arguments",
                    TO_ME,
                    "_meta",
                    Map.of("x402/payment", unspent()))));
    String twice = body.replace("\"nonce\":", "\"nonce\":\"" + hash() + "\",\"nonce\":");
    assertThat(twice).isNotEqualTo(body);
    assertThat(post(twice + " {}")).doesNotContain(SECRET);
    assertThat(post(twice)).doesNotContain(SECRET);
    assertThat(runs()).isZero();
    assertThat(post(body)).contains(SECRET); // so it was the member that was refused
  }

  @Test
  void aPageOfAnotherSiteDoesNotReachTheServer() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(market.shop.url())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("Origin", "https://evil.example")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode())
        .isEqualTo(403);
  }

  @Test
  void aToolThatIsSoldTwiceStopsTheStart() {
    PricedTool tool = market.priced().get(0);
    assertThatThrownBy(
            () ->
                PaidTools.start(market.gate(), market.token, market.address(), List.of(tool, tool)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }

  private void refused(Object payment) throws Exception {
    CallToolResult result = plain.callTool(paid("secret", TO_ME, payment));
    assertThat(result.isError()).isTrue();
    JsonNode asked = json(result.structuredContent());
    assertThat(asked.path("accepts").size()).as(asked.toString()).isEqualTo(1);
    assertThat(asked.path("error").textValue()).matches("[a-z0-9_]+");
    assertThat(result.toString()).doesNotContain(SECRET);
    assertThat(runs()).isZero();
    assertThat(sold()).isZero();
  }

  /** A good payment of a cent that was not used. */
  private static Map<String, Object> unspent() throws Exception {
    return McpJson.object(pay(market.agent("$1"), "secret", TO_ME).secretJson()).orElseThrow();
  }

  private static Payment pay(McpMarket.Agent agent, String tool, Map<String, Object> arguments)
      throws Exception {
    String asked = PaidToolClient.descriptorIn(plain.callTool(call(tool, arguments))).orElseThrow();
    return agent.payer().pay(market.shop.url(), "mcp://tool/" + tool, asked);
  }

  private static Object message(Payment payment) {
    return McpJson.object(payment.secretJson()).orElseThrow();
  }

  private static CallToolRequest call(String tool, Map<String, Object> arguments) {
    return CallToolRequest.builder(tool).arguments(arguments).build();
  }

  /** What other clients send: a payment without a secret. */
  private static CallToolRequest paid(String tool, Map<String, Object> arguments, Object payment) {
    return new CallToolRequest(tool, arguments, Map.of(PaymentMeta.PAYMENT, payment));
  }

  private static String text(CallToolResult result) {
    return ((TextContent) result.content().get(0)).text();
  }

  private static JsonNode json(Object value) throws Exception {
    return new JsonMapper().readTree(McpJson.text(value));
  }

  private static Map<String, Object> copy(Map<String, Object> message) {
    return McpJson.object(McpJson.text(message)).orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> at(Map<String, Object> message, String... path) {
    Map<String, Object> found = message;
    for (String name : path) {
      found = (Map<String, Object>) found.get(name);
    }
    return found;
  }

  private static String zero() {
    return "0x" + "00".repeat(19) + "07";
  }

  private static String hash() {
    return "0x" + "07".repeat(32);
  }

  private static String post(String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(market.shop.url())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
