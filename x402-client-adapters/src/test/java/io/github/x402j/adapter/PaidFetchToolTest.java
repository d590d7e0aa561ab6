// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.AiServices;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.adapter.agent.PaidFetchTool;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.ai.support.ToolCallbacks;
import org.springframework.ai.tool.ToolCallback;

/** What a model asks for reaches the tool as the frameworks call it; no model is behind it. */
class PaidFetchToolTest {
  private static Shop shop;

  @BeforeAll
  static void open() throws Exception {
    shop = Shop.open();
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  private static PaidFetchTool tool(TestWallet account, String limit) {
    AgentWallet wallet =
        AgentWallet.provision(
                "agent", EvmSigner.ofPrivateKey(account.privateKey()), SpendJournal.inMemory())
            .limit(limit, BillingPeriod.DAY)
            .allowedDomains("127.0.0.1")
            .create();
    return new PaidFetchTool(
        PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(shop.token).build());
  }

  /** Calls a method of the tool with arguments in JSON, and returns what the model is told. */
  interface Framework extends BiFunction<PaidFetchTool, List<String>, String> {}

  interface Assistant {
    String chat(String message);
  }

  static Stream<Arguments> frameworks() {
    Framework langChain4j = PaidFetchToolTest::byLangChain4j;
    Framework springAi = PaidFetchToolTest::bySpringAi;
    return Stream.of(Arguments.of("LangChain4j", langChain4j), Arguments.of("Spring AI", springAi));
  }

  private static String byLangChain4j(PaidFetchTool tool, List<String> call) {
    List<ToolSpecification> offered = new ArrayList<>();
    ChatModel model =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            offered.addAll(request.toolSpecifications());
            List<ChatMessage> all = request.messages();
            ChatMessage last = all.get(all.size() - 1);
            AiMessage answer =
                last instanceof ToolExecutionResultMessage result
                    ? AiMessage.from(result.text())
                    : AiMessage.from(
                        ToolExecutionRequest.builder()
                            .id("1")
                            .name(call.get(0))
                            .arguments(call.get(1))
                            .build());
            return ChatResponse.builder().aiMessage(answer).build();
          }
        };
    Assistant assistant = AiServices.builder(Assistant.class).chatModel(model).tools(tool).build();
    String told = assistant.chat("buy");
    assertThat(offered).extracting(ToolSpecification::name).contains("fetch", "post");
    assertThat(offered.get(0).description()).contains("budget");
    return told;
  }

  private static String bySpringAi(PaidFetchTool tool, List<String> call) {
    ToolCallback[] tools = ToolCallbacks.from(tool);
    assertThat(tools)
        .extracting(each -> each.getToolDefinition().name())
        .containsExactlyInAnyOrder("fetch", "post");
    assertThat(tools[0].getToolDefinition().description()).contains("budget");
    String told =
        Arrays.stream(tools)
            .filter(each -> each.getToolDefinition().name().equals(call.get(0)))
            .findFirst()
            .orElseThrow()
            .call(call.get(1));
    return told.substring(1, told.length() - 1).replace("\\n", "\n").replace("\\\"", "\"");
  }

  private static List<String> get(String path) {
    return List.of("fetch", "{\"url\":\"" + shop.url.resolve(path) + "\"}");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("frameworks")
  void paysWithinTheWalletAndSaysWhenItMayNot(String name, Framework framework) {
    TestWallet account = shop.account();
    PaidFetchTool tool = tool(account, "$0.025");
    assertThat(framework.apply(tool, get("/free"))).startsWith("Status 200\n");
    assertThat(framework.apply(tool, get("/sold"))).startsWith("Status 200, paid $0.01\nGET ");
    List<String> post =
        List.of(
            "post", "{\"url\":\"" + shop.url.resolve("/sold") + "\",\"json\":\"{\\\"a\\\":1}\"}");
    assertThat(framework.apply(tool, post))
        .isEqualTo("Status 200, paid $0.01\nPOST application/json {\"a\":1}");
    assertThat(framework.apply(tool, get("/sold")))
        .startsWith("Not paid, and not fetched: the rule");
    assertThat(shop.usdc.balanceOf(account.address())).isEqualTo(980_000);
  }

  @Test
  void paysNothingForWhatIsNoAddressOrDoesNotAnswer() {
    PaidFetchTool tool = tool(TestWallet.random(), "$1");
    assertThat(tool.fetch("not a url")).startsWith("Not fetched");
    assertThat(tool.fetch("file:///etc/passwd")).startsWith("Not fetched");
    assertThat(tool.post("mailto:a@example.com", "{}")).startsWith("Not fetched");
    assertThat(tool.fetch("http://127.0.0.1:1/")).startsWith("Not fetched: no answer");
  }

  /** A model that hears of no payment would call again, and pay again. */
  @Test
  void saysThatAnAnswerWasPaidForThatBreaksOff() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    try {
      URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/sold");
      PaymentRequirements offer =
          PaymentRequirements.exact(
              shop.token, TokenAmount.of(10_000), shop.token.contract(), Duration.ofMinutes(1));
      String descriptor =
          PaymentCodec.encodeRequired(
              PaymentRequired.of(ResourceInfo.of(url.toString()), List.of(offer)));
      AtomicInteger payments = new AtomicInteger();
      server.createContext(
          "/sold",
          exchange -> {
            boolean isPaid = exchange.getRequestHeaders().containsKey("PAYMENT-SIGNATURE");
            if (isPaid) {
              payments.incrementAndGet();
              exchange.sendResponseHeaders(200, 100);
              exchange.getResponseBody().write(new byte[10]);
            } else {
              exchange.getResponseHeaders().set("PAYMENT-REQUIRED", descriptor);
              exchange.sendResponseHeaders(402, -1);
            }
            exchange.close();
          });
      server.start();
      String told = tool(TestWallet.random(), "$1").fetch(url.toString());
      assertThat(told).startsWith("Paid for, but the answer broke off. Do not call it again");
      assertThat(payments).hasValue(1);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void cutsALongAnswer() {
    PaidFetchTool tool = tool(TestWallet.random(), "$1");
    String answer = tool.post(shop.url.resolve("/free").toString(), "x".repeat(50_000));
    assertThat(answer).endsWith("x...").hasSizeLessThan(PaidFetchTool.MAX_ANSWER + 50);
  }
}
