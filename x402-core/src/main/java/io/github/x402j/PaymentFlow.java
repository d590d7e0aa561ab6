// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Arrays;
import java.util.Optional;

/**
 * In which order a sale settles and runs its handler (specification 6.1, {@code paymentFlow}). It
 * is announced in {@code extra} of each way to pay; what announces none follows {@link
 * #AUTHORIZATION}.
 */
public enum PaymentFlow {
  /** Verify, run the handler with its output held, settle, deliver. */
  AUTHORIZATION("authorization"),
  /** Settle, then run the handler, whose output goes straight to the client. */
  UPFRONT("upfront");

  static final String NAME = "paymentFlow";

  private final String wireName;

  PaymentFlow(String wireName) {
    this.wireName = wireName;
  }

  /** Returns the flow of a way to pay, empty if it announces one that is not known here. */
  public static Optional<PaymentFlow> of(PaymentRequirements requirements) {
    Object announced = requirements.extra().get(NAME);
    return announced == null
        ? Optional.of(AUTHORIZATION)
        : Arrays.stream(values()).filter(flow -> flow.wireName.equals(announced)).findFirst();
  }

  /** Returns the name as it stands in {@code extra}. */
  public String wireName() {
    return wireName;
  }
}
