// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Offered;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One request that brings a payment, from the check without the chain to the decision. */
final class Exchange {
  /** What the exchanges of a gate share. */
  record Shared(
      Facilitators facilitators,
      PaymentLedger ledger,
      FailureBudget failures,
      Listeners listeners,
      TransactionClaims transfers,
      @Nullable PaymentIdentifiers identifiers) {}

  private final Facilitators facilitators;
  private final PaymentLedger ledger;
  private final FailureBudget failures;
  private final Listeners listeners;
  private final TransactionClaims transfers;
  private final @Nullable PaymentIdentifiers identifiers;
  private final Challenge challenge;
  private final String request;
  private final @Nullable Purchase purchase;
  private final PaymentPayload payload;

  Exchange(
      Shared shared,
      Challenge challenge,
      String request,
      @Nullable Purchase purchase,
      PaymentPayload payload) {
    this.facilitators = shared.facilitators();
    this.ledger = shared.ledger();
    this.failures = shared.failures();
    this.listeners = shared.listeners();
    this.transfers = shared.transfers();
    this.identifiers = shared.identifiers();
    this.challenge = challenge;
    this.request = request;
    this.purchase = purchase;
    this.payload = payload;
  }

  Admission admit() throws MalformedPaymentException {
    requireIdentifier();
    try {
      Verification checked = check();
      if (checked instanceof Verification.Invalid invalid) {
        return refuse(invalid);
      }
      SignedPayment payment =
          checked instanceof Verification.Valid valid
              ? valid.payment()
              : ((Verification.Expired) checked).payment();
      if (failures.isSpent(payment.payer())) {
        return tooManyFailures();
      }
      return identified(payment, checked instanceof Verification.Valid);
    } catch (FacilitatorException | LedgerException e) {
      return unavailable(Optional.empty(), String.valueOf(e.getMessage()));
    }
  }

  /** Looks the payment's name up, where it has one; its signature is known to be good here. */
  private Admission identified(SignedPayment payment, boolean inTime)
      throws FacilitatorException, MalformedPaymentException {
    Optional<String> id = identifiers == null ? Optional.empty() : PaymentIdentifiers.idOf(payload);
    if (identifiers == null || id.isEmpty()) {
      return decide(payment, inTime);
    }
    PaymentIdentifiers.Name name = new PaymentIdentifiers.Name(payment.payer(), id.get());
    PaymentIdentifiers.Earlier earlier =
        identifiers.take(name, payment.key().nonce() + " " + payload.payload() + " " + request);
    if (earlier == PaymentIdentifiers.Earlier.ANOTHER) {
      return new Admission.Refused(Refusals.identifierConflict());
    }
    Optional<StoredAnswer> answer = identifiers.answer(name);
    if (answer.isPresent()) {
      return new Admission.Answered(answer.get());
    }
    boolean admitted = false;
    try {
      Admission admission = decide(payment, inTime);
      admitted = admission instanceof Admission.Admitted;
      if (admission instanceof Admission.Admitted verified) {
        verified.payment().markNamed(name);
      }
      return admission;
    } finally {
      if (!admitted && earlier == PaymentIdentifiers.Earlier.NOTHING) {
        identifiers.free(name);
      }
    }
  }

  private Admission decide(SignedPayment payment, boolean inTime) throws FacilitatorException {
    return inTime ? claim(payment) : finish(payment);
  }

  private void requireIdentifier() throws MalformedPaymentException {
    if (identifiers != null
        && PaymentIdentifiers.idOf(payload).isEmpty()
        && identifiers.isRequired()) {
      throw new MalformedPaymentException(
          ErrorReason.PAYMENT_IDENTIFIER_REQUIRED,
          "extensions.payment-identifier.info.id: missing");
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
      Verification verification = facilitators.check(payload, candidate);
      if (!(verification instanceof Verification.Invalid)) {
        return verification;
      }
      found.add(verification);
    }
    return found.get(0);
  }

  private Admission claim(SignedPayment payment) throws FacilitatorException {
    PaymentLedger.Claim claim =
        ledger.claim(
            payment.key(), request, payment.validBefore().plus(PaymentGate.KEEP_AFTER_EXPIRY));
    if (claim instanceof PaymentLedger.Claim.Granted) {
      return verify(payment);
    }
    return goOn(payment, claim);
  }

  /** What has expired may not begin, but a payment that began in time gets its outcome. */
  private Admission finish(SignedPayment payment) throws FacilitatorException {
    if (ledger.find(payment.key()).isPresent()) {
      PaymentLedger.Claim claim =
          ledger.claim(
              payment.key(), request, payment.validBefore().plus(PaymentGate.KEEP_AFTER_EXPIRY));
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
      Verification verification = facilitators.verify(payment);
      if (verification instanceof Verification.Invalid invalid) {
        failures.failed(payment.payer());
        return refuse(invalid);
      }
      if (!(verification instanceof Verification.Valid)) {
        throw new IllegalStateException("verify() answered Expired");
      }
      valid = true;
      VerifiedPayment verified = VerifiedPayment.of(payment, challenge.required(), purchase);
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
      outcome = transfers.owned(payment, facilitators.outcome(payment, transaction));
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
    VerifiedPayment verified = VerifiedPayment.of(payment, challenge.required(), purchase);
    verified.markSettled((Settlement.Settled) outcome);
    listeners.settled(verified, (Settlement.Settled) outcome);
    return new Admission.Admitted(verified);
  }

  private Admission refuse(Verification.Invalid invalid) {
    listeners.failed(challenge.required(), invalid.reason(), invalid.detail());
    return new Admission.Refused(
        Refusals.refused(
            challenge,
            payload.x402Version(),
            payload.network(),
            invalid.claimedPayer(),
            invalid.reason()));
  }

  private Admission tooManyFailures() {
    listeners.unavailable(challenge.required(), "the payer's failure budget is spent");
    return new Admission.Refused(Refusals.tooManyFailures());
  }

  private Admission unavailable(Optional<String> transaction, String what) {
    listeners.unavailable(challenge.required(), what);
    return new Admission.Refused(
        Refusals.unavailable(payload.x402Version(), payload.network(), null, transaction));
  }
}
