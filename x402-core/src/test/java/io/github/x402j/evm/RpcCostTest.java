// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmVerification.Asked;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a payment costs at the node: round trips over HTTP, and the calls in them, which providers
 * count.
 */
class RpcCostTest {
  private static final int AT_ONCE = 64;
  private static final int ROUNDS = 2;

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final OddNode node =
      OddNode.of(
          chain.rpcUrl(),
          (message, me) -> {
            // As far away as a node in the same data centre; nobody counts this latch down.
            new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
            return OddNode.Reply.json(me.answer(message));
          });

  private EvmFacilitator facilitator;

  @BeforeEach
  void start() {
    facilitator = shop.builder(node.port()).build();
    facilitator.start(List.of(shop.offer));
  }

  @AfterEach
  void close() {
    node.close();
    shop.close();
  }

  private SignedPayment payment() {
    return shop.payment(facilitator, shop.payer(Shop.PRICE));
  }

  /** What one payment cost, on average. */
  private record Cost(double roundTrips, double calls) {}

  private Cost cost(String name, List<Callable<Boolean>> payments) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(AT_ONCE, payments.size()));
    try {
      node.forget();
      List<Future<Boolean>> running = new ArrayList<>();
      for (Callable<Boolean> each : payments) {
        running.add(threads.submit(each));
      }
      for (Future<Boolean> each : running) {
        assertThat(each.get(60, TimeUnit.SECONDS)).isTrue();
      }
      Cost cost =
          new Cost(
              node.roundTrips() / (double) payments.size(),
              node.calls() / (double) payments.size());
      System.out.printf(
          "RPC: %s: %.2f round trips, %.2f calls a payment%n", name, cost.roundTrips, cost.calls);
      return cost;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aVerificationAloneIsOneRoundTripAndAmongManyASmallPartOfOne() throws Exception {
    SignedPayment single = payment();
    Cost alone = cost("one verification", List.of(() -> isValid(single)));
    assertThat(alone).isEqualTo(new Cost(1, 4));

    PaymentInspector inspector = new PaymentInspector(node.port(), Ticker.SYSTEM, false);
    List<Callable<Boolean>> before = new ArrayList<>();
    List<Callable<Boolean>> after = new ArrayList<>();
    for (int i = 0; i < ROUNDS * AT_ONCE; i++) {
      SignedPayment payment = payment();
      before.add(() -> inspector.one(asked(payment)).refused() == null);
      after.add(() -> isValid(payment));
    }
    Cost each = cost("64 at once, each on its own (before)", before);
    assertThat(each).isEqualTo(new Cost(1, 4));
    Cost shared = cost("64 at once, verified", after);
    assertThat(shared.roundTrips).isLessThan(0.25);
    assertThat(shared.calls).isLessThan(1.5);
  }

  @Test
  void aSettlementAloneIsFiveRoundTripsAtMostAndAmongManyHalfOfOne() throws Exception {
    List<Callable<Boolean>> alone = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      alone.add(settlementOf(payment()));
    }
    cost("settled one by one, at the start", alone.subList(0, 1));
    double roundTrips = 0;
    for (Callable<Boolean> each : alone.subList(1, 10)) {
      roundTrips += cost("settled alone", List.of(each)).roundTrips / 9;
    }
    List<Callable<Boolean>> many = new ArrayList<>();
    for (int i = 0; i < ROUNDS * AT_ONCE; i++) {
      many.add(settlementOf(payment()));
    }
    Cost shared = cost("64 at once, settled", many);
    assertThat(roundTrips).isLessThanOrEqualTo(5);
    assertThat(shared.roundTrips).isLessThan(0.5);
  }

  private Callable<Boolean> settlementOf(SignedPayment payment) {
    return () ->
        isValid(payment) && facilitator.settle(payment, hash -> {}) instanceof Settlement.Settled;
  }

  private boolean isValid(SignedPayment payment) throws Exception {
    return facilitator.verify(payment) instanceof Verification.Valid;
  }

  private Asked asked(SignedPayment payment) {
    OfflineChecks.Checked checked = OfflineChecks.Checked.of(payment);
    return new Asked(
        payment,
        checked
            .payment()
            .transfer(Address.parse(shop.gas.address()), checked.owner(), shop.offer.amount()));
  }
}
