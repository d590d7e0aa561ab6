// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the chain shows, in one round trip, of payments that are to share a transaction: each
 * payment's state, its payer's code and balance, and what the transaction would do.
 */
final class SharedLook {
  private final Chain.CallResult simulated;
  private final List<Finding> findings;

  private SharedLook(Chain.CallResult simulated, List<Finding> findings) {
    this.simulated = simulated;
    this.findings = findings;
  }

  /**
   * What the chain shows of one payment.
   *
   * @param refused why it does not go through, or null if nothing speaks against it
   * @param balance the payer's; null if an answer makes no sense
   * @param isOdd whether it is to be looked at alone: its payer has code, or its call would fail
   */
  record Finding(
      Verification.@Nullable Invalid refused, @Nullable BigInteger balance, boolean isOdd) {}

  /**
   * @param task the transaction, from this account
   * @throws FacilitatorException if the chain does not answer
   */
  static SharedLook at(
      Chain chain, List<QueuedPayment> payments, GasAccount.Task task, Address account)
      throws FacilitatorException {
    List<Chain.Call> questions = new ArrayList<>();
    for (QueuedPayment payment : payments) {
      questions.addAll(payment.asked().questions());
      questions.add(EvmVerification.balance(payment.payment()));
    }
    Chain.Call together =
        new Chain.Call(account, task.to(), task.data(), true, null)
            .asTransaction(task.gas(), task.fees().price());
    List<Address> payers = payments.stream().map(each -> each.asked().payer()).toList();
    Chain.Inspections found =
        chain.inspectAll(
            payers,
            List.of(Chain.Call.latest(Multicall.ADDRESS, Multicall.data(questions)), together));
    Chain.CallResult simulated = found.results().get(1);
    if (!(simulated instanceof Chain.CallResult.Returned)) {
      return new SharedLook(simulated, List.of());
    }
    List<Chain.CallResult> answers = Multicall.results(found.results().get(0), questions.size());
    List<Chain.CallResult> transfers = Multicall.results(simulated, payments.size());
    List<Finding> findings = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < payments.size(); i++) {
      QueuedPayment payment = payments.get(i);
      int end = next + payment.asked().questions().size() + 1;
      boolean isOdd =
          found.hasCode().get(i) || !(transfers.get(i) instanceof Chain.CallResult.Returned);
      findings.add(finding(payment, answers.subList(next, end), isOdd));
      next = end;
    }
    return new SharedLook(simulated, findings);
  }

  private static Finding finding(
      QueuedPayment payment, List<Chain.CallResult> answers, boolean isOdd) {
    int last = answers.size() - 1;
    try {
      Optional<Verification.Invalid> refused = payment.asked().answer(answers.subList(0, last));
      BigInteger balance = OnChainToken.number(answers.get(last), "balanceOf");
      BigInteger amount = payment.payment().requirements().amount().atomicUnits();
      if (refused.isEmpty() && balance.compareTo(amount) < 0) {
        refused = Optional.of(EvmVerification.tooLittle(payment.payment()));
      }
      return new Finding(refused.orElse(null), balance, refused.isEmpty() && isOdd);
    } catch (FacilitatorException e) {
      return new Finding(null, null, true);
    }
  }

  /** Returns whether the account cannot pay for the transaction. */
  boolean isWithoutFunds() {
    return simulated instanceof Chain.CallResult.WithoutFunds;
  }

  /** Returns whether the transaction would be mined without being reverted. */
  boolean isSimulated() {
    return simulated instanceof Chain.CallResult.Returned;
  }

  Finding findings(int payment) {
    return findings.get(payment);
  }
}
