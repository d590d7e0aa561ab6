// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
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
final class WalletState {
  /** How long single payments are remembered. */
  static final Duration REMEMBERED = Duration.ofHours(24);

  /** More days than the longest billing period has. */
  private static final int DAYS_KEPT = 40;

  /** Held for reading while a payment is signed, so that revoking can wait for it. */
  private final ReadWriteLock signing = new ReentrantReadWriteLock();

  private final Map<String, Reservation> open = new LinkedHashMap<>();
  private final ArrayDeque<Reservation> recent = new ArrayDeque<>();
  private final SlidingSum lastHour = new SlidingSum(Duration.ofHours(1));
  private final SlidingSum lastDay = new SlidingSum(REMEMBERED);
  private final TreeMap<LocalDate, Dollars> spentByDay = new TreeMap<>();
  private final TreeMap<LocalDate, Dollars> confirmedByDay = new TreeMap<>();
  private final Map<String, Dollars> spentByHost = new HashMap<>();
  private Dollars spentEver = Dollars.ZERO;
  private Dollars confirmedEver = Dollars.ZERO;
  private @Nullable String revokedFor;
  private WalletTerms terms;

  WalletState(WalletTerms terms) {
    this.terms = terms;
  }

  void apply(JournalEntry entry) {
    switch (entry.event()) {
      case PROVISIONED -> terms = WalletTerms.of(entry);
      case ALLOWED -> add(new Reservation(entry));
      case SETTLED, UNCONFIRMED ->
          find(entry).ifPresent(reservation -> confirm(reservation, entry));
      case RETURNED -> find(entry).ifPresent(this::giveBack);
      case REVOKED -> revokedFor = entry.detail("reason").orElse("");
      case ASKED, REFUSED, SIGNED, PENDING, REJECTED -> {}
    }
  }

  WalletTerms terms() {
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

  Optional<Reservation> openReservation(String nonce) {
    return Optional.ofNullable(open.get(nonce));
  }

  Collection<Reservation> openReservations() {
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

  /** Returns the part of that which is known to be gone. */
  Dollars confirmed(BillingPeriod period, Instant now) {
    return period == BillingPeriod.EVER ? confirmedEver : sum(confirmedByDay, period.firstDay(now));
  }

  /** Returns what may still be spent in this period, empty if there is no limit. */
  Optional<Dollars> left(Instant now) {
    return Optional.ofNullable(terms.limit()).map(limit -> limit.minus(spent(terms.period(), now)));
  }

  /**
   * Returns whether a payment of this price hits the limit for good: the whole limit would suffice
   * for it, and the limit less what is known to be gone would not.
   */
  boolean isUsedUpFor(Dollars price, Instant now) {
    Dollars limit = terms.limit();
    return revokesItself()
        && limit != null
        && !price.isMoreThan(limit)
        && price.isMoreThan(limit.minus(confirmed(terms.period(), now)));
  }

  /** Returns whether nothing is left of the limit once this reservation is gone, too. */
  boolean isUsedUpBy(Reservation reservation, Instant now) {
    Dollars limit = terms.limit();
    Dollars gone = confirmed(terms.period(), now);
    boolean counts =
        !reservation.isConfirmed()
            && !BillingPeriod.DAY
                .firstDay(reservation.time())
                .isBefore(terms.period().firstDay(now));
    return revokesItself()
        && limit != null
        && !limit.isMoreThan(counts ? gone.plus(reservation.dollars()) : gone);
  }

  private boolean revokesItself() {
    return !terms.renews() && !isRevoked();
  }

  /** Returns whether at least this number of payments were made after that instant. */
  boolean hasMade(int payments, Instant since) {
    int made = 0;
    Iterator<Reservation> newest = recent.descendingIterator();
    while (newest.hasNext() && made < payments) {
      Reservation reservation = newest.next();
      if (!reservation.time().isAfter(since)) {
        break;
      }
      made += reservation.isReturned() ? 0 : 1;
    }
    return made >= payments;
  }

  private void add(Reservation reservation) {
    Instant since = reservation.time().minus(REMEMBERED);
    while (!recent.isEmpty() && !recent.getFirst().time().isAfter(since)) {
      recent.removeFirst();
    }
    recent.addLast(reservation);
    open.put(reservation.nonce(), reservation);
    lastHour.add(reservation);
    lastDay.add(reservation);
    LocalDate day = BillingPeriod.DAY.firstDay(reservation.time());
    spentByDay.merge(day, reservation.dollars(), Dollars::plus);
    spentByDay.headMap(day.minusDays(DAYS_KEPT)).clear();
    spentByHost.merge(reservation.host(), reservation.dollars(), Dollars::plus);
    spentEver = spentEver.plus(reservation.dollars());
  }

  private void confirm(Reservation reservation, JournalEntry entry) {
    if (!reservation.isConfirmed()) {
      reservation.confirm();
      LocalDate day = BillingPeriod.DAY.firstDay(reservation.time());
      confirmedByDay.merge(day, reservation.dollars(), Dollars::plus);
      confirmedByDay.headMap(day.minusDays(DAYS_KEPT)).clear();
      confirmedEver = confirmedEver.plus(reservation.dollars());
    }
    if (entry.event() == JournalEntry.Event.SETTLED) {
      open.remove(reservation.nonce());
    }
  }

  private void giveBack(Reservation reservation) {
    reservation.giveBack();
    open.remove(reservation.nonce());
    lastHour.giveBack(reservation);
    lastDay.giveBack(reservation);
    LocalDate day = BillingPeriod.DAY.firstDay(reservation.time());
    spentByDay.computeIfPresent(day, (any, spent) -> spent.minus(reservation.dollars()));
    spentByHost.computeIfPresent(
        reservation.host(), (any, spent) -> spent.minus(reservation.dollars()));
    spentEver = spentEver.minus(reservation.dollars());
    if (reservation.isConfirmed()) {
      confirmedByDay.computeIfPresent(day, (any, spent) -> spent.minus(reservation.dollars()));
      confirmedEver = confirmedEver.minus(reservation.dollars());
    }
  }

  private Optional<Reservation> find(JournalEntry entry) {
    return openReservation(entry.need("nonce"));
  }

  private static Dollars sum(TreeMap<LocalDate, Dollars> byDay, LocalDate from) {
    return byDay.tailMap(from).values().stream().reduce(Dollars.ZERO, Dollars::plus);
  }

  /** The sum of what was reserved within the last hour or day. */
  private static final class SlidingSum {
    private final Duration length;
    private final Map<String, Reservation> reservations = new LinkedHashMap<>();
    private Dollars sum = Dollars.ZERO;

    SlidingSum(Duration length) {
      this.length = length;
    }

    void add(Reservation reservation) {
      forget(reservation.time());
      reservations.put(reservation.nonce(), reservation);
      sum = sum.plus(reservation.dollars());
    }

    void giveBack(Reservation reservation) {
      if (reservations.remove(reservation.nonce()) != null) {
        sum = sum.minus(reservation.dollars());
      }
    }

    /** Returns the sum. What is exactly as old as the window is long no longer counts. */
    Dollars at(Instant now) {
      forget(now);
      return sum;
    }

    private void forget(Instant now) {
      Instant since = now.minus(length);
      Iterator<Reservation> oldest = reservations.values().iterator();
      while (oldest.hasNext()) {
        Reservation reservation = oldest.next();
        if (reservation.time().isAfter(since)) {
          return;
        }
        oldest.remove();
        sum = sum.minus(reservation.dollars());
      }
    }
  }

  /** An amount that a wallet has reserved for one payment. Guarded by the lock of the journal. */
  static final class Reservation {
    private final JournalEntry allowed;
    private final Dollars dollars;
    private boolean returned;
    private boolean confirmed;

    /**
     * @param allowed the entry that allowed the payment
     */
    Reservation(JournalEntry allowed) {
      this.allowed = allowed;
      this.dollars = Dollars.parse(allowed.need("price"));
    }

    String nonce() {
      return allowed.need("nonce");
    }

    String requestId() {
      return allowed.requestId();
    }

    Instant time() {
      return allowed.time();
    }

    String host() {
      return allowed.need("host");
    }

    Dollars dollars() {
      return dollars;
    }

    Network network() {
      return Network.parse(allowed.need("network"));
    }

    Address token() {
      return Address.parse(allowed.need("token"));
    }

    /** Returns the time from which on the chain rejects the authorization. */
    Instant validBefore() {
      return Instant.parse(allowed.need("validBefore"));
    }

    boolean isReturned() {
      return returned;
    }

    void giveBack() {
      returned = true;
    }

    /** Returns whether the money moved, or the seller delivered. */
    boolean isConfirmed() {
      return confirmed;
    }

    void confirm() {
      confirmed = true;
    }
  }
}
