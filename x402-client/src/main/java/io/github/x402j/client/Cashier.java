// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

/** Makes the payment for an offer: the only place where this module signs. */
final class Cashier {
  private static final int NONCE_BYTES = 32;

  private final AgentWallet wallet;
  private final Till till;
  private final Outcomes outcomes;
  private final Clock clock;
  private final SecureRandom random;

  /**
   * @param policies rules of the client's, beside the wallet's
   */
  Cashier(AgentWallet wallet, List<SpendingPolicy> policies, Clock clock, SecureRandom random) {
    this.wallet = wallet;
    this.till = new Till(wallet, policies);
    this.outcomes = new Outcomes(wallet);
    this.clock = clock;
    this.random = random;
  }

  String newRequestId() {
    return wallet.newRequestId();
  }

  Outcomes outcomes() {
    return outcomes;
  }

  Till till() {
    return till;
  }

  /**
   * Returns a new payment for the first of the offers that all rules allow, signed over the
   * caller's token, its amount reserved.
   *
   * @param offers in the caller's order of preference, at least one
   * @param unwanted whether the caller does not want it any more
   * @throws PaymentDeclinedException if none of them is allowed
   * @throws CancellationException if the caller did not want it any more, and nothing is reserved
   */
  Payment pay(
      String requestId, String method, URI url, List<Offer> offers, BooleanSupplier unwanted)
      throws IOException {
    List<ProposedPayment> candidates =
        offers.stream()
            .map(offer -> new ProposedPayment(wallet.agent(), requestId, method, url, offer))
            .toList();
    ProposedPayment chosen = till.choose(candidates);
    till.askPeople(chosen);
    if (unwanted.getAsBoolean()) {
      throw new CancellationException();
    }
    Lock signing = till.signing();
    signing.lock();
    try {
      TransferAuthorization authorization = authorization(chosen.offer());
      till.reserve(chosen, authorization);
      return sign(chosen, authorization);
    } finally {
      signing.unlock();
    }
  }

  private Payment sign(ProposedPayment chosen, TransferAuthorization authorization)
      throws IOException {
    ExactEvmPayload signed;
    try {
      signed = ExactEvmPayload.sign(chosen.offer().token(), authorization, wallet.signer());
    } catch (RuntimeException e) { // the signer's, of whatever kind; it goes to the caller
      till.unsigned(chosen, authorization.nonce());
      throw e;
    }
    till.release(chosen, authorization.nonce());
    return Payment.signed(chosen.offer(), signed, chosen.requestId());
  }

  private TransferAuthorization authorization(Offer offer) {
    Instant now = clock.instant();
    return TransferAuthorization.between(
        wallet.address(),
        offer.payTo(),
        offer.amount(),
        now.minus(PayingHttpClient.BACKDATING),
        now.plus(window(offer)),
        nonce());
  }

  private static Duration window(Offer offer) {
    Duration asked = offer.requirements().maxTimeout();
    return asked.compareTo(PayingHttpClient.MAX_WINDOW) <= 0 ? asked : PayingHttpClient.MAX_WINDOW;
  }

  private String nonce() {
    byte[] bytes = new byte[NONCE_BYTES];
    random.nextBytes(bytes);
    return "0x" + HexFormat.of().formatHex(bytes);
  }
}
