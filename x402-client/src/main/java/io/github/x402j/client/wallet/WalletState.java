// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
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

  /**
   * How many days with payments are kept: more than the longest billing period has, and more again,
   * as a clock that is ahead for some time adds days that have not come yet.
   */
  private static final int DAYS_KEPT = 400;

  /** Held for reading while a payment is signed or its sending begins; revoking waits for both. */
  private final ReadWriteLock leaving = new ReentrantReadWriteLock();

  private final Map<String, Reservation> open = new LinkedHashMap<>();
  private final SlidingSum lastHour = new SlidingSum(Duration.ofHours(1));
  private final SlidingSum lastDay = new SlidingSum(REMEMBERED);
  private final TreeMap<LocalDate, Dollars> spentByDay = new TreeMap<>();
  private final TreeMap<LocalDate, Dollars> confirmedByDay = new TreeMap<>();
  private final Map<String, Dollars> spentByHost = new HashMap<>();
  private Dollars spentEver = Dollars.ZERO;
  private Dollars confirmedEver = Dollars.ZERO;
  private @Nullable String revokedFor;
  private boolean revokedByLimit;
  private WalletTerms terms;

  WalletState(WalletTerms terms) {
    this.terms = terms;
  }

  void apply(JournalEntry entry) {
    switch (entry.event()) {
      case PROVISIONED -> provision(WalletTerms.of(entry));
      case ALLOWED -> add(new Reservation(entry));
      case SETTLED, UNCONFIRMED ->
          find(entry).ifPresent(reservation -> confirm(reservation, entry));
      case RETURNED -> find(entry).ifPresent(this::giveBack);
      case REVOKED -> {
        revokedFor = entry.detail("reason").orElse("");
        revokedByLimit = entry.detail("rule").equals(Optional.of("limit"));
      }
      case REINSTATED -> revokedFor = null;
      case ASKED, REFUSED, SIGNED, PENDING, REJECTED -> {}
    }
  }

  /** Takes new terms. A higher limit reinstates a wallet that the old limit revoked. */
  private void provision(WalletTerms newTerms) {
    Dollars before = terms.limit();
    Dollars limit = newTerms.limit();
    if (revokedByLimit && before != null && limit != null && limit.isMoreThan(before)) {
      revokedFor = null;
    }
    terms = newTerms;
  }

  WalletTerms terms() {
    return terms;
  }

  ReadWriteLock leaving() {
    return leaving;
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

  /** Returns whether at least this number of payments were made within the time before now. */
  boolean hasMade(int payments, Duration within, Instant now) {
    return lastDay.hasAtLeast(payments, within, now);
  }

  private void add(Reservation reservation) {
    open.put(reservation.nonce(), reservation);
    lastHour.add(reservation);
    lastDay.add(reservation);
    LocalDate day = BillingPeriod.DAY.firstDay(reservation.time());
    addTo(spentByDay, day, reservation.dollars());
    spentByHost.merge(reservation.host(), reservation.dollars(), Dollars::plus);
    spentEver = spentEver.plus(reservation.dollars());
  }

  private void confirm(Reservation reservation, JournalEntry entry) {
    if (!reservation.isConfirmed()) {
      reservation.confirm();
      LocalDate day = BillingPeriod.DAY.firstDay(reservation.time());
      addTo(confirmedByDay, day, reservation.dollars());
      confirmedEver = confirmedEver.plus(reservation.dollars());
    }
    if (entry.event() == JournalEntry.Event.SETTLED) {
      open.remove(reservation.nonce());
    }
  }

  private void giveBack(Reservation reservation) {
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

  private static void addTo(TreeMap<LocalDate, Dollars> byDay, LocalDate day, Dollars dollars) {
    byDay.merge(day, dollars, Dollars::plus);
    if (byDay.size() > DAYS_KEPT) {
      byDay.pollFirstEntry();
    }
  }

  private static Dollars sum(TreeMap<LocalDate, Dollars> byDay, LocalDate from) {
    return byDay.tailMap(from).values().stream().reduce(Dollars.ZERO, Dollars::plus);
  }

  /**
   * The sum of what was reserved within the last hour or day. Clocks jump: what lies after now
   * counts, and what has left the window comes back into it when the clock goes back.
   */
  private static final class SlidingSum {
    /** How many reservations that have left the window are kept for a clock that goes back. */
    private static final int PAST_KEPT = 10_000;

    private record Place(Instant time, String nonce) implements Comparable<Place> {
      private static final Comparator<Place> ORDER =
          Comparator.comparing(Place::time).thenComparing(Place::nonce);

      @Override
      public int compareTo(Place other) {
        return ORDER.compare(this, other);
      }

      static Place of(Reservation reservation) {
        return new Place(reservation.time(), reservation.nonce());
      }

      /** Returns the place before everything that is later than the time. */
      static Place after(Instant time) {
        return new Place(time.plusNanos(1), "");
      }
    }

    private final Duration length;
    private final TreeMap<Place, Dollars> window = new TreeMap<>();
    private final TreeMap<Place, Dollars> past = new TreeMap<>();
    private Dollars sum = Dollars.ZERO;

    SlidingSum(Duration length) {
      this.length = length;
    }

    void add(Reservation reservation) {
      window.put(Place.of(reservation), reservation.dollars());
      sum = sum.plus(reservation.dollars());
      moveTo(reservation.time());
    }

    void giveBack(Reservation reservation) {
      Place place = Place.of(reservation);
      past.remove(place);
      if (window.remove(place) != null) {
        sum = sum.minus(reservation.dollars());
      }
    }

    /** Returns the sum. What is exactly as old as the window is long no longer counts. */
    Dollars at(Instant now) {
      moveTo(now);
      return sum;
    }

    /** Returns whether this number of payments were made within the time, at most the window's. */
    boolean hasAtLeast(int payments, Duration within, Instant now) {
      moveTo(now);
      return window.tailMap(Place.after(now.minus(within))).keySet().stream()
              .limit(payments)
              .count()
          >= payments;
    }

    private void moveTo(Instant now) {
      Place first = Place.after(now.minus(length));
      Map<Place, Dollars> left = window.headMap(first);
      sum = left.values().stream().reduce(sum, Dollars::minus);
      past.putAll(left);
      left.clear();
      Map<Place, Dollars> back = past.tailMap(first);
      sum = back.values().stream().reduce(sum, Dollars::plus);
      window.putAll(back);
      back.clear();
      while (past.size() > PAST_KEPT) {
        past.pollFirstEntry();
      }
    }
  }

  /** An amount that a wallet has reserved for one payment. Guarded by the lock of the journal. */
  static final class Reservation {
    private final JournalEntry allowed;
    private final Dollars dollars;
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

    /** Returns whether the money moved, or the seller delivered. */
    boolean isConfirmed() {
      return confirmed;
    }

    void confirm() {
      confirmed = true;
    }
  }
}
