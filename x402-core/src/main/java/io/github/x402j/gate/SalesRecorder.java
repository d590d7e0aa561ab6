// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Hashes;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TokenAmount;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Question;
import io.github.x402j.gate.SalesBook.State;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the engine does into the {@link SalesBook}. Before the money can move, a write that
 * fails is thrown; after that it is kept and repeated. Safe for use by several threads.
 */
final class SalesRecorder {
  private static final Logger log = LoggerFactory.getLogger(SalesBook.class);

  /** Exchanges mostly end sooner than this, and then nothing needs to be asked. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Beyond it the oldest is dropped; its sale then stays {@code SENT} until the chain is asked. */
  private static final int MAX_UNWRITTEN = 10_000;

  private final SalesBook book;
  private final Clock clock;

  /** Begins the ids of the uses of passes, which this process numbers. */
  private final String uses = UUID.randomUUID().toString();

  private final AtomicLong use = new AtomicLong();

  /** Entries that the book did not take, by id, the oldest first. */
  private final Map<String, Entry> unwritten = new LinkedHashMap<>();

  private final Map<Asset, Integer> decimals = new ConcurrentHashMap<>();

  private record Asset(Network network, Address contract) {
    static Asset of(PaymentRequirements offer) {
      return new Asset(offer.network(), offer.asset());
    }
  }

  SalesRecorder(SalesBook book, Clock clock) {
    this.book = book;
    this.clock = clock;
  }

  /** Learns the decimals of the tokens, which an offer on the wire does not tell. */
  void start(List<PaymentRequirements> offered) {
    for (PaymentRequirements offer : offered) {
      if (offer.extra().get(PaymentRequirements.DECIMALS) instanceof Number number) {
        decimals.put(Asset.of(offer), number.intValue());
      }
    }
  }

  /**
   * Records that another process is about to be asked to move the money.
   *
   * @throws IllegalStateException if that is not possible; nothing must be asked then
   */
  void asking(VerifiedPayment sale) {
    sale.markAsked();
    if (!book.write(sent(sale, null))) {
      throw new LedgerException("the sales book has this sale as settled");
    }
  }

  /**
   * Records one transaction of several sales in the ledger and here, in one write where the book
   * can.
   *
   * @return the sales that are not recorded, and why; the transaction must not be sent with them
   */
  Map<VerifiedPayment, RuntimeException> settling(
      List<VerifiedPayment> sales, String transaction, PaymentLedger ledger) {
    Map<PaymentKey, Entry> entries = new LinkedHashMap<>();
    sales.forEach(sale -> entries.put(sale.signed().key(), sent(sale, transaction)));
    Map<PaymentKey, RuntimeException> failed = book.settling(entries, ledger);
    Map<VerifiedPayment, RuntimeException> failedSales = new IdentityHashMap<>();
    for (VerifiedPayment sale : sales) {
      @Nullable RuntimeException reason = failed.get(sale.signed().key());
      if (reason == null) {
        sale.markSent(transaction);
      } else {
        failedSales.put(sale, reason);
      }
    }
    return failedSales;
  }

  /** Records that the money has not moved. */
  void failed(VerifiedPayment sale, Settlement.Failed failed) {
    write(entry(sale, State.FAILED, sale.sentAs(), reason(failed), null));
  }

  /** Records that nothing was sent, if it was recorded that it is about to be. */
  void notSent(VerifiedPayment sale, String why) {
    String reason = ErrorReason.UNEXPECTED_SETTLE_ERROR.wireCode() + ": nothing was sent: " + why;
    Entry entry = entry(sale, State.FAILED, sale.sentAs(), reason, null);
    try {
      book.conclude(entry);
    } catch (RuntimeException e) {
      log.error("{}: the sales book does not say that nothing was sent", sale, e);
    }
  }

  /**
   * Forgets that the money of an unverified payment was about to be asked for: nothing was sent.
   */
  void withdraw(VerifiedPayment sale) {
    try {
      book.withdraw(id(sale.signed()));
    } catch (RuntimeException e) {
      log.error("{}: the sales book keeps an entry though nothing was sent", sale, e);
    }
  }

  /**
   * Records in the ledger and here that a payment has bought its delivery.
   *
   * @throws IllegalStateException if the ledger does not record it
   */
  void delivered(VerifiedPayment sale, PaymentLedger ledger) {
    Entry entry = paid(sale, State.DELIVERED);
    if (book.delivered(entry, ledger, sale.signed().key())) {
      written(entry);
    } else {
      keep(entry);
      log.error("{}: the sales book does not show the delivery yet", sale);
    }
  }

  /** Records that a settled payment is not delivered; the payer can fetch it. */
  void undelivered(VerifiedPayment sale) {
    write(paid(sale, State.SETTLED));
  }

  /** Records that a pass has opened the route. */
  void passUsed(VerifiedPayment sale, AcceptedReceipt receipt) {
    write(
        new Entry(
            uses + "-" + use.incrementAndGet(),
            clock.instant(),
            State.DELIVERED,
            route(sale),
            sale.payer(),
            sale.requirements().payTo(),
            currency(sale.requirements()),
            TokenAmount.of(0),
            receipt.transaction(),
            receipt.key().id(),
            null,
            null));
  }

  static String reason(Settlement.Failed failed) {
    return failed.detail().isEmpty()
        ? failed.reason().wireCode()
        : failed.reason().wireCode() + ": " + failed.detail();
  }

  // ---- entries

  /**
   * While the authorization is good, to ask another process for the outcome could move the money;
   * so that is asked afterwards.
   */
  private Entry sent(VerifiedPayment sale, @Nullable String transaction) {
    SignedPayment payment = sale.signed();
    Instant from = (sale.isAsked() ? payment.validBefore() : clock.instant()).plus(PATIENCE);
    PaymentPayload asked = PaymentPayload.v2(payment.requirements(), payment.payload().payload());
    return entry(sale, State.SENT, transaction, null, new Question(asked, from));
  }

  private Entry paid(VerifiedPayment sale, State state) {
    String transaction = sale.settlement().map(Settlement.Settled::transaction).orElse(null);
    return entry(sale, state, transaction, null, null);
  }

  private Entry entry(
      VerifiedPayment sale,
      State state,
      @Nullable String transaction,
      @Nullable String reason,
      @Nullable Question question) {
    PaymentRequirements terms = sale.requirements();
    TokenAmount amount = sale.settlement().map(Settlement.Settled::amount).orElseGet(terms::amount);
    return new Entry(
        id(sale.signed()),
        clock.instant(),
        state,
        route(sale),
        sale.payer(),
        terms.payTo(),
        currency(terms),
        amount,
        transaction,
        null,
        reason,
        question);
  }

  private Currency currency(PaymentRequirements offer) {
    return Currency.of(offer, decimals.get(Asset.of(offer)));
  }

  private static String route(VerifiedPayment sale) {
    String route = sale.purchase().route();
    return route == null ? sale.required().resource().url() : route;
  }

  /** Returns the same for the same authorization. */
  private static String id(SignedPayment payment) {
    PaymentKey key = payment.key();
    String name =
        String.join(
            "\n",
            key.network().caip2(),
            key.asset().lowerCase(),
            key.nonce(),
            payment.digest().text());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Hashes.sha256(name));
  }

  // ---- writes that fail when the money has moved

  private void write(Entry entry) {
    try {
      book.write(entry);
      written(entry);
    } catch (RuntimeException e) {
      keep(entry);
      log.error("the sales book did not take {}; it is written again", entry, e);
    }
  }

  private synchronized void written(Entry entry) {
    unwritten.remove(entry.id()); // an earlier state
  }

  private synchronized void keep(Entry entry) {
    unwritten.remove(entry.id());
    unwritten.put(entry.id(), entry);
    if (unwritten.size() > MAX_UNWRITTEN) {
      String oldest = unwritten.keySet().iterator().next();
      unwritten.remove(oldest);
      log.error("the sales book has failed for too long: sale {} is given up", oldest);
    }
  }

  /**
   * Writes what the book did not take before, up to the first entry that it does not take now.
   *
   * @throws RuntimeException if there is one
   */
  void writeAgain() {
    for (Entry entry : kept()) {
      book.write(entry);
      forget(entry);
    }
  }

  private synchronized List<Entry> kept() {
    return new ArrayList<>(unwritten.values());
  }

  private synchronized void forget(Entry entry) {
    unwritten.remove(entry.id(), entry);
  }
}
