// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.PaymentKey;
import io.github.x402j.SignedPayment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Records transactions before they are broadcast: in the ledger, and in the sales book if there is
 * one. Payments that share a transaction share the writes.
 *
 * @param transactions notes which transactions pay for payments
 * @param ledger holds the payments
 * @param sales the sales book; null for payments that others sell for
 */
record TransactionRecords(
    TransactionClaims transactions, PaymentLedger ledger, @Nullable SalesRecorder sales)
    implements BeforeBroadcast.Group {

  /** Returns what records the transaction of a sale. */
  Member of(VerifiedPayment sale) {
    return new Member(this, sale.signed(), sale, transaction -> {});
  }

  /** Returns what records the transaction of a payment, and tells it afterwards. */
  Member of(SignedPayment payment, Consumer<String> sent) {
    return new Member(this, payment, null, sent);
  }

  /** What records the transactions of one payment. Safe for use by several threads. */
  static final class Member implements BeforeBroadcast {
    private final TransactionRecords records;
    private final SignedPayment payment;
    private final @Nullable VerifiedPayment sale;
    private final Consumer<String> sent;
    private volatile boolean isPublic;

    private Member(
        TransactionRecords records,
        SignedPayment payment,
        @Nullable VerifiedPayment sale,
        Consumer<String> sent) {
      this.records = records;
      this.payment = payment;
      this.sale = sale;
      this.sent = sent;
    }

    /** Returns whether a transaction is recorded, so that it may be on the chain. */
    boolean isPublic() {
      return isPublic;
    }

    @Override
    public void sending(String transaction) {
      RuntimeException failure = records.sendingAll(List.of(this), transaction).get(this);
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public Optional<Group> group() {
      return Optional.of(records);
    }

    private void recorded(String transaction) {
      isPublic = true;
      sent.accept(transaction);
    }
  }

  @Override
  public Map<BeforeBroadcast, RuntimeException> sendingAll(
      List<BeforeBroadcast> members, String transaction) {
    Map<BeforeBroadcast, RuntimeException> failed = new IdentityHashMap<>();
    Map<PaymentKey, Member> noted = new LinkedHashMap<>();
    for (BeforeBroadcast each : members) {
      Member member = (Member) each;
      try {
        transactions.note(member.payment, transaction);
        noted.put(member.payment.key(), member);
      } catch (RuntimeException e) {
        failed.put(member, e);
      }
    }
    Map<PaymentKey, RuntimeException> unrecorded = record(noted, transaction);
    noted.forEach(
        (key, member) -> {
          RuntimeException failure = unrecorded.get(key);
          if (failure == null) {
            member.recorded(transaction);
          } else {
            failed.put(member, failure);
          }
        });
    return failed;
  }

  private Map<PaymentKey, RuntimeException> record(Map<PaymentKey, Member> noted, String tx) {
    if (sales == null) {
      return ledger.settling(noted.keySet(), tx);
    }
    List<VerifiedPayment> sold = new ArrayList<>();
    for (Member member : noted.values()) {
      if (member.sale == null) {
        throw new IllegalArgumentException("the payment is not a sale");
      }
      sold.add(member.sale);
    }
    Map<PaymentKey, RuntimeException> failed = new HashMap<>();
    sales
        .settling(sold, tx, ledger)
        .forEach((sale, failure) -> failed.put(sale.signed().key(), failure));
    return failed;
  }
}
