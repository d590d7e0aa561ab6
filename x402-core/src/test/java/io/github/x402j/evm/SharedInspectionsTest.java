// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmVerification.Asked;
import io.github.x402j.evm.EvmVerification.Findings;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payments that are asked about together get the answers that each gets alone. */
class SharedInspectionsTest {
  /** Uses all gas that it is given. */
  private static final String ENDLESS = "0x5b600056";

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final EvmFacilitator facilitator = shop.builder().build();

  @AfterEach
  void close() {
    shop.close();
  }

  /** What the chain is like. */
  enum Kind {
    WITH_MULTICALL,
    WITHOUT_MULTICALL,
    WITH_OTHER_CODE_THERE,
    SIMULATES_NO_LONG_CALLS,
    ANSWERS_NO_LONG_CALLS,
    TAKES_NO_BATCHES
  }

  private Chain port(Kind kind, OddNode plain, OddNode single) {
    switch (kind) {
      case WITHOUT_MULTICALL -> chain.placeCode(TestChain.MULTICALL, "0x");
      case WITH_OTHER_CODE_THERE ->
          chain.placeCode(TestChain.MULTICALL, "0x60206000f3"); // returns a word of zeros
      default -> {}
    }
    return switch (kind) {
      case SIMULATES_NO_LONG_CALLS, ANSWERS_NO_LONG_CALLS -> short4(plain.port(), kind);
      case TAKES_NO_BATCHES -> single.port();
      default -> plain.port();
    };
  }

  /** A chain that refuses a call with more than four transfers in it, or does not answer. */
  private static Chain short4(Chain port, Kind kind) {
    return new DelegatingChain(port) {
      @Override
      public List<CallResult> call(List<Call> calls) throws FacilitatorException {
        List<CallResult> results = new ArrayList<>(super.call(calls));
        for (int i = 0; i < calls.size(); i++) {
          boolean isLong =
              calls.get(i).to().equals(Multicall.ADDRESS) && calls.get(i).data().length() > 3_800;
          if (isLong && kind == Kind.ANSWERS_NO_LONG_CALLS) {
            throw new FacilitatorException("the chain refused eth_call");
          }
          if (isLong) {
            results.set(i, new CallResult.Reverted("out of gas"));
          }
        }
        return results;
      }
    };
  }

  private static OddNode.Habit noBatches() {
    return (message, node) ->
        message.isArray()
            ? OddNode.Reply.json(OddNode.error(OddNode.JSON.nullNode(), -32600, "no batches here"))
            : OddNode.Reply.json(node.answer(message));
  }

  // ---- payments

  private Asked asked(SignedPayment payment) {
    OfflineChecks.Checked checked = OfflineChecks.Checked.of(payment);
    return new Asked(
        payment,
        checked
            .payment()
            .transfer(
                Address.parse(shop.gas.address()), checked.owner(), payment.requirements().amount())
            .withGas(EvmFacilitator.DEFAULT_GAS_LIMIT));
  }

  private SignedPayment payment(TestWallet payer) {
    return shop.payment(facilitator, payer);
  }

  /** A payment of a token that lets nothing through, though the payer has enough of it. */
  private SignedPayment paused(TestUsdc token, Token described) throws Exception {
    TestWallet payer = TestWallet.random();
    token.mint(payer.address(), Shop.PRICE);
    PaymentRequirements offer = shop.offering(described).get(0);
    ExactEvmPayload payload =
        ExactEvmPayload.sign(
            described,
            shop.authorization(payer.address()),
            EvmSigner.ofPrivateKey(payer.privateKey()));
    return ((Verification.Valid)
            facilitator.check(PaymentPayload.v2(offer, payload.toMap()), offer))
        .payment();
  }

  private Map<String, Asked> mixed(List<PaymentRequirements> offers) throws Exception {
    Map<String, Asked> all = new LinkedHashMap<>();
    for (int i = 0; i < 5; i++) {
      all.put("good " + i, asked(payment(shop.payer(Shop.PRICE))));
    }
    SignedPayment used = payment(shop.payer(2 * Shop.PRICE));
    shop.preempt(used);
    all.put("used", asked(used));
    all.put("too little", asked(payment(shop.payer(Shop.PRICE - 1))));
    TestWallet endless = shop.payer(Shop.PRICE);
    chain.placeCode(endless.address(), ENDLESS);
    all.put("endless code", asked(payment(endless)));
    TestWallet once = shop.payer(Shop.PRICE);
    all.put("one balance, first", asked(payment(once)));
    all.put("one balance, second", asked(payment(once)));
    TestWallet twice = shop.payer(2 * Shop.PRICE);
    all.put("two balances, first", asked(payment(twice)));
    all.put("two balances, second", asked(payment(twice)));
    TransferAuthorization a = shop.authorization(twice.address());
    for (int i = 0; i < 2; i++) {
      TransferAuthorization again =
          new TransferAuthorization(
              a.from(),
              a.to(),
              a.value(),
              a.validAfter(),
              a.validBefore().subtract(BigInteger.valueOf(i)),
              a.nonce());
      all.put("one nonce, " + i, asked(shop.payment(facilitator, shop.sign(again, twice).toMap())));
    }
    TestUsdc other = chain.deployUsdc();
    Token described =
        new Token(shop.network(), Address.parse(other.address()), 6, other.name(), other.version());
    offers.addAll(shop.offering(described));
    all.put("paused", asked(paused(other, described)));
    other.misbehave(TestUsdc.Mode.PAUSED);
    return all;
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void eachGetsTheAnswerThatItGetsAlone(Kind kind) throws Exception {
    try (OddNode plain = OddNode.of(chain.rpcUrl(), OddNode.plain());
        OddNode single = OddNode.of(chain.rpcUrl(), noBatches())) {
      List<PaymentRequirements> offers = new ArrayList<>(List.of(shop.offer));
      Map<String, Asked> all = mixed(offers);
      Chain port = port(kind, plain, single);
      PaymentInspector alone = new PaymentInspector(shop.rpc, Ticker.SYSTEM, false);
      Map<Asked, Findings> expected = new HashMap<>();
      for (Map.Entry<String, Asked> each : all.entrySet()) {
        Findings found = alone.one(each.getValue());
        expected.put(each.getValue(), found);
        assertThat(isGood(found))
            .as(each.getKey())
            .isEqualTo(
                !List.of("used", "too little", "endless code", "paused").contains(each.getKey()));
      }
      for (int seed = 0; seed < 3; seed++) {
        PaymentInspector inspector = new PaymentInspector(port, Ticker.SYSTEM, false);
        inspector.trust(offers);
        List<Asked> order = new ArrayList<>(all.values());
        Collections.shuffle(order, new Random(seed));
        for (int time = 0; time < 2; time++) {
          List<PaymentInspector.Answer> answers = inspector.all(order);
          for (int i = 0; i < order.size(); i++) {
            assertSame(answers.get(i).get(), expected.get(order.get(i)), nameOf(all, order.get(i)));
          }
        }
      }
    }
  }

  private static boolean isGood(Findings found) {
    return found.refused() == null && found.simulated() instanceof Chain.CallResult.Returned;
  }

  private static void assertSame(Findings found, Findings expected, String name) {
    assertThat(found.refused()).as(name).isEqualTo(expected.refused());
    assertThat(found.balance()).as(name).isEqualTo(expected.balance());
    if (expected.refused() == null) {
      assertThat(found.simulated().getClass()).as(name).isEqualTo(expected.simulated().getClass());
    }
  }

  private static String nameOf(Map<String, Asked> all, Asked asked) {
    return all.entrySet().stream()
        .filter(each -> each.getValue() == asked)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  // ---- round trips

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 50, 64})
  void manyGoodPaymentsTakeOneRoundTripAndTwoCallsForUpToFifty(int payments) throws Exception {
    try (OddNode node = OddNode.of(chain.rpcUrl(), OddNode.plain())) {
      PaymentInspector inspector = new PaymentInspector(node.port(), Ticker.SYSTEM, false);
      inspector.trust(List.of(shop.offer));
      List<Asked> all = new ArrayList<>();
      for (int i = 0; i < payments; i++) {
        all.add(asked(payment(shop.payer(Shop.PRICE))));
      }
      for (PaymentInspector.Answer answer : inspector.all(all)) {
        assertThat(isGood(answer.get())).isTrue();
      }
      System.out.printf(
          "RPC: %d payments inspected with %d round trips, %d calls, of these %d codes%n",
          payments, node.roundTrips(), node.calls(), payments);
      assertThat(node.roundTrips()).isEqualTo(1);
      int calls = payments == 1 ? 3 : payments <= 50 ? 2 : 4;
      assertThat(node.calls()).isEqualTo(payments + calls);
    }
  }

  @Test
  void aTokenThatTheSellerDoesNotOfferSharesNoCall() throws Exception {
    try (OddNode node = OddNode.of(chain.rpcUrl(), OddNode.plain())) {
      PaymentInspector inspector = new PaymentInspector(node.port(), Ticker.SYSTEM, false);
      inspector.all(
          List.of(asked(payment(shop.payer(Shop.PRICE))), asked(payment(shop.payer(Shop.PRICE)))));
      assertThat(node.roundTrips()).isEqualTo(1);
      assertThat(node.calls()).isEqualTo(8);
    }
  }

  /** A node that is away is asked a few times, whatever the number of payments. */
  @Test
  void aNodeThatIsAwayIsNotAskedForEachPayment() throws Exception {
    try (OddNode node =
        OddNode.of(chain.rpcUrl(), (message, me) -> new OddNode.Reply(404, "gone"))) {
      PaymentInspector inspector = new PaymentInspector(node.port(), Ticker.SYSTEM, false);
      inspector.trust(List.of(shop.offer));
      List<Asked> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        all.add(asked(payment(shop.payer(0))));
      }
      for (PaymentInspector.Answer answer : inspector.all(all)) {
        assertThatExceptionOfType(FacilitatorException.class).isThrownBy(answer::get);
      }
      assertThat(node.roundTrips()).isLessThanOrEqualTo(12);
    }
  }

  // ---- those who come at the same time

  @Test
  @Timeout(60)
  void thoseWhoComeWhileARoundTripIsUnderWayGoTogetherWithTheNext() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean isFirst = new AtomicBoolean(true);
    try (OddNode node =
        OddNode.of(
            chain.rpcUrl(),
            (message, me) -> {
              if (isFirst.getAndSet(false)) {
                first.countDown();
                goOn.await(30, TimeUnit.SECONDS);
              }
              return OddNode.Reply.json(me.answer(message));
            })) {
      PaymentInspector inspector = new PaymentInspector(node.port(), Ticker.SYSTEM, false);
      inspector.trust(List.of(shop.offer));
      Frozen time = new Frozen();
      SharedInspections shared = new SharedInspections(inspector, time);
      List<Asked> all = new ArrayList<>();
      for (int i = 0; i < 41; i++) {
        all.add(asked(payment(shop.payer(i % 10 == 5 ? 0 : Shop.PRICE))));
      }
      ExecutorService threads = Executors.newFixedThreadPool(all.size());
      try {
        List<Future<Boolean>> running = new ArrayList<>();
        for (Asked each : all) {
          running.add(threads.submit(() -> isGood(shared.ask(each))));
          if (each == all.get(0)) {
            first.await();
          }
        }
        time.untilWaiting(all.size() - 1);
        goOn.countDown();
        for (int i = 0; i < all.size(); i++) {
          assertThat(running.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(i % 10 != 5);
        }
        assertThat(node.roundTrips()).as("the first, and one for the other forty").isEqualTo(2);
      } finally {
        goOn.countDown();
        threads.shutdownNow();
      }
    }
  }

  /** A time that stands still, so that nobody loses patience. */
  private static final class Frozen implements Ticker {
    private final AtomicInteger waiting = new AtomicInteger();

    void untilWaiting(int count) {
      while (waiting.get() < count) {
        Thread.onSpinWait();
      }
    }

    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public void sleep(Duration pause) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void start(String name, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void await(Future<?> future) throws InterruptedException {
      waiting.incrementAndGet();
      Ticker.SYSTEM.await(future);
    }

    @Override
    public void await(Future<?> future, Duration longest) throws InterruptedException {
      waiting.incrementAndGet();
      Ticker.SYSTEM.await(future);
    }
  }
}
