// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Credential;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.extension.OfferReceipts;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The engine: decides whether a request is paid, moves the money, and answers for both protocol
 * versions. Knows no servlet, so that any server can stand in front of it.
 *
 * <p>One exchange, in order:
 *
 * <pre>{@code
 * switch (gate.admit(challenge, "GET /premium", headers)) {
 *   Refused  -> send the refusal
 *   Admitted -> run the handler into a buffer, then
 *               it failed:  gate.release(payment), send the failure
 *               otherwise:  gate.settle(payment)
 *                 Settled   -> gate.delivered(payment), send the buffer and gate.receipt(payment)
 *                 otherwise -> send gate.refuse(challenge, payment, settlement)
 * }
 * }</pre>
 *
 * <p>Safe for use by several threads. A payment that was admitted is held for its exchange until
 * {@link #delivered} or {@link #release} is called, or {@link #settle} did not end in {@code
 * Settled}.
 */
public final class PaymentGate {
  /** How long a ledger entry outlives its authorization, so that a late outcome can be fetched. */
  public static final Duration KEEP_AFTER_EXPIRY = Duration.ofMinutes(10);

  /** How long a signed offer is good unless said otherwise. */
  public static final Duration DEFAULT_OFFER_VALIDITY = Duration.ofMinutes(10);

  /** The longest that a signed offer may be good. */
  static final Duration LONGEST_OFFER_VALIDITY = Duration.ofDays(30);

  private final PaymentLedger ledger;
  private final FailureBudget failures;
  private final Listeners listeners;
  private final Exchange.Shared shared;
  private final @Nullable ReceiptAcceptor acceptor;
  private final @Nullable OfferReceipts statements;
  private final PaidHeaders paidHeaders;
  private final boolean olderHeader;
  private final @Nullable PaymentIdentifiers identifiers;

  PaymentGate(PaymentGateBuilder builder) {
    FacilitatorSettings settings = builder.settings;
    Clock clock = settings.clock();
    ledger = builder.ledger;
    failures = settings.failureBudget();
    listeners = settings.listeners();
    acceptor = builder.acceptor;
    identifiers = builder.identifiers;
    Duration memory = acceptor == null ? Duration.ZERO : acceptor.transactionMemory();
    shared =
        new Exchange.Shared(
            new Facilitators(settings.guarded()),
            ledger,
            failures,
            listeners,
            new TransactionClaims(ledger, memory, clock),
            identifiers);
    statements =
        builder.statements == null
            ? null
            : new OfferReceipts(builder.statements, builder.offerValidity, clock);
    paidHeaders = new PaidHeaders(builder.receipts, statements);
    olderHeader = builder.olderHeader;
  }

  /** Returns a builder for a gate that remembers payments in this ledger. */
  public static PaymentGateBuilder builder(PaymentLedger ledger) {
    return new PaymentGateBuilder(ledger);
  }

  /**
   * Checks the configuration against reality; call it once, before the first request.
   *
   * @param offered every way to pay that will be offered
   * @throws IllegalStateException if there is one that could not be verified or settled
   */
  public void start(List<PaymentRequirements> offered) {
    shared.facilitators().start(offered);
  }

  /**
   * Encodes the descriptor for both protocol versions; for a fixed resource do it once. Signed
   * offers in it are renewed by themselves.
   *
   * @throws IllegalArgumentException if the header would be longer than 8 KiB, which clients refuse
   */
  public Challenge challenge(PaymentRequired required) {
    return new Challenge(
        required,
        identifiers == null ? same -> same : identifiers::announce,
        statements,
        olderHeader);
  }

  /**
   * Decides on a request that receipts are neither accepted nor issued for.
   *
   * @param challenge what the request costs
   * @param request names what is paid for: method and resource, so that a payment that was begun
   *     for it is finished for nothing else
   * @param headers returns the values of a request header by its name, whatever its case; empty if
   *     there is none
   */
  public Admission admit(
      Challenge challenge, String request, Function<String, List<String>> headers) {
    return admit(challenge, request, null, headers);
  }

  /**
   * Decides on a request.
   *
   * @param challenge what the request costs
   * @param purchase what the request buys; receipts are held against it, and issued for it
   * @param headers returns the values of a request header by its name, whatever its case; empty if
   *     there is none
   */
  public Admission admit(
      Challenge challenge, Purchase purchase, Function<String, List<String>> headers) {
    return admit(challenge, purchase.request(), purchase, headers);
  }

  private Admission admit(
      Challenge challenge,
      String request,
      @Nullable Purchase purchase,
      Function<String, List<String>> headers) {
    try {
      Optional<Credential> presented = PaymentHeader.read(headers);
      if (presented.isPresent()) {
        return presented.get() instanceof Credential.Payment payment
            ? new Exchange(shared, challenge, request, purchase, payment.payload()).admit()
            : new ReceiptExchange(shared, acceptor, challenge, purchase)
                .admit(((Credential.ReceiptToken) presented.get()).token());
      }
    } catch (MalformedPaymentException e) {
      listeners.failed(challenge.required(), e.reason(), message(e));
      return new Admission.Refused(Refusals.malformed(e));
    }
    listeners.offered(challenge.required());
    return new Admission.Refused(challenge.refusal());
  }

  /**
   * Moves the money of an admitted payment; does nothing if it has moved already.
   *
   * <p>Only after {@code Settled} is the payment still held.
   *
   * @return how it ended; {@code Pending} without a transaction if the chain, the facilitator or
   *     the ledger could not be reached
   */
  public Settlement settle(VerifiedPayment payment) {
    Optional<Settlement.Settled> earlier = payment.settlement();
    if (earlier.isPresent()) {
      return earlier.get();
    }
    PaymentKey key = payment.signed().key();
    boolean known = false;
    try {
      Settlement settlement = shared.transfers().owned(payment.signed(), settleNow(payment));
      conclude(payment, settlement);
      known = true;
      return settlement;
    } catch (FacilitatorException e) {
      known = true; // nothing was sent
      release(payment, key);
      listeners.unavailable(payment.required(), message(e));
      return new Settlement.Pending(null);
    } catch (LedgerException e) {
      listeners.unavailable(payment.required(), message(e));
      return new Settlement.Pending(null);
    } finally {
      if (!known) { // an error of ours or of the ledger: the outcome must be read later
        Abandoned.suspend(ledger, key);
      }
    }
  }

  private Settlement settleNow(VerifiedPayment payment) throws FacilitatorException {
    return shared
        .facilitators()
        .settle(
            payment.signed(),
            transaction -> {
              shared.transfers().note(payment.signed(), transaction);
              ledger.settling(payment.signed().key(), transaction);
            });
  }

  private void conclude(VerifiedPayment payment, Settlement settlement) {
    PaymentKey key = payment.signed().key();
    if (settlement instanceof Settlement.Settled settled) {
      payment.markSettled(settled);
      listeners.settled(payment, settled);
    } else if (settlement instanceof Settlement.Failed failed) {
      ledger.release(key);
      freeName(payment);
      failures.failed(payment.payer());
      listeners.failed(payment.required(), failed.reason(), failed.detail());
    } else if (settlement instanceof Settlement.Pending pending) {
      ledger.suspend(key);
      listeners.pending(payment, pending);
    }
  }

  /**
   * Records that the settled payment has bought its delivery; call it before the first byte.
   *
   * @throws LedgerException if that is not known to be recorded, or another process has taken the
   *     payment over; nothing may be delivered then, and the same payment may be sent again
   */
  public void delivered(VerifiedPayment payment) {
    Optional<AcceptedReceipt> receipt = payment.receipt();
    if (receipt.isEmpty()) {
      ledger.delivered(payment.signed().key());
    } else if (receipt.get().uses().isPresent()) {
      ledger.useDelivered(receipt.get().key());
    }
  }

  /**
   * Keeps the answer of a delivered payment for a payer that asks for it again under the payment's
   * identifier; does nothing for a payment without one, and where the answer is too large.
   */
  public void store(VerifiedPayment payment, StoredAnswer answer) {
    Optional<PaymentIdentifiers.Name> name = payment.name();
    if (identifiers != null && name.isPresent()) {
      identifiers.store(name.get(), answer);
    }
  }

  /** Returns whether {@link #store} would keep the payment's answer, if it is not too large. */
  public boolean wantsAnswerOf(VerifiedPayment payment) {
    return payment.name().isPresent();
  }

  private void freeName(VerifiedPayment payment) {
    Optional<PaymentIdentifiers.Name> name = payment.name();
    if (identifiers != null && name.isPresent()) {
      identifiers.free(name.get());
    }
  }

  /**
   * Lets go of a payment whose handler failed. It has cost nothing if the money has not moved;
   * otherwise the same payment may be sent again for the same request, and gets its delivery then.
   * A use of a receipt is given back. Either way it counts against the payer's failure budget.
   */
  public void release(VerifiedPayment payment) {
    failures.failed(payment.payer());
    Optional<Settlement.Settled> settled = payment.settlement();
    if (settled.isEmpty()) {
      freeName(payment);
    }
    Optional<AcceptedReceipt> receipt = payment.receipt();
    try {
      if (receipt.isPresent()) {
        if (receipt.get().uses().isPresent()) {
          ledger.useReleased(receipt.get().key());
        }
      } else if (settled.isPresent()) {
        ledger.suspend(payment.signed().key());
        listeners.undelivered(payment, settled.get());
      } else {
        ledger.release(payment.signed().key());
      }
    } catch (LedgerException e) { // the handler's failure is what the client is to hear of
      listeners.unavailable(payment.required(), message(e));
    }
  }

  private void release(VerifiedPayment payment, PaymentKey key) {
    try {
      ledger.release(key);
    } catch (LedgerException e) {
      listeners.unavailable(payment.required(), message(e));
    }
  }

  /**
   * Returns the headers that tell the payer of a settled payment about it: the settlement and,
   * where receipts are issued, the receipt.
   *
   * @throws IllegalStateException if it has not been settled
   */
  public Map<String, String> receipt(VerifiedPayment payment) {
    Settlement.Settled settled =
        payment
            .settlement()
            .orElseThrow(() -> new IllegalStateException("the payment has not been settled"));
    return paidHeaders.of(payment, settled);
  }

  /** Returns the answer for a payment that was admitted and then not settled. */
  public Refusal refuse(Challenge challenge, VerifiedPayment payment, Settlement settlement) {
    Network network = payment.requirements().network();
    if (settlement instanceof Settlement.Failed failed) {
      return Refusals.refused(
          challenge, payment.x402Version(), network, payment.payer(), failed.reason());
    }
    if (settlement instanceof Settlement.Pending pending) {
      return Refusals.unavailable(
          payment.x402Version(), network, payment.payer(), pending.transaction());
    }
    throw new IllegalArgumentException("a settled payment is not refused");
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }
}
