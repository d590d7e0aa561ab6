// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentKey;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a payment from its claim to its delivery: claim, verify, settle, conclude, resume. With its
 * {@link TransactionClaims} it is the only caller of the {@link PaymentLedger}; the gate and the
 * facilitator service call it.
 *
 * <p>A payment is <em>held</em> from the claim until {@link #delivered}, {@link #release} or {@link
 * #suspend}, or until {@link #settle} returns anything but {@code Settled}.
 */
final class PaymentEngine {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  /** How long a count of uses outlives its receipt: the clocks of several servers may differ. */
  static final Duration USES_KEPT_FOR = Duration.ofMinutes(10);

  private final Facilitators facilitators;
  private final PaymentLedger ledger;
  private final FailureBudget failures;
  private final TransactionClaims transactions;
  private final SalesInProgress inProgress;

  PaymentEngine(
      Facilitators facilitators,
      PaymentLedger ledger,
      FailureBudget failures,
      TransactionClaims transactions,
      SalesInProgress inProgress) {
    this.facilitators = facilitators;
    this.ledger = ledger;
    this.failures = failures;
    this.transactions = transactions;
    this.inProgress = inProgress;
  }

  /**
   * What a payment is claimed for. A claim is the same only if all of it is: what was signed, what
   * it pays for, and what the caller proves that it is the same caller with.
   *
   * @param request what it is to pay for
   * @param proof what only the caller knows, empty if it knows nothing that is not on the chain
   */
  record Claim(String request, String proof) {
    /** Returns the text that the ledger binds the payment to. It shows none of its parts. */
    String of(SignedPayment payment) {
      return hash(payment.digest() + "\n" + proof + "\n" + request);
    }
  }

  private static String hash(String text) {
    return HexFormat.of().formatHex(Hashes.sha256(text));
  }

  /** The same for every attempt to settle this payment, and known to this ledger alone. */
  private SignedPayment claimed(SignedPayment payment) {
    return payment.claimedBy(hash(ledger.id() + "\n" + payment.digest()));
  }

  /** The result of a claim. */
  sealed interface Claimed {
    /**
     * It is new, verified against the chain if its settlement does not do so, and held.
     *
     * @param extensionResponses as in {@link Verification.Valid}
     */
    record Verified(SignedPayment payment, Map<String, Object> extensionResponses)
        implements Claimed {}

    /** Its money moved in an earlier exchange that delivered nothing; it is held. */
    record Settled(SignedPayment payment, Settlement.Settled settlement) implements Claimed {}

    /** It buys nothing. */
    record Refused(Verification.Invalid refusal) implements Claimed {}

    /**
     * Its outcome is not known: another exchange holds it or still writes its delivery, or the
     * chain does not show the outcome yet.
     *
     * @param freeIn as in {@link PaymentLedger.Claim.InProgress}
     */
    record Pending(Optional<String> transaction, String detail, Duration freeIn)
        implements Claimed {}

    /** The ledger has no room. */
    record Full() implements Claimed {}
  }

  /** Returns whether a settlement of this authorization was begun before and is remembered. */
  boolean knows(PaymentKey key) {
    return ledger.find(key).isPresent();
  }

  /** Returns how far a payment with this key has come, empty if none is remembered. */
  Optional<PaymentLedger.State> stateOf(SignedPayment payment) {
    return ledger.find(payment.key()).map(PaymentLedger.Entry::state);
  }

  /** Returns the transactions that were recorded for a payment, oldest first. */
  List<String> transactionsOf(SignedPayment payment) {
    return ledger.find(payment.key()).map(PaymentLedger.Entry::transactions).orElse(List.of());
  }

  /**
   * Claims a payment whose signature is good, and verifies it or, if it was begun before, finds its
   * outcome.
   *
   * @param claim what it is to pay for, and for whom
   * @param notBegun why the payment may be finished, but not begun, such as that its window is
   *     over; empty if it may be begun
   * @throws FacilitatorException if the chain or the facilitator could not be asked; the payment is
   *     not held then
   */
  Claimed claim(SignedPayment payment, Claim claim, Optional<Verification.Invalid> notBegun)
      throws FacilitatorException {
    if (notBegun.isPresent() && !knows(payment.key())) {
      return new Claimed.Refused(notBegun.get());
    }
    String binding = claim.of(payment);
    SaleInProgress<?> earlier = inProgress.of(binding); // asked first: it may take back meanwhile
    PaymentLedger.Claim found = claim(payment, binding);
    if (found instanceof PaymentLedger.Claim.Used && earlier != null) {
      if (!earlier.isOverSoon()) {
        return new Claimed.Pending(
            Optional.empty(), "the delivery is being written", Duration.ZERO);
      }
      found = claim(payment, binding);
    }
    if (found instanceof PaymentLedger.Claim.Granted) {
      if (notBegun.isEmpty()) {
        return verify(payment);
      }
      ledger.release(payment.key()); // it was released between the two questions
      return new Claimed.Refused(notBegun.get());
    }
    if (found instanceof PaymentLedger.Claim.Resumed resumed) {
      return resume(payment, resumed.transactions());
    }
    if (found instanceof PaymentLedger.Claim.InProgress inProgress) {
      return new Claimed.Pending(
          inProgress.transaction(), "the payment is being worked on", inProgress.freeIn());
    }
    if (found instanceof PaymentLedger.Claim.Full) {
      return new Claimed.Full();
    }
    return refused(
        payment,
        ErrorReason.NONCE_ALREADY_USED,
        "authorization.nonce: it has bought its delivery, or was signed for something else, or"
            + " pays for another request");
  }

  private PaymentLedger.Claim claim(SignedPayment payment, String binding) {
    return ledger.claim(
        payment.key(), binding, payment.validBefore().plus(Facilitator.OUTCOME_KEPT_FOR));
  }

  private Claimed verify(SignedPayment payment) throws FacilitatorException {
    if (facilitators.verifiesWhenItSettles(payment)) {
      return new Claimed.Verified(payment, Map.of());
    }
    boolean valid = false;
    try {
      Verification verification = facilitators.verify(payment);
      if (verification instanceof Verification.Invalid invalid) {
        failures.refused(payment, invalid.reason());
        return new Claimed.Refused(invalid);
      }
      if (!(verification instanceof Verification.Valid good)) {
        throw new IllegalStateException("verify() answered Expired");
      }
      valid = true;
      return new Claimed.Verified(payment, good.extensionResponses());
    } finally {
      if (!valid) {
        ledger.release(payment.key());
      }
    }
  }

  private Claimed resume(SignedPayment payment, List<String> recorded) throws FacilitatorException {
    Settlement outcome = new Settlement.Pending(null);
    try {
      outcome = transactions.owned(payment, facilitators.outcome(claimed(payment), recorded));
    } finally {
      if (outcome instanceof Settlement.Pending) {
        ledger.suspend(payment.key());
      }
    }
    if (outcome instanceof Settlement.Pending pending) {
      return new Claimed.Pending(
          pending.transaction(), "the settlement's outcome is not known yet", Duration.ZERO);
    }
    conclude(payment, outcome, true);
    return outcome instanceof Settlement.Failed failed
        ? refused(payment, failed.reason(), failed.detail())
        : new Claimed.Settled(payment, (Settlement.Settled) outcome);
  }

  /**
   * Moves the money of a payment that is held.
   *
   * @param sent receives each transaction's hash as soon as the ledger has it
   * @return the outcome; the payment stays held only if it is {@code Settled}
   * @throws FacilitatorException if nothing was sent; the payment has been released
   */
  Settlement settle(SignedPayment payment, Consumer<String> sent) throws FacilitatorException {
    TransactionRecords.Member record =
        new TransactionRecords(transactions, ledger, null).of(payment, sent);
    return settle(payment, record, false).conclude();
  }

  /**
   * Moves the money of a sale, and writes that into the sales book.
   *
   * @param later whether the caller can wait for the outcome without this thread
   * @return the settlement; when it is concluded, the payment stays held only if the outcome is
   *     {@code Settled}
   */
  SettlementInProgress settle(VerifiedPayment sale, SalesRecorder sales, boolean later) {
    SignedPayment payment = sale.signed();
    boolean isVerified = !facilitators.verifiesWhenItSettles(payment);
    if (!facilitators.tellsBeforeBroadcast(payment)) {
      recordAsking(sale, sales);
    }
    TransactionRecords.Member record = new TransactionRecords(transactions, ledger, sales).of(sale);
    SettlementInProgress begun = settle(payment, record, later);
    return begun.then(() -> conclude(sale, isVerified, sales, begun));
  }

  private static Settlement conclude(
      VerifiedPayment sale, boolean isVerified, SalesRecorder sales, SettlementInProgress begun)
      throws FacilitatorException {
    try {
      Settlement settlement = begun.conclude();
      if (settlement instanceof Settlement.Failed failed) {
        sales.failed(sale, failed);
      }
      return settlement;
    } catch (FacilitatorException e) {
      if (isVerified) {
        sales.notSent(sale, String.valueOf(e.getMessage()));
      } else {
        sales.withdraw(sale); // anyone can begin one
      }
      throw e;
    }
  }

  private void recordAsking(VerifiedPayment sale, SalesRecorder sales) {
    boolean recorded = false;
    try {
      sales.asking(sale);
      recorded = true;
    } finally {
      if (!recorded) { // nothing was sent, and nothing will be
        ledger.release(sale.signed().key());
      }
    }
  }

  /** Records each transaction before it is sent. */
  private SettlementInProgress settle(
      SignedPayment payment, TransactionRecords.Member record, boolean later) {
    CompletableFuture<Settlement> outcome = facilitators.settle(claimed(payment), record, later);
    return new SettlementInProgress(outcome, () -> conclude(payment, outcome, record));
  }

  private Settlement conclude(
      SignedPayment payment,
      CompletableFuture<Settlement> outcome,
      TransactionRecords.Member record)
      throws FacilitatorException {
    boolean concluded = false;
    try {
      Settlement settlement = transactions.owned(payment, SettlementInProgress.of(outcome));
      conclude(payment, settlement, record.isPublic());
      concluded = true;
      return settlement;
    } catch (FacilitatorException e) {
      concluded = true; // nothing was sent
      ledger.release(payment.key());
      throw e;
    } finally {
      if (!concluded) { // an error of ours or of the ledger: the chain knows the outcome
        suspendAfterError(payment.key());
      }
    }
  }

  /**
   * A payment that failed can be begun anew, unless it may have been on the chain: whoever has read
   * it there could begin it for a request of its own.
   */
  private void conclude(SignedPayment payment, Settlement settlement, boolean isPublic) {
    if (settlement instanceof Settlement.Failed failed) {
      if (isPublic) {
        ledger.suspend(payment.key());
      } else {
        ledger.release(payment.key());
      }
      failures.failed(payment, failed);
    } else if (settlement instanceof Settlement.Pending) {
      ledger.suspend(payment.key());
    }
  }

  private void suspendAfterError(PaymentKey key) {
    try {
      ledger.suspend(key);
    } catch (IllegalStateException e) { // must not take the place of the error that came first
      log.debug("a payment that broke off was not suspended: {}", e.getMessage());
    }
  }

  /**
   * Binds a payment to this claim that was refused though nothing was sent for it here: whoever
   * comes with another claim later can be told so.
   *
   * @return false if it is bound to another claim
   */
  boolean bind(SignedPayment payment, Claim claim) throws FacilitatorException {
    PaymentLedger.Claim found = claim(payment, claim.of(payment));
    if (found instanceof PaymentLedger.Claim.Full) {
      throw new FacilitatorException("the payment ledger is full");
    }
    if (found instanceof PaymentLedger.Claim.Granted
        || found instanceof PaymentLedger.Claim.Resumed) {
      ledger.suspend(payment.key());
    }
    return !(found instanceof PaymentLedger.Claim.Used);
  }

  /** Suspends a settled payment whose result may be asked for again; the next claim resumes it. */
  void suspend(SignedPayment payment) {
    ledger.suspend(payment.key());
  }

  /** Records that the payment, or a use of its receipt, has bought its delivery. */
  void delivered(VerifiedPayment payment, SalesRecorder sales) {
    Optional<AcceptedReceipt> receipt = payment.receipt();
    if (receipt.isEmpty()) {
      sales.delivered(payment, ledger);
    } else {
      if (receipt.get().uses().isPresent()) {
        ledger.useDelivered(receipt.get().key());
      }
      sales.passUsed(payment, receipt.get());
    }
    payment.markDelivered();
  }

  /**
   * Takes the delivery back that this exchange has recorded, because it has broken off.
   *
   * @return whether it can be fetched again; always for a receipt whose uses are not counted
   */
  boolean takeBack(VerifiedPayment payment) {
    if (!payment.markTakenBack()) {
      return false;
    }
    Optional<AcceptedReceipt> receipt = payment.receipt();
    if (receipt.isEmpty()) {
      return ledger.takeBack(payment.signed().key());
    }
    return receipt.get().uses().isEmpty() || ledger.useTakenBack(receipt.get().key());
  }

  /**
   * Ends the hold of a payment whose handler failed. If the money has not moved, the ledger forgets
   * the payment; otherwise the next claim resumes it.
   */
  void release(VerifiedPayment payment) {
    Optional<AcceptedReceipt> receipt = payment.receipt();
    if (receipt.isPresent()) {
      releaseUse(receipt.get());
    } else if (payment.settlement().isPresent()) {
      ledger.suspend(payment.signed().key());
    } else {
      ledger.release(payment.signed().key());
    }
  }

  /** Takes a use of a receipt whose uses are counted. */
  PaymentLedger.Use takeUse(AcceptedReceipt receipt) {
    return ledger.use(
        receipt.key(), receipt.uses().orElseThrow(), receipt.expiresAt().plus(USES_KEPT_FOR));
  }

  /** Gives a use back, if uses are counted. */
  void releaseUse(AcceptedReceipt receipt) {
    if (receipt.uses().isPresent()) {
      ledger.useReleased(receipt.key());
    }
  }

  /** Returns the refusal of a payment whose window is over. */
  static Verification.Invalid expired(SignedPayment payment) {
    return new Verification.Invalid(
        ErrorReason.AUTHORIZATION_EXPIRED,
        "validBefore: past, or too near for a settlement to get through",
        payment.payer());
  }

  private static Claimed refused(SignedPayment payment, ErrorReason reason, String detail) {
    return new Claimed.Refused(new Verification.Invalid(reason, detail, payment.payer()));
  }
}
