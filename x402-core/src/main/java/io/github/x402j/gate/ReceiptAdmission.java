// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.TransferConfirmation;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The admission of one request that brings a receipt. In order: the receipt alone, its failure
 * budget, a use of it in the ledger, its transaction on the chain.
 */
final class ReceiptAdmission {
  private final PaymentGate.Shared gate;
  private final @Nullable ReceiptAcceptor acceptor;
  private final AccessCheck access;
  private final Challenge challenge;
  private final Purchase purchase;

  ReceiptAdmission(
      PaymentGate.Shared gate,
      @Nullable ReceiptAcceptor acceptor,
      AccessCheck access,
      Purchase purchase) {
    this.gate = gate;
    this.acceptor = acceptor;
    this.access = access;
    this.challenge = access.challenge();
    this.purchase = purchase;
  }

  Admission admit(String token) throws MalformedPaymentException {
    if (acceptor == null) {
      return refuse(ErrorReason.INVALID_RECEIPT, "receipts are not accepted here", null);
    }
    try {
      ReceiptAcceptor.Decision decision = acceptor.accept(token, challenge.unsigned(), purchase);
      if (decision instanceof ReceiptAcceptor.Decision.Rejected rejected) {
        return refuse(ErrorReason.INVALID_RECEIPT, rejected.detail(), null);
      }
      AcceptedReceipt receipt = ((ReceiptAcceptor.Decision.Accepted) decision).receipt();
      if (gate.failures().isSpent(receipt)) {
        gate.listeners().unavailable(challenge.unsigned(), "the receipt's failure budget is spent");
        return new Admission.Refused(Refusals.tooManyFailures());
      }
      return use(acceptor, receipt, purchase);
    } catch (FacilitatorException | LedgerException e) {
      return unavailable(null, String.valueOf(e.getMessage()));
    }
  }

  private Admission use(ReceiptAcceptor acceptor, AcceptedReceipt receipt, Purchase purchase)
      throws FacilitatorException {
    OptionalLong remaining = OptionalLong.empty();
    if (receipt.uses().isPresent()) {
      PaymentLedger.Use use = gate.engine().takeUse(receipt);
      if (!(use instanceof PaymentLedger.Use.Granted granted)) {
        return notGranted(use, receipt);
      }
      remaining = OptionalLong.of(granted.remaining());
    }
    boolean admitted = false;
    try {
      Optional<Admission> refused = confirm(acceptor, receipt);
      if (refused.isPresent()) {
        return refused.get();
      }
      Admission admission = admit(receipt, remaining, purchase);
      admitted = admission instanceof Admission.Admitted;
      return admission;
    } finally {
      if (!admitted) {
        gate.engine().releaseUse(receipt);
      }
    }
  }

  private Admission notGranted(PaymentLedger.Use use, AcceptedReceipt receipt) {
    if (use instanceof PaymentLedger.Use.UsedUp) {
      return refuse(ErrorReason.RECEIPT_USED, "the receipt has no use left", receipt.payer());
    }
    return unavailable(
        receipt,
        use instanceof PaymentLedger.Use.Full
            ? "the payment ledger is full"
            : "the last use of the receipt is being worked on");
  }

  private Admission admit(AcceptedReceipt receipt, OptionalLong remaining, Purchase purchase) {
    VerifiedPayment payment =
        VerifiedPayment.ofReceipt(receipt, remaining, challenge.unsigned(), purchase);
    payment.markListed(access.listed().unsigned());
    Optional<Admission> decided = access.onPayer(payment);
    if (decided.isPresent()) {
      return decided.get();
    }
    gate.listeners().verified(payment);
    return new Admission.Admitted(payment);
  }

  /** Returns the refusal, empty if the transaction is what the receipt says, and this receipt's. */
  private Optional<Admission> confirm(ReceiptAcceptor acceptor, AcceptedReceipt receipt)
      throws FacilitatorException {
    TransferConfirmation.Answer confirmation = acceptor.confirm(receipt);
    if (confirmation instanceof TransferConfirmation.Answer.Refuted refuted) {
      gate.failures().failed(receipt);
      return Optional.of(
          refuse(ErrorReason.INVALID_TRANSACTION_STATE, refuted.detail(), receipt.payer()));
    }
    TransactionClaims.Claim claim =
        confirmation instanceof TransferConfirmation.Answer.Confirmed confirmed
            ? gate.transactions().forReceipt(receipt, confirmed.tooOldFrom())
            : receipt.pass()
                ? TransactionClaims.Claim.GOOD
                : gate.transactions().forIssuer(receipt);
    return switch (claim) {
      case GOOD -> Optional.empty();
      case FULL -> Optional.of(unavailable(receipt, "the payment ledger is full"));
      case USED ->
          Optional.of(
              refuse(
                  ErrorReason.RECEIPT_USED,
                  "the transaction has been used for something else",
                  receipt.payer()));
    };
  }

  private Admission refuse(ErrorReason reason, String detail, @Nullable Address payer) {
    gate.listeners().failed(challenge.unsigned(), reason, detail);
    return new Admission.Refused(
        Refusals.refused(challenge, 2, challenge.anyNetwork(), payer, reason));
  }

  private Admission unavailable(@Nullable AcceptedReceipt receipt, String what) {
    gate.listeners().unavailable(challenge.unsigned(), what);
    return new Admission.Refused(
        Refusals.unavailable(
            2,
            receipt == null ? challenge.anyNetwork() : receipt.requirements().network(),
            receipt == null ? null : receipt.payer(),
            Optional.empty()));
  }
}
