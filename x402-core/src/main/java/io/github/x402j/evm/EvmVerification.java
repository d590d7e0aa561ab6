// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Asks the chain whether a payment would go through now: its scheme's questions and the simulated
 * transfer, in one round trip. What needs no chain is checked before, in {@link OfflineChecks}.
 */
final class EvmVerification {
  private final Chain chain;
  private final GasPool gasPool;

  EvmVerification(Chain chain, GasPool gasPool) {
    this.chain = chain;
    this.gasPool = gasPool;
  }

  /**
   * @param transfer the call that would move the money
   * @throws FacilitatorException if the node does not answer, or an answer makes no sense
   */
  Verification verify(SignedPayment payment, Chain.Call transfer) throws FacilitatorException {
    EvmPayment asked = OfflineChecks.Checked.of(payment).payment();
    if (asked.sender().filter(sender -> !gasPool.addresses().contains(sender)).isPresent()) {
      return refused(payment, "the payer names a sender that is no gas account here");
    }
    List<Chain.Call> calls = new ArrayList<>(asked.questions());
    calls.add(transfer);
    List<Chain.CallResult> results = chain.call(calls);
    int simulated = calls.size() - 1;
    Optional<Verification.Invalid> refused = asked.answer(results.subList(0, simulated));
    if (refused.isPresent()) {
      return refused.get();
    }
    return results.get(simulated) instanceof Chain.CallResult.Reverted
        ? refused(payment, "the simulated transfer reverts")
        : new Verification.Valid(payment);
  }

  private static Verification refused(SignedPayment payment, String detail) {
    return new Verification.Invalid(ErrorReason.INVALID_TRANSACTION_STATE, detail, payment.payer());
  }
}
