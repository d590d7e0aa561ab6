// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** What the journal says of one wallet. Guarded by the lock of the journal. */
final class WalletBook {
  /** For how long single payments are remembered. */
  static final Duration REMEMBERED = Duration.ofHours(24);

  /** Longer than any period that the calendar has. */
  private static final int DAYS_KEPT = 40;

  /** Held for reading while a payment is signed, so that revoking can wait for it. */
  private final ReadWriteLock signing = new ReentrantReadWriteLock();

  private final Map<String, Charge> open = new LinkedHashMap<>();
  private final ArrayDeque<Charge> recent = new ArrayDeque<>();
  private final SlidingSum lastHour = new SlidingSum(Duration.ofHours(1));
  private final SlidingSum lastDay = new SlidingSum(REMEMBERED);
  private final TreeMap<LocalDate, Dollars> spentByDay = new TreeMap<>();
  private final TreeMap<LocalDate, Dollars> confirmedByDay = new TreeMap<>();
  private final Map<String, Dollars> spentByHost = new HashMap<>();
  private Dollars spentEver = Dollars.ZERO;
  private Dollars confirmedEver = Dollars.ZERO;
  private @Nullable String revokedFor;
  private Terms terms;

  WalletBook(Terms terms) {
    this.terms = terms;
  }

  void apply(JournalEntry entry) {
    switch (entry.event()) {
      case PROVISIONED -> terms = Terms.of(entry);
      case ALLOWED -> add(new Charge(entry));
      case SETTLED, UNCONFIRMED -> find(entry).ifPresent(charge -> confirm(charge, entry));
      case RETURNED -> find(entry).ifPresent(this::giveBack);
      case REVOKED -> revokedFor = entry.detail("reason").orElse("");
      case ASKED, REFUSED, SIGNED, PENDING, REJECTED -> {}
    }
  }

  Terms terms() {
    return terms;
  }

  ReadWriteLock signing() {
    return signing;
  }

  boolean isRevoked() {
    return revokedFor != null;
  }

  /** Returns why the wallet was revoked, empty if it was not. */
  Optional<String> revokedFor() {
    return Optional.ofNullable(revokedFor);
  }

  Optional<Charge> openCharge(String nonce) {
    return Optional.ofNullable(open.get(nonce));
  }

  Collection<Charge> openCharges() {
    return List.copyOf(open.values());
  }

  Dollars spentEver() {
    return spentEver;
  }

  Dollars spentAt(String host) {
    return spentByHost.getOrDefault(host, Dollars.ZERO);
  }

  Dollars spentInLastHour(Instant now) {
    return lastHour.at(now);
  }

  Dollars spentInLastDay(Instant now) {
    return lastDay.at(now);
  }

  /** Returns what was spent in the period that the time is in, reserved amounts included. */
  Dollars spent(BillingPeriod period, Instant now) {
    return period == BillingPeriod.EVER ? spentEver : sum(spentByDay, period.firstDay(now));
  }

  /** Returns what of that is known to be gone. */
  Dollars confirmed(BillingPeriod period, Instant now) {
    return period == BillingPeriod.EVER ? confirmedEver : sum(confirmedByDay, period.firstDay(now));
  }

  /** Returns what may be spent in this period still; nothing where no limit was set. */
  Optional<Dollars> left(Instant now) {
    return Optional.ofNullable(terms.limit()).map(limit -> limit.minus(spent(terms.period(), now)));
  }

  /**
   * Returns whether a payment of this price hits the limit for good: all of the limit would do for
   * it, and what is left beside what is known to be gone would not.
   */
  boolean isUsedUpFor(Dollars price, Instant now) {
    Dollars limit = terms.limit();
    return revokesItself()
        && limit != null
        && !price.isMoreThan(limit)
        && price.isMoreThan(limit.minus(confirmed(terms.period(), now)));
  }

  /** Returns whether nothing is left of the limit once this charge is known to be gone, too. */
  boolean isUsedUpBy(Charge charge, Instant now) {
    Dollars limit = terms.limit();
    Dollars gone = confirmed(terms.period(), now);
    boolean counts =
        !charge.isConfirmed()
            && !BillingPeriod.DAY.firstDay(charge.time()).isBefore(terms.period().firstDay(now));
    return revokesItself()
        && limit != null
        && !limit.isMoreThan(counts ? gone.plus(charge.dollars()) : gone);
  }

  private boolean revokesItself() {
    return !terms.renews() && !isRevoked();
  }

  /** Returns whether at least so many payments were made since, not counting that instant. */
  boolean hasMade(int payments, Instant since) {
    int made = 0;
    Iterator<Charge> newest = recent.descendingIterator();
    while (newest.hasNext() && made < payments) {
      Charge charge = newest.next();
      if (!charge.time().isAfter(since)) {
        break;
      }
      made += charge.isReturned() ? 0 : 1;
    }
    return made >= payments;
  }

  private void add(Charge charge) {
    Instant since = charge.time().minus(REMEMBERED);
    while (!recent.isEmpty() && !recent.getFirst().time().isAfter(since)) {
      recent.removeFirst();
    }
    recent.addLast(charge);
    open.put(charge.nonce(), charge);
    lastHour.add(charge);
    lastDay.add(charge);
    LocalDate day = BillingPeriod.DAY.firstDay(charge.time());
    spentByDay.merge(day, charge.dollars(), Dollars::plus);
    spentByDay.headMap(day.minusDays(DAYS_KEPT)).clear();
    spentByHost.merge(charge.host(), charge.dollars(), Dollars::plus);
    spentEver = spentEver.plus(charge.dollars());
  }

  private void confirm(Charge charge, JournalEntry entry) {
    if (!charge.isConfirmed()) {
      charge.confirm();
      LocalDate day = BillingPeriod.DAY.firstDay(charge.time());
      confirmedByDay.merge(day, charge.dollars(), Dollars::plus);
      confirmedByDay.headMap(day.minusDays(DAYS_KEPT)).clear();
      confirmedEver = confirmedEver.plus(charge.dollars());
    }
    if (entry.event() == JournalEntry.Event.SETTLED) {
      open.remove(charge.nonce());
    }
  }

  private void giveBack(Charge charge) {
    charge.giveBack();
    open.remove(charge.nonce());
    lastHour.giveBack(charge);
    lastDay.giveBack(charge);
    LocalDate day = BillingPeriod.DAY.firstDay(charge.time());
    spentByDay.computeIfPresent(day, (any, spent) -> spent.minus(charge.dollars()));
    spentByHost.computeIfPresent(charge.host(), (any, spent) -> spent.minus(charge.dollars()));
    spentEver = spentEver.minus(charge.dollars());
    if (charge.isConfirmed()) {
      confirmedByDay.computeIfPresent(day, (any, spent) -> spent.minus(charge.dollars()));
      confirmedEver = confirmedEver.minus(charge.dollars());
    }
  }

  private Optional<Charge> find(JournalEntry entry) {
    return openCharge(entry.need("nonce"));
  }

  private static Dollars sum(TreeMap<LocalDate, Dollars> byDay, LocalDate from) {
    return byDay.tailMap(from).values().stream().reduce(Dollars.ZERO, Dollars::plus);
  }
}
