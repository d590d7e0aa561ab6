// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.Claim;
import io.github.x402j.gate.PaymentLedger.State;
import io.github.x402j.gate.PaymentLedger.Use;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link PaymentLedger} does. Extend it in the tests of your ledger and return an empty
 * one from {@link #emptyLedger}; JUnit then runs each of these tests on it.
 *
 * <pre>{@code
 * class MyLedgerTest extends PaymentLedgerContract {
 *   @Override
 *   public PaymentLedger emptyLedger() {
 *     return new MyLedger();
 *   }
 * }
 * }</pre>
 *
 * <p>Tests of your own can use {@link #key}, {@link #receipt} and {@link #later}, too.
 */
public abstract class PaymentLedgerContract {
  private static final String TX = "0x" + "ab".repeat(32);

  /** Returns an empty ledger with room for at least a thousand entries, receipts included. */
  public abstract PaymentLedger emptyLedger();

  /** Returns a time until which entries made by the test are to be kept. */
  public Instant later() {
    return Instant.now().plusSeconds(600);
  }

  /** Returns a key that no other number gives. */
  public static PaymentKey key(int number) {
    return new PaymentKey(
        Network.BASE,
        Address.parse("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66"),
        String.format("0x%064x", number));
  }

  @Test
  void grantsAnAuthorizationThatItDoesNotKnow() {
    PaymentLedger ledger = emptyLedger();
    assertThat(ledger.find(key(1))).isEmpty();
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Granted());
    assertThat(ledger.find(key(1))).contains(new PaymentLedger.Entry(State.HELD, List.of()));
  }

  @Test
  void tellsThatAnotherExchangeIsAtWorkOnIt() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    assertThat(ledger.claim(key(1), "GET /a", later()))
        .isEqualTo(new Claim.InProgress(Optional.empty()));
    ledger.settling(key(1), TX);
    assertThat(ledger.claim(key(1), "GET /a", later()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX)));
  }

  @Test
  void letsTheSameRequestResumeWhatWasSuspended() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.suspend(key(1));
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Resumed(List.of(TX)));
    assertThat(ledger.claim(key(1), "GET /a", later()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX)));
  }

  @Test
  void letsNoOtherRequestResumeWhatWasSuspended() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.suspend(key(1));
    assertThat(ledger.claim(key(1), "GET /b", later())).isEqualTo(new Claim.Used());
  }

  @Test
  void resumesAlsoWhereNoTransactionIsKnown() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.suspend(key(1));
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Resumed(List.of()));
  }

  @Test
  void neverGivesAwayWhatWasDelivered() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.delivered(key(1));
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Used());
    assertThat(ledger.find(key(1)).orElseThrow().state()).isEqualTo(State.DELIVERED);
  }

  @Test
  void letsAPaymentBeFetchedAgainWhoseDeliveryBrokeOff() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.delivered(key(1));
    assertThat(ledger.takeBack(key(1))).isTrue();
    assertThat(ledger.find(key(1))).contains(new PaymentLedger.Entry(State.SUSPENDED, List.of(TX)));
    assertThat(ledger.claim(key(1), "GET /b", later())).isEqualTo(new Claim.Used());
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Resumed(List.of(TX)));
  }

  @Test
  void deliversAPaymentOnlySoOftenHoweverOftenItsDeliveryBreaksOff() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.delivered(key(1));
    for (int deliveries = 1; deliveries < PaymentLedger.MAX_DELIVERIES; deliveries++) {
      assertThat(ledger.takeBack(key(1))).as("after %d deliveries", deliveries).isTrue();
      assertThat(ledger.claim(key(1), "GET /a", later())).isInstanceOf(Claim.Resumed.class);
      ledger.suspend(key(1)); // a failure is no delivery
      ledger.claim(key(1), "GET /a", later());
      ledger.delivered(key(1));
    }
    assertThat(ledger.takeBack(key(1))).isFalse();
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Used());
  }

  @Test
  void takesNothingBackThatWasNotDelivered() {
    PaymentLedger ledger = emptyLedger();
    assertThat(ledger.takeBack(key(1))).isFalse();
    assertThat(ledger.find(key(1))).isEmpty();
    ledger.claim(key(1), "GET /a", later());
    assertThat(ledger.takeBack(key(1))).isFalse();
    assertThat(ledger.find(key(1)).orElseThrow().state()).isEqualTo(State.HELD);
    ledger.suspend(key(1));
    assertThat(ledger.takeBack(key(1))).isFalse();
    ledger.claim(key(1), "GET /a", later());
    ledger.delivered(key(1));
    assertThat(ledger.takeBack(key(1))).isTrue();
    assertThat(ledger.takeBack(key(1))).isFalse();
  }

  @Test
  void takesADeliveryBackInOneOfManyThreads() throws Exception {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.delivered(key(1));
    AtomicInteger takenBack = new AtomicInteger();
    atOnce(
        64,
        () -> {
          if (ledger.takeBack(key(1))) {
            takenBack.incrementAndGet();
          }
          return new Claim.Used();
        });
    assertThat(takenBack).hasValue(1);
  }

  @Test
  void hasANameThatStaysTheSame() {
    PaymentLedger ledger = emptyLedger();
    String id = ledger.id();
    assertThat(id).matches("[!-~]{16,64}");
    ledger.claim(key(1), "GET /a", later());
    assertThat(ledger.id()).isEqualTo(id);
  }

  @Test
  void forgetsWhatWasReleased() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.release(key(1));
    assertThat(ledger.find(key(1))).isEmpty();
    assertThat(ledger.claim(key(1), "GET /b", later())).isEqualTo(new Claim.Granted());
    assertThat(ledger.find(key(1)).orElseThrow().transactions()).isEmpty();
  }

  @Test
  void tellsEveryPartOfTheKeyApart() {
    PaymentLedger ledger = emptyLedger();
    PaymentKey key = key(1);
    ledger.claim(key, "GET /a", later());
    Address other = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");
    for (PaymentKey different :
        List.of(
            key(2),
            new PaymentKey(Network.POLYGON, key.asset(), key.payer(), key.nonce()),
            new PaymentKey(key.network(), other, key.payer(), key.nonce()),
            new PaymentKey(key.network(), key.asset(), other, key.nonce()))) {
      assertThat(ledger.claim(different, "GET /a", later())).isEqualTo(new Claim.Granted());
    }
  }

  @Test
  void refusesToChangeWhatIsNotHeld() {
    PaymentLedger ledger = emptyLedger();
    assertThatThrownBy(() -> ledger.settling(key(1), TX)).isInstanceOf(IllegalStateException.class);
    ledger.claim(key(1), "GET /a", later());
    ledger.delivered(key(1));
    assertThatThrownBy(() -> ledger.settling(key(1), TX)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ledger.suspend(key(1))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ledger.release(key(1))).isInstanceOf(IllegalStateException.class);
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Used());
  }

  @Test
  void recordsOneTransactionForManyPaymentsAndLeavesOutWhatIsNotHeld() {
    PaymentLedger ledger = emptyLedger();
    for (int i = 1; i <= 40; i++) {
      ledger.claim(key(i), "GET /a", later());
    }
    ledger.delivered(key(7));
    ledger.suspend(key(8));
    ledger.release(key(9));
    Set<PaymentKey> keys =
        IntStream.rangeClosed(1, 41).mapToObj(i -> key(i)).collect(Collectors.toSet());

    assertThat(ledger.settling(keys, TX)).containsOnlyKeys(key(7), key(8), key(9), key(41));
    for (int i = 1; i <= 41; i++) {
      boolean isRecorded = i != 41 && (i < 7 || i > 9);
      assertThat(ledger.find(key(i)).map(PaymentLedger.Entry::transactions).orElse(List.of()))
          .as("payment %d", i)
          .isEqualTo(isRecorded ? List.of(TX) : List.of());
    }
    ledger.suspend(key(1));
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Resumed(List.of(TX)));
  }

  @Test
  void keepsEveryTransactionThatMayMoveTheMoney() {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    List<String> recorded = new ArrayList<>();
    for (String transaction : List.of(TX, "0x" + "cd".repeat(32), "a name of another kind")) {
      ledger.settling(key(1), transaction);
      recorded.add(transaction);
      assertThat(ledger.find(key(1)).orElseThrow().transactions()).isEqualTo(recorded);
    }
    ledger.settling(key(1), TX);
    assertThat(ledger.find(key(1)).orElseThrow().transactions()).isEqualTo(recorded);
    assertThat(((Claim.InProgress) ledger.claim(key(1), "GET /a", later())).transaction())
        .as("the newest")
        .contains("a name of another kind");
    for (int i = 0; i < 20; i++) { // as often as a stuck one is replaced, and more
      recorded.add("0x%064x".formatted(i));
      ledger.settling(key(1), recorded.get(recorded.size() - 1));
    }
    ledger.suspend(key(1));
    assertThat(ledger.claim(key(1), "GET /a", later())).isEqualTo(new Claim.Resumed(recorded));
  }

  @Test
  void doesNotMixUpWhatManyThreadsDoAtOnce() throws Exception {
    PaymentLedger ledger = emptyLedger();
    AtomicInteger next = new AtomicInteger();
    atOnce(
        16,
        () -> {
          for (int i = 0; i < 20; i++) {
            PaymentKey key = key(next.incrementAndGet());
            String tx = key.nonce().replace("0x0", "0x7");
            assertThat(ledger.claim(key, "GET /a", later())).isEqualTo(new Claim.Granted());
            assertThat(ledger.claim(key, "GET /a", later())).isInstanceOf(Claim.InProgress.class);
            assertThat(ledger.settling(Set.of(key), tx)).isEmpty();
            assertThat(ledger.find(key)).contains(new PaymentLedger.Entry(State.HELD, List.of(tx)));
            ledger.delivered(key);
            assertThat(ledger.find(key).orElseThrow().state()).isEqualTo(State.DELIVERED);
          }
          return new Claim.Used();
        });
  }

  @Test
  void grantsOneOfManyClaimsAtOnce() throws Exception {
    PaymentLedger ledger = emptyLedger();
    assertThat(atOnce(64, () -> ledger.claim(key(1), "GET /a", later())))
        .filteredOn(new Claim.Granted()::equals)
        .hasSize(1);
  }

  @Test
  void grantsEachOfManyAuthorizationsOnceToThreadsThatRace() throws Exception {
    PaymentLedger ledger = emptyLedger();
    AtomicInteger granted = new AtomicInteger();
    atOnce(
        8,
        () -> {
          Claim last = new Claim.Used();
          for (int i = 0; i < 300; i++) {
            last = ledger.claim(key(i), "GET /a", later());
            if (last instanceof Claim.Granted) {
              granted.incrementAndGet();
            }
          }
          return last;
        });
    assertThat(granted).hasValue(300);
  }

  @Test
  void resumesOneOfManyClaimsAtOnce() throws Exception {
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /a", later());
    ledger.settling(key(1), TX);
    ledger.suspend(key(1));
    assertThat(atOnce(64, () -> ledger.claim(key(1), "GET /a", later())))
        .filteredOn(Claim.Resumed.class::isInstance)
        .hasSize(1);
  }

  /** Returns a receipt that no other number gives. */
  public static ReceiptKey receipt(int number) {
    return new ReceiptKey("https://pay.example", "receipt-" + number);
  }

  @Test
  void grantsAReceiptAsOftenAsItMayBeUsed() {
    PaymentLedger ledger = emptyLedger();
    assertThat(ledger.use(receipt(1), 2, later())).isEqualTo(new Use.Granted(1));
    ledger.useDelivered(receipt(1));
    assertThat(ledger.use(receipt(1), 2, later())).isEqualTo(new Use.Granted(0));
    ledger.useDelivered(receipt(1));
    assertThat(ledger.use(receipt(1), 2, later())).isEqualTo(new Use.UsedUp());
  }

  @Test
  void tellsAUseThatMayComeBackFromOneThatIsGone() {
    PaymentLedger ledger = emptyLedger();
    ledger.use(receipt(1), 1, later());
    assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.InProgress());
    ledger.useReleased(receipt(1));
    assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.Granted(0));
  }

  @Test
  void remembersWhatWasDeliveredWhenAnotherUseIsReleased() {
    PaymentLedger ledger = emptyLedger();
    ledger.use(receipt(1), 2, later());
    ledger.use(receipt(1), 2, later());
    ledger.useDelivered(receipt(1));
    ledger.useReleased(receipt(1));
    assertThat(ledger.use(receipt(1), 2, later())).isEqualTo(new Use.Granted(0));
  }

  @Test
  void givesAUseBackWhoseDeliveryBrokeOff() {
    PaymentLedger ledger = emptyLedger();
    assertThat(ledger.useTakenBack(receipt(1))).isFalse();
    ledger.use(receipt(1), 1, later());
    ledger.useDelivered(receipt(1));
    for (int back = 1; back < PaymentLedger.MAX_DELIVERIES; back++) {
      assertThat(ledger.useTakenBack(receipt(1))).as("use %d", back).isTrue();
      assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.Granted(0));
      ledger.useReleased(receipt(1)); // does not begin the count anew
      assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.Granted(0));
      ledger.useDelivered(receipt(1));
    }
    assertThat(ledger.useTakenBack(receipt(1))).isFalse();
    assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.UsedUp());
  }

  @Test
  void tellsIssuersAndReceiptsApart() {
    PaymentLedger ledger = emptyLedger();
    ledger.use(receipt(1), 1, later());
    assertThat(ledger.use(receipt(2), 1, later())).isEqualTo(new Use.Granted(0));
    assertThat(ledger.use(new ReceiptKey("https://other.example", "receipt-1"), 1, later()))
        .isEqualTo(new Use.Granted(0));
  }

  @Test
  void refusesToEndAUseThatNobodyHolds() {
    PaymentLedger ledger = emptyLedger();
    assertThatThrownBy(() -> ledger.useDelivered(receipt(1)))
        .isInstanceOf(IllegalStateException.class);
    ledger.use(receipt(1), 1, later());
    ledger.useDelivered(receipt(1));
    assertThatThrownBy(() -> ledger.useReleased(receipt(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(ledger.use(receipt(1), 1, later())).isEqualTo(new Use.UsedUp());
  }

  @Test
  void grantsExactlyAsManyUsesAsThereAreToThreadsThatRace() throws Exception {
    PaymentLedger ledger = emptyLedger();
    AtomicInteger delivered = new AtomicInteger();
    atOnce(
        8,
        () -> {
          for (int i = 0; i < 300; i++) {
            ReceiptKey key = receipt(i % 100);
            if (ledger.use(key, 7, later()) instanceof Use.Granted) {
              if (i % 3 == 0) {
                ledger.useReleased(key);
              } else {
                delivered.incrementAndGet();
                ledger.useDelivered(key);
              }
            }
          }
          return new Claim.Used();
        });
    for (int i = 0; i < 100; i++) {
      while (ledger.use(receipt(i), 7, later()) instanceof Use.Granted) {
        delivered.incrementAndGet();
        ledger.useDelivered(receipt(i));
      }
    }
    assertThat(delivered).hasValue(700);
  }

  private static List<Claim> atOnce(int threads, Callable<Claim> claim) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Claim>> futures = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        futures.add(
            pool.submit(
                () -> {
                  start.await();
                  return claim.call();
                }));
      }
      start.countDown();
      List<Claim> claims = new ArrayList<>();
      for (Future<Claim> future : futures) {
        claims.add(future.get());
      }
      return claims;
    } finally {
      pool.shutdownNow();
    }
  }
}
