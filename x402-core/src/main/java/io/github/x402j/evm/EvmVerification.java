// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks the chain whether a payment would go through now: its scheme's questions, the payer's code
 * and balance, and the simulated transfer, in one round trip. What needs no chain is checked
 * before, in {@link OfflineChecks}.
 */
final class EvmVerification {
  private static final int READINGS = 3;

  private final Chain chain;
  private final GasPool gasPool;
  private final PaymentsInFlight inFlight;
  private final BlockReads reads;
  private final PaymentInspector inspector;
  private final SharedInspections shared;

  EvmVerification(
      Chain chain,
      GasPool gasPool,
      PaymentsInFlight inFlight,
      Ticker ticker,
      boolean contractWallets) {
    this.chain = chain;
    this.gasPool = gasPool;
    this.inFlight = inFlight;
    this.reads = BlockReads.patient(chain, ticker);
    this.inspector = new PaymentInspector(chain, ticker, contractWallets);
    this.shared = new SharedInspections(inspector, ticker);
  }

  /**
   * What the chain is asked about.
   *
   * @param transfer the call that would move the money
   */
  record Asked(SignedPayment payment, Chain.Call transfer) {}

  /**
   * What the chain shows of a payment.
   *
   * @param refused why it does not go through, or null if nothing speaks against it
   * @param balance the payer's
   * @param simulated the result of the simulated transfer
   */
  record Findings(
      Verification.@Nullable Invalid refused, BigInteger balance, Chain.CallResult simulated) {}

  /**
   * @param transfer the call that would move the money
   * @param ceiling wei per gas
   * @throws FacilitatorException if the node does not answer, or an answer makes no sense, or no
   *     gas account can pay
   */
  Verification verify(SignedPayment payment, Chain.Call transfer, BigInteger ceiling)
      throws FacilitatorException {
    EvmPayment asked = OfflineChecks.Checked.of(payment).payment();
    if (asked.sender().filter(sender -> !gasPool.addresses().contains(sender)).isPresent()) {
      return refused(payment, "the payer names a sender that is no gas account here");
    }
    Optional<Verification.Invalid> rests = rests(payment);
    if (rests.isPresent()) {
      return rests.get();
    }
    gasPool.funds().require(asked.sender(), ceiling);
    Findings found = shared.ask(new Asked(payment, transfer));
    Verification.Invalid refused = found.refused();
    if (refused != null) {
      return refused;
    }
    Optional<Verification.Invalid> uncovered =
        uncovered(payment, found.balance(), inFlight::covers);
    if (uncovered.isPresent()) {
      return uncovered.get();
    }
    return found.simulated() instanceof Chain.CallResult.Reverted
        ? refused(payment, "the simulated transfer reverts")
        : new Verification.Valid(payment);
  }

  /** Returns the refusal of a payer whose transaction was reverted a moment ago. */
  Optional<Verification.Invalid> rests(SignedPayment payment) {
    return inFlight
        .restsUntil(payment)
        .map(
            until ->
                refused(
                    payment,
                    "a transaction of this payer was reverted; the next is sent after " + until));
  }

  /** Asks about one payment alone, in one round trip; simulates exactly this transfer. */
  Findings look(SignedPayment payment, Chain.Call transfer) throws FacilitatorException {
    return inspector.one(new Asked(payment, transfer));
  }

  /**
   * Asks about many payments in one round trip, and about those that a shared simulation did not
   * let through in a second one. The answers are in the order of the payments.
   */
  List<PaymentInspector.Answer> lookAll(List<Asked> asked) {
    return inspector.all(asked);
  }

  /** From now on payments of these offers may be asked about together. */
  void start(List<PaymentRequirements> offered) {
    inspector.trust(offered);
  }

  /** Compares a balance with what is in flight: {@code covers} or {@code admit}. */
  interface Comparison {
    PaymentsInFlight.Coverage of(SignedPayment payment, PaymentsInFlight.Reading reading);
  }

  /**
   * Returns the refusal of a payment that the payer's balance does not pay for, with all that is on
   * its way.
   *
   * @param newest the balance that the node showed
   * @throws FacilitatorException if that cannot be found out now
   */
  Optional<Verification.Invalid> uncovered(
      SignedPayment payment, BigInteger newest, Comparison comparison) throws FacilitatorException {
    PaymentsInFlight.Reading reading = PaymentsInFlight.Reading.newest(newest);
    for (int i = 0; i < READINGS; i++) {
      switch (comparison.of(payment, reading)) {
        case COVERED:
          return Optional.empty();
        case TOO_LITTLE:
          return Optional.of(tooLittle(payment));
        case NONCE_IN_FLIGHT:
          return Optional.of(
              new Verification.Invalid(
                  ErrorReason.NONCE_ALREADY_USED,
                  "authorization.nonce: another authorization with it is on its way",
                  payment.payer()));
        case TOO_MANY:
          throw new FacilitatorException("too many payments of this payer are on their way");
        case READ_AGAIN:
          reading = read(payment);
      }
    }
    throw new FacilitatorException("the payer's payments overtake each other; try again");
  }

  /** Reads the payer's state on one block that has all of its settlements that are known. */
  private PaymentsInFlight.Reading read(SignedPayment payment) throws FacilitatorException {
    BigInteger newest = chain.head().number();
    BigInteger block = inFlight.newestSettlement(payment).orElse(newest).max(newest);
    List<SignedPayment> others = inFlight.others(payment);
    List<Chain.Call> calls = new ArrayList<>();
    for (SignedPayment other : others) {
      calls.add(OfflineChecks.Checked.of(other).payment().proof().usedQuestion());
    }
    calls.add(balance(payment));
    List<Chain.CallResult> results = reads.call(calls, block);
    Set<PaymentKey> used = new HashSet<>();
    for (int i = 0; i < others.size(); i++) {
      if (OfflineChecks.Checked.of(others.get(i)).payment().proof().isUsed(results.get(i))) {
        used.add(others.get(i).key());
      }
    }
    return new PaymentsInFlight.Reading(
        OnChainToken.number(results.get(others.size()), "balanceOf"), block, used);
  }

  /** Returns the question for the payer's balance. */
  static Chain.Call balance(SignedPayment payment) {
    return Chain.Call.latest(payment.requirements().asset(), Eip3009.balanceOf(payment.payer()));
  }

  static Verification.Invalid tooLittle(SignedPayment payment) {
    return new Verification.Invalid(
        ErrorReason.INSUFFICIENT_FUNDS,
        "the payer's balance is too low for this payment and those on their way",
        payment.payer());
  }

  private static Verification.Invalid refused(SignedPayment payment, String detail) {
    return new Verification.Invalid(ErrorReason.INVALID_TRANSACTION_STATE, detail, payment.payer());
  }
}
