// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a verification found. */
public sealed interface Verification {

  /**
   * The payment passed the checks that were made.
   *
   * @param payment the payment
   * @param extensionResponses what a remote facilitator says about extensions, by their names.
   *     Another side's words: for listeners, and never for buyers. JSON as JDK types, immutable
   */
  record Valid(SignedPayment payment, Map<String, Object> extensionResponses)
      implements Verification {
    /** Copies the responses. */
    public Valid {
      extensionResponses = JsonValues.copyOf(extensionResponses);
    }

    /** Makes a result of which nothing is said about extensions. */
    public Valid(SignedPayment payment) {
      this(payment, Map.of());
    }
  }

  /**
   * The payment is refused.
   *
   * @param reason the code for the client
   * @param detail which field, what was expected and what was found, for people, without a secret
   * @param claimedPayer who the payment says pays, or null
   */
  record Invalid(ErrorReason reason, String detail, @Nullable Address claimedPayer)
      implements Verification {

    /** Returns who the payment says pays; not proven. */
    public Optional<Address> payer() {
      return Optional.ofNullable(claimedPayer);
    }
  }

  /**
   * Everything holds but the time: the window has closed, or closes before a settlement could get
   * through. No payment may begin with it; one that began in time may still be finished.
   *
   * @param payment the payment
   */
  record Expired(SignedPayment payment) implements Verification {}
}
