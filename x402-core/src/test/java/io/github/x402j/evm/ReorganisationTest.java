// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Settlements that a seller wants confirmed by more than one block. */
class ReorganisationTest {
  private LocalChain chain;
  private Shop shop;
  private EvmFacilitator facilitator;
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  @BeforeEach
  void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
    facilitator = shop.builder().confirmations(3).settleTimeout(Duration.ofSeconds(1)).build();
  }

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void isPendingUntilEnoughBlocksHoldIt() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(10_000));

    assertThat(facilitator.settle(payment, recorded::add))
        .isEqualTo(new Settlement.Pending(recorded.get(0)));
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isInstanceOf(Settlement.Pending.class);
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void isNotSettledByABlockThatWasTakenBack() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(10_000));
    LocalChain.Snapshot before = chain.snapshot();
    facilitator.settle(payment, recorded::add);
    assertThat(shop.earned()).isEqualTo(10_000);
    chain.faults().drop("eth_sendRawTransaction"); // it would be sent again
    chain.revertTo(before);
    for (int i = 0; i < 5; i++) {
      chain.mine();
    }

    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isInstanceOf(Settlement.Pending.class);
    chain.advanceTime(Duration.ofSeconds(61));
    chain.mine();
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .as("a block of before the end of the window could still take the place of the newest two")
        .isInstanceOf(Settlement.Pending.class);
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED));
    assertThat(shop.earned()).isZero();
  }

  @Test
  void goesOnNumberingAfterABlockWasTakenBack() throws Exception {
    LocalChain.Snapshot before = chain.snapshot();
    SignedPayment lost = shop.payment(facilitator, shop.payer(10_000));
    facilitator.settle(lost, recorded::add);
    chain.revertTo(before);

    EvmFacilitator one = shop.builder().build();
    SignedPayment next = shop.payment(one, shop.payer(10_000));
    assertThat(one.settle(next, hash -> {})).isInstanceOf(Settlement.Settled.class);
    SignedPayment third = shop.payment(facilitator, shop.payer(10_000));
    facilitator.settle(third, recorded::add);
    chain.mine();
    chain.mine();
    assertThat(facilitator.outcome(third, List.of(recorded.get(recorded.size() - 1))))
        .isInstanceOf(Settlement.Settled.class);
    assertThat(shop.earned())
        .as("the lost one is sent again, and may come through")
        .isEqualTo(shop.isUsed(lost) ? 30_000 : 20_000);
  }
}
