// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentRequired;
import io.github.x402j.extension.StoredAnswer;

/** Whether the gate lets a request through to the handler. */
public sealed interface Admission {

  /**
   * The handler may run. Its output may go out once {@link PaymentGate#settle} says {@code
   * Settled}; whatever happens, the exchange must end with {@code delivered} or {@code release}.
   *
   * @param payment the payment, held for this exchange
   */
  record Admitted(VerifiedPayment payment) implements Admission {}

  /**
   * The handler must not run: the payer has bought this answer before, and names the same payment
   * again. Only where {@link PaymentGate.Builder#paymentIdentifiers} is used.
   *
   * @param answer what it got then; send it as it is
   */
  record Answered(StoredAnswer answer) implements Admission {}

  /**
   * The handler may run and its output go out: an {@link AccessHook} has granted access. There is
   * no payment, and nothing to settle or to release.
   *
   * @param required what it would have cost
   * @param reason the hook's
   */
  record Granted(PaymentRequired required, String reason) implements Admission {}

  /**
   * The handler must not run.
   *
   * @param refusal what the client is told
   */
  record Refused(Refusal refusal) implements Admission {}
}
