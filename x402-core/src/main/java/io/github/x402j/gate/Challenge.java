// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.extension.OfferReceipts;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A descriptor together with the 402 that carries it, encoded once. Made by {@link
 * PaymentGate#challenge}. Where it holds signed offers it renews them itself, long before they end;
 * who asks then gets the ones before while one thread signs. Safe for use by several threads.
 */
public final class Challenge {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  private final PaymentRequired plain;
  private final UnaryOperator<PaymentRequired> announce;
  private final @Nullable OfferReceipts statements;
  private final boolean olderHeader;
  private final AtomicBoolean renewing = new AtomicBoolean();
  private volatile Encoded encoded;

  private record Encoded(PaymentRequired required, Refusal refusal, Instant renewAt) {}

  /**
   * @param plain the descriptor without extensions of the gate
   * @param announce adds those that do not change
   * @param statements signs the offers, null where they are not signed
   */
  Challenge(
      PaymentRequired plain,
      UnaryOperator<PaymentRequired> announce,
      @Nullable OfferReceipts statements,
      boolean olderHeader) {
    this.plain = plain;
    this.announce = announce;
    this.statements = statements;
    this.olderHeader = olderHeader;
    this.encoded = encode();
  }

  private Encoded encode() {
    Instant renewAt = statements == null ? Instant.MAX : statements.renewAt();
    PaymentRequired required = announce.apply(statements == null ? plain : statements.offer(plain));
    return new Encoded(required, Refusals.challenge(required, olderHeader), renewAt);
  }

  private Encoded current() {
    if (statements != null
        && statements.isDue(encoded.renewAt)
        && renewing.compareAndSet(false, true)) {
      try {
        encoded = renewed(statements);
      } finally {
        renewing.set(false);
      }
    }
    return encoded;
  }

  /** A signer that fails stops no sale: who checks offers sees that the old ones have ended. */
  private Encoded renewed(OfferReceipts signing) {
    try {
      return encode();
    } catch (RuntimeException e) {
      log.error("the offers of {} could not be signed again", plain.resource().url(), e);
      return new Encoded(encoded.required, encoded.refusal, signing.renewAt());
    }
  }

  /** Returns whether a 402 names the descriptor by its older header, too. */
  boolean hasOlderHeader() {
    return olderHeader;
  }

  /** Returns a network to name where no payment names one. */
  Network anyNetwork() {
    return plain.accepts().get(0).network();
  }

  /** Returns what is asked for. */
  public PaymentRequired required() {
    return current().required;
  }

  /** Returns the 402 for a request that brings no payment. */
  public Refusal refusal() {
    return current().refusal;
  }
}
