// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.client.Payment;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a payment was sent for a tool and its outcome is not known. Do not call the tool
 * again, which would make another payment: {@linkplain PaidToolClient#resend send this one again}.
 * It is no {@link java.io.IOException}, after which programs repeat a call.
 */
public final class ToolPaymentPendingException extends RuntimeException {
  private static final long serialVersionUID = 2L;

  private final transient CallToolRequest request;
  private final transient Payment payment;

  ToolPaymentPendingException(
      CallToolRequest request, Payment payment, String why, @Nullable Throwable cause) {
    super(
        String.format(
            "the outcome of a payment of %s for %s is not known (%s); do not pay again before %s",
            payment.offer().price(), request.name(), why, payment.validBefore()),
        cause);
    this.request = request;
    this.payment = payment;
  }

  /** Returns the call, without the payment. */
  public CallToolRequest request() {
    return request;
  }

  /** Returns the payment. */
  public Payment payment() {
    return payment;
  }
}
