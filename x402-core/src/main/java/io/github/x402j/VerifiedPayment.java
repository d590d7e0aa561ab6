// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A fact: this payment was checked in full for this request and its authorization is held for it.
 * Only {@link PaymentGate} can make one.
 */
public final class VerifiedPayment {
  private final SignedPayment signed;
  private final PaymentRequired required;
  private volatile Settlement.@Nullable Settled settled;

  VerifiedPayment(
      SignedPayment signed, PaymentRequired required, Settlement.@Nullable Settled settled) {
    this.signed = signed;
    this.required = required;
    this.settled = settled;
  }

  /** Returns who pays. */
  public Address payer() {
    return signed.payer();
  }

  /** Returns how much is paid, in atomic units of {@link PaymentRequirements#asset()}. */
  public TokenAmount amount() {
    return signed.requirements().amount();
  }

  /** Returns the requirements that the payment meets. */
  public PaymentRequirements requirements() {
    return signed.requirements();
  }

  /** Returns the descriptor of what is paid for. */
  public PaymentRequired required() {
    return required;
  }

  /** Returns the version of the protocol that the payer speaks, 1 or 2. */
  public int x402Version() {
    return signed.payload().x402Version();
  }

  /** Returns the settlement, empty until the gate has moved the money. */
  public Optional<Settlement.Settled> settlement() {
    return Optional.ofNullable(settled);
  }

  SignedPayment signed() {
    return signed;
  }

  void markSettled(Settlement.Settled settlement) {
    settled = settlement;
  }

  /** Names the payer and the price; holds no signature. */
  @Override
  public String toString() {
    return "VerifiedPayment[payer="
        + payer()
        + ", amount="
        + amount()
        + ", asset="
        + requirements().asset()
        + ", network="
        + requirements().network()
        + "]";
  }
}
