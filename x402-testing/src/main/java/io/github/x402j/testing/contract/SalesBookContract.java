// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.State;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.gate.SalesBook.GroupBy;
import io.github.x402j.gate.SalesBook.Question;
import io.github.x402j.gate.SalesBook.Total;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SalesBook} does. Extend it in the tests of your book and return an empty one
 * from {@link #emptyBook}; JUnit then runs each of these tests on it.
 *
 * <p>Tests of your own can use {@link #sale}, {@link #sent} and {@link #key}, too.
 */
public abstract class SalesBookContract {
  private static final Instant NOON = Instant.parse("2026-11-03T12:00:00Z");
  private static final Currency USDC =
      new Currency(Network.BASE, Usdc.BASE.contract(), "USDC", Usdc.BASE.decimals());
  private static final Currency OTHER =
      new Currency(Network.POLYGON, Usdc.POLYGON.contract(), null, null);
  private static final Address PAY_TO = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");

  /** Returns an empty book with room for at least a thousand sales. */
  public abstract SalesBook emptyBook();

  /** Returns an empty ledger that the book is to work with, in the same store if there is one. */
  public abstract PaymentLedger emptyLedger();

  /** Returns a payer that no other number gives. */
  public static Address payer(int number) {
    return Address.parse(String.format("0x%040x", number + 1));
  }

  /** Returns the key of the authorization of a sale. */
  public static PaymentKey key(int number) {
    return new PaymentKey(
        Network.BASE, Usdc.BASE.contract(), payer(number % 3), String.format("0x%064x", number));
  }

  /** Returns the transaction of a sale. */
  public static String transaction(int number) {
    return String.format("0x%064x", 1_000_000 + number);
  }

  /** Returns a delivered sale of one cent, one minute after the one before. */
  public static Entry sale(int number) {
    return entry(number, SalesBook.State.DELIVERED, transaction(number), null, null, null);
  }

  /** Returns a sale whose transaction is about to be broadcast. */
  public static Entry sent(int number) {
    return entry(number, SalesBook.State.SENT, transaction(number), null, null, question(number));
  }

  private static Question question(int number) {
    PaymentRequirements offer =
        PaymentRequirements.exact(
            Usdc.BASE, TokenAmount.of(10_000), PAY_TO, Duration.ofSeconds(60));
    return new Question(
        PaymentPayload.v2(offer, Map.of("signature", "0x" + number)), time(number).plusSeconds(60));
  }

  private static Instant time(int number) {
    return NOON.plus(Duration.ofMinutes(number));
  }

  private static Entry entry(
      int number,
      SalesBook.State state,
      @Nullable String transaction,
      @Nullable String pass,
      @Nullable String reason,
      @Nullable Question question) {
    return new Entry(
        "sale-" + number,
        time(number),
        state,
        number % 2 == 0 ? "GET /even" : "GET /odd",
        payer(number % 3),
        PAY_TO,
        USDC,
        TokenAmount.of(pass == null ? 10_000 : 0),
        transaction,
        pass,
        reason,
        question);
  }

  private static Entry failed(int number) {
    return entry(number, SalesBook.State.FAILED, null, null, "insufficient_funds: no money", null);
  }

  private static Entry pass(int number) {
    return entry(number, SalesBook.State.DELIVERED, transaction(0), "receipt-1", null, null);
  }

  private static Entry in(Currency currency, TokenAmount amount, Entry sale) {
    return with(sale, sale.time(), currency, amount);
  }

  private static Entry at(Instant time, Entry sale) {
    return with(sale, time, sale.currency(), sale.amount());
  }

  private static Entry with(Entry sale, Instant time, Currency currency, TokenAmount amount) {
    return new Entry(
        sale.id(),
        time,
        sale.state(),
        sale.route(),
        sale.payer(),
        sale.payTo(),
        currency,
        amount,
        sale.transaction(),
        sale.pass(),
        sale.reason(),
        sale.question());
  }

  private static Entry withState(Entry sale, SalesBook.State state) {
    return new Entry(
        sale.id(),
        sale.time(),
        state,
        sale.route(),
        sale.payer(),
        sale.payTo(),
        sale.currency(),
        sale.amount(),
        sale.transaction(),
        null,
        null,
        null);
  }

  private static List<Entry> all(SalesBook book) {
    return selected(book, Filter.all());
  }

  private static List<Entry> selected(SalesBook book, Filter filter) {
    List<Entry> entries = new ArrayList<>();
    book.forEach(filter, entries::add);
    return entries;
  }

  private static SalesBook with(SalesBook book, Entry... entries) {
    for (Entry entry : entries) {
      book.write(entry);
    }
    return book;
  }

  // ---- entries

  @Test
  void keepsEveryFieldOfEveryKindOfEntry() {
    Entry largest =
        in(OTHER, new TokenAmount(BigInteger.TWO.pow(256).subtract(BigInteger.ONE)), sale(5));
    Entry[] entries = {sale(1), sent(2), failed(3), pass(4), largest};
    assertThat(all(with(emptyBook(), entries))).containsExactly(entries);
  }

  @Test
  void keepsOneEntryForEachId() {
    SalesBook book = with(emptyBook(), sent(1), sent(1), sale(1));
    assertThat(all(book)).containsExactly(sale(1));
    book.write(withState(sale(1), SalesBook.State.SETTLED)); // a delivery that was taken back
    assertThat(all(book)).containsExactly(withState(sale(1), SalesBook.State.SETTLED));
  }

  @Test
  void keepsTheTimeOfTheFirstEntry() {
    SalesBook book = with(emptyBook(), sent(1));
    book.write(at(time(500), sale(1)));
    assertThat(all(book)).containsExactly(sale(1));
  }

  @Test
  void forgetsNoSaleWhoseMoneyHasMoved() {
    SalesBook book = emptyBook();
    assertThat(book.write(failed(1))).isTrue();
    assertThat(book.write(sent(1))).isTrue(); // the payer has sent it again
    assertThat(book.write(sale(1))).isTrue();
    assertThat(book.write(failed(1))).isFalse();
    assertThat(book.write(sent(1))).isFalse();
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /odd", Instant.now().plusSeconds(600));
    assertThatThrownBy(() -> book.settling(sent(1), ledger, key(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(ledger.find(key(1))).contains(new PaymentLedger.Entry(State.HELD, List.of()));
    assertThat(all(book)).containsExactly(sale(1));
  }

  @Test
  void selectsByTimeRouteAndPayerInTheOrderOfTime() {
    SalesBook book = with(emptyBook(), sale(4), sale(2), sale(1), sale(3), sale(0));
    assertThat(all(book)).containsExactly(sale(0), sale(1), sale(2), sale(3), sale(4));
    assertThat(selected(book, Filter.all().from(time(1)).until(time(3))))
        .containsExactly(sale(1), sale(2));
    assertThat(selected(book, Filter.all().route("GET /odd"))).containsExactly(sale(1), sale(3));
    assertThat(selected(book, Filter.all().payer(payer(1)).until(time(4))))
        .containsExactly(sale(1));
    assertThat(selected(book, Filter.all().payer(payer(2)).route("GET /odd"))).isEmpty();
  }

  @Test
  void keepsWhatManyThreadsWriteAtOnce() throws Exception {
    SalesBook book = emptyBook();
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        int first = thread * 25;
        running.add(
            pool.submit(
                () -> {
                  for (int number = first; number < first + 25; number++) {
                    with(book, sent(number), sale(number));
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(all(book)).hasSize(200).allMatch(e -> e.state() == SalesBook.State.DELIVERED);
  }

  // ---- beside the ledger

  @Test
  void recordsATransactionHereAndInTheLedger() {
    PaymentLedger ledger = emptyLedger();
    SalesBook book = emptyBook();
    ledger.claim(key(1), "GET /odd", Instant.now().plusSeconds(600));
    book.settling(sent(1), ledger, key(1));
    assertThat(all(book)).containsExactly(sent(1));
    assertThat(ledger.find(key(1)))
        .contains(new PaymentLedger.Entry(State.HELD, List.of(transaction(1))));
    Entry replaced =
        in(
            USDC,
            TokenAmount.of(10_000),
            entry(1, SalesBook.State.SENT, transaction(2), null, null, question(1)));
    book.settling(replaced, ledger, key(1)); // with another transaction in its place
    assertThat(all(book)).containsExactly(replaced);
    assertThat(ledger.find(key(1)))
        .contains(new PaymentLedger.Entry(State.HELD, List.of(transaction(1), transaction(2))));
  }

  @Test
  void recordsADeliveryHereAndInTheLedger() {
    PaymentLedger ledger = emptyLedger();
    SalesBook book = emptyBook();
    ledger.claim(key(1), "GET /odd", Instant.now().plusSeconds(600));
    book.settling(sent(1), ledger, key(1));
    assertThat(book.delivered(sale(1), ledger, key(1))).isTrue();
    assertThat(all(book)).containsExactly(sale(1));
    assertThat(ledger.find(key(1)))
        .contains(new PaymentLedger.Entry(State.DELIVERED, List.of(transaction(1))));
    assertThatThrownBy(() -> ledger.delivered(key(1))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void recordsADeliveryOfASaleThatItDoesNotKnow() {
    PaymentLedger ledger = emptyLedger();
    SalesBook book = emptyBook();
    ledger.claim(key(1), "GET /odd", Instant.now().plusSeconds(600));
    assertThat(book.delivered(sale(1), ledger, key(1))).isTrue();
    assertThat(all(book)).containsExactly(sale(1));
  }

  @Test
  void throwsWhereTheLedgerDoesNotHoldThePayment() {
    PaymentLedger ledger = emptyLedger();
    SalesBook book = emptyBook();
    assertThatThrownBy(() -> book.settling(sent(1), ledger, key(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> book.delivered(sale(1), ledger, key(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(all(book)).noneMatch(entry -> entry.state() == SalesBook.State.DELIVERED);
  }

  // ---- open questions

  @Test
  void returnsWhatIsDueOnceUntilItIsDueAgain() {
    SalesBook book = with(emptyBook(), sent(1), sent(3), sale(0), failed(2));
    Instant due = time(1).plusSeconds(60);
    Instant again = due.plusSeconds(300);
    assertThat(book.takeDue(due.minusMillis(1), again, 10)).isEmpty();
    assertThat(book.takeDue(due, again, 10)).extracting(Entry::id).containsExactly("sale-1");
    assertThat(book.takeDue(due, again, 10)).isEmpty();
    assertThat(book.takeDue(again, again.plusSeconds(300), 1)).hasSize(1);
    List<Entry> rest = book.takeDue(again, again.plusSeconds(300), 10);
    assertThat(rest).hasSize(1);
    Question question = Objects.requireNonNull(rest.get(0).question());
    assertThat(question.payment().payload()).containsKey("signature");
  }

  @Test
  void concludesOnlyWhatIsOpen() {
    SalesBook book = with(emptyBook(), sent(1), sale(2));
    assertThat(book.conclude(withState(sale(1), SalesBook.State.SETTLED))).isTrue();
    assertThat(book.conclude(failed(1))).isFalse();
    assertThat(book.conclude(failed(2))).isFalse();
    assertThat(book.conclude(failed(3))).isFalse();
    assertThat(all(book)).containsExactly(withState(sale(1), SalesBook.State.SETTLED), sale(2));
    assertThat(book.takeDue(time(1000), time(2000), 10)).isEmpty();
  }

  @Test
  void withdrawsOnlyWhatIsOpenAndHasNoTransaction() {
    Entry asked = entry(3, SalesBook.State.SENT, null, null, null, question(3));
    SalesBook book = with(emptyBook(), sent(1), sale(2), asked);
    for (int number = 1; number <= 4; number++) {
      assertThat(book.withdraw(sale(number).id())).isEqualTo(number == 3);
    }
    assertThat(all(book)).containsExactly(sent(1), sale(2));
    assertThat(book.withdraw(asked.id())).isFalse();
    assertThat(book.write(asked)).isTrue();
  }

  // ---- totals and exports

  @Test
  void addsUpByDayRouteAndPayerAndKeepsTokensApart() {
    SalesBook book =
        with(
            emptyBook(),
            sale(0),
            sale(1),
            sale(720), // the next day, in UTC
            withState(sale(2), SalesBook.State.SETTLED),
            sent(3),
            failed(4),
            pass(6),
            in(OTHER, TokenAmount.of(7), sale(8)));
    assertThat(book.totals(Filter.all(), GroupBy.DAY))
        .containsExactly(
            new Total("2026-11-03", OTHER, BigInteger.valueOf(7), 1, 0, 0, 0, 0),
            new Total("2026-11-03", USDC, BigInteger.valueOf(30_000), 3, 1, 1, 1, 1),
            new Total("2026-11-04", USDC, BigInteger.valueOf(10_000), 1, 0, 0, 0, 0));
    assertThat(book.totals(Filter.all().until(time(700)), GroupBy.ROUTE))
        .containsExactly(
            new Total("GET /even", OTHER, BigInteger.valueOf(7), 1, 0, 0, 0, 0),
            new Total("GET /even", USDC, BigInteger.valueOf(20_000), 2, 1, 1, 0, 1),
            new Total("GET /odd", USDC, BigInteger.valueOf(10_000), 1, 0, 0, 1, 0));
    assertThat(book.totals(Filter.all().payer(payer(0)), GroupBy.PAYER))
        .containsExactly(
            new Total(payer(0).text(), USDC, BigInteger.valueOf(20_000), 2, 0, 1, 1, 0));
  }

  @Test
  void exportsCsvAndJsonLinesWithoutTheSignature() throws IOException {
    SalesBook book = with(emptyBook(), sent(1), failed(2));
    StringBuilder csv = new StringBuilder();
    book.writeCsv(Filter.all(), csv);
    assertThat(csv)
        .hasToString(
            "time,state,route,payer,payTo,network,asset,symbol,decimals,amount,transaction,pass,"
                + "reason,id\r\n"
                + "2026-11-03T12:01:00Z,sent,GET /odd,"
                + payer(1)
                + ","
                + PAY_TO
                + ",eip155:8453,"
                + Usdc.BASE.contract()
                + ",USDC,6,10000,"
                + transaction(1)
                + ",,,sale-1\r\n"
                + "2026-11-03T12:02:00Z,failed,GET /even,"
                + payer(2)
                + ","
                + PAY_TO
                + ",eip155:8453,"
                + Usdc.BASE.contract()
                + ",USDC,6,10000,,,insufficient_funds: no money,sale-2\r\n");
    StringBuilder json = new StringBuilder();
    book.writeJsonLines(Filter.all().from(time(2)), json);
    assertThat(json)
        .hasToString(
            "{\"time\":\"2026-11-03T12:02:00Z\",\"state\":\"failed\",\"route\":\"GET /even\","
                + "\"payer\":\""
                + payer(2)
                + "\",\"payTo\":\""
                + PAY_TO
                + "\",\"network\":\"eip155:8453\",\"asset\":\""
                + Usdc.BASE.contract()
                + "\",\"symbol\":\"USDC\",\"decimals\":\"6\",\"amount\":\"10000\","
                + "\"reason\":\"insufficient_funds: no money\",\"id\":\"sale-2\"}\n");
  }
}
