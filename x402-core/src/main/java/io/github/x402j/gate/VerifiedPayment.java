// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TokenAmount;
import io.github.x402j.extension.NamedPayment;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A fact: this payment was checked in full for this request, and its authorization, or a use of its
 * receipt, is held for it. Only {@link PaymentGate} can make one.
 */
public final class VerifiedPayment {
  private final @Nullable SignedPayment signed;
  private final @Nullable AcceptedReceipt receipt;
  private final OptionalLong remaining;
  private final PaymentRequired required;
  private final PaymentRequirements requirements;
  private final Address payer;
  private final Purchase purchase;
  private volatile Settlement.@Nullable Settled settled;
  private volatile @Nullable NamedPayment named;
  private volatile @Nullable String claim;
  private volatile @Nullable String sentAs;
  private volatile @Nullable String challengeId;
  private volatile boolean asked;
  private volatile PaymentRequired listed;
  private final AtomicBoolean delivered = new AtomicBoolean();

  private VerifiedPayment(
      @Nullable SignedPayment signed,
      @Nullable AcceptedReceipt receipt,
      OptionalLong remaining,
      PaymentRequired required,
      PaymentRequirements requirements,
      Address payer,
      Purchase purchase) {
    this.signed = signed;
    this.receipt = receipt;
    this.remaining = remaining;
    this.required = required;
    this.listed = required;
    this.requirements = requirements;
    this.payer = payer;
    this.purchase = purchase;
  }

  static VerifiedPayment of(SignedPayment signed, PaymentRequired required, Purchase purchase) {
    return new VerifiedPayment(
        signed,
        null,
        OptionalLong.empty(),
        required,
        signed.requirements(),
        signed.payer(),
        purchase);
  }

  static VerifiedPayment ofReceipt(
      AcceptedReceipt receipt,
      OptionalLong remaining,
      PaymentRequired required,
      Purchase purchase) {
    VerifiedPayment payment =
        new VerifiedPayment(
            null, receipt, remaining, required, receipt.requirements(), receipt.payer(), purchase);
    payment.markSettled(
        new Settlement.Settled(
            receipt.transaction(), receipt.payer(), receipt.requirements().amount()));
    return payment;
  }

  /** Returns what hooks see of a payer that has signed in: nothing is held for it. */
  static VerifiedPayment ofSignIn(Address payer, PaymentRequired required, Purchase purchase) {
    return new VerifiedPayment(
        null, null, OptionalLong.empty(), required, required.accepts().get(0), payer, purchase);
  }

  /** Returns who pays, or has paid. */
  public Address payer() {
    return payer;
  }

  /** Returns the price, in atomic units of {@link PaymentRequirements#asset()}. */
  public TokenAmount amount() {
    return requirements.amount();
  }

  /** Returns the requirements that the payment meets. */
  public PaymentRequirements requirements() {
    return requirements;
  }

  /** Returns the descriptor of what is paid for. */
  public PaymentRequired required() {
    return required;
  }

  /**
   * Returns the descriptor with the configured recipient; {@link #required} unless an {@link
   * AccessHook} has chosen another.
   */
  public PaymentRequired listed() {
    return listed;
  }

  /** Returns the rule that priced the request, empty if it has no name. */
  public Optional<String> route() {
    return Optional.ofNullable(purchase.route());
  }

  /** Returns the challenge of the {@code Payment} HTTP scheme that it answers, empty in x402. */
  Optional<String> challengeId() {
    return Optional.ofNullable(challengeId);
  }

  /** Notes that it came by the {@code Payment} HTTP scheme, so that it is answered by that. */
  void markChallenge(String id) {
    challengeId = id;
  }

  /** Returns the version of the protocol that the payer speaks, 1 or 2. */
  public int x402Version() {
    return signed == null ? 2 : signed.payload().x402Version();
  }

  /** Returns the settlement, empty until the gate has moved the money. */
  public Optional<Settlement.Settled> settlement() {
    return Optional.ofNullable(settled);
  }

  /**
   * Returns the receipt by which the request was let in; empty if it brought a payment of its own.
   */
  public Optional<AcceptedReceipt> receipt() {
    return Optional.ofNullable(receipt);
  }

  /**
   * Returns how many uses the receipt has left after this one; empty if there is no receipt, or it
   * may be used any number of times.
   */
  public OptionalLong remainingUses() {
    return remaining;
  }

  /**
   * Returns a name for the payment: the same for the same authorization however it is sent, and for
   * the same receipt; for a sign-in, the same for one payer and request. 43 characters of
   * base64url; tells nothing of the payer.
   */
  public String id() {
    AcceptedReceipt presented = receipt;
    if (presented != null) {
      return sha256(presented.key().issuer() + "\n" + presented.key().id());
    }
    if (signed == null) {
      return sha256("sign-in\n" + payer.lowerCase() + "\n" + purchase.request());
    }
    PaymentKey key = signed.key();
    return sha256(
        key.network().caip2()
            + "\n"
            + key.asset().lowerCase()
            + "\n"
            + key.payer().lowerCase()
            + "\n"
            + key.nonce());
  }

  /** Returns the payment itself. */
  SignedPayment signed() {
    if (signed == null) {
      throw new IllegalStateException("the request brought no payment");
    }
    return signed;
  }

  Purchase purchase() {
    return purchase;
  }

  /** Returns the payment under the name that its payer gave it, empty if it has none. */
  Optional<NamedPayment> named() {
    return Optional.ofNullable(named);
  }

  void markNamed(NamedPayment newNamed) {
    named = newNamed;
  }

  /** Returns the text that the ledger binds the payment to, if it was claimed there. */
  Optional<String> claim() {
    return Optional.ofNullable(claim);
  }

  void markListed(PaymentRequired newListed) {
    listed = newListed;
  }

  void markClaimed(String newClaim) {
    claim = newClaim;
  }

  /** Another process is about to be asked to move its money. */
  void markAsked() {
    asked = true;
  }

  /** Returns whether another process was asked to move its money, by this exchange. */
  boolean isAsked() {
    return asked;
  }

  /** This transaction is about to be sent for it, by this exchange. */
  void markSent(String newTransaction) {
    sentAs = newTransaction;
  }

  /** Returns the last transaction that this exchange has sent, or null. */
  @Nullable String sentAs() {
    return sentAs;
  }

  /** Its delivery is recorded, by this exchange. */
  void markDelivered() {
    delivered.set(true);
  }

  /** Returns whether this exchange has recorded a delivery, once: it is taken back then. */
  boolean markTakenBack() {
    return delivered.compareAndSet(true, false);
  }

  void markSettled(Settlement.Settled settlement) {
    settled = settlement;
  }

  private static String sha256(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Hashes.sha256(text));
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
