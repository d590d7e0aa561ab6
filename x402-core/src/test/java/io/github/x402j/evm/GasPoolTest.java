// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several keys that pay the gas for one facilitator. */
class GasPoolTest {
  private static final int PAYMENTS = 120;

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final List<TestWallet> more = List.of(TestWallet.random(), TestWallet.random());

  @AfterEach
  void close() {
    shop.close();
  }

  private EvmFacilitator facilitator() {
    EvmFacilitator.Builder builder =
        shop.builder(Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(30)))
            .settleTimeout(Duration.ofSeconds(60));
    more.forEach(key -> builder.gasKey(EvmSigner.ofPrivateKey(key.privateKey())));
    return builder.build();
  }

  private void fundAll() {
    more.forEach(key -> chain.fund(key.address(), BigInteger.TEN.pow(18)));
  }

  @Test
  void settlesManyAtOnceOverThreeKeysWithoutAGapInAny() throws Exception {
    fundAll();
    EvmFacilitator facilitator = facilitator();
    List<SignedPayment> payments = new ArrayList<>();
    for (int i = 0; i < PAYMENTS; i++) {
      payments.add(shop.payment(facilitator, shop.payer(Shop.PRICE)));
    }
    ExecutorService threads = Executors.newFixedThreadPool(PAYMENTS);
    Set<String> transactions = new HashSet<>();
    long start = System.nanoTime();
    try {
      List<Future<Settlement>> running = new ArrayList<>();
      for (SignedPayment payment : payments) {
        running.add(threads.submit(() -> facilitator.settle(payment, hash -> {})));
      }
      for (Future<Settlement> each : running) {
        assertThat(each.get(90, TimeUnit.SECONDS)).isInstanceOf(Settlement.Settled.class);
        transactions.add(((Settlement.Settled) each.get()).transaction());
      }
    } finally {
      threads.shutdownNow();
    }
    System.out.printf(
        "gas pool: %d payments over 3 keys settled in %d ms%n",
        PAYMENTS, (System.nanoTime() - start) / 1_000_000);
    assertThat(transactions).hasSize(PAYMENTS);
    assertThat(shop.earned()).isEqualTo(PAYMENTS * Shop.PRICE);
    // All transactions are mined, so each key's numbers run from 0 without a gap.
    List<Long> sent =
        List.of(
            chain.nonce(shop.gas.address()),
            chain.nonce(more.get(0).address()),
            chain.nonce(more.get(1).address()));
    assertThat(sent.stream().mapToLong(each -> each).sum()).isEqualTo(PAYMENTS);
    assertThat(sent).allMatch(each -> each >= PAYMENTS / 10);
  }

  @Test
  void goesOnWithTheKeysThatHaveFunds() throws Exception {
    EvmFacilitator facilitator = facilitator(); // two of three are empty
    for (int i = 0; i < 4; i++) {
      List<String> recorded = new ArrayList<>();
      SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
      assertThat(facilitator.settle(payment, recorded::add))
          .isInstanceOfSatisfying(
              Settlement.Settled.class,
              settled ->
                  assertThat(settled.transaction())
                      .as("the hash that was recorded last")
                      .isEqualTo(recorded.get(recorded.size() - 1)));
    }
    assertThat(chain.nonce(shop.gas.address())).isEqualTo(4);
  }

  @Test
  void namesItsAccountsAndTakesNoneTwice() {
    assertThat(facilitator().signers()).hasSize(3);
    assertThatThrownBy(() -> shop.builder().gasKey(shop.gasKey()).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gasKey")
        .hasMessageNotContaining(shop.gas.privateKey());
  }

  /** A second process without this ledger got the money moved with a key of the pool. */
  @Test
  void takesWhatAnotherOfItsKeysHasSettledForAnotherServersWork() throws Exception {
    fundAll();
    EvmFacilitator facilitator = facilitator();
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    shop.preempt(payment, more.get(1));
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Failed.class);
  }
}
