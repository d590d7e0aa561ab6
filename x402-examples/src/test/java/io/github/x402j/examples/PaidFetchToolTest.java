// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.agent.tool.ToolSpecifications;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a model would call, called without one. */
class PaidFetchToolTest {
  private static final TestWallet PAYER = TestWallet.random();
  private static final TestWallet SELLER = TestWallet.random();
  private static final TestWallet GAS = TestWallet.random();

  private static LocalChain chain;
  private static TestUsdc usdc;
  private static Token token;
  private static ExampleServer server;

  @BeforeAll
  static void open() throws Exception {
    chain = LocalChain.start(31337); // a chain that version 1 has no name for
    usdc = chain.deployUsdc();
    usdc.mint(PAYER.address(), 10_000_000);
    chain.fund(GAS.address(), BigInteger.TEN.pow(18));
    token = Demo.token(chain, usdc);
    server =
        ExampleServer.start(
            token,
            SELLER.address(),
            EvmFacilitator.builder(
                    token.network(),
                    Web3jChain.at(chain.rpcUrl()),
                    EvmSigner.ofPrivateKey(GAS.privateKey()))
                .build());
  }

  @AfterAll
  static void close() throws Exception {
    server.close();
    chain.close();
  }

  private static BigInteger sold() {
    return usdc.balanceOf(SELLER.address());
  }

  private static AgentWallet wallet(String agent, String limit) {
    return AgentWallet.provision(
            agent, EvmSigner.ofPrivateKey(PAYER.privateKey()), SpendJournal.inMemory())
        .limit(limit, BillingPeriod.DAY)
        .allowedDomains("127.0.0.1")
        .create();
  }

  private static PaidFetchTool tool(AgentWallet wallet) {
    return new PaidFetchTool(
        PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(token).build());
  }

  @Test
  void describesItselfToAModel() {
    List<ToolSpecification> tools =
        ToolSpecifications.toolSpecificationsFrom(tool(wallet("a", "$1")));
    assertThat(tools).hasSize(1);
    assertThat(tools.get(0).name()).isEqualTo("fetch");
    assertThat(tools.get(0).description()).contains("budget");
    assertThat(tools.get(0).parameters().properties()).hasSize(1);
  }

  @Test
  void paysWithinTheWalletAndSaysWhenItMayNot() {
    AgentWallet wallet = wallet("b", "$0.015");
    PaidFetchTool tool = tool(wallet);
    BigInteger before = sold();

    assertThat(tool.fetch(server.url() + "/free")).startsWith("Status 200\n");
    assertThat(tool.fetch(server.url() + "/premium"))
        .startsWith("Status 200, paid $0.01\n")
        .contains("premium content");
    assertThat(tool.fetch(server.url() + "/premium"))
        .startsWith("Not paid, and not fetched: the rule");

    assertThat(sold().subtract(before)).isEqualTo(10_000);
    assertThat(wallet.spent(BillingPeriod.DAY)).hasToString("$0.01");
  }

  @Test
  void paysForAnAnnotatedServlet() {
    assertThat(tool(wallet("d", "$1")).fetch(server.url() + "/annotated"))
        .startsWith("Status 200, paid $0.01\n")
        .contains("annotated content");
  }

  @Test
  void paysNothingForWhatIsNoAddressOrDoesNotAnswer() {
    PaidFetchTool tool = tool(wallet("c", "$1"));
    assertThat(tool.fetch("not a url")).startsWith("Not fetched");
    assertThat(tool.fetch("file:///etc/passwd")).startsWith("Not fetched");
    assertThat(tool.fetch("http://127.0.0.1:1/")).startsWith("Not fetched: no answer");
  }
}
