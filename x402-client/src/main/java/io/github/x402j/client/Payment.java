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
import io.github.x402j.client.Transport.ClientResponse;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.PaymentDecision;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.OnChainPayment;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.extension.PaymentIdentifiers;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A payment that was signed, and what the seller said of it. Immutable.
 *
 * <pre>{@code
 * HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
 * Payment.of(response).ifPresent(paid -> log.info("{} for {}", paid.offer().price(), paid.transaction()));
 * }</pre>
 */
public final class Payment {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Many servers read 8 KiB of headers, of which some are not the payment's. */
  private static final int USUAL_HEADER_LENGTH = 7 * 1024;

  /** An authorization and its signature, as part of a header; that of a contract is longer. */
  private static final int SIGNED_LENGTH = 1024;

  private final PaymentDecision.Signed signed;
  private final String headerValue;
  private final String secret;
  private final @Nullable SettlementResponse settlement;

  private Payment(
      PaymentDecision.Signed signed,
      String headerValue,
      String secret,
      @Nullable SettlementResponse settlement) {
    this.signed = signed;
    this.headerValue = headerValue;
    this.secret = secret;
    this.settlement = settlement;
  }

  /**
   * Returns a payment that was signed, under a new identifier where the seller asks for one.
   *
   * @param identifiers which payments get one
   */
  static Payment of(PaymentDecision.Signed signed, Identifiers identifiers) {
    Offer offer = signed.offer();
    String header = headerValue(offer, signed.payload().toMap(), identifiers.of(offer));
    return new Payment(signed, header, newSecret(), null);
  }

  /** Returns about how long the header of a payment for the offer will be, in characters. */
  static int headerLength(Offer offer) {
    return headerValue(offer, Map.of(), Identifiers.ALL.of(offer)).length() + SIGNED_LENGTH;
  }

  /** What the seller announced goes back, in full where servers usually read so much. */
  private static String headerValue(
      Offer offer, Map<String, Object> payload, Optional<String> identifier) {
    PaymentPayload answer =
        offer.x402Version() == 1
            ? PaymentPayload.v1(offer.requirements().scheme(), offer.network(), payload)
            : PaymentPayload.v2(offer.requirements(), payload).answering(offer.descriptor());
    PaymentPayload message =
        identifier
            .map(id -> answer.withInfo(PaymentIdentifiers.EXTENSION, Map.of("id", id)))
            .orElse(answer);
    // Facilitators list a seller by the whole entry, so that one is shortened last.
    return Stream.of(message, message.withInfoAlone(Discoverable.EXTENSION))
        .map(PaymentCodec::encodePayload)
        .filter(header -> header.length() <= USUAL_HEADER_LENGTH)
        .findFirst()
        .orElseGet(() -> PaymentCodec.encodePayload(message.withInfoAlone()));
  }

  /**
   * Returns a payment that was kept.
   *
   * @throws MalformedPaymentException if the header holds no payment for the offer
   */
  static Payment restored(String requestId, Offer offer, String headerValue, String secret)
      throws MalformedPaymentException {
    PaymentPayload message = PaymentCodec.decodePayload(headerValue, offer.x402Version());
    ExactEvmPayload payload = ExactEvmPayload.parse(message.payload());
    if (!payload.authorization().to().equals(offer.payTo())
        || !payload.authorization().value().equals(offer.amount())
        || !message.network().equals(offer.network())) {
      throw new MalformedPaymentException("payment: expected one for the offer");
    }
    return new Payment(
        new PaymentDecision.Signed(requestId, offer, payload), headerValue, secret, null);
  }

  private static String newSecret() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random(32));
  }

  private static byte[] random(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return random;
  }

  /** Which payments get an identifier, where the seller announces {@code payment-identifier}. */
  enum Identifiers {
    /** Each. */
    ALL,
    /** Those that are refused without. */
    REQUIRED;

    private Optional<String> of(Offer offer) {
      Object entry = offer.descriptor().extensions().get(PaymentIdentifiers.EXTENSION);
      Object info = entry instanceof Map<?, ?> members ? members.get("info") : null;
      Object required = info instanceof Map<?, ?> members ? members.get("required") : null;
      boolean isNamed = required instanceof Boolean must && (must || this == ALL);
      return isNamed && offer.x402Version() == 2
          ? Optional.of("pay_" + HexFormat.of().formatHex(random(16)))
          : Optional.empty();
    }
  }

  /**
   * Returns the payment that was sent to get this response. Empty if none was sent, if the response
   * does not come from a {@link PayingHttpClient}, or if other code has wrapped it.
   *
   * <p>A payment that was sent is not always taken: see {@link #settled()}.
   */
  public static Optional<Payment> of(HttpResponse<?> response) {
    return response instanceof ClientResponse<?> sent ? sent.payment() : Optional.empty();
  }

  /** Returns this payment with the settlement in the answer, if one can be read there. */
  Payment answered(HttpHeaders headers) {
    String name = PaymentHeader.responseName(offer().x402Version());
    SettlementResponse said =
        headers
            .firstValue(name)
            .map(value -> settlement(PaymentHeader.trim(value), false))
            .orElse(null);
    return new Payment(signed, headerValue, secret, said);
  }

  /** Returns this payment with the settlement in the text, if one can be read there. */
  Payment answered(@Nullable String settlementJson) {
    SettlementResponse said = settlementJson == null ? null : settlement(settlementJson, true);
    return new Payment(signed, headerValue, secret, said);
  }

  /** Only a settlement that can be read counts. */
  private static @Nullable SettlementResponse settlement(String text, boolean json) {
    if (text.length() > PeekedBody.MAX_BYTES) {
      return null;
    }
    try {
      return json ? PaymentCodec.decodeSettlementJson(text) : PaymentCodec.decodeSettlement(text);
    } catch (MalformedPaymentException e) {
      return null;
    }
  }

  PaymentDecision.Signed signed() {
    return signed;
  }

  private TransferAuthorization authorization() {
    return signed.payload().authorization();
  }

  /** Returns the offer that was accepted. */
  public Offer offer() {
    return signed.offer();
  }

  /** Returns the journal's name for the request that was paid for. */
  public String requestId() {
    return signed.requestId();
  }

  /** Returns the token that was paid with. */
  public Token token() {
    return offer().token();
  }

  /** Returns the chain that was paid on. */
  public Network network() {
    return offer().network();
  }

  /** Returns the amount that was signed, in atomic units of the token. */
  public TokenAmount amount() {
    return authorization().value();
  }

  /** Returns the account that pays. */
  public Address payer() {
    return authorization().from();
  }

  /** Returns the account that is paid. */
  public Address payTo() {
    return authorization().to();
  }

  /** Returns the nonce of the authorization: the chain knows by it whether it was used. */
  public String nonce() {
    return signed.nonce();
  }

  /** Returns the time from which on the authorization can no longer be settled. */
  public Instant validBefore() {
    return Instant.ofEpochSecond(authorization().validBefore().longValueExact());
  }

  /** Returns the seller's settlement response, empty if there is none that can be read. */
  public Optional<SettlementResponse> settlement() {
    return Optional.ofNullable(settlement);
  }

  /**
   * Returns whether the seller says that this payment, and not another, was settled. Only the chain
   * shows whether that is true: {@link #onChain}.
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
   * Returns what the chain shows of this payment: whether the transaction that the seller names
   * moved this amount from payer to recipient. A seller that says {@link #settled()} and is
   * {@linkplain OnChainPayment.Contradicted contradicted} did not tell the truth. If its
   * transaction is {@linkplain OnChainPayment.NotFound not found}, the node may be a block behind.
   *
   * @param chain the chain that was paid on
   * @throws IllegalArgumentException if it is another chain
   * @throws FacilitatorException if the chain does not answer
   */
  public OnChainPayment onChain(Chain chain) throws FacilitatorException {
    if (chain.chainId() != network().chainId()) {
      throw new IllegalArgumentException(
          "chain: expected " + network() + ", found eip155:" + chain.chainId());
    }
    String named = settled() ? transaction().orElse("") : "";
    return OnChainPayment.read(chain, token().contract(), authorization(), named);
  }

  /** Returns the name of the header that carries the payment. */
  public String headerName() {
    return offer().x402Version() == 1 ? PaymentHeader.X_PAYMENT : PaymentHeader.PAYMENT_SIGNATURE;
  }

  /**
   * Returns the value of the header that carries the payment, signature included: anyone who has it
   * can have the payment settled. For keeping a payment whose outcome is not known; not for logs.
   */
  public String secretHeaderValue() {
    return headerValue;
  }

  /**
   * Returns the secret that goes with the payment in {@link PaymentHeader#X_PAYMENT_SECRET}, the
   * same each time that it is sent. Once the payment is on the chain, everybody can rebuild its
   * header; with the secret, only this payer gets what it has paid for. Keep it with {@link
   * #secretHeaderValue()}, or the payment cannot be sent again; not for logs.
   */
  public String resumptionSecret() {
    return secret;
  }

  /**
   * Returns the identifier that the payment carries ({@code payment-identifier} extension), empty
   * if it carries none. It is random, and the same each time that the payment is sent; with the
   * payment itself it fetches the stored answer, so it is not for logs.
   */
  public Optional<String> secretIdentifier() {
    try {
      return PaymentIdentifiers.idOf(
          PaymentCodec.decodePayload(headerValue, offer().x402Version()));
    } catch (MalformedPaymentException e) {
      return Optional.empty(); // not of this client's making
    }
  }

  /**
   * Returns the payment as JSON text, for transports without headers. It is as secret as {@link
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
        offer().price(),
        payer(),
        payTo(),
        network(),
        nonce(),
        settled() ? "settled by " + transaction().orElse("") : "not known to be settled");
  }
}
