// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Sees to it that one transfer on the chain pays for one thing: a payment that this gate settled,
 * or a receipt.
 *
 * <p>A transfer is kept in the ledger beside the authorizations, with the hash of its transaction
 * where they have their nonce; nobody can choose a nonce to equal a hash that is not known yet, and
 * whoever repeats a known hash as a nonce bars only an authorization of his own.
 */
final class Transfers {
  /** Whose a transfer is. */
  enum Owner {
    /** It is the caller's, from now on or from before. */
    CALLER,
    /** It has paid for something else. */
    ANOTHER,
    /** The ledger has no room. */
    UNKNOWN
  }

  private final PaymentLedger ledger;
  private final Duration memory;
  private final Clock clock;

  Transfers(PaymentLedger ledger, Duration memory, Clock clock) {
    this.ledger = ledger;
    this.memory = memory;
    this.clock = clock;
  }

  /**
   * Notes the transaction that a payment is about to send, so that no receipt for it counts.
   *
   * @throws IllegalStateException if that is not possible; the transaction must not be sent then
   */
  void note(SignedPayment payment, String transaction) {
    if (!memory.isZero() && own(payment, transaction) != Owner.CALLER) {
      throw new IllegalStateException("the ledger has no room for the payment's transaction");
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

  private Owner own(SignedPayment payment, String transaction) {
    return own(
        key(payment.requirements(), payment.payer(), transaction),
        "payment " + payment.key().nonce(),
        clock.instant().plus(memory).plus(ReceiptExchange.KEEP_AFTER_EXPIRY));
  }

  static PaymentKey key(PaymentRequirements paid, Address payer, String transaction) {
    return new PaymentKey(paid.network(), paid.asset(), payer, transaction);
  }

  Owner own(PaymentKey transfer, String owner, Instant keepUntil) {
    PaymentLedger.Claim claim = ledger.claim(transfer, owner, keepUntil);
    if (claim instanceof PaymentLedger.Claim.Granted
        || claim instanceof PaymentLedger.Claim.Resumed) {
      ledger.suspend(transfer); // bound to its owner, and held by nobody
      return Owner.CALLER;
    }
    if (claim instanceof PaymentLedger.Claim.InProgress) {
      return Owner.CALLER; // another request of this owner is between the two lines above
    }
    return claim instanceof PaymentLedger.Claim.Full ? Owner.UNKNOWN : Owner.ANOTHER;
  }
}
