// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A payment on its way into a transaction of one gas account. Simulates exactly the transaction
 * that is sent, and simulates it again if it had to wait.
 */
final class SettlementAttempt implements GasAccount.Turn {
  /** What the chain showed is too old after this long. */
  static final Duration FRESH_FOR = Duration.ofSeconds(2);

  private final Clock clock;
  private final EvmVerification verification;
  private final PaymentsInFlight inFlight;
  private final SignedPayment payment;
  private final Chain.Call transfer;
  private final GasAccount.Task task;
  private Instant lookedAt = Instant.MIN;
  private boolean hasLeft;
  private @Nullable Refusal refusal;

  /**
   * @param transfer the call that moves the money, from the account that sends it
   */
  SettlementAttempt(
      Clock clock,
      EvmVerification verification,
      PaymentsInFlight inFlight,
      SignedPayment payment,
      Chain.Call transfer,
      GasAccount.Task task) {
    this.clock = clock;
    this.verification = verification;
    this.inFlight = inFlight;
    this.payment = payment;
    this.transfer = transfer.asTransaction(task.gas(), task.fees().price());
    this.task = task;
  }

  /** Why nothing was sent. */
  sealed interface Refusal {
    /** The payment is at fault. */
    record Refused(Settlement.Failed failed) implements Refusal {}

    /** The transfer reverts, or the authorization is used: the chain knows whether it was paid. */
    record Reverts() implements Refusal {}

    /** The gas account cannot pay. */
    record WithoutFunds() implements Refusal {}
  }

  GasAccount.Task task() {
    return task;
  }

  /** Returns why nothing was sent, empty if nothing speaks against the transaction so far. */
  Optional<Refusal> refusal() {
    return Optional.ofNullable(refusal);
  }

  /** Returns whether the transaction has left, or may have. */
  boolean hasLeft() {
    return hasLeft;
  }

  /**
   * Looks at the chain, and counts the payment against its payer's balance.
   *
   * @return whether nothing speaks against the transaction
   * @throws FacilitatorException if the chain does not answer
   */
  boolean look() throws FacilitatorException {
    Instant before = clock.instant();
    EvmVerification.Findings found = verification.look(payment, transfer);
    refusal = refusalOf(found);
    if (refusal == null) {
      refusal =
          verification
              .uncovered(payment, found.balance(), inFlight::admit)
              .map(SettlementAttempt::refused)
              .orElse(null);
    }
    lookedAt = before;
    return refusal == null;
  }

  private static @Nullable Refusal refusalOf(EvmVerification.Findings found) {
    Verification.Invalid refused = found.refused();
    if (refused != null) {
      return refused.reason() == ErrorReason.NONCE_ALREADY_USED
          ? new Refusal.Reverts()
          : refused(refused);
    }
    if (found.simulated() instanceof Chain.CallResult.WithoutFunds) {
      return new Refusal.WithoutFunds();
    }
    return found.simulated() instanceof Chain.CallResult.Reverted ? new Refusal.Reverts() : null;
  }

  private static Refusal refused(Verification.Invalid refused) {
    return new Refusal.Refused(new Settlement.Failed(refused.reason(), refused.detail()));
  }

  @Override
  public boolean begin() throws FacilitatorException {
    return hasTime() && (clock.instant().isBefore(lookedAt.plus(FRESH_FOR)) || look());
  }

  @Override
  public boolean isInTime() {
    boolean isInTime = hasTime();
    hasLeft |= isInTime;
    return isInTime;
  }

  private boolean hasTime() {
    return OfflineChecks.hasTimeToSettle(
        OfflineChecks.Checked.of(payment).payment(), clock.instant());
  }
}
