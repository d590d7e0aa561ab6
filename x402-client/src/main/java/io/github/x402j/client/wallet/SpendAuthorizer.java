// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.stream.Collectors.joining;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.client.wallet.PaymentDecision.Declined;
import io.github.x402j.evm.TransferAuthorization;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a wallet pays, and writes each decision and each outcome to its journal. Immutable.
 */
final class SpendAuthorizer {
  /**
   * The payment that the rules allow, or the first one and why it is declined.
   *
   * @param why why this one was taken, for the journal
   * @param declined null if the payment is allowed
   */
  record Choice(ProposedPayment payment, String why, @Nullable Declined declined) {}

  /** The number of offers that an entry names; a seller may make hundreds. */
  private static final int NAMED = 20;

  /** The number of payments to a host among which an earlier one is looked for. */
  private static final int SEARCHED = 1000;

  private final AgentWallet wallet;
  private final SpendJournal journal;
  private final List<SpendingPolicy> policies;
  private final List<SpendingPolicy> asking;
  private final @Nullable String task;

  /**
   * @param policies apply together with the wallet's own
   */
  SpendAuthorizer(AgentWallet wallet, List<SpendingPolicy> policies) {
    this(
        wallet,
        Stream.concat(wallet.rules().stream(), policies.stream()).toList(),
        Stream.concat(wallet.asking().stream(), policies.stream()).toList(),
        null);
  }

  private SpendAuthorizer(
      AgentWallet wallet,
      List<SpendingPolicy> policies,
      List<SpendingPolicy> asking,
      @Nullable String task) {
    this.wallet = wallet;
    this.journal = wallet.journal();
    this.policies = policies;
    this.asking = asking;
    this.task = task;
  }

  /** Returns the same for requests of a task. */
  SpendAuthorizer forTask(String name) {
    return new SpendAuthorizer(wallet, policies, asking, name);
  }

  /** Returns the policies of this process and the one that the journal has. */
  private List<SpendingPolicy> policies(WalletState state) {
    return Stream.concat(state.terms().policy().stream(), policies.stream()).toList();
  }

  /** Returns how long a request with an unknown outcome is not paid for again. */
  Duration unresolvedFor() {
    return OutcomeRules.unresolvedFor(policies);
  }

  /** Returns the first payment that the rules allow now, before any approval. */
  Choice choose(List<ProposedPayment> candidates) throws IOException {
    return journal.decide(
        (all, entries) -> {
          WalletState state = all.need(wallet.agent());
          Instant now = wallet.clock().instant();
          List<String> broken = new ArrayList<>();
          for (ProposedPayment candidate : candidates) {
            Optional<Declined> reason = objection(candidate, state, now);
            if (reason.isEmpty()) {
              return new Choice(candidate, why(candidates.size(), broken), null);
            }
            broken.add(reason.get().rule());
          }
          ProposedPayment first = candidates.get(0);
          Declined reason = objection(first, state, now).orElseThrow();
          entries.addAll(refused(first, reason));
          return new Choice(first, "", reason);
        });
  }

  /**
   * Returns why an offer was taken.
   *
   * @param offers how many there were in the caller's tokens
   * @param broken the rules that those before it break
   */
  private static String why(int offers, List<String> broken) {
    if (offers == 1) {
      return "the only offer in the client's tokens";
    }
    String first =
        "the cheapest in the first token, of " + offers + " offers in the client's tokens";
    return broken.isEmpty()
        ? first
        : "the first that the rules allow, of "
            + offers
            + " offers in the client's tokens; those before it break "
            + String.join(", ", new LinkedHashSet<>(broken));
  }

  /** Asks each person that a policy names; empty if all approve. Holds no lock meanwhile. */
  Optional<Declined> askForApproval(ProposedPayment payment) throws IOException {
    for (SpendingPolicy policy : asking) {
      for (SpendingPolicy.Threshold threshold : policy.approvalsFor(payment)) {
        if (!threshold.approval().approves(payment)) {
          Declined reason =
              Declined.of(
                  "approval",
                  threshold.above() + " without approval",
                  payment.offer().priceText() + ", which was not approved");
          journal.decide((all, entries) -> entries.addAll(refused(payment, reason)));
          return Optional.of(reason);
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the lock that is held while a payment is signed or its sending begins. */
  Lock leaving() throws IOException {
    return journal.decide((all, entries) -> all.need(wallet.agent()).leaving().readLock());
  }

  /** Runs this unless the wallet is revoked; a revoking waits for it. */
  <T> Optional<T> unlessRevoked(Supplier<T> action) throws IOException {
    Lock leaving = leaving();
    leaving.lock();
    try {
      boolean revoked = journal.decide((all, entries) -> all.need(wallet.agent()).isRevoked());
      return revoked ? Optional.empty() : Optional.of(action.get());
    } finally {
      leaving.unlock();
    }
  }

  /** Reserves the amount if all rules still allow the payment; returns why not otherwise. */
  Optional<Declined> reserve(
      ProposedPayment payment, String why, TransferAuthorization authorization) throws IOException {
    return journal.decide(
        (all, entries) -> {
          WalletState state = all.need(wallet.agent());
          Instant now = wallet.clock().instant();
          Optional<Declined> reason = objection(payment, state, now);
          if (reason.isPresent()) {
            entries.addAll(refused(payment, reason.get()));
            return reason;
          }
          Map<String, String> details = details(payment);
          ApprovalRules.Answer owner =
              ApprovalRules.of(policies(state), payment, details, state.approvals(), now);
          if (owner.waiting() != null) {
            entries.add(
                draft(now, JournalEntry.Event.WAITING, payment.requestId(), owner.waiting()));
          }
          if (owner.declined() != null) {
            entries.addAll(refused(payment, owner.declined()));
            return Optional.of(owner.declined());
          }
          entries.add(draft(now, JournalEntry.Event.ASKED, payment.requestId(), details));
          details.put("choice", why);
          if (owner.used() != null) {
            details.put(Approvals.APPROVAL, owner.used());
          }
          if (payment.request().fingerprint() != null) {
            details.put(OutcomeNotes.FINGERPRINT, payment.request().fingerprint());
          }
          journal.underWay().add(authorization.nonce());
          details.put("nonce", authorization.nonce());
          details.put(
              "validBefore",
              Instant.ofEpochSecond(authorization.validBefore().longValueExact()).toString());
          entries.add(draft(now, JournalEntry.Event.ALLOWED, payment.requestId(), details));
          return Optional.empty();
        });
  }

  /** Returns true if the signed payment may leave; false if the wallet was revoked meanwhile. */
  boolean release(ProposedPayment payment, String nonce) throws IOException {
    return journal.decide(
        (all, entries) -> {
          boolean revoked = all.need(wallet.agent()).isRevoked();
          JournalEntry.Event event =
              revoked ? JournalEntry.Event.RETURNED : JournalEntry.Event.SIGNED;
          Map<String, String> details =
              revoked
                  ? Map.of("nonce", nonce, "reason", "revoked while it was signed")
                  : Map.of("nonce", nonce);
          entries.add(draft(wallet.clock().instant(), event, payment.requestId(), details));
          return !revoked;
        });
  }

  /** Frees the amount of a payment that the signer did not sign. */
  void unsigned(ProposedPayment payment, String nonce) throws IOException {
    Map<String, String> details = Map.of("nonce", nonce, "reason", "the signer failed");
    JournalEntry.Draft returned =
        draft(wallet.clock().instant(), JournalEntry.Event.RETURNED, payment.requestId(), details);
    journal.decide((all, entries) -> entries.add(returned));
    journal.underWay().remove(nonce);
  }

  /** Records that the client itself does not pay this, whatever the rules say. */
  void recordDeclined(String requestId, String method, URI url, Declined reason)
      throws IOException {
    Map<String, String> details = new TreeMap<>();
    if (task != null) {
      details.put("task", task);
    }
    details.put("method", method);
    details.put("host", ProposedPayment.hostOf(url).orElse("-"));
    details.put("path", url.getRawPath() == null ? "/" : url.getRawPath());
    Instant now = wallet.clock().instant();
    journal.decide((all, entries) -> entries.addAll(refused(now, requestId, details, reason)));
  }

  /**
   * Returns whether the wallet has paid for this very request before, among its last settled
   * payments to the host.
   */
  boolean hasPaid(RequestToPay request) throws IOException {
    Optional<String> host = ProposedPayment.hostOf(request.url());
    String fingerprint = request.fingerprint();
    if (host.isEmpty() || fingerprint == null) {
      return false;
    }
    SpendFilter settled =
        SpendFilter.all()
            .agent(wallet.agent())
            .host(host.get())
            .state(JournalEntry.Event.SETTLED)
            .last(SEARCHED);
    return journal.payments(settled).stream()
        .anyMatch(
            paid -> paid.detail(OutcomeNotes.FINGERPRINT).filter(fingerprint::equals).isPresent());
  }

  /** Records what became of a payment, unless that is known. */
  void record(PaymentDecision.Signed payment, JournalEntry.Event event, Map<String, String> details)
      throws IOException {
    journal.decide(
        (all, entries) -> {
          WalletState state = all.need(wallet.agent());
          Optional<BookedPayment> open = state.openReservation(payment.nonce());
          open.ifPresent(
              reservation -> entries.addAll(outcome(payment, event, details, state, reservation)));
          return open.isPresent(); // not when it was settled before and is sent again
        });
    journal.underWay().remove(payment.nonce());
  }

  private List<JournalEntry.Draft> outcome(
      PaymentDecision.Signed payment,
      JournalEntry.Event event,
      Map<String, String> details,
      WalletState state,
      BookedPayment reservation) {
    Instant now = wallet.clock().instant();
    List<JournalEntry.Draft> drafts = new ArrayList<>();
    Map<String, String> all = new TreeMap<>(details);
    all.put("nonce", payment.nonce());
    drafts.add(draft(now, event, payment.requestId(), all));
    if (event == JournalEntry.Event.REJECTED && state.terms().trustsRefusals()) {
      Map<String, String> why = Map.of("nonce", payment.nonce(), "reason", "the seller says so");
      drafts.add(draft(now, JournalEntry.Event.RETURNED, payment.requestId(), why));
    }
    boolean gone = event == JournalEntry.Event.SETTLED || event == JournalEntry.Event.UNCONFIRMED;
    if (gone && state.isUsedUpBy(reservation, now)) {
      drafts.add(limitHit(state, now));
    }
    return drafts;
  }

  private Optional<Declined> objection(ProposedPayment payment, WalletState state, Instant now)
      throws IOException {
    if (state.isRevoked()) {
      return Optional.of(Declined.revoked(payment.offer()));
    }
    List<SpendingPolicy> all = policies(state);
    Optional<Declined> declined =
        state
            .terms()
            .objection(payment, now)
            .or(
                () ->
                    all.stream()
                        .flatMap(policy -> policy.objection(payment, state, now).stream())
                        .findFirst());
    if (declined.isEmpty()) {
      declined =
          OutcomeRules.objection(all, payment, state.outcomes(), now, journal.underWay()::contains);
    }
    return declined.or(() -> overLimit(payment, state, now));
  }

  /** Comes last: a payment that is declined for the limit breaks no other rule. */
  private static Optional<Declined> overLimit(
      ProposedPayment payment, WalletState state, Instant now) {
    return state
        .left(now)
        .filter(payment.price()::isMoreThan)
        .map(
            left ->
                new Declined(
                    "limit",
                    state.terms().limitText(),
                    payment.offer().priceText(),
                    left.toString()));
  }

  private List<JournalEntry.Draft> refused(ProposedPayment payment, Declined reason) {
    return refused(wallet.clock().instant(), payment.requestId(), details(payment), reason);
  }

  private List<JournalEntry.Draft> refused(
      Instant now, String requestId, Map<String, String> details, Declined reason) {
    Map<String, String> why = new TreeMap<>(details);
    why.put("rule", reason.rule());
    why.put("limit", reason.limit());
    why.put("asked", reason.asked());
    if (reason.left() != null) {
      why.put("left", reason.left());
    }
    if (reason.approval() != null) {
      why.put("waitsFor", reason.approval());
    }
    return List.of(
        draft(now, JournalEntry.Event.ASKED, requestId, details),
        draft(now, JournalEntry.Event.REFUSED, requestId, why));
  }

  private Map<String, String> details(ProposedPayment payment) {
    Offer offer = payment.offer();
    Map<String, String> details = new TreeMap<>();
    if (task != null) {
      details.put("task", task);
    }
    details.put("method", payment.method());
    details.put("host", payment.host());
    details.put("path", payment.path());
    payment.resource().ifPresent(resource -> details.put("resource", resource));
    details.put("price", payment.price().toString());
    details.put("amount", offer.amount().toString());
    details.put("token", offer.token().contract().toString());
    details.put("network", offer.network().toString());
    details.put("payTo", offer.payTo().toString());
    details.put("offers", offers(offer.descriptor().accepts()));
    return details;
  }

  /** Returns the offers without any text of the seller's. */
  private static String offers(List<PaymentRequirements> accepts) {
    String named =
        accepts.stream()
            .limit(NAMED)
            .map(option -> option.amount() + " of " + option.asset() + " on " + option.network())
            .collect(joining("; "));
    return accepts.size() <= NAMED ? named : named + "; and " + (accepts.size() - NAMED) + " more";
  }

  private JournalEntry.Draft limitHit(WalletState state, Instant now) {
    return draft(
        now,
        JournalEntry.Event.REVOKED,
        "-",
        Map.of("rule", "limit", "reason", "limit of " + state.terms().limitText() + " hit"));
  }

  private JournalEntry.Draft draft(
      Instant now, JournalEntry.Event event, String requestId, Map<String, String> details) {
    return new JournalEntry.Draft(now, event, wallet.agent(), requestId, Map.copyOf(details));
  }
}
