// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import java.util.Map;
import java.util.Optional;

/**
 * An extension that a {@link FacilitatorService} handles beside the payments. It observes: it
 * cannot refuse a payment. What it returns goes to the seller, in {@code EXTENSION-RESPONSES}.
 *
 * <p>Its methods are called for each answer, so perhaps more than once for a payment, on threads of
 * the service, after the verdict and before the answer. The answer waits for {@link
 * #LONGEST_WAIT_MILLIS} for all extensions together and then goes without; what a method throws is
 * logged. Implementations are safe for use by several threads.
 */
public interface FacilitatorExtension {
  /** How long an answer waits, in milliseconds. */
  long LONGEST_WAIT_MILLIS = 2_000;

  /** Returns its name in {@code /supported} and in {@code extensions} of messages. */
  String name();

  /**
   * A payment was found valid.
   *
   * @return what the seller is told, such as {@code {"status": "success"}}, as JSON in JDK types;
   *     empty to say nothing. Default: nothing
   */
  default Optional<Map<String, Object>> verified(Payment payment) {
    return Optional.empty();
  }

  /**
   * A payment was settled.
   *
   * @return what the seller is told; empty to say nothing. Default: nothing
   */
  default Optional<Map<String, Object>> settled(Payment payment, Settlement.Settled settlement) {
    return Optional.empty();
  }

  /**
   * A payment and what came with it.
   *
   * @param payload as the seller has handed it on. Resource and extensions in it are the payer's
   *     words: the signature does not cover them
   * @param requirements the seller's
   * @param payer who has signed
   */
  record Payment(PaymentPayload payload, PaymentRequirements requirements, Address payer) {}
}
