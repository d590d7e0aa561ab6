// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ReceiptKey;
import io.github.x402j.Stablecoin;
import io.github.x402j.TokenAmount;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The seller's record of what was sold: one entry for each payment whose settlement began, and one
 * for each request that a pass opened. Unlike the {@link PaymentLedger} it keeps its entries after
 * the payments have expired.
 *
 * <p>The gate writes an entry in the state {@code SENT} before the money can move: with the hash of
 * the transaction before that is broadcast, or, where another process broadcasts it, before that is
 * asked. If this write fails, nothing is sent. The entry then becomes {@code DELIVERED}, {@code
 * SETTLED} or {@code FAILED}. A later write that fails never holds a delivery back: it is repeated
 * every minute while the process lives. After a restart such an entry is still {@code SENT}. The
 * gate then asks the chain what became of it, even if the payer never comes back.
 *
 * <p>Implementations are safe for use by several threads. Each must pass {@code SalesBookContract}
 * of {@code x402-testing}. Methods throw {@link LedgerException} if the store does not answer.
 */
public interface SalesBook {

  /**
   * Writes an entry, in place of one with the same id, whose time it keeps. A sale whose money has
   * moved is not forgotten: an entry that is {@code SENT} or {@code FAILED} takes the place of none
   * that is {@code SETTLED} or {@code DELIVERED}.
   *
   * @return whether it was written
   */
  boolean write(Entry entry);

  /**
   * Writes an entry that is {@code SENT}, and records its transaction in the ledger. A book that
   * shares a database with the ledger does both in one transaction.
   *
   * @param ledger where the caller holds the payment
   * @throws IllegalStateException if one of the two is not written; the transaction must not be
   *     sent then
   */
  default void settling(Entry entry, PaymentLedger ledger, PaymentKey key) {
    if (!write(entry)) {
      throw new LedgerException("the sales book has this sale as settled");
    }
    ledger.settling(key, entry.requireTransaction());
  }

  /**
   * Writes entries that are {@code SENT}, and records their transactions in the ledger. A book that
   * shares a database with the ledger does so in one transaction; each payment that it cannot
   * record drops out, and the others are recorded. By default, each is recorded by itself.
   *
   * @param entries what is written for each payment, which the caller holds
   * @return the payments that are not recorded, and why; their transactions must not be sent
   */
  default Map<PaymentKey, RuntimeException> settling(
      Map<PaymentKey, Entry> entries, PaymentLedger ledger) {
    Map<PaymentKey, RuntimeException> failed = new LinkedHashMap<>();
    entries.forEach(
        (key, entry) -> {
          try {
            settling(entry, ledger, key);
          } catch (RuntimeException e) {
            failed.put(key, e);
          }
        });
    return failed;
  }

  /**
   * Records in the ledger that the payment has bought its delivery, and writes the entry. A book
   * that shares a database with the ledger does both in one transaction.
   *
   * @param ledger where the caller holds the payment
   * @return whether the entry was written; if it was not, the delivery is recorded all the same
   * @throws IllegalStateException if the ledger does not record the delivery
   */
  default boolean delivered(Entry entry, PaymentLedger ledger, PaymentKey key) {
    ledger.delivered(key);
    try {
      return write(entry);
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** Writes an entry if the one with its id is {@code SENT}, and returns whether it was. */
  boolean conclude(Entry entry);

  /**
   * Deletes the entry with this id if it is {@code SENT} and has no transaction: nothing was sent,
   * and its payment was not verified.
   *
   * @return whether there was one
   */
  boolean withdraw(String id);

  /**
   * Returns entries whose outcome can be asked for now, the oldest first. The same entries are
   * returned again from {@code next} on, unless they have an outcome by then.
   *
   * @param max how many at most
   */
  List<Entry> takeDue(Instant now, Instant next, int max);

  /**
   * Hands over the selected entries, the oldest first. An entry that is written meanwhile may be
   * left out.
   */
  void forEach(Filter filter, Consumer<Entry> reader);

  /** Returns the totals of the selected entries, by group and token, in the order of the groups. */
  default List<Total> totals(Filter filter, GroupBy groups) {
    SalesTotals totals = new SalesTotals();
    forEach(filter, entry -> totals.add(entry, groups));
    return totals.list();
  }

  /**
   * Writes the selected entries as CSV (RFC 4180) with a header line. A cell that a spreadsheet
   * would take for a formula begins with an apostrophe.
   *
   * @throws IOException if the text cannot be written
   */
  default void writeCsv(Filter filter, Appendable out) throws IOException {
    SalesExport.csv(this, filter, out);
  }

  /**
   * Writes the selected entries as JSON objects of texts, one a line, in ASCII.
   *
   * @throws IOException if the text cannot be written
   */
  default void writeJsonLines(Filter filter, Appendable out) throws IOException {
    SalesExport.jsonLines(this, filter, out);
  }

  /** What has become of a sale. */
  enum State {
    /** Its transaction may have been sent; the outcome is not known. */
    SENT,
    /** The money has moved; the delivery is not recorded. The payer can fetch it. */
    SETTLED,
    /** The money has moved, or a pass was shown, and the delivery has begun. */
    DELIVERED,
    /** The money has not moved. */
    FAILED
  }

  /**
   * The token of a sale.
   *
   * @param network the chain
   * @param asset the token's contract
   * @param symbol the token's name for people, or null
   * @param decimals how many decimal digits one token has, or null if that is not known
   */
  record Currency(
      Network network, Address asset, @Nullable String symbol, @Nullable Integer decimals) {
    private static final int LONGEST_SYMBOL = 64;

    /** Cuts a symbol after 64 characters. */
    public Currency {
      symbol = symbol == null ? null : storable(symbol, LONGEST_SYMBOL);
    }

    /**
     * Returns the token of an offer.
     *
     * @param decimals those that the token is configured with, or null if they are not known
     */
    static Currency of(PaymentRequirements offer, @Nullable Integer decimals) {
      Optional<Stablecoin> known = Stablecoin.of(offer.network(), offer.asset());
      return known.isPresent()
          ? new Currency(
              offer.network(), offer.asset(), known.get().symbol(), known.get().token().decimals())
          : new Currency(
              offer.network(),
              offer.asset(),
              offer.extra().get("name") instanceof String name ? name : null,
              decimals);
    }
  }

  /**
   * How the outcome of a sale that is {@code SENT} can be asked for.
   *
   * @param payment the payer's, in version 2; no export shows it
   * @param from the time from which it makes sense to ask
   */
  record Question(PaymentPayload payment, Instant from) {}

  /**
   * A sale.
   *
   * @param id the same for the same authorization; of its own for each use of a pass. At most 64
   *     characters
   * @param time when the settlement first began, or the pass was shown; whole milliseconds
   * @param state what has become of it
   * @param route what was sold, as the seller names it; cut after 512 characters
   * @param payer who paid
   * @param payTo who was paid
   * @param currency the token
   * @param amount the price, in atomic units; 0 for a use of a pass
   * @param transaction the transaction that moved the money, or may move it; for a use of a pass,
   *     the one that paid for the pass; null if none is known
   * @param pass the number of the receipt that opened the route, or null if a payment did
   * @param reason why it failed, or null; cut after 256 characters
   * @param question how to ask for the outcome; null if it is known, or cannot be asked for
   */
  record Entry(
      String id,
      Instant time,
      State state,
      String route,
      Address payer,
      Address payTo,
      Currency currency,
      TokenAmount amount,
      @Nullable String transaction,
      @Nullable String pass,
      @Nullable String reason,
      @Nullable Question question) {
    private static final int LONGEST_ID = 64;
    private static final int LONGEST_ROUTE = 512;
    private static final int LONGEST_REASON = 256;

    /** Checks the id, and cuts what is too long. */
    public Entry {
      if (id.isEmpty() || id.length() > LONGEST_ID) {
        throw new IllegalArgumentException("id: expected 1 to 64 characters");
      }
      time = Instant.ofEpochMilli(time.toEpochMilli());
      route = storable(route, LONGEST_ROUTE);
      reason = reason == null ? null : storable(reason, LONGEST_REASON);
      pass = pass == null ? null : storable(pass, ReceiptKey.MAX_ID_LENGTH);
    }

    /** Returns this sale in another state. */
    Entry with(State newState, @Nullable String newTransaction, @Nullable String newReason) {
      return new Entry(
          id,
          time,
          newState,
          route,
          payer,
          payTo,
          currency,
          amount,
          newTransaction,
          pass,
          newReason,
          newState == State.SENT ? question : null);
    }

    /** Returns whether the money has moved, as far as is known. */
    public boolean isPaid() {
      return state == State.SETTLED || state == State.DELIVERED;
    }

    /** Returns this sale with the time of an earlier entry, and another question. */
    Entry with(Instant newTime, @Nullable Question newQuestion) {
      return new Entry(
          id,
          newTime,
          state,
          route,
          payer,
          payTo,
          currency,
          amount,
          transaction,
          pass,
          reason,
          newQuestion);
    }

    /**
     * Returns the transaction.
     *
     * @throws IllegalStateException if there is none
     */
    String requireTransaction() {
      if (transaction == null) {
        throw new IllegalStateException("the sale has no transaction yet");
      }
      return transaction;
    }
  }

  /**
   * Which entries are selected.
   *
   * @param from the first time, or null
   * @param until the time before which they are, or null
   * @param route the route, or null for all
   * @param payer the payer, or null for all
   */
  record Filter(
      @Nullable Instant from,
      @Nullable Instant until,
      @Nullable String route,
      @Nullable Address payer) {
    /** Returns the selection of every entry. */
    public static Filter all() {
      return new Filter(null, null, null, null);
    }

    /** Returns this selection of entries of this time and later. */
    public Filter from(Instant first) {
      return new Filter(first, until, route, payer);
    }

    /** Returns this selection of entries before this time. */
    public Filter until(Instant end) {
      return new Filter(from, end, route, payer);
    }

    /** Returns this selection of entries of this route. */
    public Filter route(String newRoute) {
      return new Filter(from, until, newRoute, payer);
    }

    /** Returns this selection of entries of this payer. */
    public Filter payer(Address newPayer) {
      return new Filter(from, until, route, newPayer);
    }

    /** Returns whether it selects the entry. */
    public boolean selects(Entry entry) {
      return (from == null || !entry.time().isBefore(from))
          && (until == null || entry.time().isBefore(until))
          && (route == null || route.equals(entry.route()))
          && (payer == null || payer.equals(entry.payer()));
    }
  }

  /** What totals are made by. */
  enum GroupBy {
    /** The day, in UTC. */
    DAY,
    /** The route. */
    ROUTE,
    /** The payer. */
    PAYER
  }

  /**
   * What was sold in one group for one token.
   *
   * @param group the day, the route or the payer
   * @param currency the token
   * @param amount what was paid, in atomic units
   * @param sales how many payments that is: settled, and delivered or not
   * @param undelivered how many of them are {@code SETTLED}
   * @param passes how often a pass was shown
   * @param open how many are {@code SENT}; not in {@code amount}
   * @param failed how many have failed; not in {@code amount}
   */
  record Total(
      String group,
      Currency currency,
      BigInteger amount,
      long sales,
      long undelivered,
      long passes,
      long open,
      long failed) {}

  /** Returns the text without what some databases refuse, and cut. */
  private static String storable(String text, int length) {
    if (text.length() <= length && isStorable(text)) {
      return text;
    }
    StringBuilder stored = new StringBuilder();
    text.codePoints()
        .map(c -> Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF) ? '?' : c)
        .takeWhile(c -> stored.length() + Character.charCount(c) <= length)
        .forEachOrdered(stored::appendCodePoint);
    return stored.toString();
  }

  private static boolean isStorable(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i)) || Character.isSurrogate(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }
}
