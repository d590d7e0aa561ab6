// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.ExportLines;
import io.github.x402j.client.wallet.JournalStorage.SumOf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the journal says of one wallet, and the one home of what each entry means for it. It is read
 * from the storage when it is asked for, so only {@link #leaving} can be used after the turn.
 *
 * <p>Throws {@link UncheckedIOException} if the storage cannot be read.
 */
final class WalletState {
  /** The longest time that a rate can be within. */
  static final Duration REMEMBERED = Duration.ofHours(24);

  /** The note with the details of the last {@code PROVISIONED} entry. */
  static final String TERMS = "terms";

  /** The note with the details of the {@code REVOKED} entry; none if the wallet pays. */
  static final String REVOKED = "revoked";

  private static final String EVERYTHING = "-";
  private static final Duration HOUR = Duration.ofHours(1);

  private final String agent;
  private final JournalStorage.Turn turn;
  private final ReadWriteLock leaving;
  private @Nullable WalletTerms terms;

  WalletState(String agent, JournalStorage.Turn turn, ReadWriteLock leaving) {
    this.agent = agent;
    this.turn = turn;
    this.leaving = leaving;
  }

  /** Writes what follows from the entry. */
  void apply(JournalEntry entry) throws IOException {
    switch (entry.event()) {
      case PROVISIONED -> provision(entry);
      case ALLOWED -> add(entry);
      case SIGNED, PENDING, REJECTED, SETTLED, UNCONFIRMED, RETURNED -> change(entry);
      case REVOKED -> turn.note(agent, REVOKED, json(entry.details()));
      case REINSTATED -> reinstate(entry);
      case WAITING, APPROVED, DENIED -> approvals().apply(entry);
      case ASKED, REFUSED -> {}
    }
  }

  /** Takes new terms. A higher limit reinstates a wallet that the old limit revoked. */
  private void provision(JournalEntry entry) throws IOException {
    WalletTerms newTerms = WalletTerms.of(entry);
    if (turn.note(agent, TERMS).isPresent()) {
      Dollars before = terms().limit();
      Dollars limit = newTerms.limit();
      boolean revokedByLimit = "limit".equals(revoked().map(why -> why.get("rule")).orElse(null));
      if (revokedByLimit && before != null && limit != null && limit.isMoreThan(before)) {
        turn.note(agent, REVOKED, null);
      }
    }
    turn.note(agent, TERMS, json(entry.details()));
    terms = newTerms;
  }

  private void reinstate(JournalEntry entry) throws IOException {
    Optional<String> host = entry.detail("host");
    if (host.isPresent()) {
      outcomes().forget(host.get());
    } else {
      turn.note(agent, REVOKED, null);
    }
  }

  private void add(JournalEntry entry) throws IOException {
    BookedPayment payment = BookedPayment.allowed(entry);
    turn.payment(payment);
    outcomes().allowed(payment);
    if (entry.detail(Approvals.APPROVAL).isPresent()) {
      approvals().apply(entry);
    }
    forEachSum(payment, sum -> sum.allowed(payment.price()));
  }

  /**
   * Takes what became known of a payment. Does nothing if it is known to be settled or returned.
   */
  private void change(JournalEntry entry) throws IOException {
    Optional<BookedPayment> open = openReservation(entry.need("nonce"));
    if (open.isEmpty()) {
      return;
    }
    BookedPayment before = open.get();
    BookedPayment after = before.after(entry);
    turn.payment(after);
    outcomes().changed(before, after);
    Optional<String> approval = before.detail(Approvals.APPROVAL);
    if (approval.isPresent()) {
      approvals().paid(approval.get(), entry.event());
    }
    Dollars price = before.price();
    if (entry.event() == JournalEntry.Event.RETURNED) {
      forEachSum(before, sum -> sum.returned(price, before.confirmed()));
    } else {
      boolean confirmed = after.confirmed() && !before.confirmed();
      boolean settled = entry.event() == JournalEntry.Event.SETTLED;
      if (confirmed || settled) {
        forEachSum(
            before,
            sum -> {
              SpendSum next = confirmed ? sum.confirmed(price) : sum;
              return settled ? next.settled(price) : next;
            });
      }
    }
  }

  private void forEachSum(BookedPayment payment, UnaryOperator<SpendSum> change)
      throws IOException {
    for (Map.Entry<SumOf, String> each : sumsWith(payment).entrySet()) {
      SpendSum before = turn.sum(agent, each.getKey(), each.getValue());
      turn.sum(agent, each.getKey(), each.getValue(), change.apply(before));
    }
  }

  /** Returns the sums that the payment is in, by their names. */
  private static Map<SumOf, String> sumsWith(BookedPayment payment) {
    String day = BillingPeriod.DAY.firstDay(payment.time()).toString();
    Map<SumOf, String> sums = new LinkedHashMap<>();
    sums.put(SumOf.ALL, EVERYTHING);
    sums.put(SumOf.DAY, day);
    sums.put(SumOf.HOUR, hour(payment.time()));
    sums.put(SumOf.HOST, payment.host());
    sums.put(SumOf.DAY_AND_HOST, day + " " + payment.host());
    return sums;
  }

  private static String hour(Instant time) {
    return LocalDateTime.ofInstant(time, ZoneOffset.UTC).toString().substring(0, 13);
  }

  WalletTerms terms() {
    WalletTerms known = terms;
    if (known == null) {
      Map<String, String> details =
          ExportLines.texts(reading(() -> turn.note(agent, TERMS)).orElseThrow());
      JournalEntry.Event event = JournalEntry.Event.PROVISIONED;
      known = WalletTerms.of(new JournalEntry(0, Instant.EPOCH, event, agent, "-", details));
      terms = known;
    }
    return known;
  }

  /** Returns which requests wait for an outcome, and what hosts have delivered. */
  OutcomeNotes outcomes() {
    return new OutcomeNotes(agent, turn);
  }

  /** Returns the approvals that payments wait for or have. */
  Approvals approvals() {
    return new Approvals(agent, turn);
  }

  /** Returns the lock that is held for reading while a payment is signed or its sending begins. */
  ReadWriteLock leaving() {
    return leaving;
  }

  boolean isRevoked() {
    return revoked().isPresent();
  }

  /** Returns why the wallet was revoked, empty if it was not. */
  Optional<String> revokedFor() {
    return revoked().map(why -> why.getOrDefault("reason", ""));
  }

  private Optional<Map<String, String>> revoked() {
    return reading(() -> turn.note(agent, REVOKED)).map(ExportLines::texts);
  }

  Optional<BookedPayment> openReservation(String nonce) {
    return reading(() -> turn.payment(agent, nonce)).filter(BookedPayment::isOpen);
  }

  Collection<BookedPayment> openReservations() {
    return reading(() -> turn.openPayments(agent));
  }

  /** Returns the part of all that was spent whose outcome is not known. */
  Dollars reserved() {
    SpendSum all = sum(SumOf.ALL, EVERYTHING);
    return all.spent().minus(all.settled());
  }

  Dollars spentEver() {
    return sum(SumOf.ALL, EVERYTHING).spent();
  }

  Dollars spentAt(String host) {
    return sum(SumOf.HOST, host).spent();
  }

  Dollars spentInLastHour(Instant now) {
    return spentWithin(HOUR, now);
  }

  Dollars spentInLastDay(Instant now) {
    return spentWithin(REMEMBERED, now);
  }

  /**
   * Returns the sum of what was reserved within the time before now. What is exactly as old no
   * longer counts; what lies after now, because a clock was ahead, does. The first hour is added up
   * by payment, the others have sums.
   */
  private Dollars spentWithin(Duration length, Instant now) {
    Instant after = now.minus(length);
    Instant nextHour = after.truncatedTo(ChronoUnit.HOURS).plus(HOUR);
    Dollars first =
        reading(() -> turn.payments(agent, after, nextHour, Integer.MAX_VALUE)).stream()
            .map(BookedPayment::price)
            .reduce(Dollars.ZERO, Dollars::plus);
    return first.plus(total(SumOf.HOUR, hour(nextHour)).spent());
  }

  /** Returns what was spent in the period that the time is in, reserved amounts included. */
  Dollars spent(BillingPeriod period, Instant now) {
    return sum(period, now).spent();
  }

  /** Returns the part of that which is known to be gone. */
  Dollars confirmed(BillingPeriod period, Instant now) {
    return sum(period, now).confirmed();
  }

  private SpendSum sum(BillingPeriod period, Instant now) {
    return period == BillingPeriod.EVER
        ? sum(SumOf.ALL, EVERYTHING)
        : total(SumOf.DAY, period.firstDay(now).toString());
  }

  /** Returns what may still be spent in this period, empty if there is no limit. */
  Optional<Dollars> left(Instant now) {
    WalletTerms terms = terms();
    Dollars limit = terms.limit();
    return limit == null ? Optional.empty() : Optional.of(limit.minus(spent(terms.period(), now)));
  }

  /** Returns whether nothing is left of the limit once this reservation is gone, too. */
  boolean isUsedUpBy(BookedPayment reservation, Instant now) {
    WalletTerms terms = terms();
    Dollars limit = terms.limit();
    if (limit == null || terms.renews() || isRevoked()) {
      return false;
    }
    LocalDate firstDay = terms.period().firstDay(now);
    boolean counts =
        !reservation.confirmed()
            && !BillingPeriod.DAY.firstDay(reservation.time()).isBefore(firstDay);
    Dollars gone = confirmed(terms.period(), now);
    return !limit.isMoreThan(counts ? gone.plus(reservation.price()) : gone);
  }

  /** Returns whether at least this number of payments were made within the time before now. */
  boolean hasMade(int payments, Duration within, Instant now) {
    return reading(() -> turn.payments(agent, now.minus(within), Instant.MAX, payments)).size()
        >= payments;
  }

  /** Returns what was spent at each host on each day that the filter selects. */
  List<DailySpend> daily(SpendFilter filter) {
    LocalDate from = filter.from();
    return reading(() -> turn.sums(agent, SumOf.DAY_AND_HOST, from == null ? "" : from.toString()))
        .entrySet()
        .stream()
        .filter(sum -> sum.getValue().payments() > 0)
        .map(sum -> daily(sum.getKey(), sum.getValue()))
        .filter(sum -> filter.isIn(sum.day()))
        .filter(sum -> filter.host() == null || filter.host().equals(sum.host()))
        .toList();
  }

  private DailySpend daily(String dayAndHost, SpendSum sum) {
    String[] parts = dayAndHost.split(" ", 2);
    return new DailySpend(agent, parts[1], LocalDate.parse(parts[0]), sum.spent(), sum.payments());
  }

  private SpendSum sum(SumOf what, String name) {
    return reading(() -> turn.sum(agent, what, name));
  }

  private SpendSum total(SumOf what, String from) {
    SortedMap<String, SpendSum> sums = reading(() -> turn.sums(agent, what, from));
    return sums.values().stream().reduce(SpendSum.NONE, SpendSum::plus);
  }

  private static String json(Map<String, String> details) {
    return ExportLines.json(details).strip();
  }

  private interface Reading<R extends @Nullable Object> {
    R read() throws IOException;
  }

  private static <R> R reading(Reading<R> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
