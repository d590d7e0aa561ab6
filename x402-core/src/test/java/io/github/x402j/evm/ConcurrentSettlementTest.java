// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.TestWallet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.crypto.TransactionDecoder;

/** Two hundred payments of twenty payers through one gas account at once. */
class ConcurrentSettlementTest {
  private static final int PAYERS = 20;
  private static final int PAYMENTS_EACH = 10;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void allSettleWithoutAGapAndEveryBalanceIsExact(boolean share) throws Exception {
    try (Shop shop = Shop.open()) {
      List<String> sent = Collections.synchronizedList(new ArrayList<>());
      EvmFacilitator facilitator =
          shop.builder(
                  new DelegatingChain(shop.rpc) {
                    @Override
                    public Broadcast send(String rawTransaction) {
                      sent.add(rawTransaction);
                      return super.send(rawTransaction);
                    }
                  })
              .build();
      if (share) {
        facilitator.start(List.of(shop.offer));
      }
      List<TestWallet> payers = new ArrayList<>();
      List<SignedPayment> payments = new ArrayList<>();
      for (int i = 0; i < PAYERS; i++) {
        payers.add(shop.payer(PAYMENTS_EACH * Shop.PRICE + i));
      }
      for (int i = 0; i < PAYERS * PAYMENTS_EACH; i++) {
        payments.add(shop.payment(facilitator, payers.get(i % PAYERS)));
      }
      ExecutorService pool = Executors.newFixedThreadPool(payments.size());
      long start = System.nanoTime();
      Set<String> transactions = new HashSet<>();
      try {
        List<Future<Settlement>> settlements = new ArrayList<>();
        for (SignedPayment payment : payments) {
          settlements.add(pool.submit(() -> facilitator.settle(payment, hash -> {})));
        }
        for (Future<Settlement> settlement : settlements) {
          assertThat(settlement.get(60, TimeUnit.SECONDS)).isInstanceOf(Settlement.Settled.class);
          transactions.add(((Settlement.Settled) settlement.get()).transaction());
        }
      } finally {
        pool.shutdownNow();
      }
      System.out.printf(
          "concurrent: %d payments of %d payers settled in %d ms by %d transactions%n",
          payments.size(), PAYERS, (System.nanoTime() - start) / 1_000_000, transactions.size());

      assertThat(transactions.size())
          .isBetween(share ? 2 : payments.size(), share ? payments.size() / 2 : payments.size());
      assertThat(sent.stream().map(raw -> TransactionDecoder.decode(raw).getNonce().longValue()))
          .containsExactlyElementsOf(LongStream.range(0, transactions.size()).boxed().toList());
      assertThat(shop.earned()).isEqualTo(payments.size() * Shop.PRICE);
      for (int i = 0; i < PAYERS; i++) {
        assertThat(shop.usdc.balanceOf(payers.get(i).address())).isEqualTo(i);
      }
    }
  }
}
