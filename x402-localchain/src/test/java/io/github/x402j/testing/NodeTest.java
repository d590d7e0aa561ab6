// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a node answers over JSON-RPC: LocalChain and, with {@code -Dx402.rpc}, a node that people
 * use.
 */
class NodeTest {

  private static final String TRANSFER =
      "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

  private static TestChain chain;
  private static Rpc rpc;
  private static TestUsdc usdc;

  private final TestWallet wallet = TestWallet.random();

  @BeforeAll
  static void start() {
    chain = TestChain.fromSystemProperty();
    rpc = new Rpc(chain);
    usdc = chain.deployUsdc();
  }

  @AfterAll
  static void stop() {
    chain.close();
  }

  @Test
  void saysWhichChainItIs() {
    assertThat(rpc.quantity("eth_chainId")).isEqualTo(chain.chainId());
    assertThat(rpc.call("net_version").asText()).isEqualTo(Long.toString(chain.chainId()));
    assertThat(rpc.call("web3_clientVersion").asText()).isNotEmpty();
  }

  @Test
  void fundsAnAccountByAdding() {
    chain.fund(wallet.address(), BigInteger.TEN);
    chain.fund(wallet.address(), BigInteger.TWO);
    assertThat(chain.etherBalance(wallet.address())).isEqualTo(12);
    assertThat(rpc.quantity("eth_getBalance", wallet.address(), "latest")).isEqualTo(12);
  }

  @Test
  void minesATransactionAndGivesItsReceipt() {
    chain.fund(wallet.address(), Rpc.ETHER);
    String hash = rpc.send(Rpc.payment(chain, wallet, 0));
    JsonNode receipt = awaitReceipt(hash);
    assertThat(receipt.get("status").asText()).isEqualTo("0x1");
    assertThat(receipt.get("gasUsed").asText()).isEqualTo("0x5208");
    assertThat(receipt.get("from").asText()).isEqualToIgnoringCase(wallet.address());
    assertThat(receipt.get("contractAddress").isNull()).isTrue();

    JsonNode transaction = rpc.call("eth_getTransactionByHash", hash);
    assertThat(transaction.get("blockHash")).isEqualTo(receipt.get("blockHash"));
    assertThat(transaction.get("nonce").asText()).isEqualTo("0x0");
    JsonNode block = rpc.call("eth_getBlockByHash", receipt.get("blockHash").asText(), false);
    assertThat(block.get("number")).isEqualTo(receipt.get("blockNumber"));
    assertThat(block.get("transactions").toString()).contains(hash);
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "latest")).isOne();
  }

  @Test
  void stampsBlocksInSeconds() {
    JsonNode block = rpc.call("eth_getBlockByNumber", "latest", true);
    long timestamp = Operator.quantity(block.get("timestamp")).longValueExact();
    assertThat(timestamp).isBetween(1_600_000_000L, 10_000_000_000L);
  }

  @Test
  void answersNullForWhatItDoesNotKnow() {
    String unknown = "0x" + "12".repeat(32);
    assertThat(rpc.call("eth_getTransactionByHash", unknown).isNull()).isTrue();
    assertThat(rpc.call("eth_getTransactionReceipt", unknown).isNull()).isTrue();
    assertThat(rpc.call("eth_getBlockByHash", unknown, false).isNull()).isTrue();
    assertThat(rpc.call("eth_getBlockByNumber", "0xffffffff", false).isNull()).isTrue();
    assertThat(rpc.call("eth_getCode", wallet.address(), "latest").asText()).isEqualTo("0x");
  }

  @Test
  void refusesAMethodItDoesNotHave() {
    RpcError error = catchThrowableOfType(RpcError.class, () -> rpc.call("eth_noSuchMethod"));
    assertThat(error.code()).isEqualTo(-32601);
  }

  @Test
  void reportsARevertAsGethDoes() {
    String tooMuch = "0x23b872dd" + word("aa") + word("bb") + word("01");
    RpcError error =
        catchThrowableOfType(RpcError.class, () -> rpc.ethCall(usdc.address(), tooMuch));
    assertThat(error.code()).isEqualTo(3);
    assertThat(error.text())
        .contains("execution reverted: ERC20: transfer amount exceeds allowance");
    assertThat(error.data()).startsWith("0x08c379a0");
  }

  @Test
  void estimatesGasThatIsEnoughAndNotMuchMore() {
    usdc.mint(wallet.address(), 100);
    chain.fund(wallet.address(), Rpc.ETHER);
    Map<String, String> transfer =
        Map.of(
            "from", wallet.address(),
            "to", usdc.address(),
            "data", "0xa9059cbb" + word("aa") + word("01"));
    assertThat(rpc.quantity("eth_estimateGas", transfer)).isBetween(30_000L, 70_000L);
  }

  @Test
  void chargesASimulatedCallForTheGasThatItNames() {
    String contract = TestWallet.random().address();
    chain.placeCode(contract, "0x3a60005260206000f3"); // returns the gas price
    chain.fund(wallet.address(), Rpc.ETHER);
    Map<String, String> call =
        Map.of(
            "from", wallet.address(), "to", contract, "gas", "0x186a0", "gasPrice", "0x77359400");
    assertThat(rpc.call("eth_call", call, "latest").asText()).endsWith("77359400");

    Map<String, String> poor = new HashMap<>(call);
    poor.put("from", TestWallet.random().address());
    RpcError error =
        catchThrowableOfType(RpcError.class, () -> rpc.call("eth_call", poor, "latest"));
    assertThat(error.text()).containsIgnoringCase("insufficient funds");
  }

  @Test
  void readsStorage() {
    usdc.mint(wallet.address(), 5);
    String supply = rpc.call("eth_getStorageAt", usdc.address(), "0x1", "latest").asText();
    assertThat(supply).hasSize(66);
    assertThat(new BigInteger(supply.substring(2), 16)).isPositive();
  }

  @Test
  void refusesATransactionWithAUsedNonce() {
    chain.fund(wallet.address(), Rpc.ETHER);
    awaitReceipt(rpc.send(Rpc.payment(chain, wallet, 0)));
    assertThatThrownBy(
            () -> rpc.send(Rpc.payment(chain, wallet, 0, Rpc.GWEI.multiply(BigInteger.TEN))))
        .isInstanceOf(RpcError.class)
        .hasMessageContaining("nonce too low");
  }

  @Test
  void refusesATransactionThatItsSenderCannotPay() {
    assertThatThrownBy(() -> rpc.send(Rpc.payment(chain, wallet, 0)))
        .isInstanceOf(RpcError.class)
        .hasMessageContainingAll("nsufficient funds for gas * price + value");
  }

  @Test
  void holdsTransactionsUntilTheGapBeforeThemIsFilled() {
    chain.fund(wallet.address(), Rpc.ETHER);
    String third = rpc.send(Rpc.payment(chain, wallet, 2));
    String second = rpc.send(Rpc.payment(chain, wallet, 1));
    assertThat(rpc.call("eth_getTransactionReceipt", third).isNull()).isTrue();
    assertThat(rpc.call("eth_getTransactionByHash", third).get("blockHash").isNull()).isTrue();
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "pending")).isZero();
    String first = rpc.send(Rpc.payment(chain, wallet, 0));
    for (String hash : List.of(first, second, third)) {
      assertThat(awaitReceipt(hash).get("status").asText()).isEqualTo("0x1");
    }
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "pending")).isEqualTo(3);
  }

  @Test
  void findsLogsByAddressTopicsAndBlock() {
    usdc.mint(wallet.address(), 7);
    TestUsdc other = chain.deployUsdc();
    other.mint(wallet.address(), 8);
    String payee = word(wallet.address().substring(2).toLowerCase(Locale.ROOT));
    List<Object> toWallet = Arrays.asList(TRANSFER, null, "0x" + payee);

    assertThat(logs(Map.of("address", usdc.address(), "topics", toWallet))).hasSize(1);
    assertThat(
            logs(Map.of("address", List.of(usdc.address(), other.address()), "topics", toWallet)))
        .hasSize(2);
    assertThat(logs(Map.of("topics", toWallet))).hasSize(2);
    List<Object> either =
        Arrays.asList(List.of(TRANSFER, "0x" + "ab".repeat(32)), null, List.of("0x" + payee));
    assertThat(logs(Map.of("topics", either))).hasSize(2);
    assertThat(logs(Map.of("topics", List.of("0x" + "ab".repeat(32))))).isEmpty();

    JsonNode log = logs(Map.of("address", other.address(), "topics", toWallet)).get(0);
    assertThat(new BigInteger(log.get("data").asText().substring(2), 16)).isEqualTo(8);
    String block = log.get("blockHash").asText();
    assertThat(rpc.call("eth_getLogs", Map.of("blockHash", block, "address", other.address())))
        .hasSize(1);
    assertThat(rpc.call("eth_getLogs", Map.of("fromBlock", "latest", "topics", toWallet)))
        .hasSize(1);
  }

  @Test
  void findsNoLogWithFewerTopicsThanAskedFor() {
    Assumptions.assumeTrue(
        chain instanceof LocalChain, "geth finds none, anvil lets a null match what is not there");
    usdc.mint(wallet.address(), 7);
    List<Object> four = Arrays.asList(TRANSFER, null, null, null);
    assertThat(logs(Map.of("address", usdc.address(), "topics", four))).isEmpty();
    assertThat(logs(Map.of("address", usdc.address(), "topics", four.subList(0, 3)))).isNotEmpty();
  }

  @Test
  void answersBatchesInOrder() throws Exception {
    JsonNode answers =
        rpc.postJson(
            """
            [{"jsonrpc":"2.0","id":"a","method":"eth_chainId","params":[]},
             {"jsonrpc":"2.0","id":2,"method":"eth_noSuchMethod","params":[]}]
            """);
    assertThat(answers).hasSize(2);
    assertThat(answers.get(0).get("id").asText()).isEqualTo("a");
    assertThat(Operator.quantity(answers.get(0).get("result"))).isEqualTo(chain.chainId());
    assertThat(answers.get(1).get("error").get("code").asInt()).isEqualTo(-32601);
  }

  @Test
  void hasNoBaseFeeBeforeLondon() {
    Assumptions.assumeTrue(
        chain instanceof LocalChain, "a node elsewhere runs under later rules than Istanbul");
    assertThat(rpc.call("eth_getBlockByNumber", "latest", false).has("baseFeePerGas")).isFalse();
    assertThat(rpc.call("eth_getBlockByNumber", "pending", false).has("baseFeePerGas")).isFalse();
  }

  private static JsonNode logs(Map<String, Object> filter) {
    Map<String, Object> all = new HashMap<>(filter);
    all.put("fromBlock", "earliest");
    all.put("toBlock", "latest");
    return rpc.call("eth_getLogs", all);
  }

  private static JsonNode awaitReceipt(String hash) {
    for (int i = 0; i < 200; i++) {
      JsonNode receipt = rpc.call("eth_getTransactionReceipt", hash);
      if (!receipt.isNull()) {
        return receipt;
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new AssertionError("not mined: " + hash);
  }

  private static String word(String hex) {
    return "0".repeat(64 - hex.length()) + hex;
  }
}
