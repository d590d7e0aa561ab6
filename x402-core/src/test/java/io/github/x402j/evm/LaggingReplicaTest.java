// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Two replicas behind one URL: receipts, events and the newest block come from one, the state from
 * one that is behind. What the second does not show yet proves nothing.
 */
class LaggingReplicaTest {
  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final NodeInFront node = NodeInFront.of(chain.rpcUrl());
  private final SignedPayment payment =
      shop.payment(shop.builder().build(), shop.payer(Shop.PRICE));

  @AfterEach
  void close() {
    node.close();
    shop.close();
  }

  private PaymentOutcome outcome(BlockReads reads, int confirmations) {
    return new PaymentOutcome(
        node.port(),
        reads,
        OfflineChecks.Checked.of(payment).payment().proof(),
        Set.of(),
        confirmations,
        EventSearchWindow.of(100));
  }

  private Settlement settledBy(String transaction) {
    return new Settlement.Settled(transaction, payment.payer(), shop.offer.amount());
  }

  /** Ours was reverted in the block in which a stranger's went through. */
  private Chain.Receipt reverted() {
    return new Chain.Receipt(
        "0x" + "ab".repeat(32),
        Address.parse(shop.gas.address()),
        false,
        BigInteger.valueOf(chain.blockNumber()),
        List.of());
  }

  @Test
  void aRevertedTransactionIsNoFailureUntilTheStateOfItsBlockIsShown() throws Exception {
    String strangers = shop.preempt(payment);
    node.behind(1);
    assertThat(outcome(BlockReads.once(node.port()), 1).of(reverted()))
        .isInstanceOf(Settlement.Pending.class);
    node.behind(0);
    assertThat(outcome(BlockReads.once(node.port()), 1).of(reverted()))
        .isEqualTo(settledBy(strangers));
  }

  @Test
  void aWindowThatIsOverIsNoFailureUntilTheStateOfThatTimeIsShown() throws Exception {
    String strangers = shop.preempt(payment);
    chain.advanceTime(Duration.ofMinutes(2));
    chain.mine();
    node.behind(2);
    assertThat(outcome(BlockReads.once(node.port()), 1).now(List.of()))
        .isInstanceOf(Settlement.Pending.class);
    node.behind(0);
    assertThat(outcome(BlockReads.once(node.port()), 1).now(List.of()))
        .isEqualTo(settledBy(strangers));
  }

  @Test
  void aWindowIsOverWhenTheFirstBlockAfterItIsConfirmed() throws Exception {
    chain.advanceTime(Duration.ofMinutes(2));
    for (int blocks = 1; blocks <= 3; blocks++) {
      chain.mine();
      assertThat(outcome(BlockReads.once(node.port()), 3).now(List.of()))
          .as("after %d blocks", blocks)
          .isInstanceOf(blocks < 3 ? Settlement.Pending.class : Settlement.Failed.class);
    }
  }

  @Test
  void aReplicaThatIsBehindIsWaitedForAMoment() throws Exception {
    chain.advanceTime(Duration.ofMinutes(2));
    chain.mine();
    node.behind(1);
    Pauses pauses = new Pauses();
    assertThat(outcome(BlockReads.patient(node.port(), pauses), 1).now(List.of()))
        .isInstanceOf(Settlement.Failed.class);
    assertThat(pauses.count).isEqualTo(3);

    node.behind(1);
    pauses.catchesUpAt = Integer.MAX_VALUE;
    assertThat(outcome(BlockReads.patient(node.port(), pauses), 1).now(List.of()))
        .as("never there")
        .isInstanceOf(Settlement.Pending.class);
    assertThat(pauses.nanos).isLessThan(Duration.ofSeconds(5).toNanos());
  }

  /** A time in which the replica catches up in the third pause. */
  private final class Pauses implements Ticker {
    private int catchesUpAt = 3;
    private int count;
    private long nanos;

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public void sleep(Duration pause) {
      nanos += pause.toNanos();
      if (++count == catchesUpAt) {
        node.behind(0);
      }
    }

    @Override
    public void start(String name, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void await(Future<?> future) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void await(Future<?> future, Duration longest) {
      throw new UnsupportedOperationException();
    }
  }
}
