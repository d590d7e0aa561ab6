// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.evm.TransferAuthorization;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decides what a wallet pays, and writes down what was decided. */
final class Till {
  private record Choice(@Nullable ProposedPayment allowed, @Nullable Refusal refusal) {}

  private final AgentWallet wallet;
  private final SpendJournal journal;
  private final List<SpendingPolicy> policies;

  /**
   * @param policies beside the wallet's own
   */
  Till(AgentWallet wallet, List<SpendingPolicy> policies) {
    this.wallet = wallet;
    this.journal = wallet.journal();
    this.policies = Stream.concat(wallet.policy().stream(), policies.stream()).toList();
  }

  /** Returns the first payment that is allowed as things are now, whatever people will say. */
  ProposedPayment choose(List<ProposedPayment> candidates) throws IOException {
    Choice choice =
        journal.decide(
            (book, entries) -> {
              WalletBook spent = book.need(wallet.agent());
              Instant now = wallet.clock().instant();
              for (ProposedPayment candidate : candidates) {
                if (refusal(candidate, spent, now).isEmpty()) {
                  return new Choice(candidate, null);
                }
              }
              ProposedPayment first = candidates.get(0);
              Refusal refusal = refusal(first, spent, now).orElseThrow();
              entries.addAll(refused(first, refusal, spent, now));
              return new Choice(null, refusal);
            });
    return allowed(choice, candidates.get(0).url());
  }

  /** Asks whoever wants to be asked. Holds no lock meanwhile. */
  void askPeople(ProposedPayment payment) throws IOException {
    for (SpendingPolicy policy : policies) {
      for (SpendingPolicy.Threshold threshold : policy.asks(payment)) {
        if (!threshold.approval().approves(payment)) {
          Refusal refusal =
              Refusal.of(
                  "approval",
                  threshold.above() + " without approval",
                  Rules.asked(payment.offer()) + ", which was not approved");
          journal.decide((book, entries) -> entries.addAll(refused(payment, refusal)));
          throw refusal.exception(payment.url());
        }
      }
    }
  }

  /** Returns what is to be held while a payment is signed. */
  Lock signing() throws IOException {
    return journal.decide((book, entries) -> book.need(wallet.agent()).signing().readLock());
  }

  /** Sets the amount aside, if all rules still allow it. */
  void reserve(ProposedPayment payment, TransferAuthorization authorization) throws IOException {
    Choice choice =
        journal.decide(
            (book, entries) -> {
              WalletBook spent = book.need(wallet.agent());
              Instant now = wallet.clock().instant();
              Optional<Refusal> refusal = refusal(payment, spent, now);
              if (refusal.isPresent()) {
                entries.addAll(refused(payment, refusal.get(), spent, now));
                return new Choice(null, refusal.get());
              }
              Map<String, String> details = asked(payment);
              entries.add(entry(now, JournalEntry.Event.ASKED, payment, details));
              details.put("nonce", authorization.nonce());
              details.put(
                  "validBefore",
                  Instant.ofEpochSecond(authorization.validBefore().longValueExact()).toString());
              entries.add(entry(now, JournalEntry.Event.ALLOWED, payment, details));
              return new Choice(payment, null);
            });
    allowed(choice, payment.url());
  }

  /** Lets a signed payment out, unless the wallet was revoked while it was signed. */
  void release(ProposedPayment payment, String nonce) throws IOException {
    boolean revoked =
        journal.decide(
            (book, entries) -> {
              boolean isRevoked = book.need(wallet.agent()).isRevoked();
              Map<String, String> details = new TreeMap<>(Map.of("nonce", nonce));
              if (isRevoked) {
                details.put("reason", "revoked while it was signed");
              }
              entries.add(
                  entry(
                      wallet.clock().instant(),
                      isRevoked ? JournalEntry.Event.RETURNED : JournalEntry.Event.SIGNED,
                      payment,
                      details));
              return isRevoked;
            });
    if (revoked) {
      throw revoked(payment.offer()).exception(payment.url());
    }
  }

  /** Frees the amount of a payment that the signer did not sign. */
  void unsigned(ProposedPayment payment, String nonce) throws IOException {
    Map<String, String> details = Map.of("nonce", nonce, "reason", "the signer failed");
    Instant now = wallet.clock().instant();
    journal.decide(
        (book, entries) -> entries.add(entry(now, JournalEntry.Event.RETURNED, payment, details)));
  }

  /** Writes down that the client itself does not pay this, whatever the rules say. */
  void declined(String requestId, String method, URI url, PaymentDeclinedException refusal)
      throws IOException {
    Map<String, String> details = new TreeMap<>();
    details.put("method", method);
    details.put("host", Origin.of(url).map(Origin::host).orElse("-"));
    details.put("path", url.getRawPath() == null ? "/" : url.getRawPath());
    Instant now = wallet.clock().instant();
    Map<String, String> why = new TreeMap<>(details);
    why.put("rule", refusal.rule());
    why.put("limit", refusal.limit());
    why.put("asked", refusal.asked());
    journal.decide(
        (book, entries) -> {
          entries.add(draft(now, JournalEntry.Event.ASKED, requestId, details));
          return entries.add(draft(now, JournalEntry.Event.REFUSED, requestId, why));
        });
  }

  private Optional<Refusal> refusal(ProposedPayment payment, WalletBook spent, Instant now) {
    if (spent.isRevoked()) {
      return Optional.of(revoked(payment.offer()));
    }
    return spent
        .terms()
        .refusal(payment, now)
        .or(
            () ->
                policies.stream()
                    .flatMap(policy -> policy.refusal(payment, spent, now).stream())
                    .findFirst())
        .or(() -> overLimit(payment, spent, now));
  }

  /** Comes last, so that what is over the limit is all that is wrong with a payment. */
  private static Optional<Refusal> overLimit(
      ProposedPayment payment, WalletBook spent, Instant now) {
    return spent
        .left(now)
        .filter(payment.price()::isMoreThan)
        .map(
            left ->
                new Refusal(
                    "limit",
                    spent.terms().limitText(),
                    Rules.asked(payment.offer()),
                    left.toString()));
  }

  private List<JournalEntry.Draft> refused(
      ProposedPayment payment, Refusal refusal, WalletBook spent, Instant now) {
    List<JournalEntry.Draft> entries = new ArrayList<>(refused(payment, refusal));
    if (refusal.rule().equals("limit") && spent.isUsedUpFor(payment.price(), now)) {
      entries.add(
          SpendJournal.revocation(
              wallet.agent(), "limit of " + spent.terms().limitText() + " hit", now));
    }
    return entries;
  }

  private List<JournalEntry.Draft> refused(ProposedPayment payment, Refusal refusal) {
    Instant now = wallet.clock().instant();
    Map<String, String> details = asked(payment);
    Map<String, String> why = new TreeMap<>(details);
    why.put("rule", refusal.rule());
    why.put("limit", refusal.limit());
    why.put("asked", refusal.asked());
    if (refusal.left() != null) {
      why.put("left", refusal.left());
    }
    return List.of(
        entry(now, JournalEntry.Event.ASKED, payment, details),
        entry(now, JournalEntry.Event.REFUSED, payment, why));
  }

  private static Map<String, String> asked(ProposedPayment payment) {
    Map<String, String> details = new TreeMap<>();
    details.put("method", payment.method());
    details.put("host", payment.host());
    details.put("path", payment.path());
    payment.resource().ifPresent(resource -> details.put("resource", resource));
    details.put("price", payment.price().toString());
    details.put("amount", payment.offer().amount().toString());
    details.put("token", payment.offer().token().contract().toString());
    details.put("network", payment.offer().network().toString());
    details.put("payTo", payment.offer().payTo().toString());
    return details;
  }

  private JournalEntry.Draft entry(
      Instant now, JournalEntry.Event event, ProposedPayment payment, Map<String, String> details) {
    return draft(now, event, payment.requestId(), details);
  }

  private JournalEntry.Draft draft(
      Instant now, JournalEntry.Event event, String requestId, Map<String, String> details) {
    return new JournalEntry.Draft(now, event, wallet.agent(), requestId, Map.copyOf(details));
  }

  private Refusal revoked(Offer offer) {
    return new Refusal("revoked", "nothing, as the wallet is revoked", Rules.asked(offer), "$0");
  }

  private static ProposedPayment allowed(Choice choice, URI url) throws PaymentDeclinedException {
    if (choice.refusal() != null) {
      throw choice.refusal().exception(url);
    }
    return Objects.requireNonNull(choice.allowed());
  }
}
