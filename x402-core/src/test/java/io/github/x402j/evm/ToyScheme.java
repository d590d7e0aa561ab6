// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.Hash;

/**
 * A scheme that is no part of the library: {@code payload} {@code {"toy": {"signature",
 * "authorization"}, "order", "sender"}}. The nonce is the hash of the order's name, and the payer
 * may name the account that has to send the transaction. No event of its own tells a use, as with
 * Permit2: it is searched among the transfers from payer to payee.
 */
final class ToyScheme implements EvmScheme {
  static final String NAME = "toy";

  /** Returns the offer again, to be paid by this scheme. */
  static PaymentRequirements offer(PaymentRequirements exact) {
    return new PaymentRequirements(
        NAME,
        exact.network(),
        exact.amount(),
        exact.asset(),
        exact.payTo(),
        exact.maxTimeout(),
        exact.extra());
  }

  static String nonceOf(String order) {
    return Hex.text(Hash.sha3(order.getBytes(StandardCharsets.UTF_8)));
  }

  static Map<String, Object> payload(
      ExactEvmPayload signed, String order, @Nullable Address sender) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("toy", signed.toMap());
    payload.put("order", order);
    if (sender != null) {
      payload.put("sender", sender.text());
    }
    return payload;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean covers(PaymentRequirements requirements) {
    return requirements.scheme().equals(NAME);
  }

  @Override
  @SuppressWarnings("unchecked")
  public EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException {
    if (!(payload.payload().get("toy") instanceof Map<?, ?> signed)
        || !(payload.payload().get("order") instanceof String order)) {
      throw new MalformedPaymentException("payload: expected toy and order");
    }
    Object sender = payload.payload().get("sender");
    return new Payment(
        ExactEvmPayload.parse((Map<String, Object>) signed),
        order,
        sender == null ? Optional.empty() : Optional.of(Address.parse(String.valueOf(sender))),
        requirements);
  }

  @Override
  public void start(PaymentRequirements offered, @Nullable Chain chain)
      throws FacilitatorException {
    if (chain != null && !chain.hasCode(offered.asset())) {
      throw new IllegalStateException("asset: no contract at " + offered.asset());
    }
  }

  private record Payment(
      ExactEvmPayload exact,
      String order,
      Optional<Address> sender,
      PaymentRequirements requirements)
      implements EvmPayment {

    private TransferAuthorization signed() {
      return exact.authorization();
    }

    @Override
    public Address payer() {
      return signed().from();
    }

    @Override
    public PaymentKey key() {
      return new PaymentKey(
          requirements.network(), requirements.asset(), payer(), signed().nonce());
    }

    @Override
    public BigInteger validBefore() {
      return signed().validBefore();
    }

    @Override
    public Optional<Verification.Invalid> checkTerms(Instant now) {
      if (!signed().nonce().equals(nonceOf(order))) {
        return invalid(ErrorReason.INVALID_PAYLOAD, "nonce: expected the hash of the order");
      }
      if (!signed().value().equals(requirements.amount())) {
        return invalid(ErrorReason.VALUE_MISMATCH, "value: expected the price");
      }
      return signed().to().equals(requirements.payTo())
          ? Optional.empty()
          : invalid(ErrorReason.RECIPIENT_MISMATCH, "to: expected payTo");
    }

    private Optional<Verification.Invalid> invalid(ErrorReason reason, String detail) {
      return Optional.of(new Verification.Invalid(reason, detail, payer()));
    }

    @Override
    public byte[] digest() {
      Token token =
          new Token(
              requirements.network(),
              requirements.asset(),
              6,
              String.valueOf(requirements.extra().get("name")),
              String.valueOf(requirements.extra().get("version")));
      return Eip712.digest(Eip712.domainSeparator(token), signed());
    }

    @Override
    public String signature() {
      return exact.signature();
    }

    @Override
    public Map<String, Object> members() {
      return payload(exact, order, sender.orElse(null));
    }

    @Override
    public List<Chain.Call> questions() {
      return List.of(proof().usedQuestion());
    }

    @Override
    public Optional<Verification.Invalid> answer(List<Chain.CallResult> results)
        throws FacilitatorException {
      return proof().isUsed(results.get(0))
          ? invalid(ErrorReason.NONCE_ALREADY_USED, "the order is paid")
          : Optional.empty();
    }

    @Override
    public Chain.Call transfer(
        Address gasAccount, Optional<EvmSignature> owner, TokenAmount amount) {
      return new Chain.Call(
          gasAccount,
          requirements.asset(),
          Eip3009.transfer(signed(), owner.orElseThrow()),
          true,
          EvmFacilitator.MAX_GAS);
    }

    @Override
    public EvmPayment.Proof proof() {
      return new ToyProof(
          requirements.asset(), new Eip3009Payment.Proof(requirements.asset(), signed()));
    }
  }

  private record ToyProof(Address asset, Eip3009Payment.Proof own) implements EvmPayment.Proof {
    @Override
    public Address payer() {
      return own.payer();
    }

    @Override
    public BigInteger validBefore() {
      return own.validBefore();
    }

    @Override
    public Chain.Call usedQuestion() {
      return own.usedQuestion();
    }

    @Override
    public boolean isUsed(Chain.CallResult result) throws FacilitatorException {
      return own.isUsed(result);
    }

    @Override
    public Chain.EventFilter uses() {
      return new Chain.EventFilter(
          asset, Eip3009.transferTopics(payer(), own.authorization().to()));
    }

    @Override
    public EvmPayment.Use use(Chain.Receipt receipt, Chain chain) {
      return own.use(receipt, chain);
    }

    /** As Permit2's: the payer and no nonce among the topics. */
    @Override
    public Chain.EventFilter cancellations() {
      List<String> topics = own.cancellations().topics();
      return new Chain.EventFilter(asset, topics.subList(0, 2));
    }

    @Override
    public boolean isCancelledBy(Chain.Event event) {
      return event.topics().equals(own.cancellations().topics());
    }
  }
}
