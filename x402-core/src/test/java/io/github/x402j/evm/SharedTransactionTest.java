// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc.Mode;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payments that share a transaction: whatever is odd about one changes nothing for the others. */
@Timeout(60)
class SharedTransactionTest {
  private static final String SEND = "eth_sendRawTransaction";
  private static final int COUNT = 8;

  /** Characters of a message that a node with a limit takes: enough for half of the payments. */
  private static final int LONGEST_CALL = 5_000;

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final EvmFacilitator facilitator = sharing(COUNT);
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  /** Returns a facilitator that waits until so many can share a transaction. */
  private EvmFacilitator sharing(int count) {
    EvmFacilitator waiting =
        shop.builder().paymentsPerTransaction(count).gatherFor(Duration.ofSeconds(5)).build();
    waiting.start(List.of(shop.offer));
    return waiting;
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private List<SignedPayment> payments(int count) {
    List<SignedPayment> payments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      payments.add(shop.payment(facilitator, shop.payer(Shop.PRICE)));
    }
    return payments;
  }

  private CompletableFuture<Settlement> settle(SignedPayment payment, BeforeBroadcast recorder) {
    return facilitator.settleLater(payment, recorder).toCompletableFuture();
  }

  private List<CompletableFuture<Settlement>> settleAll(List<SignedPayment> payments) {
    return settleAll(facilitator, payments);
  }

  private List<CompletableFuture<Settlement>> settleAll(
      EvmFacilitator with, List<SignedPayment> payments) {
    return payments.stream()
        .map(payment -> with.settleLater(payment, recorded::add).toCompletableFuture())
        .toList();
  }

  private static Settlement get(CompletableFuture<Settlement> settlement) throws Exception {
    return settlement.get(30, TimeUnit.SECONDS);
  }

  private long transactions() {
    return chain.nonce(shop.gas.address());
  }

  @Test
  void eachIsSettledByItsOwnEvents() throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    List<CompletableFuture<Settlement>> settlements = settleAll(payments);

    for (int i = 0; i < COUNT; i++) {
      assertThat(get(settlements.get(i)))
          .isEqualTo(
              new Settlement.Settled(
                  recorded.get(0), payments.get(i).payer(), shop.offer.amount()));
      assertThat(shop.balance(payments.get(i).payer())).isZero();
    }
    assertThat(shop.earned()).isEqualTo(COUNT * Shop.PRICE);
    assertThat(transactions()).isEqualTo(1);
    assertThat(recorded).as("before the broadcast, for each").hasSize(COUNT);
  }

  /** What becomes of one of several payments after the chain was looked at. */
  enum Odd {
    CODE {
      @Override
      void happen(Shop shop, SignedPayment payment) {
        shop.chain.placeCode(payment.payer().text(), "0x60006000fd");
      }
    },
    NO_MONEY {
      @Override
      void happen(Shop shop, SignedPayment payment) {
        shop.usdc.burn(payment.payer().text(), BigInteger.valueOf(Shop.PRICE));
      }
    },
    USED_BY_A_STRANGER {
      @Override
      void happen(Shop shop, SignedPayment payment) {
        shop.preempt(payment);
      }
    };

    abstract void happen(Shop shop, SignedPayment payment);
  }

  @ParameterizedTest
  @EnumSource
  void oneThatFailsAfterTheLookStopsNoOther(Odd odd) throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    SignedPayment bad = payments.get(3);
    chain.faults().beforeNext(SEND, () -> odd.happen(shop, bad));
    List<CompletableFuture<Settlement>> settlements = settleAll(payments);

    for (int i = 0; i < COUNT; i++) {
      Settlement settlement = get(settlements.get(i));
      boolean isSettled = i != 3 || odd == Odd.USED_BY_A_STRANGER;
      assertThat(settlement instanceof Settlement.Settled)
          .as("payment %d: %s", i, settlement)
          .isEqualTo(isSettled);
      assertThat(settlement instanceof Settlement.Failed).isEqualTo(!isSettled);
      assertThat(shop.isUsed(payments.get(i))).isEqualTo(isSettled);
    }
    assertThat(transactions()).as("the bad one is not sent again").isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void oneThatFailsBeforeTheLookIsNotSent(Odd odd) throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    odd.happen(shop, payments.get(3));
    List<CompletableFuture<Settlement>> settlements = settleAll(payments);

    for (int i = 0; i < COUNT; i++) {
      boolean isSettled = i != 3 || odd == Odd.USED_BY_A_STRANGER;
      assertThat(get(settlements.get(i)) instanceof Settlement.Settled).isEqualTo(isSettled);
    }
    assertThat(recorded).hasSize(COUNT - 1);
    assertThat(transactions()).isEqualTo(1);
  }

  /** The payer gets code in front of the transaction, which uses up all the gas that is left. */
  @Test
  void onePayerThatUsesUpTheGasStopsNoOtherAndDoesSoOnce() throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    SignedPayment bad = payments.get(3);
    chain.faults().beforeNext(SEND, () -> chain.placeCode(bad.payer().text(), "0xfe"));
    List<CompletableFuture<Settlement>> settlements = settleAll(payments);

    for (int i = 0; i < COUNT; i++) {
      assertThat(get(settlements.get(i)))
          .isInstanceOf(i == 3 ? Settlement.Failed.class : Settlement.Settled.class);
    }
    assertThat(shop.earned()).isEqualTo((COUNT - 1) * Shop.PRICE);
    assertThat(transactions()).as("together, and each alone").isEqualTo(COUNT);
    for (CompletableFuture<Settlement> next : settleAll(payments(COUNT))) {
      assertThat(get(next)).isInstanceOf(Settlement.Settled.class);
    }
    assertThat(transactions()).as("none is shared for a while").isEqualTo(2 * COUNT);
  }

  @Test
  void aTokenThatIsPausedAfterTheLookFailsEachAndIsSentNoMore() throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    chain.faults().beforeNext(SEND, () -> shop.usdc.misbehave(Mode.PAUSED));
    for (CompletableFuture<Settlement> settlement : settleAll(payments)) {
      assertThat(get(settlement)).isInstanceOf(Settlement.Failed.class);
    }
    assertThat(shop.earned()).isZero();
    assertThat(transactions()).isEqualTo(1);
  }

  @Test
  void oneThatCannotBeRecordedDropsOut() throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    CompletableFuture<Settlement> bad =
        settle(
            payments.get(0),
            hash -> {
              throw new IllegalStateException("the ledger does not hold it");
            });
    List<CompletableFuture<Settlement>> good = settleAll(payments.subList(1, COUNT));

    for (CompletableFuture<Settlement> settlement : good) {
      assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
    }
    assertThatThrownBy(() -> get(bad)).hasStackTraceContaining("the ledger does not hold it");
    assertThat(shop.isUsed(payments.get(0))).isFalse();
    assertThat(shop.earned()).isEqualTo((COUNT - 1) * Shop.PRICE);
    assertThat(transactions()).isEqualTo(1);
  }

  @Test
  void aPayerPaysForAsManyAsItsBalanceCovers() throws Exception {
    TestWallet payer = shop.payer(2 * Shop.PRICE);
    List<SignedPayment> payments = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      payments.add(shop.payment(facilitator, payer));
    }
    int settled = 0;
    for (CompletableFuture<Settlement> settlement : settleAll(sharing(4), payments)) {
      settled += get(settlement) instanceof Settlement.Settled ? 1 : 0;
    }
    assertThat(settled).isEqualTo(2);
    assertThat(shop.earned()).isEqualTo(2 * Shop.PRICE);
    assertThat(transactions()).isEqualTo(1);
  }

  /** Two callers with one payment: the money moves once, and one of them delivers. */
  @Test
  void onePaymentTwiceIsSettledOnce() throws Exception {
    SignedPayment payment = payments(1).get(0);
    int settled = 0;
    for (CompletableFuture<Settlement> settlement :
        settleAll(sharing(2), List.of(payment, payment))) {
      settled += get(settlement) instanceof Settlement.Settled ? 1 : 0;
    }
    assertThat(settled).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void withoutTheContractEachGoesAlone() throws Exception {
    chain.placeCode(Multicall.ADDRESS.text(), "0x");
    List<CompletableFuture<Settlement>> settlements = settleAll(sharing(3), payments(3));
    for (CompletableFuture<Settlement> settlement : settlements) {
      assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
    }
    assertThat(transactions()).isEqualTo(3);
  }

  @Test
  void aLostOneIsSentAgainForAll() throws Exception {
    List<SignedPayment> payments = payments(COUNT);
    chain.faults().error(SEND, -32000, "come back later");
    chain.faults().beforeNext(SEND, () -> {}).beforeNext(SEND, () -> chain.faults().clear());
    List<CompletableFuture<Settlement>> settlements = settleAll(payments);
    for (CompletableFuture<Settlement> settlement : settlements) {
      assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
    }
    assertThat(transactions()).isEqualTo(1);
    assertThat(recorded).as("the same bytes").hasSize(COUNT);
  }

  @Test
  void aPaymentAmongManyCostsLessGas() throws Exception {
    int many = 64;
    BigInteger alone = gasUsed(settleAll(sharing(1), payments(1))); // the first to this recipient
    alone = gasUsed(settleAll(sharing(1), payments(1)));
    BigInteger together = gasUsed(settleAll(sharing(many), payments(many)));
    double ratio = together.doubleValue() / many / alone.doubleValue();
    System.out.printf(
        "gas: %s alone, %.0f of %d in one transaction, %.2f%n",
        alone, together.doubleValue() / many, many, ratio);
    assertThat(ratio).isLessThan(0.75);
  }

  /** Returns the gas of the transaction that settled all of them. */
  private BigInteger gasUsed(List<CompletableFuture<Settlement>> settlements) throws Exception {
    List<String> transactions = new ArrayList<>();
    for (CompletableFuture<Settlement> each : settlements) {
      transactions.add(((Settlement.Settled) get(each)).transaction());
    }
    assertThat(transactions.stream().distinct()).hasSize(1);
    return Objects.requireNonNull(shop.rpc.receipt(transactions.get(0)).orElseThrow().gasUsed());
  }

  @Test
  void aNodeThatRefusesLongCallsGetsFewerAtATime() throws Exception {
    try (OddNode node =
        OddNode.of(
            chain.rpcUrl(),
            (message, me) ->
                message.toString().length() > LONGEST_CALL
                    ? OddNode.Reply.html(413)
                    : OddNode.Reply.json(me.answer(message)))) {
      EvmFacilitator limited =
          shop.builder(node.port())
              .paymentsPerTransaction(COUNT)
              .gatherFor(Duration.ofSeconds(1))
              .build();
      limited.start(List.of(shop.offer));
      for (CompletableFuture<Settlement> settlement : settleAll(limited, payments(2 * COUNT))) {
        assertThat(get(settlement)).isInstanceOf(Settlement.Settled.class);
      }
      assertThat(shop.earned()).isEqualTo(2 * COUNT * Shop.PRICE);
      assertThat(transactions()).as("some share one").isBetween(3L, 2L * COUNT - 1);
    }
  }

  @Test
  void isSettledAsSoonAsOneComesAlone() throws FacilitatorException {
    EvmFacilitator prompt = shop.builder().build();
    prompt.start(List.of(shop.offer));
    assertThat(prompt.settle(payments(1).get(0), hash -> {}))
        .isInstanceOf(Settlement.Settled.class);
  }
}
