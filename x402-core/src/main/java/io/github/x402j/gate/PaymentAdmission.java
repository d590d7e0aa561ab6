// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.extension.AnswerStore;
import io.github.x402j.extension.NamedPayment;
import io.github.x402j.extension.PaymentIdentifiers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The admission of one request that brings a payment. In order: the terms and the signature, the
 * payer's failure budget, the payment's identifier, the engine.
 */
final class PaymentAdmission {
  private final PaymentGate.Shared gate;
  private final @Nullable PaymentIdentifiers identifiers;
  private final AccessCheck access;
  private final Challenge challenge;
  private final Purchase purchase;
  private final PaymentPayload brought;
  private final PaymentPayload payload;
  private final PaymentEngine.Claim claim;
  private final @Nullable ChargePayment charge;
  private final Optional<Verification.Invalid> notBegun;

  /**
   * @param secret what the request brings besides the payment, empty if nothing
   * @param charge how it brings the payment by the {@code Payment} HTTP scheme, null if by x402
   * @param notBegun why the payment may be finished, but not begun, empty if it may be begun
   */
  PaymentAdmission(
      PaymentGate.Shared gate,
      AccessCheck access,
      Purchase purchase,
      PaymentPayload payload,
      Optional<String> secret,
      @Nullable ChargePayment charge,
      Optional<Verification.Invalid> notBegun) {
    this.charge = charge;
    this.notBegun = notBegun;
    this.gate = gate;
    this.identifiers = gate.identifiers();
    this.access = access;
    this.challenge = access.challenge();
    this.purchase = purchase;
    this.brought = payload;
    this.payload = ExtensionEcho.told(challenge.announced(), payload);
    this.claim = new PaymentEngine.Claim(purchase.request(), proof(secret, payload, charge));
  }

  /**
   * What the request brings that is not on the chain: its secret, else the name of the payment or
   * of its challenge. Once the transaction is broadcast, everybody can rebuild the rest of it.
   */
  private static String proof(
      Optional<String> secret, PaymentPayload payload, @Nullable ChargePayment charge) {
    if (secret.isPresent()) {
      return "secret " + secret.get();
    }
    if (charge != null) {
      return "challenge " + charge.challenge().id();
    }
    try {
      return PaymentIdentifiers.idOf(payload).map(id -> "name " + id).orElse("");
    } catch (MalformedPaymentException e) { // is refused where names are read
      return "";
    }
  }

  Admission admit() throws MalformedPaymentException {
    requireIdentifier();
    try {
      Verification checked = check();
      if (checked instanceof Verification.Invalid invalid) {
        return finish(invalid);
      }
      SignedPayment payment = FacilitatorRequest.signed(checked).orElseThrow();
      return checked instanceof Verification.Valid
          ? admit(payment, notBegun.or(() -> gate.facilitators().objection(payment)))
          : admit(payment, Optional.of(PaymentEngine.expired(payment)));
    } catch (FacilitatorException | LedgerException e) {
      return unavailable(Optional.empty(), String.valueOf(e.getMessage()));
    }
  }

  private Admission admit(SignedPayment payment, Optional<Verification.Invalid> notBegun)
      throws FacilitatorException, MalformedPaymentException {
    if (isSpent(payment)) {
      gate.listeners().unavailable(challenge.unsigned(), "the payer's failure budget is spent");
      return new Admission.Refused(Refusals.tooManyFailures());
    }
    return identified(payment, notBegun);
  }

  /** What was begun gets its answer, though its payer has failed since. */
  private boolean isSpent(SignedPayment payment) {
    FailureBudget failures = gate.failures();
    return failures.isSpent(payment)
        || (failures.isSpent(payment.payer()) && !gate.engine().knows(payment.key()));
  }

  /**
   * Finishes a payment that was admitted before the seller changed its price, its recipient or its
   * routes. The ledger's entry is bound to what was signed and to the request: that proves that
   * this very payment was compared with the terms of its time.
   */
  private Admission finish(Verification.Invalid unlikeToday)
      throws FacilitatorException, MalformedPaymentException {
    for (PaymentRequirements former : challenge.unsigned().formerCandidates(payload)) {
      Optional<SignedPayment> payment = signedFor(former);
      Optional<PaymentLedger.State> known = payment.flatMap(gate.engine()::stateOf);
      if (payment.isPresent() && known.isPresent()) {
        if (known.get() != PaymentLedger.State.DELIVERED
            && !gate.facilitators().handle(former)) { // its money may have moved
          return unavailable(Optional.empty(), "no facilitator settles the payment that was begun");
        }
        return known.get() == PaymentLedger.State.DELIVERED || isEnough(former)
            ? admit(payment.get(), Optional.of(unlikeToday))
            : unavailable(Optional.empty(), "the request costs more than was paid for its name");
      }
    }
    return refuse(unlikeToday);
  }

  private Optional<SignedPayment> signedFor(PaymentRequirements former)
      throws FacilitatorException {
    if (!gate.facilitators().handle(former)) {
      return gate.facilitators().recognised(payload, former);
    }
    try {
      return FacilitatorRequest.signed(gate.facilitators().check(payload, former));
    } catch (MalformedPaymentException e) { // the payer's word is nonsense
      return Optional.empty();
    }
  }

  /** A dearer request must not take the place of the one that was paid for. */
  private boolean isEnough(PaymentRequirements paid) {
    return purchase.hasFixedPrice()
        || challenge.unsigned().accepts().stream()
            .filter(option -> option.network().equals(paid.network()))
            .filter(option -> option.asset().equals(paid.asset()))
            .anyMatch(option -> option.amount().compareTo(paid.amount()) <= 0);
  }

  private void requireIdentifier() throws MalformedPaymentException {
    if (identifiers != null
        && charge == null // its challenge names it
        && PaymentIdentifiers.idOf(payload).isEmpty()
        && identifiers.isRequired()) {
      throw new MalformedPaymentException(
          ErrorReason.PAYMENT_IDENTIFIER_REQUIRED,
          "extensions.payment-identifier.info.id: missing");
    }
  }

  /** Compares the payment with what was offered, without the chain. */
  private Verification check() throws MalformedPaymentException, FacilitatorException {
    List<PaymentRequirements> candidates =
        challenge.unsigned().candidates(payload).stream()
            .filter(gate.facilitators()::handle) // the others were not offered
            .toList();
    if (candidates.isEmpty()) {
      return challenge.unsigned().mismatch(payload);
    }
    Optional<String> changed = ExtensionEcho.mismatch(challenge.announced(), brought);
    if (changed.isPresent()) {
      return new Verification.Invalid(
          ErrorReason.EXTENSION_ECHO_MISMATCH,
          "extensions." + changed.get() + ".info: is not what was announced",
          null);
    }
    List<Verification> found = new ArrayList<>();
    for (PaymentRequirements candidate : candidates) {
      Verification verification = gate.facilitators().check(payload, candidate);
      if (!(verification instanceof Verification.Invalid)) {
        return verification;
      }
      found.add(verification);
    }
    return found.get(0);
  }

  /** Looks the payment's name up, where it has one; its signature is known to be good here. */
  private Admission identified(SignedPayment payment, Optional<Verification.Invalid> notBegun)
      throws FacilitatorException, MalformedPaymentException {
    Optional<String> id = identifiers == null ? Optional.empty() : PaymentIdentifiers.idOf(payload);
    if (identifiers == null || id.isEmpty()) {
      return claim(payment, notBegun);
    }
    NamedPayment named =
        PaymentIdentifiers.named(payment.payer(), id.get(), brought, claim.of(payment));
    AnswerStore.Taken taken;
    try {
      taken = identifiers.take(named);
    } catch (RuntimeException e) {
      return unavailable(Optional.empty(), "the store of answers failed: " + e.getMessage());
    }
    if (taken instanceof AnswerStore.Taken.Another) {
      return new Admission.Refused(Refusals.identifierConflict());
    }
    return taken instanceof AnswerStore.Taken.Answered answered
        ? new Admission.Answered(answered.answer())
        : claimNamed(identifiers, named, taken, payment, notBegun);
  }

  private Admission claimNamed(
      PaymentIdentifiers names,
      NamedPayment named,
      AnswerStore.Taken taken,
      SignedPayment payment,
      Optional<Verification.Invalid> notBegun)
      throws FacilitatorException {
    boolean keepsName = false;
    try {
      PaymentEngine.Claimed claimed = gate.engine().claim(payment, claim, notBegun);
      keepsName = claimed instanceof PaymentEngine.Claimed.Pending; // whoever holds it answers
      if (isUsed(claimed) && taken instanceof AnswerStore.Taken.InProgress) {
        return answerOfAnother(names, named);
      }
      Admission admission = admission(payment, claimed);
      if (admission instanceof Admission.Admitted verified) {
        keepsName = true;
        verified.payment().markNamed(named);
      }
      return admission;
    } finally {
      if (!keepsName && taken instanceof AnswerStore.Taken.Begun) {
        names.free(named);
      }
    }
  }

  private static boolean isUsed(PaymentEngine.Claimed claimed) {
    return claimed instanceof PaymentEngine.Claimed.Refused refused
        && refused.refusal().reason().equals(ErrorReason.NONCE_ALREADY_USED);
  }

  /** Another server has recorded the delivery, and is about to store it, or has just done so. */
  private Admission answerOfAnother(PaymentIdentifiers names, NamedPayment named) {
    return names.take(named) instanceof AnswerStore.Taken.Answered answered
        ? new Admission.Answered(answered.answer())
        : unavailable(Optional.empty(), "the answer is being stored");
  }

  private Admission claim(SignedPayment payment, Optional<Verification.Invalid> notBegun)
      throws FacilitatorException {
    return admission(payment, gate.engine().claim(payment, claim, notBegun));
  }

  private Admission admission(SignedPayment payment, PaymentEngine.Claimed claimed)
      throws FacilitatorException {
    if (claimed instanceof PaymentEngine.Claimed.Refused refused) {
      return refuse(refused.refusal());
    }
    if (claimed instanceof PaymentEngine.Claimed.Pending pending) {
      return unavailable(pending.transaction(), pending.detail(), pending.freeIn());
    }
    if (claimed instanceof PaymentEngine.Claimed.Full) {
      return unavailable(Optional.empty(), "the payment ledger is full");
    }
    VerifiedPayment verified = VerifiedPayment.of(payment, challenge.unsigned(), purchase);
    verified.markListed(access.listed().unsigned());
    verified.markClaimed(claim.of(payment));
    if (charge != null) {
      verified.markChallenge(charge.challenge().id());
    }
    if (claimed instanceof PaymentEngine.Claimed.Settled settled) {
      verified.markSettled(settled.settlement());
      gate.signIns().record(verified);
      gate.listeners().settled(verified, settled.settlement());
      return new Admission.Admitted(verified);
    }
    Optional<Admission> decided = decided(verified);
    if (decided.isEmpty()) {
      gate.listeners().verified(verified);
      if (claimed instanceof PaymentEngine.Claimed.Verified good
          && !good.extensionResponses().isEmpty()) {
        gate.listeners().extensionResponses(verified, good.extensionResponses());
      }
    }
    return decided.orElseGet(() -> new Admission.Admitted(verified));
  }

  /** Asks about the payer. A payment that is not taken leaves nothing in the ledger. */
  private Optional<Admission> decided(VerifiedPayment verified) {
    boolean isTaken = false;
    try {
      Optional<Admission> decided = access.onPayer(verified);
      isTaken = decided.isEmpty();
      if (access.hasRefused()) {
        gate.failures().undelivered(verified); // each attempt has cost a verification
      }
      return decided;
    } finally {
      if (!isTaken) {
        gate.engine().release(verified);
      }
    }
  }

  private Admission refuse(Verification.Invalid invalid) {
    gate.listeners().failed(challenge.unsigned(), invalid.reason(), invalid.detail());
    if (charge != null) {
      return new Admission.Refused(Refusals.problem(challenge, invalid.reason()));
    }
    return new Admission.Refused(
        Refusals.refused(
            challenge,
            payload.x402Version(),
            payload.network(),
            invalid.claimedPayer(),
            invalid.reason()));
  }

  private Admission unavailable(Optional<String> transaction, String what) {
    return unavailable(transaction, what, Duration.ZERO);
  }

  private Admission unavailable(Optional<String> transaction, String what, Duration freeIn) {
    gate.listeners().unavailable(challenge.unsigned(), what);
    return new Admission.Refused(
        Refusals.unavailable(payload.x402Version(), payload.network(), null, transaction, freeIn));
  }
}
