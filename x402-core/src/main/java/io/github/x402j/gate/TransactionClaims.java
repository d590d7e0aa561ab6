// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Sees to it that one transaction on the chain pays for one thing: a payment that this gate
 * settled, or a receipt. A transaction that is looked up pays for one receipt; where an issuer's
 * word is enough, how many receipts it writes for one is its word, too.
 *
 * <p>A transfer is kept in the ledger beside the authorizations, with the hash of its transaction
 * where they have their nonce; a nonce cannot be chosen to equal a hash that is not known yet, and
 * whoever repeats a known hash as a nonce bars only an authorization of his own.
 */
final class TransactionClaims {
  /** Whose a transfer is. */
  private enum Owner {
    /** It is the caller's, from now on or from before. */
    CALLER,
    /** It has paid for something else. */
    ANOTHER,
    /** The ledger has no room. */
    UNKNOWN
  }

  /** What a receipt's transaction can pay for. */
  enum Claim {
    /** This receipt, alone. */
    GOOD,
    /** It has paid for something else. */
    USED,
    /** The ledger has no room. */
    FULL
  }

  /** Two payments in one transaction have an authorization each, which is kept by itself. */
  private static final String PAYMENTS = "payments";

  /** An authorization is good for an hour at most, so its outcome can come that much later. */
  private static final Duration LONGEST_WINDOW = Duration.ofHours(1);

  private final PaymentLedger ledger;
  private final Duration memory;
  private final Clock clock;

  /**
   * @param memory how long after a transaction a receipt for it may be good; zero if there are none
   */
  TransactionClaims(PaymentLedger ledger, Duration memory, Clock clock) {
    this.ledger = ledger;
    this.memory = memory;
    this.clock = clock;
  }

  /** Returns claims for a service that accepts no receipts: every transaction is its own. */
  static TransactionClaims none(PaymentLedger ledger, Clock clock) {
    return new TransactionClaims(ledger, Duration.ZERO, clock);
  }

  /**
   * Notes the transaction that a payment is about to send, so that no receipt for it counts.
   *
   * @throws IllegalStateException if that is not possible; the transaction must not be sent then
   */
  void note(SignedPayment payment, String transaction) {
    if (!memory.isZero() && own(payment, transaction) != Owner.CALLER) {
      throw new LedgerException("the ledger has no room for the payment's transaction");
    }
  }

  /** Returns the settlement, failed if its transaction has paid for something else before. */
  Settlement owned(SignedPayment payment, Settlement settlement) {
    if (!memory.isZero()
        && settlement instanceof Settlement.Settled settled
        && own(payment, settled.transaction()) == Owner.ANOTHER) {
      return new Settlement.Failed(
          ErrorReason.NONCE_ALREADY_USED, "a receipt for this transfer has been used");
    }
    return settlement;
  }

  /** Takes the transaction for a receipt that was looked up, and for no other. */
  Claim forReceipt(AcceptedReceipt receipt, Instant tooOldFrom) {
    return claim(
        receipt,
        "receipt " + receipt.key().issuer() + " " + receipt.key().id(),
        later(tooOldFrom, receipt.expiresAt()));
  }

  /** Takes the transaction for the receipts of an issuer whose word is enough. */
  Claim forIssuer(AcceptedReceipt receipt) {
    return memory.isZero()
        ? Claim.GOOD
        : claim(receipt, "issuer " + receipt.key().issuer(), receipt.expiresAt());
  }

  private Claim claim(AcceptedReceipt receipt, String owner, Instant goodUntil) {
    Instant lastOutcome = clock.instant().plus(LONGEST_WINDOW).plus(Facilitator.OUTCOME_KEPT_FOR);
    Owner of =
        own(
            key(receipt.requirements(), receipt.payer(), receipt.transaction()),
            owner,
            later(goodUntil, lastOutcome).plus(PaymentEngine.USES_KEPT_FOR));
    return switch (of) {
      case CALLER -> Claim.GOOD;
      case ANOTHER -> Claim.USED;
      case UNKNOWN -> Claim.FULL;
    };
  }

  /** The transaction may come until the authorization ends, and a receipt for it after that. */
  private Owner own(SignedPayment payment, String transaction) {
    return own(
        key(payment.requirements(), payment.payer(), transaction),
        PAYMENTS,
        later(clock.instant(), payment.validBefore())
            .plus(memory)
            .plus(PaymentEngine.USES_KEPT_FOR));
  }

  private static PaymentKey key(PaymentRequirements paid, Address payer, String transaction) {
    return new PaymentKey(paid.network(), paid.asset(), payer, transaction);
  }

  private Owner own(PaymentKey transfer, String owner, Instant keepUntil) {
    PaymentLedger.Claim claim = ledger.claim(transfer, owner, keepUntil);
    if (claim instanceof PaymentLedger.Claim.Granted
        || claim instanceof PaymentLedger.Claim.Resumed) {
      ledger.suspend(transfer); // bound to its owner, and not held
      return Owner.CALLER;
    }
    if (claim instanceof PaymentLedger.Claim.InProgress) {
      return Owner.CALLER; // another request of this owner is between the two lines above
    }
    return claim instanceof PaymentLedger.Claim.Full ? Owner.UNKNOWN : Owner.ANOTHER;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }
}
