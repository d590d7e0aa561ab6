// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;

/** Makes the payment for an offer: the only place where this module signs. */
final class Cashier {
  private static final int NONCE_BYTES = 32;

  private final EvmSigner signer;
  private final Clock clock;
  private final SecureRandom random;

  Cashier(EvmSigner signer, Clock clock, SecureRandom random) {
    this.signer = signer;
    this.clock = clock;
    this.random = random;
  }

  /** Returns a new payment, signed over the caller's token. */
  Payment pay(Offer offer) {
    Instant now = clock.instant();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            signer.address(),
            offer.payTo(),
            offer.amount(),
            now.minus(PayingHttpClient.BACKDATING),
            now.plus(window(offer)),
            nonce());
    return Payment.signed(offer, ExactEvmPayload.sign(offer.token(), authorization, signer));
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
