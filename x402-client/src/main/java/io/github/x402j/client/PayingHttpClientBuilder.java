// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

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
  private @Nullable SpendingPolicy policy;
  private @Nullable AgentWallet wallet;
  private boolean anyOriginOfTheHost;
  private Duration descriptorWithin = BoundedBody.MAX_TIME;
  private Clock clock = Clock.systemUTC();
  private SecureRandom random = new SecureRandom();
  private @Nullable ReceiptStore receipts;
  private Resending resending =
      Resending.of(PayingHttpClient.RESEND_TIMES, PayingHttpClient.RESEND_WITHIN);

  PayingHttpClientBuilder(HttpClient wrapped) {
    this.wrapped = wrapped;
  }

  /** Sets whose money is spent, within the policy. Mandatory, or a wallet is. */
  public PayingHttpClientBuilder signer(EvmSigner signer) {
    this.signer = signer;
    return this;
  }

  /**
   * Sets what may be paid. Mandatory with a signer; with a wallet its rules hold beside the
   * wallet's.
   */
  public PayingHttpClientBuilder policy(SpendingPolicy policy) {
    this.policy = policy;
    return this;
  }

  /** Sets what wallet pays, instead of a signer. Several clients may share one. */
  public PayingHttpClientBuilder wallet(AgentWallet wallet) {
    this.wallet = wallet;
    return this;
  }

  /**
   * Pays for a resource that is named by another scheme than the one that was asked, and without a
   * port, if the host is the one that was asked: some sellers behind a proxy that ends TLS know
   * neither. Default: the origin must be the one that was asked.
   */
  public PayingHttpClientBuilder allowResourceOfSameHost() {
    this.anyOriginOfTheHost = true;
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

  /**
   * Keeps the receipts that sellers hand out, and shows them instead of paying where they cover a
   * request. Default: none are kept.
   */
  public PayingHttpClientBuilder receipts(ReceiptStore store) {
    this.receipts = store;
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
   * @throws IllegalStateException if the signer with a policy, or the wallet, or a token is
   *     missing, or there are both a signer and a wallet; the message says which
   */
  public PayingHttpClient build() {
    if (tokens.isEmpty()) {
      throw new IllegalStateException("token: missing; say what to pay with, such as Usdc.BASE");
    }
    AgentWallet payer = payer();
    boolean own = wallet == null;
    List<SpendingPolicy> more = own || policy == null ? List.of() : List.of(policy);
    return new PayingHttpClient(
        Sending.over(wrapped, resending, descriptorWithin, clock, new Receipts(receipts, clock)),
        new OfferSelection(tokens, anyOriginOfTheHost),
        new Cashier(payer, more, clock, random));
  }

  private AgentWallet payer() {
    if (wallet != null && signer != null) {
      throw new IllegalStateException("signer: found a wallet, too, which has its own");
    }
    if (wallet != null) {
      return wallet;
    }
    if (signer == null) {
      throw new IllegalStateException("signer or wallet: missing; say whose money is spent");
    }
    if (policy == null) {
      throw new IllegalStateException(
          "policy: missing; say what may be paid, such as"
              + " SpendingPolicy.empty().maxPerPayment(\"$0.05\")");
    }
    return AgentWallet.ofPolicy(signer, policy, clock);
  }
}
