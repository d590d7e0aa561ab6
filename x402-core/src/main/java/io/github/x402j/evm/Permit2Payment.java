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
import org.jspecify.annotations.Nullable;

/**
 * A payment of {@link Permit2Scheme}. Its clauses are in the order of the specification ({@code
 * scheme_exact_evm}, section 2), one method each.
 *
 * @param scheme what the payer names
 * @param network what the payer names
 * @param permit the authorization and its signature
 * @param requirements the seller's own
 */
record Permit2Payment(
    String scheme, Network network, Permit2Payload permit, PaymentRequirements requirements)
    implements EvmPayment {
  /** {@code PERMIT2()} of the proxy. */
  static final String PERMIT2_OF_PROXY = "0x6afdd850";

  private static final BigInteger ARRIVAL_GAS = BigInteger.valueOf(500_000);

  private Permit2Authorization authorization() {
    return permit.authorization();
  }

  @Override
  public Address payer() {
    return authorization().from();
  }

  @Override
  public PaymentKey key() {
    return new PaymentKey(
        requirements.network(), Permit2.ADDRESS, payer(), "0x" + Hex.word(authorization().nonce()));
  }

  /** The chain still takes it in a block of the deadline's second. */
  @Override
  public BigInteger validBefore() {
    return authorization().deadline().add(BigInteger.ONE);
  }

  @Override
  public Optional<Verification.Invalid> checkTerms(Instant now) {
    return schemeIsExact()
        .or(this::networkIsOffered)
        .or(this::spenderIsTheProxy)
        .or(this::recipientIsPayTo)
        .or(() -> windowIsShort(now))
        .or(() -> hasBegun(now))
        .or(this::amountIsThePrice)
        .or(this::tokenIsOffered);
  }

  private Optional<Verification.Invalid> schemeIsExact() {
    return refuseUnless(
        scheme.equals(PaymentRequirements.EXACT),
        ErrorReason.UNSUPPORTED_SCHEME,
        "scheme: expected exact");
  }

  private Optional<Verification.Invalid> networkIsOffered() {
    return refuseUnless(
        network.equals(requirements.network()),
        ErrorReason.INVALID_NETWORK,
        "network: expected " + requirements.network());
  }

  /** Another spender could send the money elsewhere. */
  private Optional<Verification.Invalid> spenderIsTheProxy() {
    return refuseUnless(
        authorization().spender().equals(Permit2.EXACT_PROXY),
        ErrorReason.PERMIT2_SPENDER_MISMATCH,
        "permit2Authorization.spender: expected " + Permit2.EXACT_PROXY);
  }

  private Optional<Verification.Invalid> recipientIsPayTo() {
    return refuseUnless(
        authorization().to().equals(requirements.payTo()),
        ErrorReason.PERMIT2_RECIPIENT_MISMATCH,
        "permit2Authorization.witness.to: expected " + requirements.payTo());
  }

  private Optional<Verification.Invalid> windowIsShort(Instant now) {
    return refuseUnless(
        OfflineChecks.endsInTime(authorization().deadline(), requirements, now),
        ErrorReason.PERMIT2_DEADLINE_EXPIRED,
        "permit2Authorization.deadline: expected at most maxTimeoutSeconds ("
            + requirements.maxTimeout().toSeconds()
            + ") from now");
  }

  /** The chain takes it in a block of this second. */
  private Optional<Verification.Invalid> hasBegun(Instant now) {
    return refuseUnless(
        authorization().validAfter().compareTo(BigInteger.valueOf(now.getEpochSecond())) <= 0,
        ErrorReason.PERMIT2_NOT_YET_VALID,
        "permit2Authorization.witness.validAfter: expected now or earlier");
  }

  /** Exactly the price: more is as wrong as less. */
  private Optional<Verification.Invalid> amountIsThePrice() {
    return refuseUnless(
        authorization().amount().equals(requirements.amount()),
        ErrorReason.PERMIT2_AMOUNT_MISMATCH,
        "permit2Authorization.permitted.amount: expected exactly " + requirements.amount());
  }

  private Optional<Verification.Invalid> tokenIsOffered() {
    return refuseUnless(
        authorization().token().equals(requirements.asset()),
        ErrorReason.PERMIT2_TOKEN_MISMATCH,
        "permit2Authorization.permitted.token: expected " + requirements.asset());
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
    return Eip712.digest(
        Permit2.domainSeparator(requirements.network()), Permit2.structHash(authorization()));
  }

  @Override
  public ErrorReason invalidSignature() {
    return ErrorReason.PERMIT2_INVALID_SIGNATURE;
  }

  @Override
  public String signature() {
    return permit.signature();
  }

  @Override
  public Map<String, Object> members() {
    return permit.toMap();
  }

  /**
   * Whether the proxy is there, whether the nonce is unused, how much Permit2 may move, and what
   * would arrive.
   */
  @Override
  public List<Chain.Call> questions() {
    return List.of(
        Chain.Call.latest(Permit2.EXACT_PROXY, PERMIT2_OF_PROXY),
        proof().usedQuestion(),
        Chain.Call.latest(requirements.asset(), Permit2.allowance(payer())),
        arrival());
  }

  /** The recipient's balance before and after the transfer: a token may keep a part of it. */
  private Chain.Call arrival() {
    Chain.Call balance =
        Chain.Call.latest(requirements.asset(), Eip3009.balanceOf(requirements.payTo()));
    String data = Multicall.data(List.of(balance, settleCall(null, signature()), balance));
    return new Chain.Call(null, Multicall.ADDRESS, data, true, ARRIVAL_GAS);
  }

  @Override
  public Optional<Verification.Invalid> answer(List<Chain.CallResult> results)
      throws FacilitatorException {
    if (!Permit2Scheme.isProxy(results.get(0))) {
      return Optional.of(
          refused(
              ErrorReason.PERMIT2_PROXY_NOT_DEPLOYED,
              "there is no x402ExactPermit2Proxy at " + Permit2.EXACT_PROXY));
    }
    if (proof().isUsed(results.get(1))) {
      return Optional.of(
          refused(
              ErrorReason.PERMIT2_INVALID_NONCE, "permit2Authorization.nonce: used or cancelled"));
    }
    if (OnChainToken.number(results.get(2), "allowance").compareTo(amount()) < 0) {
      return Optional.of(
          refused(
              ErrorReason.PERMIT2_ALLOWANCE_REQUIRED,
              "allowance: the payer has to approve Permit2 ("
                  + Permit2.ADDRESS
                  + ") for at least "
                  + amount()
                  + " of "
                  + requirements.asset()));
    }
    return allArrives(results.get(3));
  }

  /** A transfer that fails is found by its own simulation. */
  private Optional<Verification.Invalid> allArrives(Chain.CallResult result)
      throws FacilitatorException {
    List<Chain.CallResult> results = Multicall.results(result, 3);
    if (!(results.get(1) instanceof Chain.CallResult.Returned)) {
      return Optional.empty();
    }
    BigInteger arrived =
        OnChainToken.number(results.get(2), "balanceOf")
            .subtract(OnChainToken.number(results.get(0), "balanceOf"));
    BigInteger expected = payer().equals(requirements.payTo()) ? BigInteger.ZERO : amount();
    return refuseUnless(
        arrived.equals(expected),
        ErrorReason.PERMIT2_SIMULATION_FAILED,
        "of " + expected + " of the token " + arrived + " would arrive");
  }

  private BigInteger amount() {
    return authorization().amount().atomicUnits();
  }

  /** No event names the nonce, so the proof needs a transaction of its own. */
  @Override
  public boolean mayShare() {
    return false;
  }

  @Override
  public Chain.Call transfer(Address gasAccount, Optional<EvmSignature> owner, TokenAmount amount) {
    if (!amount.equals(authorization().amount())) {
      throw new IllegalArgumentException(
          "amount: the authorization moves exactly " + authorization().amount());
    }
    return settleCall(gasAccount, owner.map(EvmSignature::toHex).orElseGet(this::signature));
  }

  private Chain.Call settleCall(@Nullable Address sender, String signature) {
    return new Chain.Call(
        sender,
        Permit2.EXACT_PROXY,
        Permit2.settle(authorization(), Hex.bytes(signature)),
        true,
        EvmFacilitator.MAX_GAS);
  }

  @Override
  public EvmPayment.Proof proof() {
    return new Proof(authorization());
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return "Permit2Payment[" + authorization() + "]";
  }

  /**
   * The proof of a transfer by Permit2: its own record of the nonce, the {@code Transfer} of the
   * token, and the call data that carries the authorization.
   *
   * @param authorization what the payer signed
   */
  record Proof(Permit2Authorization authorization) implements EvmPayment.Proof {

    @Override
    public Address payer() {
      return authorization.from();
    }

    @Override
    public BigInteger validBefore() {
      return authorization.deadline().add(BigInteger.ONE);
    }

    @Override
    public Chain.Call usedQuestion() {
      return Chain.Call.latest(
          Permit2.ADDRESS, Permit2.nonceBitmap(authorization.from(), authorization.nonce()));
    }

    @Override
    public boolean isUsed(Chain.CallResult result) throws FacilitatorException {
      return Permit2.isUsed(OnChainToken.number(result, "nonceBitmap"), authorization.nonce());
    }

    @Override
    public Chain.EventFilter uses() {
      return new Chain.EventFilter(
          authorization.token(), Eip3009.transferTopics(authorization.from(), authorization.to()));
    }

    @Override
    public Use use(Chain.Receipt receipt, Chain chain) throws FacilitatorException {
      Optional<String> callData = chain.callData(receipt.transaction());
      return callData.isPresent()
              && Permit2.isMadeBy(receipt.events(), callData.get(), authorization)
          ? new Use.Moved(authorization.amount())
          : new Use.None();
    }

    @Override
    public Chain.EventFilter cancellations() {
      return new Chain.EventFilter(
          Permit2.ADDRESS, Permit2.invalidationTopics(authorization.from()));
    }

    @Override
    public boolean isCancelledBy(Chain.Event event) {
      return Permit2.invalidates(event, authorization.nonce());
    }
  }
}
