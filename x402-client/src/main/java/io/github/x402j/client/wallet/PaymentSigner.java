// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.extension.SignInMessage;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Signs payments out of a wallet, and records what became of them. It is what {@code
 * PayingHttpClient} and {@code Payer} are built on; applications use those.
 *
 * <p>The order is fixed: the rules decide, people approve, the amount is reserved in the journal,
 * the authorization is signed. The amount stays reserved until {@link #record} says otherwise. No
 * other type of this module signs.
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class PaymentSigner {
  /**
   * How far an authorization begins in the past: 600 s, as the reference client does. Clocks
   * differ, and the time of a chain without new blocks stands still.
   */
  public static final Duration BACKDATING = Duration.ofSeconds(600);

  /** The longest time that an authorization is valid, whatever the seller asks for: 10 min. */
  public static final Duration MAX_WINDOW = Duration.ofMinutes(10);

  private static final int NONCE_BYTES = 32;
  private static final Set<JournalEntry.Event> OUTCOMES =
      EnumSet.of(
          JournalEntry.Event.SETTLED,
          JournalEntry.Event.UNCONFIRMED,
          JournalEntry.Event.PENDING,
          JournalEntry.Event.REJECTED,
          JournalEntry.Event.RETURNED);

  private final AgentWallet wallet;
  private final SpendAuthorizer authorizer;
  private final Clock clock;
  private final SecureRandom random;

  private PaymentSigner(
      AgentWallet wallet, SpendAuthorizer authorizer, Clock clock, SecureRandom random) {
    this.wallet = wallet;
    this.authorizer = authorizer;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Returns a signer for the wallet that uses the wallet's clock and a new {@link SecureRandom}.
   *
   * @param policies rules that apply together with the wallet's own
   */
  public static PaymentSigner of(AgentWallet wallet, List<SpendingPolicy> policies) {
    return of(wallet, policies, wallet.clock(), new SecureRandom());
  }

  /**
   * Returns a signer for the wallet.
   *
   * @param policies rules that apply together with the wallet's own
   * @param clock dates the authorizations
   * @param random makes the nonces; two payments with one nonce are one payment
   */
  public static PaymentSigner of(
      AgentWallet wallet, List<SpendingPolicy> policies, Clock clock, SecureRandom random) {
    return new PaymentSigner(wallet, new SpendAuthorizer(wallet, policies), clock, random);
  }

  /**
   * Returns this signer for requests of a task, which the journal names with each payment.
   *
   * @param task 1 to 200 characters, none of them a control character
   * @throws IllegalArgumentException if it is anything else
   */
  public PaymentSigner forTask(String task) {
    if (task.isBlank() || task.length() > 200 || task.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "task: expected 1 to 200 characters without control characters");
    }
    return new PaymentSigner(wallet, authorizer.forTask(task), clock, random);
  }

  /** Returns the agent whose wallet pays. */
  public String agent() {
    return wallet.agent();
  }

  /**
   * Returns the time after which a payment with an unknown outcome declines a second one for its
   * request, by the policies of this process.
   */
  public Instant unresolvedSince() {
    return clock.instant().minus(authorizer.unresolvedFor());
  }

  /**
   * Returns the reason to decline a second payment for a request.
   *
   * @param nonce of the first payment, whose outcome is not known
   */
  public PaymentDecision.Declined unresolved(String nonce) {
    return OutcomeRules.unresolved(nonce);
  }

  /** Returns a new name for a request, for the journal. */
  public String newRequestId() {
    return UUID.randomUUID().toString();
  }

  /**
   * Returns a new payment for the first of the offers that all rules allow, or why the first offer
   * is declined. What is signed is built from the caller's token, not from the seller's texts.
   *
   * @param request what is to be paid for
   * @param offers in the caller's order of preference, at least one
   * @param cancelled returns whether the caller no longer wants the payment
   * @throws CancellationException if the payment was cancelled; nothing is reserved
   * @throws IOException if the journal cannot be read or written; nothing is to be sent
   */
  public PaymentDecision pay(RequestToPay request, List<Offer> offers, BooleanSupplier cancelled)
      throws IOException {
    List<ProposedPayment> candidates =
        offers.stream().map(offer -> new ProposedPayment(wallet.agent(), request, offer)).toList();
    SpendAuthorizer.Choice choice = authorizer.choose(candidates);
    if (choice.declined() != null) {
      return choice.declined();
    }
    ProposedPayment chosen = choice.payment();
    Optional<PaymentDecision.Declined> declined = authorizer.askForApproval(chosen);
    if (declined.isPresent()) {
      return declined.get();
    }
    if (cancelled.getAsBoolean()) {
      throw new CancellationException();
    }
    Lock leaving = authorizer.leaving();
    leaving.lock();
    try {
      TransferAuthorization authorization = authorization(chosen.offer());
      declined = authorizer.reserve(chosen, choice.why(), authorization);
      return declined.isPresent() ? declined.get() : sign(chosen, authorization);
    } finally {
      leaving.unlock();
    }
  }

  /** Returns the account whose wallet pays. */
  public Address address() {
    return wallet.address();
  }

  /**
   * Returns the wallet's signature of a sign-in, if it has paid for the same request before; empty
   * if it has not, as far as its last 1,000 settled payments to the host tell, or is revoked. No
   * money moves by it, so no rule is asked and nothing is written to the journal.
   *
   * @param message is for the server of the request; the caller has made sure of it
   * @throws IOException if the journal cannot be read
   */
  public Optional<String> signIn(RequestToPay request, SignInMessage message) throws IOException {
    return authorizer.hasPaid(request)
        ? authorizer.unlessRevoked(() -> wallet.signer().sign(message.digest()).toHex())
        : Optional.empty();
  }

  /**
   * Begins a sending of a payment, unless the wallet was revoked. Call it for each sending, also
   * for one that repeats another: when {@code revoke} has returned, nothing begins any more.
   *
   * @param begin hands the request over and does not wait for the answer
   * @return what {@code begin} returned, empty if the wallet is revoked and nothing was sent
   * @throws IOException if the journal cannot be read; nothing was sent
   */
  public <T> Optional<T> sendUnlessRevoked(Supplier<T> begin) throws IOException {
    return authorizer.unlessRevoked(begin);
  }

  /**
   * Records that a request is not paid for a reason that the wallet does not know of.
   *
   * @throws IOException if the journal cannot be written
   */
  public void recordDeclined(
      String requestId, String method, URI url, PaymentDecision.Declined reason)
      throws IOException {
    authorizer.recordDeclined(requestId, method, url, reason);
  }

  /**
   * Records what became of a payment. Does nothing if it is known to be settled or returned.
   *
   * @param outcome {@code SETTLED}, {@code UNCONFIRMED}, {@code PENDING}, {@code REJECTED}, or
   *     {@code RETURNED} if the payment never left this process
   * @param details more for the journal, such as {@code reason}
   * @throws IllegalArgumentException if the outcome is none of these
   * @throws IOException if the journal cannot be written; the amount then stays reserved
   */
  public void record(
      PaymentDecision.Signed payment, JournalEntry.Event outcome, Map<String, String> details)
      throws IOException {
    if (!OUTCOMES.contains(outcome)) {
      throw new IllegalArgumentException("outcome: expected one of " + OUTCOMES);
    }
    authorizer.record(payment, outcome, details);
  }

  private PaymentDecision sign(ProposedPayment chosen, TransferAuthorization authorization)
      throws IOException {
    ExactEvmPayload signed;
    try {
      signed = ExactEvmPayload.sign(chosen.offer().token(), authorization, wallet.signer());
    } catch (RuntimeException e) { // whatever the signer throws is the caller's
      authorizer.unsigned(chosen, authorization.nonce());
      throw e;
    }
    if (!authorizer.release(chosen, authorization.nonce())) {
      return PaymentDecision.Declined.revoked(chosen.offer());
    }
    return new PaymentDecision.Signed(chosen.requestId(), chosen.offer(), signed);
  }

  private TransferAuthorization authorization(Offer offer) {
    Instant now = clock.instant();
    Duration asked = offer.requirements().maxTimeout();
    Duration window = asked.compareTo(MAX_WINDOW) <= 0 ? asked : MAX_WINDOW;
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    return TransferAuthorization.between(
        wallet.address(),
        offer.payTo(),
        offer.amount(),
        now.minus(BACKDATING),
        now.plus(window),
        "0x" + HexFormat.of().formatHex(nonce));
  }

  @Override
  public String toString() {
    return "PaymentSigner[" + wallet + "]";
  }
}
