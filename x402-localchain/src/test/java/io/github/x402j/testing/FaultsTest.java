// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LocalChainExtension.class)
class FaultsTest {

  private static final String BATCH =
      """
      [{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]},
       {"jsonrpc":"2.0","id":2,"method":"eth_chainId","params":[]}]
      """;

  private final LocalChain chain;
  private final Faults faults;
  private final Rpc rpc;
  private final TestWallet wallet = TestWallet.random();

  FaultsTest(LocalChain chain) {
    this.chain = chain;
    this.faults = chain.faults();
    this.rpc = new Rpc(chain);
  }

  @BeforeEach
  void noFaults() {
    faults.clear();
    chain.fund(wallet.address(), Rpc.ETHER);
  }

  @Test
  void delaysOneMethodAndNotAnother() {
    faults.delay("eth_chainId", Duration.ofMillis(300));
    assertThat(millisOf(() -> rpc.call("eth_chainId"))).isGreaterThanOrEqualTo(300);
    assertThat(millisOf(() -> rpc.call("eth_blockNumber"))).isLessThan(250);
  }

  @Test
  void answersWithTheErrorGiven() throws Exception {
    faults.error("eth_chainId", -32005, "limit exceeded");
    RpcError error = catchThrowableOfType(RpcError.class, () -> rpc.call("eth_chainId"));
    assertThat(error.code()).isEqualTo(-32005);
    assertThat(error.text()).isEqualTo("limit exceeded");
    JsonNode answers = rpc.postJson(BATCH);
    assertThat(answers.get(0).has("result")).isTrue();
    assertThat(answers.get(1).get("error").get("code").asInt()).isEqualTo(-32005);
    faults.clear();
    assertThat(rpc.quantity("eth_chainId")).isEqualTo(84532);
  }

  @Test
  void dropsARequestUnprocessed() {
    faults.drop("eth_sendRawTransaction");
    assertThatThrownBy(() -> rpc.send(Rpc.payment(chain, wallet, 0)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(chain.nonce(wallet.address())).isZero();
  }

  @Test
  void dropsAnAnswerAfterProcessing() {
    faults.dropAnswer("eth_sendRawTransaction");
    assertThatThrownBy(() -> rpc.send(Rpc.payment(chain, wallet, 0)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(chain.nonce(wallet.address())).isOne();
  }

  @Test
  void dropsABatchForOneOfItsRequests() {
    faults.drop("eth_chainId");
    assertThatThrownBy(() -> rpc.post(BATCH)).isInstanceOf(IOException.class);
  }

  @Test
  void answersGarbageOrAStatus() throws Exception {
    faults.garbage("eth_chainId", "<html>busy</html>");
    HttpResponse<String> answer = rpc.post(BATCH);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("<html>busy</html>");
    faults.clear();
    faults.garbage("eth_chainId", "");
    assertThat(rpc.post(BATCH).body()).isEmpty();
    faults.clear();
    faults.status(Faults.ANY_METHOD, 429);
    assertThat(rpc.post(BATCH).statusCode()).isEqualTo(429);
  }

  @Test
  void withholdsReceipts() {
    faults.withholdReceipts();
    String hash = rpc.send(Rpc.payment(chain, wallet, 0));
    assertThat(chain.mined(hash)).isTrue();
    assertThat(rpc.call("eth_getTransactionReceipt", hash).isNull()).isTrue();
    faults.clear();
    assertThat(rpc.call("eth_getTransactionReceipt", hash).isNull()).isFalse();
  }

  @Test
  void swallowsTransactions() {
    faults.swallowTransactions();
    String raw = Rpc.payment(chain, wallet, 0);
    String hash = rpc.send(raw);
    assertThat(chain.mined(hash)).isFalse();
    assertThat(rpc.call("eth_getTransactionByHash", hash).isNull()).isTrue();
    faults.clear();
    assertThat(rpc.send(raw)).isEqualTo(hash);
    assertThat(chain.mined(hash)).isTrue();
  }

  @Test
  void runsSomethingOnceBeforeTheNextRequest() {
    TestUsdc usdc = chain.deployUsdc();
    List<String> order = new ArrayList<>();
    faults.beforeNext(
        "eth_sendRawTransaction",
        () -> {
          usdc.mint(wallet.address(), 1); // the chain can be used in there
          order.add("first, nonce " + chain.nonce(wallet.address()));
        });
    faults.beforeNext("eth_sendRawTransaction", () -> order.add("second"));
    rpc.send(Rpc.payment(chain, wallet, 0));
    assertThat(order).containsExactly("first, nonce 0");
    rpc.send(Rpc.payment(chain, wallet, 1));
    rpc.send(Rpc.payment(chain, wallet, 2));
    assertThat(order).containsExactly("first, nonce 0", "second");
    assertThat(usdc.balanceOf(wallet.address())).isOne();
  }

  @Test
  void reportsWhatFailsBeforeARequest() {
    faults.beforeNext(
        "eth_chainId",
        () -> {
          throw new IllegalStateException("the test is wrong");
        });
    assertThatThrownBy(() -> rpc.call("eth_chainId")).hasMessageContaining("the test is wrong");
  }

  @Test
  void prefersAMethodsOwnFaultToThatOfAll() {
    faults.error(Faults.ANY_METHOD, -1, "all").error("eth_chainId", -2, "own");
    assertThatThrownBy(() -> rpc.call("eth_chainId")).hasMessage("own");
    assertThatThrownBy(() -> rpc.call("eth_blockNumber")).hasMessage("all");
  }

  @Test
  void countsRequestsOneByOneAndLeavesItsOwnOut() throws Exception {
    long all = chain.requests();
    long chainIds = chain.requests("eth_chainId");
    chain.deployUsdc();
    assertThat(chain.requests()).isEqualTo(all);
    rpc.post(BATCH);
    rpc.call("eth_chainId");
    assertThat(chain.requests()).isEqualTo(all + 3);
    assertThat(chain.requests("eth_chainId")).isEqualTo(chainIds + 2);
    assertThat(chain.requests("eth_call")).isZero();
  }

  @Test
  void refusesWhatIsNotJsonRpc() throws Exception {
    assertThat(rpc.postJson("{").get("error").get("code").asInt()).isEqualTo(-32700);
    assertThat(rpc.postJson("[]").get("error").get("code").asInt()).isEqualTo(-32600);
    assertThat(rpc.postJson("{\"id\":7}").get("error").get("code").asInt()).isEqualTo(-32600);
    assertThat(rpc.postJson("").get("error").get("code").asInt()).isEqualTo(-32700);
    JsonNode wrong =
        rpc.postJson("{\"id\":7,\"method\":\"eth_getBalance\",\"params\":[\"0x12\",\"latest\"]}");
    assertThat(wrong.get("error").get("code").asInt()).isEqualTo(-32602);
    assertThat(wrong.get("id").asInt()).isEqualTo(7);
  }

  private static long millisOf(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return (System.nanoTime() - start) / 1_000_000;
  }
}
