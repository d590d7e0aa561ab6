// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A payment of {@link Eip3009Scheme}. Its clauses are in the order of the specification ({@code
 * scheme_exact_evm}, phase 2), one method each.
 *
 * @param scheme what the payer names
 * @param network what the payer names
 * @param exact the authorization and its signature
 * @param requirements the seller's own
 * @param domainSeparator of the token; 32 bytes
 */
record Eip3009Payment(
    String scheme,
    Network network,
    ExactEvmPayload exact,
    PaymentRequirements requirements,
    byte[] domainSeparator)
    implements EvmPayment {

  private TransferAuthorization authorization() {
    return exact.authorization();
  }

  @Override
  public Address payer() {
    return authorization().from();
  }

  @Override
  public PaymentKey key() {
    return new PaymentKey(
        requirements.network(), requirements.asset(), payer(), authorization().nonce());
  }

  @Override
  public BigInteger validBefore() {
    return authorization().validBefore();
  }

  @Override
  public Optional<Verification.Invalid> checkTerms(Instant now) {
    return schemeIsExact()
        .or(this::networkIsOffered)
        .or(this::valueIsThePrice)
        .or(this::recipientIsPayTo)
        .or(() -> hasBegun(now))
        .or(() -> windowIsShort(now));
  }

  private Optional<Verification.Invalid> schemeIsExact() {
    return refuseUnless(
        scheme.equals(PaymentRequirements.EXACT)
            && requirements.scheme().equals(PaymentRequirements.EXACT),
        ErrorReason.UNSUPPORTED_SCHEME,
        "scheme: expected exact");
  }

  private Optional<Verification.Invalid> networkIsOffered() {
    return refuseUnless(
        network.equals(requirements.network()),
        ErrorReason.INVALID_NETWORK,
        "network: expected " + requirements.network());
  }

  /** Exactly the price: more is as wrong as less. */
  private Optional<Verification.Invalid> valueIsThePrice() {
    return refuseUnless(
        authorization().value().equals(requirements.amount()),
        ErrorReason.VALUE_MISMATCH,
        "authorization.value: expected exactly " + requirements.amount());
  }

  private Optional<Verification.Invalid> recipientIsPayTo() {
    return refuseUnless(
        authorization().to().equals(requirements.payTo()),
        ErrorReason.RECIPIENT_MISMATCH,
        "authorization.to: expected " + requirements.payTo());
  }

  /**
   * {@code validAfter} equal to now is refused: the chain compares strictly, so a block of this
   * second would revert the transfer.
   */
  private Optional<Verification.Invalid> hasBegun(Instant now) {
    return refuseUnless(
        authorization().validAfter().compareTo(BigInteger.valueOf(now.getEpochSecond())) < 0,
        ErrorReason.AUTHORIZATION_NOT_YET_VALID,
        "authorization.validAfter: expected a time before now");
  }

  private Optional<Verification.Invalid> windowIsShort(Instant now) {
    return refuseUnless(
        OfflineChecks.endsInTime(authorization().validBefore(), requirements, now),
        ErrorReason.AUTHORIZATION_EXPIRED,
        "authorization.validBefore: expected at most maxTimeoutSeconds ("
            + requirements.maxTimeout().toSeconds()
            + ") from now");
  }

  private Optional<Verification.Invalid> refuseUnless(
      boolean holds, ErrorReason reason, String detail) {
    return holds ? Optional.empty() : Optional.of(refused(reason, detail));
  }

  private Verification.Invalid refused(ErrorReason reason, String detail) {
    return new Verification.Invalid(reason, detail, payer());
  }

  @Override
  public byte[] digest() {
    return Eip712.digest(domainSeparator, authorization());
  }

  @Override
  public String signature() {
    return exact.signature();
  }

  @Override
  public Map<String, Object> members() {
    return exact.toMap();
  }

  @Override
  public List<Chain.Call> questions() {
    return List.of(proof().usedQuestion());
  }

  @Override
  public Optional<Verification.Invalid> answer(List<Chain.CallResult> results)
      throws FacilitatorException {
    return proof().isUsed(results.get(0))
        ? Optional.of(refused(ErrorReason.NONCE_ALREADY_USED, "authorization: used or cancelled"))
        : Optional.empty();
  }

  /** A contract wallet gets the bytes that it was asked about, not a spelling of ours. */
  @Override
  public Chain.Call transfer(Address gasAccount, Optional<EvmSignature> owner, TokenAmount amount) {
    if (!amount.equals(authorization().value())) {
      throw new IllegalArgumentException(
          "amount: the authorization moves exactly " + authorization().value());
    }
    String data =
        owner
            .map(signature -> Eip3009.transfer(authorization(), signature))
            .orElseGet(() -> Eip3009.transfer(authorization(), Hex.bytes(signature())));
    return new Chain.Call(gasAccount, requirements.asset(), data, true, EvmFacilitator.MAX_GAS);
  }

  @Override
  public EvmPayment.Proof proof() {
    return new Proof(requirements.asset(), authorization());
  }

  /** Two payments are equal if the same was signed for the same requirements. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Eip3009Payment payment
        && payment.exact.equals(exact)
        && payment.requirements.equals(requirements);
  }

  @Override
  public int hashCode() {
    return exact.hashCode();
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return "Eip3009Payment[" + authorization() + "]";
  }

  /**
   * The proof of an EIP-3009 transfer: the token's own record of the authorization, and the events
   * {@code AuthorizationUsed} and {@code Transfer} of one transaction.
   *
   * @param asset the token
   * @param authorization what the payer signed
   */
  record Proof(Address asset, TransferAuthorization authorization) implements EvmPayment.Proof {

    @Override
    public Address payer() {
      return authorization.from();
    }

    @Override
    public BigInteger validBefore() {
      return authorization.validBefore();
    }

    @Override
    public Chain.Call usedQuestion() {
      return Chain.Call.latest(
          asset, Eip3009.authorizationState(authorization.from(), authorization.nonce()));
    }

    @Override
    public boolean isUsed(Chain.CallResult result) throws FacilitatorException {
      return OnChainToken.isTrue(result, "authorizationState");
    }

    @Override
    public Chain.EventFilter uses() {
      return new Chain.EventFilter(asset, Eip3009.usedTopics(authorization));
    }

    @Override
    public Use use(Chain.Receipt receipt, Chain chain) {
      return Eip3009.use(receipt.events(), asset, authorization);
    }

    @Override
    public Chain.EventFilter cancellations() {
      return new Chain.EventFilter(asset, Eip3009.canceledTopics(authorization));
    }
  }
}
