// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import java.util.regex.Pattern;

/** What an {@link AccessHook} decides about a request for something priced. */
public sealed interface AccessDecision {

  /** A decision that can still be made once the payer is known: any but {@link PayTo}. */
  sealed interface OnPayer extends AccessDecision {}

  /** The request is paid for as usual. */
  record Charge() implements OnPayer {
    private static final Charge INSTANCE = new Charge();
  }

  /**
   * The handler runs and costs nothing. A payment that came with the request is not charged, and
   * can be used elsewhere.
   *
   * @param reason why, for listeners and metrics: one of few, such as {@code api-key}
   */
  record Grant(String reason) implements OnPayer {
    /** Checks the reason. */
    public Grant {
      requireCode("grant", reason);
    }
  }

  /**
   * The handler does not run, and nothing is charged.
   *
   * @param status what the client gets, 400 to 599. Not 402, which asks for a payment
   * @param reason the code that the client gets: one of few, such as {@code screened}
   */
  record Refuse(int status, String reason) implements OnPayer {
    private static final int PAYMENT_REQUIRED = 402;
    private static final Pattern REASON = Pattern.compile("[a-z0-9._-]{1,64}");

    /** Checks status and reason. */
    public Refuse {
      if (status < 400 || status > 599 || status == PAYMENT_REQUIRED) {
        throw new IllegalArgumentException(
            "refuse: expected a status of 400 to 599 that is not 402, found " + status);
      }
      requireCode("refuse", reason);
    }
  }

  /**
   * The request is paid for, to this recipient in place of the configured one, in every token that
   * is offered. What its handler forwards to or includes is part of that sale.
   *
   * @param recipient not the zero address
   */
  record PayTo(Address recipient) implements AccessDecision {
    /** Rejects the zero address. */
    public PayTo {
      if (recipient.isZero()) {
        throw new IllegalArgumentException("payTo: the zero address would burn the payment");
      }
    }
  }

  /** Returns the decision that changes nothing. */
  static OnPayer charge() {
    return Charge.INSTANCE;
  }

  /**
   * Returns the decision that the request costs nothing.
   *
   * @param reason 1 to 64 lower-case letters, digits, hyphens, dots or underscores
   * @throws IllegalArgumentException if it is not
   */
  static OnPayer grant(String reason) {
    return new Grant(reason);
  }

  /**
   * Returns the decision that the request gets this status.
   *
   * @param reason 1 to 64 lower-case letters, digits, hyphens, dots or underscores
   * @throws IllegalArgumentException if it is not, or the status is none of an error, or 402
   */
  static OnPayer refuse(int status, String reason) {
    return new Refuse(status, reason);
  }

  /**
   * Returns the decision that this recipient is paid. It must be the same for the request without
   * and with its payment: a payment to another is refused.
   *
   * @throws IllegalArgumentException if it is the zero address
   */
  static AccessDecision payTo(Address recipient) {
    return new PayTo(recipient);
  }

  private static void requireCode(String decision, String reason) {
    if (!Refuse.REASON.matcher(reason).matches()) {
      throw new IllegalArgumentException(
          decision
              + ": expected a reason of 1 to 64 lower-case letters, digits, hyphens, dots or"
              + " underscores");
    }
  }
}
