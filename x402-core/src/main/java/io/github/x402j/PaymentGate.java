// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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

  private final List<Facilitator> facilitators;
  private final PaymentLedger ledger;
  private final Listeners listeners;

  private PaymentGate(Builder builder) {
    if (builder.facilitators.isEmpty()) {
      throw new IllegalStateException("facilitator: none was given; who verifies and settles?");
    }
    facilitators = List.copyOf(builder.facilitators);
    ledger = builder.ledger;
    listeners = new Listeners(builder.listeners);
  }

  /** Returns a builder for a gate that remembers payments in this ledger. */
  public static Builder builder(PaymentLedger ledger) {
    return new Builder(ledger);
  }

  /**
   * Checks the configuration against reality; call it once, before the first request.
   *
   * @param offered every way to pay that will be offered
   * @throws IllegalStateException if there is one that could not be verified or settled
   */
  public void start(List<PaymentRequirements> offered) {
    for (PaymentRequirements option : offered) {
      if (facilitators.stream().noneMatch(f -> f.supports(option.scheme(), option.network()))) {
        throw new IllegalStateException(
            "accepts: no facilitator handles " + option.scheme() + " on " + option.network());
      }
    }
    for (Facilitator facilitator : facilitators) {
      facilitator.start(
          offered.stream()
              .filter(option -> facilitatorOf(option.scheme(), option.network()) == facilitator)
              .toList());
    }
  }

  /**
   * Encodes the descriptor for both protocol versions; for a fixed resource do it once.
   *
   * @throws IllegalArgumentException if the header would be longer than 8 KiB, which clients refuse
   */
  public Challenge challenge(PaymentRequired required) {
    return new Challenge(required, Refusals.challenge(required));
  }

  /**
   * Decides on a request.
   *
   * @param challenge what the request costs
   * @param request names what is paid for: method and resource, so that a payment that was begun
   *     for it is finished for nothing else
   * @param headers returns the values of a request header by its name, whatever its case; empty if
   *     there is none
   */
  public Admission admit(
      Challenge challenge, String request, Function<String, List<String>> headers) {
    Optional<PaymentPayload> payload;
    try {
      payload = PaymentHeader.read(headers);
    } catch (MalformedPaymentException e) {
      return malformed(challenge, e);
    }
    if (payload.isEmpty()) {
      listeners.offered(challenge.required());
      return new Admission.Refused(challenge.refusal());
    }
    return new Exchange(challenge, request, payload.get()).admit();
  }

  /**
   * Moves the money of an admitted payment; does nothing if it has moved already.
   *
   * <p>Only after {@code Settled} is the payment still held.
   *
   * @return how it ended; {@code Pending} without a transaction if the chain or the facilitator
   *     could not be reached
   */
  public Settlement settle(VerifiedPayment payment) {
    Optional<Settlement.Settled> earlier = payment.settlement();
    if (earlier.isPresent()) {
      return earlier.get();
    }
    PaymentKey key = payment.signed().key();
    boolean known = false;
    try {
      Settlement settlement = settleNow(payment);
      conclude(payment, settlement);
      known = true;
      return settlement;
    } catch (FacilitatorException e) {
      ledger.release(key); // nothing was sent
      known = true;
      listeners.unavailable(payment.required(), message(e));
      return new Settlement.Pending(null);
    } finally {
      if (!known) {
        ledger.suspend(key); // an error of ours or of the ledger: the outcome must be read later
      }
    }
  }

  private Settlement settleNow(VerifiedPayment payment) throws FacilitatorException {
    PaymentRequirements requirements = payment.requirements();
    return facilitatorOf(requirements.scheme(), requirements.network())
        .settle(
            payment.signed(), transaction -> ledger.settling(payment.signed().key(), transaction));
  }

  private void conclude(VerifiedPayment payment, Settlement settlement) {
    PaymentKey key = payment.signed().key();
    if (settlement instanceof Settlement.Settled settled) {
      payment.markSettled(settled);
      listeners.settled(payment, settled);
    } else if (settlement instanceof Settlement.Failed failed) {
      ledger.release(key);
      listeners.failed(payment.required(), failed.reason(), failed.detail());
    } else if (settlement instanceof Settlement.Pending pending) {
      ledger.suspend(key);
      listeners.pending(payment, pending);
    }
  }

  /** Records that the settled payment has bought its delivery; call it before the first byte. */
  public void delivered(VerifiedPayment payment) {
    ledger.delivered(payment.signed().key());
  }

  /**
   * Lets go of a payment whose handler failed. It has cost nothing if the money has not moved;
   * otherwise the same payment may be sent again for the same request, and gets its delivery then.
   */
  public void release(VerifiedPayment payment) {
    Optional<Settlement.Settled> settled = payment.settlement();
    if (settled.isPresent()) {
      ledger.suspend(payment.signed().key());
      listeners.undelivered(payment, settled.get());
    } else {
      ledger.release(payment.signed().key());
    }
  }

  /**
   * Returns the headers that tell the payer of a settled payment about it.
   *
   * @throws IllegalStateException if it has not been settled
   */
  public Map<String, String> receipt(VerifiedPayment payment) {
    Settlement.Settled settled =
        payment
            .settlement()
            .orElseThrow(() -> new IllegalStateException("the payment has not been settled"));
    return Refusals.responseHeader(
        payment.x402Version(),
        SettlementResponse.settled(payment.requirements().network(), settled));
  }

  /** Returns the answer for a payment that was admitted and then not settled. */
  public Refusal refuse(Challenge challenge, VerifiedPayment payment, Settlement settlement) {
    PaymentPayload payload = payment.signed().payload();
    if (settlement instanceof Settlement.Failed failed) {
      return Refusals.refused(challenge.required(), payload, payment.payer(), failed.reason());
    }
    if (settlement instanceof Settlement.Pending pending) {
      return Refusals.unavailable(payload, payment.payer(), pending.transaction());
    }
    throw new IllegalArgumentException("a settled payment is not refused");
  }

  private Facilitator facilitatorOf(String scheme, Network network) {
    return facilitators.stream()
        .filter(facilitator -> facilitator.supports(scheme, network))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no facilitator for " + network));
  }

  private Admission malformed(Challenge challenge, MalformedPaymentException e) {
    listeners.failed(challenge.required(), e.reason(), message(e));
    return new Admission.Refused(Refusals.malformed(e));
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }

  /** One request that brings a payment. */
  private final class Exchange {
    private final Challenge challenge;
    private final String request;
    private final PaymentPayload payload;

    Exchange(Challenge challenge, String request, PaymentPayload payload) {
      this.challenge = challenge;
      this.request = request;
      this.payload = payload;
    }

    Admission admit() {
      try {
        Verification checked = check();
        if (checked instanceof Verification.Valid valid) {
          return claim(valid.payment());
        }
        if (checked instanceof Verification.Expired expired) {
          return finish(expired.payment());
        }
        return refuse((Verification.Invalid) checked);
      } catch (MalformedPaymentException e) {
        return malformed(challenge, e);
      } catch (FacilitatorException e) {
        return unavailable(Optional.empty(), message(e));
      }
    }

    /** Holds the payment against what was offered, without the chain. */
    private Verification check() throws MalformedPaymentException, FacilitatorException {
      List<PaymentRequirements> candidates = Offered.candidates(challenge.required(), payload);
      if (candidates.isEmpty()) {
        return Offered.mismatch(challenge.required(), payload);
      }
      List<Verification> found = new ArrayList<>();
      for (PaymentRequirements candidate : candidates) {
        Verification verification =
            facilitatorOf(candidate.scheme(), candidate.network()).check(payload, candidate);
        if (!(verification instanceof Verification.Invalid)) {
          return verification;
        }
        found.add(verification);
      }
      return found.get(0);
    }

    private Admission claim(SignedPayment payment) throws FacilitatorException {
      PaymentLedger.Claim claim =
          ledger.claim(payment.key(), request, payment.validBefore().plus(KEEP_AFTER_EXPIRY));
      if (claim instanceof PaymentLedger.Claim.Granted) {
        return verify(payment);
      }
      return goOn(payment, claim);
    }

    /** What has expired may not begin, but a payment that began in time gets its outcome. */
    private Admission finish(SignedPayment payment) throws FacilitatorException {
      if (ledger.find(payment.key()).isPresent()) {
        PaymentLedger.Claim claim =
            ledger.claim(payment.key(), request, payment.validBefore().plus(KEEP_AFTER_EXPIRY));
        if (!(claim instanceof PaymentLedger.Claim.Granted)) {
          return goOn(payment, claim);
        }
        ledger.release(payment.key()); // it was let go of in between
      }
      return refuse(
          new Verification.Invalid(
              ErrorReason.AUTHORIZATION_EXPIRED,
              "validBefore: past, or too near for a settlement to get through",
              payment.payer()));
    }

    private Admission goOn(SignedPayment payment, PaymentLedger.Claim claim)
        throws FacilitatorException {
      if (claim instanceof PaymentLedger.Claim.Resumed resumed) {
        return resume(payment, resumed.transaction());
      }
      if (claim instanceof PaymentLedger.Claim.InProgress inProgress) {
        return unavailable(inProgress.transaction(), "the payment is being worked on");
      }
      if (claim instanceof PaymentLedger.Claim.Full) {
        return unavailable(Optional.empty(), "the payment ledger is full");
      }
      return refuse(
          new Verification.Invalid(
              ErrorReason.NONCE_ALREADY_USED,
              "authorization.nonce: this authorization has bought its delivery, or pays for another"
                  + " request",
              payment.payer()));
    }

    private Admission verify(SignedPayment payment) throws FacilitatorException {
      boolean valid = false;
      try {
        Verification verification =
            facilitatorOf(payload.scheme(), payload.network()).verify(payment);
        if (verification instanceof Verification.Invalid invalid) {
          return refuse(invalid);
        }
        if (!(verification instanceof Verification.Valid)) {
          throw new IllegalStateException("verify() answered Expired");
        }
        valid = true;
        VerifiedPayment verified = new VerifiedPayment(payment, challenge.required(), null);
        listeners.verified(verified);
        return new Admission.Admitted(verified);
      } finally {
        if (!valid) {
          ledger.release(payment.key());
        }
      }
    }

    private Admission resume(SignedPayment payment, Optional<String> transaction)
        throws FacilitatorException {
      Settlement outcome = new Settlement.Pending(transaction.orElse(null));
      try {
        outcome = facilitatorOf(payload.scheme(), payload.network()).outcome(payment, transaction);
      } finally {
        if (outcome instanceof Settlement.Pending) {
          ledger.suspend(payment.key());
        }
      }
      if (outcome instanceof Settlement.Pending pending) {
        return unavailable(pending.transaction(), "the settlement's outcome is not known yet");
      }
      if (outcome instanceof Settlement.Failed failed) {
        ledger.release(payment.key());
        return refuse(new Verification.Invalid(failed.reason(), failed.detail(), payment.payer()));
      }
      VerifiedPayment verified =
          new VerifiedPayment(payment, challenge.required(), (Settlement.Settled) outcome);
      listeners.settled(verified, (Settlement.Settled) outcome);
      return new Admission.Admitted(verified);
    }

    private Admission refuse(Verification.Invalid invalid) {
      listeners.failed(challenge.required(), invalid.reason(), invalid.detail());
      return new Admission.Refused(
          Refusals.refused(
              challenge.required(), payload, invalid.claimedPayer(), invalid.reason()));
    }

    private Admission unavailable(Optional<String> transaction, String what) {
      listeners.unavailable(challenge.required(), what);
      return new Admission.Refused(Refusals.unavailable(payload, null, transaction));
    }
  }

  /** Collects what a gate needs. Not safe for use by several threads. */
  public static final class Builder {
    private final PaymentLedger ledger;
    private final List<Facilitator> facilitators = new ArrayList<>();
    private final List<PaymentListener> listeners = new ArrayList<>();

    private Builder(PaymentLedger ledger) {
      this.ledger = ledger;
    }

    /**
     * Adds a facilitator; the first that supports a payment's scheme and network handles it. At
     * least one is needed.
     */
    public Builder facilitator(Facilitator facilitator) {
      facilitators.add(facilitator);
      return this;
    }

    /** Adds an observer. */
    public Builder listener(PaymentListener listener) {
      listeners.add(listener);
      return this;
    }

    /**
     * Returns the gate.
     *
     * @throws IllegalStateException if there is no facilitator
     */
    public PaymentGate build() {
      return new PaymentGate(this);
    }
  }
}
