// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.OnChainPayment;
import io.github.x402j.evm.TransferAuthorization;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A payment that was signed and sent, and what the seller said of it. Immutable.
 *
 * <pre>{@code
 * HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
 * Payment.of(response).ifPresent(paid -> log.info("{} for {}", paid.offer().price(), paid.transaction()));
 * }</pre>
 */
public final class Payment {
  private final Offer offer;
  private final TransferAuthorization authorization;
  private final String headerValue;
  private final String requestId;
  private final @Nullable SettlementResponse settlement;

  private Payment(
      Offer offer,
      TransferAuthorization authorization,
      String headerValue,
      String requestId,
      @Nullable SettlementResponse settlement) {
    this.offer = offer;
    this.authorization = authorization;
    this.headerValue = headerValue;
    this.requestId = requestId;
    this.settlement = settlement;
  }

  static Payment signed(Offer offer, ExactEvmPayload signed, String requestId) {
    Map<String, Object> payload = signed.toMap();
    PaymentPayload message =
        offer.x402Version() == 1
            ? PaymentPayload.v1(offer.requirements().scheme(), offer.network(), payload)
            : PaymentPayload.v2(offer.requirements(), payload);
    return new Payment(
        offer, signed.authorization(), PaymentCodec.encodePayload(message), requestId, null);
  }

  /**
   * Returns the payment that was sent to get this response, empty if none was: the response was
   * free, or does not come from a {@link PayingHttpClient}, or was wrapped by other code since.
   *
   * <p>That a payment was sent does not mean that it was taken: see {@link #settled()}.
   */
  public static Optional<Payment> of(HttpResponse<?> response) {
    return response instanceof PaidResponse<?> paid
        ? Optional.of(paid.payment())
        : Optional.empty();
  }

  /** Returns this payment with what the answer says of it; nothing if it says nothing legible. */
  Payment answered(HttpHeaders headers) {
    return new Payment(
        offer,
        authorization,
        headerValue,
        requestId,
        settlementIn(headers, offer.x402Version()).orElse(null));
  }

  /** Returns this payment with what the text says of it; nothing if it says nothing legible. */
  Payment answered(@Nullable String settlementJson) {
    SettlementResponse said = null;
    if (settlementJson != null && settlementJson.length() <= BoundedBody.MAX_BYTES) {
      try {
        said = PaymentCodec.decodeSettlementJson(settlementJson);
      } catch (MalformedPaymentException e) {
        said = null; // the same as nothing: only a settlement that can be read counts
      }
    }
    return new Payment(offer, authorization, headerValue, requestId, said);
  }

  private static Optional<SettlementResponse> settlementIn(HttpHeaders headers, int x402Version) {
    Optional<String> value = headers.firstValue(PaymentHeader.responseName(x402Version));
    if (value.isEmpty() || value.get().length() > BoundedBody.MAX_BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(PaymentCodec.decodeSettlement(value.get().trim()));
    } catch (MalformedPaymentException e) {
      return Optional.empty();
    }
  }

  /** Returns what was accepted. */
  public Offer offer() {
    return offer;
  }

  /** Returns what the wallet's journal calls the request that was paid for. */
  public String requestId() {
    return requestId;
  }

  /** Returns the token that was paid with. */
  public Token token() {
    return offer.token();
  }

  /** Returns the chain that was paid on. */
  public Network network() {
    return offer.network();
  }

  /** Returns how much was signed away, in atomic units of the token. */
  public TokenAmount amount() {
    return authorization.value();
  }

  /** Returns who pays. */
  public Address payer() {
    return authorization.from();
  }

  /** Returns who is paid. */
  public Address payTo() {
    return authorization.to();
  }

  /** Returns the nonce of the authorization, by which the chain tells whether it was used. */
  public String nonce() {
    return authorization.nonce();
  }

  /** Returns until when, exclusively, the authorization can be settled. */
  public Instant validBefore() {
    return Instant.ofEpochSecond(authorization.validBefore().longValueExact());
  }

  /** Returns what the seller says of the settlement, empty if it says nothing that can be read. */
  public Optional<SettlementResponse> settlement() {
    return Optional.ofNullable(settlement);
  }

  /**
   * Returns whether the seller says that this payment, and not another, was settled. Only the chain
   * can tell whether that is true: {@link #onChain}.
   */
  public boolean settled() {
    SettlementResponse said = settlement;
    return said != null
        && said.success()
        && said.network().equals(network())
        && (said.payer() == null || said.payer().equals(payer()))
        && (said.amount() == null || said.amount().equals(amount()));
  }

  /** Returns the hash of the transaction that the seller names, empty if it names none. */
  public Optional<String> transaction() {
    return settlement().map(SettlementResponse::transaction).filter(hash -> !hash.isEmpty());
  }

  /**
   * Returns what the chain shows of this payment, whatever the seller says: whether the transaction
   * that it names moved this amount from payer to payee. A seller that says {@link #settled()} and
   * is {@linkplain OnChainPayment.Contradicted contradicted} has not told the truth; one whose
   * transaction is {@linkplain OnChainPayment.NotFound not found} may be a block ahead of the node.
   *
   * @param chain the one that was paid on
   * @throws IllegalArgumentException if the chain is another
   * @throws FacilitatorException if the chain does not answer
   */
  public OnChainPayment onChain(Chain chain) throws FacilitatorException {
    if (chain.chainId() != network().chainId()) {
      throw new IllegalArgumentException(
          "chain: expected " + network() + ", found eip155:" + chain.chainId());
    }
    String named = settled() ? transaction().orElse("") : "";
    return OnChainPayment.read(chain, token().contract(), authorization, named);
  }

  /** Returns the name of the header that carries the payment. */
  public String headerName() {
    return offer.x402Version() == 1 ? PaymentHeader.X_PAYMENT : PaymentHeader.PAYMENT_SIGNATURE;
  }

  /**
   * Returns the header that carries the payment, signature included: who has it can have the
   * payment settled. For keeping a payment whose outcome is not known; not for logs.
   */
  public String secretHeaderValue() {
    return headerValue;
  }

  /**
   * Returns the payment as JSON text, as transports without headers carry it; as secret as {@link
   * #secretHeaderValue()}.
   */
  public String secretJson() {
    return new String(Base64.getDecoder().decode(headerValue), UTF_8);
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return String.format(
        "Payment[%s from %s to %s on %s, nonce %s, %s]",
        offer.price(),
        payer(),
        payTo(),
        network(),
        nonce(),
        settled() ? "settled by " + transaction().orElse("") : "not known to be settled");
  }
}
