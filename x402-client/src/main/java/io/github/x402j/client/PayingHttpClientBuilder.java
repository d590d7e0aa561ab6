// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmSigner;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link PayingHttpClient}. What may be spent, on which tokens and with which key has no
 * default. Not safe for use by several threads.
 */
public final class PayingHttpClientBuilder {
  private final HttpClient wrapped;
  private final List<Token> tokens = new ArrayList<>();
  private @Nullable EvmSigner signer;
  private @Nullable Price maxPerPayment;
  private Duration descriptorWithin = BoundedBody.MAX_TIME;
  private Clock clock = Clock.systemUTC();
  private SecureRandom random = new SecureRandom();
  private Resending resending =
      Resending.of(PayingHttpClient.RESEND_TIMES, PayingHttpClient.RESEND_WITHIN);

  PayingHttpClientBuilder(HttpClient wrapped) {
    this.wrapped = wrapped;
  }

  /** Sets whose money is spent. Mandatory. */
  public PayingHttpClientBuilder signer(EvmSigner signer) {
    this.signer = signer;
    return this;
  }

  /**
   * Sets the most that one request may cost. Mandatory.
   *
   * @param price such as {@code $0.05}; exactly that much is still paid
   * @throws IllegalArgumentException if it is not a price, see {@link Price#parse}
   */
  public PayingHttpClientBuilder maxPerPayment(String price) {
    return maxPerPayment(Price.parse(price));
  }

  /** Sets the most that one request may cost; exactly that much is still paid. Mandatory. */
  public PayingHttpClientBuilder maxPerPayment(Price price) {
    this.maxPerPayment = price;
    return this;
  }

  /**
   * Adds a token to pay with; at least one is mandatory. The first that a seller takes is used.
   *
   * <p>A seller's option is in this token if it names the same chain and contract. What the seller
   * calls it does not count, except that an option which gives another EIP-712 name or version is
   * not taken.
   *
   * @throws IllegalArgumentException if the contract was added before
   */
  public PayingHttpClientBuilder token(Token token) {
    for (Token other : tokens) {
      if (other.network().equals(token.network()) && other.contract().equals(token.contract())) {
        throw new IllegalArgumentException(
            "token: " + token.contract() + " on " + token.network() + " was added before");
      }
    }
    tokens.add(token);
    return this;
  }

  /**
   * Sets how often, and for how long, a payment is sent again while its outcome is unknown.
   * Default: {@value PayingHttpClient#RESEND_TIMES} times within {@link
   * PayingHttpClient#RESEND_WITHIN}.
   *
   * @param times at least 0, not counting the first sending
   * @param within how long after the first sending the last may begin
   */
  public PayingHttpClientBuilder resend(int times, Duration within) {
    return resending(Resending.of(times, within));
  }

  PayingHttpClientBuilder resending(Resending how) {
    this.resending = how;
    return this;
  }

  PayingHttpClientBuilder descriptorWithin(Duration time) {
    this.descriptorWithin = time;
    return this;
  }

  /** Sets what time it is. Default: the system's clock. */
  public PayingHttpClientBuilder clock(Clock clock) {
    this.clock = clock;
    return this;
  }

  /** Sets where nonces come from. Two payments with one nonce are one payment. */
  public PayingHttpClientBuilder random(SecureRandom random) {
    this.random = random;
    return this;
  }

  /**
   * Returns the client.
   *
   * @throws IllegalStateException if the signer, the limit or a token is missing; the message says
   *     which
   * @throws IllegalArgumentException if the limit has more decimal digits than one of the tokens
   */
  public PayingHttpClient build() {
    if (signer == null) {
      throw new IllegalStateException("signer: missing; say whose money is spent");
    }
    if (maxPerPayment == null) {
      throw new IllegalStateException(
          "maxPerPayment: missing; say what a request may cost, such as $0.05");
    }
    if (tokens.isEmpty()) {
      throw new IllegalStateException("token: missing; say what to pay with, such as Usdc.BASE");
    }
    tokens.forEach(maxPerPayment::in);
    return new PayingHttpClient(
        Sending.over(wrapped, resending, descriptorWithin, clock),
        new OfferSelection(tokens, maxPerPayment),
        new Cashier(signer, clock, random));
  }
}
