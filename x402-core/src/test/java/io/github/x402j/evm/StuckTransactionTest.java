// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Transactions that no block takes: what waits behind them goes on. */
@Timeout(60)
class StuckTransactionTest {
  private static final String SEND = "eth_sendRawTransaction";

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  /** Time goes by twenty times as fast. */
  private static final class FastTicker implements Ticker {
    private static final int SPEED = 20;

    @Override
    public long nanos() {
      return SPEED * System.nanoTime();
    }

    @Override
    public void sleep(Duration pause) throws InterruptedException {
      SYSTEM.sleep(pause.dividedBy(SPEED));
    }

    @Override
    public void start(String name, Runnable task) {
      SYSTEM.start(name, task);
    }

    @Override
    public void await(Future<?> future) throws InterruptedException {
      SYSTEM.await(future);
    }

    @Override
    public void await(Future<?> future, Duration longest) throws InterruptedException {
      SYSTEM.await(future, longest.dividedBy(SPEED));
    }
  }

  @BeforeEach
  void stopBlocks() {
    chain.automine(false);
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private EvmFacilitator.Builder builder() {
    return shop.builder().ticker(new FastTicker()).settleTimeout(Duration.ofMinutes(20));
  }

  private SignedPayment payment(EvmFacilitator facilitator) {
    return shop.payment(facilitator, funded());
  }

  private TestWallet funded() {
    chain.automine(true);
    try {
      return shop.payer(Shop.PRICE);
    } finally {
      chain.automine(false);
    }
  }

  private static Settlement get(CompletableFuture<Settlement> settlement) throws Exception {
    return settlement.get(30, TimeUnit.SECONDS);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  private boolean isKnown(String transaction) {
    try {
      return shop.rpc.isKnown(transaction);
    } catch (FacilitatorException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void isReplacedByOneWithAHigherFee() throws Exception {
    EvmFacilitator facilitator = builder().build();
    SignedPayment payment = payment(facilitator);
    CompletableFuture<Settlement> settlement =
        facilitator.settleLater(payment, recorded::add).toCompletableFuture();
    await(() -> !recorded.isEmpty() && isKnown(recorded.get(0)));
    await(() -> !isKnown(recorded.get(0)));
    chain.mine();

    assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
    assertThat(recorded.subList(1, recorded.size()))
        .contains(((Settlement.Settled) get(settlement)).transaction());
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
    assertThat(chain.nonce(shop.gas.address())).isEqualTo(1);
  }

  /** As after a crash: only the ledger knows what was sent. */
  @Test
  void anotherServerFindsTheMoneyByWhicheverHashMovedIt() throws Exception {
    EvmFacilitator facilitator = builder().build();
    SignedPayment payment = payment(facilitator);
    CompletableFuture<Settlement> settlement =
        facilitator.settleLater(payment, recorded::add).toCompletableFuture();
    await(() -> chain.requests(SEND) == 1);
    chain.faults().error(SEND, -32000, "replacement transaction underpriced");
    await(() -> recorded.size() >= 2);
    chain.mine();
    assertThat(get(settlement))
        .isEqualTo(new Settlement.Settled(recorded.get(0), payment.payer(), shop.offer.amount()));

    EvmFacilitator restarted = shop.builder().build();
    assertThat(restarted.outcome(payment, recorded)).isEqualTo(get(settlement));
    assertThat(restarted.outcome(payment, List.of(recorded.get(1))))
        .as("whoever knows but the newest takes it for that of another server")
        .isInstanceOf(Settlement.Failed.class);
  }

  @Test
  void aNumberWhoseTransactionMayCostNoMoreIsFilled() throws Exception {
    BigInteger price = BigInteger.valueOf(1_000_000_000);
    EvmFacilitator facilitator =
        builder().feeCeiling(price).settleTimeout(Duration.ofSeconds(20)).build();
    SignedPayment stuck = payment(facilitator);
    SignedPayment next = payment(facilitator);
    assertThat(facilitator.settle(stuck, recorded::add))
        .isEqualTo(new Settlement.Pending(recorded.get(0)));
    CompletableFuture<Settlement> settlement =
        facilitator.settleLater(next, hash -> {}).toCompletableFuture();
    await(() -> !isKnown(recorded.get(0)));
    await(
        () -> {
          chain.mine();
          return settlement.isDone();
        });

    assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
    assertThat(shop.isUsed(stuck)).isFalse();
    assertThat(chain.nonce(shop.gas.address())).isEqualTo(2);
    assertThat(recorded).hasSize(1);
    assertThat(facilitator.outcome(stuck, recorded)).isInstanceOf(Settlement.Pending.class);
    chain.advanceTime(Duration.ofSeconds(61));
    chain.mine();
    assertThat(facilitator.outcome(stuck, recorded))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED));
  }
}
