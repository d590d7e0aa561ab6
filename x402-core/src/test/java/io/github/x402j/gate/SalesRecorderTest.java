// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentKey;
import io.github.x402j.Settlement;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.gate.SalesBook.State;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gate writes into its sales book, whatever becomes of a payment. */
class SalesRecorderTest {
  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();
  private final FailingBook book = new FailingBook();
  private final MutableClock clock = new MutableClock(Instant.now());
  private final SalesRecorder recorder = new SalesRecorder(book, clock);
  private final SalesReconciler reconciler =
      new SalesReconciler(
          book, recorder, new Facilitators(List.of(facilitator)), payment -> List.of(), clock);
  private PaymentGate gate = gate();

  /** A book that can be told to fail. */
  private static final class FailingBook implements SalesBook {
    private final SalesBook memory = InMemorySalesBook.create();
    private boolean fails;

    @Override
    public boolean write(Entry entry) {
      if (fails) {
        throw new LedgerException("the sales book does not answer");
      }
      return memory.write(entry);
    }

    @Override
    public boolean conclude(Entry entry) {
      return memory.conclude(entry);
    }

    @Override
    public boolean withdraw(String id) {
      return memory.withdraw(id);
    }

    @Override
    public List<Entry> takeDue(Instant now, Instant next, int max) {
      return memory.takeDue(now, next, max);
    }

    @Override
    public void forEach(Filter filter, Consumer<Entry> reader) {
      memory.forEach(filter, reader);
    }
  }

  private PaymentGate gate() {
    return PaymentGate.builder()
        .ledger(ledger)
        .salesBook(book)
        .clock(clock)
        .facilitator(facilitator)
        .build();
  }

  @BeforeEach
  void settles() {
    facilitator.settlement = ScriptedFacilitator.settled();
    facilitator.validBefore = clock.instant().plusSeconds(60);
  }

  private MemoryTransport sell(PaymentFlow flow, int nonce, MemoryTransport transport) {
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)),
        Sale.purchase("GET /premium").withRoute("GET /{article}"),
        Sale.headers("PAYMENT-SIGNATURE", Offers.v2(flow, nonce)),
        transport);
    return transport;
  }

  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    book.forEach(Filter.all(), entries::add);
    return entries;
  }

  private Entry entry() {
    List<Entry> entries = entries();
    assertThat(entries).hasSize(1);
    return entries.get(0);
  }

  private static MemoryTransport working() {
    return MemoryTransport.running(() -> true);
  }

  @ParameterizedTest
  @EnumSource(PaymentFlow.class)
  void writesASaleOnceItIsDelivered(PaymentFlow flow) {
    sell(flow, 1, working());
    Entry entry = entry();
    assertThat(entry.state()).isEqualTo(State.DELIVERED);
    assertThat(entry.route()).isEqualTo("GET /{article}");
    assertThat(entry.payer()).isEqualTo(Offers.PAYER);
    assertThat(entry.payTo()).isEqualTo(Offers.PAY_TO);
    assertThat(entry.amount()).isEqualTo(TokenAmount.of(10_000));
    assertThat(entry.currency().symbol()).isEqualTo("USDC");
    assertThat(entry.currency().decimals()).isEqualTo(6);
    assertThat(entry.transaction()).isEqualTo(ScriptedFacilitator.TX);
    assertThat(entry.time()).isEqualTo(Instant.ofEpochMilli(clock.instant().toEpochMilli()));
    assertThat(entry.question()).isNull();
    assertThat(entry.reason()).isNull();
  }

  @Test
  void namesTheResourceWhereTheSellerNamesNoRoute() {
    gate.sell(
        gate.challenge(Offers.REQUIRED),
        Sale.purchase("GET /premium?token=secret"),
        Sale.headers("PAYMENT-SIGNATURE", Offers.v2(1)),
        working());
    assertThat(entry().route()).isEqualTo("https://api.example.com/premium");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void writesThatASaleIsSentBeforeItCanBe(boolean tellsFirst) {
    facilitator.tellsFirst = tellsFirst;
    List<Entry> before = new ArrayList<>();
    facilitator.beforeSettle = () -> before.addAll(entries());
    sell(
        PaymentFlow.AUTHORIZATION,
        1,
        MemoryTransport.running(
            () -> {
              assertThat(entries()).isEmpty();
              return true;
            }));
    if (tellsFirst) {
      assertThat(before).isEmpty(); // the hash comes later, and before the broadcast
    } else {
      assertThat(before).extracting(Entry::state).containsExactly(State.SENT);
    }
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }

  @Test
  void keepsAPendingSaleAsSentWithItsTransaction() {
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entry().state()).isEqualTo(State.SENT);
    assertThat(entry().transaction()).isEqualTo(ScriptedFacilitator.TX);
    facilitator.outcome = ScriptedFacilitator.settled();
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }

  @Test
  void writesAFailureWithItsReason() {
    facilitator.settlement =
        new Settlement.Failed(
            ErrorReason.INVALID_TRANSACTION_STATE, "the transaction was reverted");
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entry().state()).isEqualTo(State.FAILED);
    assertThat(entry().reason())
        .isEqualTo("invalid_transaction_state: the transaction was reverted");
    assertThat(entry().transaction()).isEqualTo(ScriptedFacilitator.TX);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesNothingOpenWhereNothingWasSent(boolean tellsFirst) {
    facilitator.tellsFirst = tellsFirst;
    facilitator.failsToSettle = true;
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entries()).noneMatch(entry -> entry.state() != State.FAILED);
    assertThat(entries()).hasSize(tellsFirst ? 0 : 1);
    facilitator.failsToSettle = false;
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }

  /** Whoever signs at all can begin one, funded or not. */
  @Test
  void keepsNothingOfAnUnverifiedPaymentThatWasNotSent() {
    facilitator.tellsFirst = false;
    facilitator.settleVerifies = true;
    facilitator.failsToSettle = true;
    List<Entry> before = new ArrayList<>();
    facilitator.beforeSettle = () -> before.addAll(entries());
    sell(PaymentFlow.UPFRONT, 1, working());
    assertThat(before).extracting(Entry::state).containsExactly(State.SENT);
    assertThat(entries()).isEmpty();

    facilitator.failsToSettle = false;
    facilitator.settlement = new Settlement.Pending(null);
    sell(PaymentFlow.UPFRONT, 2, working());
    assertThat(entry().state()).isEqualTo(State.SENT);
  }

  @Test
  void writesNothingForWhatIsRefusedOrCostsNothing() {
    sell(PaymentFlow.AUTHORIZATION, 1, MemoryTransport.running(() -> false));
    facilitator.invalidOnChain =
        new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "no money", Offers.PAYER);
    sell(PaymentFlow.AUTHORIZATION, 2, working());
    assertThat(entries()).isEmpty();
  }

  @Test
  void writesWhatIsPaidAndNotDelivered() {
    sell(PaymentFlow.UPFRONT, 1, MemoryTransport.running(() -> false));
    assertThat(entry().state()).isEqualTo(State.SETTLED);
    facilitator.outcome = ScriptedFacilitator.settled();
    sell(PaymentFlow.UPFRONT, 1, working());
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }

  @Test
  void takesADeliveryBackThatBrokeOff() {
    MemoryTransport transport = MemoryTransport.running(null);
    sell(PaymentFlow.UPFRONT, 1, transport);
    transport.later.completed();
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
    transport.later.brokeOff();
    assertThat(entry().state()).isEqualTo(State.SETTLED);
  }

  // ---- a book that fails

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sendsNothingWhereTheSaleCannotBeWritten(boolean tellsFirst) {
    facilitator.tellsFirst = tellsFirst;
    book.fails = true;
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, working()).calls)
        .containsExactly("run", "refuse 503");
    assertThat(facilitator.settlements).hasValue(tellsFirst ? 1 : 0);
    assertThat(ledger.find(key(1)).map(PaymentLedger.Entry::transactions).orElse(List.of()))
        .isEmpty();
  }

  private static PaymentKey key(int nonce) {
    return Offers.signed(nonce).key();
  }

  @Test
  void deliversThoughTheBookFailsWhenTheMoneyHasMoved() {
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    facilitator.outcome = ScriptedFacilitator.settled();
    book.fails = true;
    assertThat(sell(PaymentFlow.AUTHORIZATION, 1, working()).calls)
        .containsExactly("run", "headers", "deliver");
    assertThat(entry().state()).isEqualTo(State.SENT);
    book.fails = false;
    // the recorder of the gate repeats the write; this one has seen nothing
    facilitator.outcome = new Settlement.Pending(ScriptedFacilitator.TX);
    clock.advance(Duration.ofHours(1));
    reconciler.run();
    assertThat(entry().state()).isEqualTo(State.SENT);
    gate.reconciler().run();
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }

  // ---- sales that were left open

  @Test
  void asksForTheOutcomeOfASaleWhosePayerDoesNotComeBack() {
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    facilitator.outcome = ScriptedFacilitator.settled();
    reconciler.run();
    assertThat(facilitator.outcomes).hasValue(0); // not yet: the exchange may be at work
    clock.advance(Duration.ofMinutes(1));
    reconciler.run();
    assertThat(entry().state()).isEqualTo(State.SETTLED);
    assertThat(entry().transaction()).isEqualTo(ScriptedFacilitator.TX);
    reconciler.run();
    assertThat(facilitator.outcomes).hasValue(1);
  }

  @Test
  void asksAgainWhileTheOutcomeIsNotKnown() {
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    facilitator.outcome = facilitator.settlement;
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    clock.advance(Duration.ofMinutes(1));
    reconciler.run();
    facilitator.fails = true;
    clock.advance(Duration.ofMinutes(15));
    reconciler.run();
    assertThat(entry().state()).isEqualTo(State.SENT);
    facilitator.fails = false;
    facilitator.outcome = new Settlement.Failed(ErrorReason.AUTHORIZATION_EXPIRED, "unused");
    clock.advance(Duration.ofMinutes(15));
    reconciler.run();
    assertThat(entry().state()).isEqualTo(State.FAILED);
    assertThat(facilitator.outcomes).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void asksNoOtherProcessAgainWhileThatCouldMoveTheMoney(boolean tellsNothing) {
    facilitator.tellsFirst = false;
    facilitator.breaksBeforeItTells = tellsNothing;
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(entry().state()).isEqualTo(State.SENT);
    facilitator.outcome = ScriptedFacilitator.settled();
    clock.advance(Duration.ofSeconds(119));
    reconciler.run();
    assertThat(facilitator.outcomes).hasValue(0);
    clock.advance(Duration.ofSeconds(1));
    reconciler.run();
    assertThat(entry().state()).isEqualTo(State.SETTLED);
  }

  @Test
  void doesNotUndoADeliveryThatComesMeanwhile() {
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    clock.advance(Duration.ofMinutes(1));
    facilitator.outcome = ScriptedFacilitator.settled();
    List<Entry> due = book.takeDue(clock.instant(), clock.instant().plusSeconds(1), 10);
    sell(PaymentFlow.AUTHORIZATION, 1, working());
    assertThat(book.conclude(due.get(0).with(State.SETTLED, ScriptedFacilitator.TX, null)))
        .isFalse();
    assertThat(entry().state()).isEqualTo(State.DELIVERED);
  }
}
