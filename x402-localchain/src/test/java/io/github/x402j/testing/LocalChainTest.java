// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.web3j.crypto.RawTransaction;

/** What only a LocalChain can do: time, mining by hand, going back, and geth's words of refusal. */
class LocalChainTest {

  private LocalChain chain;
  private Rpc rpc;
  private TestWallet wallet;

  @BeforeEach
  void start() {
    chain = LocalChain.start();
    rpc = new Rpc(chain);
    wallet = TestWallet.random();
    chain.fund(wallet.address(), Rpc.ETHER);
  }

  @AfterEach
  void stop() {
    chain.close();
  }

  @Test
  void hasTheChainIdAskedFor() {
    try (LocalChain other = LocalChain.start(31337)) {
      assertThat(other.chainId()).isEqualTo(31337);
      assertThat(new Rpc(other).quantity("eth_chainId")).isEqualTo(31337);
      assertThat(other.deployUsdc().domainSeparator())
          .isNotEqualTo(chain.deployUsdc().domainSeparator());
    }
    assertThat(chain.chainId()).isEqualTo(84532);
    assertThatThrownBy(() -> LocalChain.start(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void listensOnThePortAskedForAndFreesIt() {
    int port = chain.rpcUrl().getPort();
    assertThatThrownBy(() -> LocalChain.start(1, port)).hasMessageContaining("port " + port);
    chain.close();
    chain = LocalChain.start(1, port);
    assertThat(chain.rpcUrl()).hasHost("127.0.0.1").hasPort(port);
  }

  @Test
  void givesContractsTheSameAddressesEachTime() {
    String address = chain.deployUsdc().address();
    try (LocalChain other = LocalChain.start()) {
      other.fund(wallet.address(), BigInteger.ONE);
      assertThat(other.deployUsdc().address()).isEqualTo(address);
    }
  }

  // ---- time

  @Test
  void stampsBlocksWithTheWallClock() {
    chain.mine();
    assertThat(latestTimestamp()).isCloseTo(Instant.now().getEpochSecond(), within(2));
  }

  @Test
  void stampsTheNextBlockByTheTimeItWasMovedTo() {
    Instant before = chain.now();
    chain.advanceTime(Duration.ofHours(2));
    assertThat(latestTimestamp()).isLessThan(before.getEpochSecond() + 60);
    assertThat(chain.now()).isBetween(before.plusSeconds(7200), before.plusSeconds(7210));
    assertThat(chain.clock().instant()).isBetween(before.plusSeconds(7200), chain.now());
    chain.mine();
    assertThat(latestTimestamp()).isGreaterThanOrEqualTo(before.getEpochSecond() + 7200);
    assertThatThrownBy(() -> chain.advanceTime(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void seesTheTimeOfTheLatestBlockOrOnPendingTheTimeThatIs() {
    TestUsdc usdc = chain.deployUsdc();
    usdc.mint(wallet.address(), 5);
    BigInteger validAfter = BigInteger.valueOf(chain.now().getEpochSecond() + 50);
    BigInteger validBefore = validAfter.add(BigInteger.valueOf(1000));
    chain.advanceTime(Duration.ofSeconds(100));
    Map<String, String> call =
        Map.of("to", usdc.address(), "data", transfer(usdc, validAfter, validBefore));
    assertThatThrownBy(() -> rpc.call("eth_call", call, "latest"))
        .hasMessageContaining("not yet valid");
    assertThat(rpc.call("eth_call", call, "pending").asText()).isEqualTo("0x");
    JsonNode pending = rpc.call("eth_getBlockByNumber", "pending", false);
    assertThat(Operator.quantity(pending.get("timestamp")).longValue())
        .isGreaterThanOrEqualTo(latestTimestamp() + 100);
    assertThat(pending.get("hash").isNull()).isTrue();
  }

  private String transfer(TestUsdc usdc, BigInteger validAfter, BigInteger validBefore) {
    String nonce = TestWallet.random().privateKey();
    String to = TestWallet.random().address();
    String signature =
        usdc.signTransfer(wallet, to, BigInteger.ONE, validAfter, validBefore, nonce);
    return TestUsdc.transferData(
        wallet.address(), to, BigInteger.ONE, validAfter, validBefore, nonce, signature);
  }

  // ---- mining

  @Test
  void minesOneBlockForEachTransaction() {
    long before = chain.blockNumber();
    rpc.send(Rpc.payment(chain, wallet, 0));
    rpc.send(Rpc.payment(chain, wallet, 1));
    assertThat(chain.blockNumber()).isEqualTo(before + 2);
    assertThat(rpc.quantity("eth_blockNumber")).isEqualTo(before + 2);
  }

  @Test
  void letsTransactionsWaitAndMinesThemTogether() {
    chain.automine(false);
    TestWallet other = TestWallet.random();
    chain.fund(other.address(), Rpc.ETHER);
    String second = rpc.send(Rpc.payment(chain, wallet, 1));
    String first = rpc.send(Rpc.payment(chain, wallet, 0));
    String others = rpc.send(Rpc.payment(chain, other, 0));
    assertThat(chain.mined(first)).isFalse();
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "latest")).isZero();
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "pending")).isEqualTo(2);
    long before = chain.blockNumber();
    chain.mine();
    assertThat(chain.blockNumber()).isEqualTo(before + 1);
    JsonNode block = rpc.call("eth_getBlockByNumber", "latest", false);
    assertThat(block.get("transactions")).hasSize(3);
    assertThat(List.of(first, second, others)).allMatch(chain::mined);
    assertThat(rpc.call("eth_getTransactionReceipt", second).get("cumulativeGasUsed").asText())
        .isEqualTo("0xa410");
  }

  @Test
  void minesWhatWaitsWhenItMinesByItselfAgain() {
    chain.automine(false);
    String hash = rpc.send(Rpc.payment(chain, wallet, 0));
    chain.automine(true);
    assertThat(chain.mined(hash)).isTrue();
    assertThat(chain.nonce(wallet.address())).isOne();
  }

  @Test
  void putsItsOwnTransactionsBeforeThoseThatWait() {
    chain.automine(false);
    String waiting = rpc.send(Rpc.payment(chain, wallet, 0));
    TestUsdc usdc = chain.deployUsdc();
    usdc.mint(wallet.address(), 1);
    assertThat(usdc.balanceOf(wallet.address())).isOne();
    assertThat(chain.mined(waiting)).isFalse();
  }

  @Test
  void minesTransactionsSentOutOfOrderFromManyThreads() throws Exception {
    int count = 200;
    List<String> raw = new ArrayList<>();
    for (int nonce = 0; nonce < count; nonce++) {
      raw.add(Rpc.payment(chain, wallet, nonce));
    }
    Collections.shuffle(raw, new Random(1));
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<String>> sent = new ArrayList<>();
    raw.forEach(transaction -> sent.add(threads.submit(() -> rpc.send(transaction))));
    for (Future<String> hash : sent) {
      hash.get();
    }
    threads.shutdown();
    for (Future<String> hash : sent) {
      assertThat(chain.mined(hash.get())).isTrue();
    }
    assertThat(chain.nonce(wallet.address())).isEqualTo(count);
    assertThat(chain.etherBalance("0x00000000000000000000000000000000000000aa")).isEqualTo(count);
  }

  // ---- going back

  @Test
  void takesBlocksBack() {
    TestUsdc usdc = chain.deployUsdc();
    LocalChain.Snapshot before = chain.snapshot();
    long number = chain.blockNumber();
    usdc.mint(wallet.address(), 9);
    String hash = rpc.send(Rpc.payment(chain, wallet, 0));
    chain.revertTo(before);
    assertThat(chain.blockNumber()).isEqualTo(number);
    assertThat(usdc.balanceOf(wallet.address())).isZero();
    assertThat(rpc.call("eth_getTransactionReceipt", hash).isNull()).isTrue();
    assertThat(rpc.call("eth_getTransactionByHash", hash).isNull()).isTrue();
    assertThat(rpc.call("eth_getLogs", Map.of("address", usdc.address(), "fromBlock", "0x0")))
        .isEmpty();
    assertThat(rpc.send(Rpc.payment(chain, wallet, 0))).isEqualTo(hash);
    assertThat(chain.mined(hash)).isTrue();
    chain.revertTo(before);
    assertThat(chain.nonce(wallet.address())).isZero();
  }

  @Test
  void dropsWhatWaitsWhenItGoesBack() {
    chain.automine(false);
    LocalChain.Snapshot before = chain.snapshot();
    String waiting = rpc.send(Rpc.payment(chain, wallet, 0));
    chain.revertTo(before);
    chain.mine();
    assertThat(chain.mined(waiting)).isFalse();
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), "pending")).isZero();
  }

  @Test
  void goesBackOnlyToBlocksItHas() {
    LocalChain.Snapshot early = chain.snapshot();
    chain.advanceTime(Duration.ofSeconds(5));
    chain.mine();
    LocalChain.Snapshot late = chain.snapshot();
    chain.revertTo(early);
    assertThatThrownBy(() -> chain.revertTo(late)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void answersForOldBlocks() {
    String block = "0x" + Long.toHexString(chain.blockNumber());
    rpc.send(Rpc.payment(chain, wallet, 0));
    assertThat(rpc.call("eth_getBalance", wallet.address(), block).asText())
        .isEqualTo("0x" + Rpc.ETHER.toString(16));
    assertThat(rpc.quantity("eth_getTransactionCount", wallet.address(), block)).isZero();
    assertThatThrownBy(() -> rpc.call("eth_getBalance", wallet.address(), "0xffff"))
        .hasMessageContaining("header not found");
  }

  // ---- refusals in geth's words

  @Test
  void refusesWhatItHasAlready() {
    chain.automine(false);
    String raw = Rpc.payment(chain, wallet, 0);
    rpc.send(raw);
    assertRefuses(raw, "already known");
  }

  @Test
  void replacesAWaitingTransactionOnlyForATenthMore() {
    chain.automine(false);
    BigInteger price = BigInteger.valueOf(3_000_000_000L);
    String first = rpc.send(Rpc.payment(chain, wallet, 0, price));
    assertRefuses(
        Rpc.payment(chain, wallet, 0, BigInteger.valueOf(3_299_999_999L)),
        "replacement transaction underpriced");
    String second = rpc.send(Rpc.payment(chain, wallet, 0, BigInteger.valueOf(3_300_000_000L)));
    chain.mine();
    assertThat(chain.mined(second)).isTrue();
    assertThat(chain.mined(first)).isFalse();
    assertThat(rpc.call("eth_getTransactionByHash", first).isNull()).isTrue();
  }

  @Test
  void refusesAPriceBelowTheGasPrice() {
    chain.gasPrice(Rpc.GWEI.multiply(BigInteger.TEN));
    assertThat(rpc.quantity("eth_gasPrice")).isEqualTo(10_000_000_000L);
    assertRefuses(Rpc.payment(chain, wallet, 0), "transaction underpriced");
  }

  @Test
  void refusesAnotherChainsTransaction() {
    try (LocalChain other = LocalChain.start(1)) {
      assertRefuses(
          Rpc.payment(other, wallet, 0),
          "invalid sender: invalid chain id for signer: have 1 want 84532");
    }
  }

  @Test
  void refusesTooLittleAndTooMuchGas() {
    assertRefuses(withGas(20_999), "intrinsic gas too low: gas 20999, minimum needed 21000");
    assertRefuses(withGas(30_000_001), "exceeds block gas limit");
  }

  @Test
  void refusesWhatIsNoLegacyTransaction() {
    assertRefuses("0x02f86b", "transaction type not supported");
    assertRefuses("0xc0", "rlp: ");
    assertRefuses("0xf8", "rlp: ");
    assertThatThrownBy(() -> rpc.send("0xzz")).hasMessageContaining("invalid argument");
  }

  private String withGas(long gas) {
    return wallet.signTransaction(
        RawTransaction.createEtherTransaction(
            BigInteger.ZERO, Rpc.GWEI, BigInteger.valueOf(gas), wallet.address(), BigInteger.ONE),
        chain.chainId());
  }

  private void assertRefuses(String raw, String message) {
    assertThatThrownBy(() -> rpc.send(raw))
        .isInstanceOf(RpcError.class)
        .hasMessageStartingWith(message);
  }

  private long latestTimestamp() {
    return Operator.quantity(rpc.call("eth_getBlockByNumber", "latest", false).get("timestamp"))
        .longValueExact();
  }

  private static org.assertj.core.data.Offset<Long> within(long seconds) {
    return org.assertj.core.data.Offset.offset(seconds);
  }
}
