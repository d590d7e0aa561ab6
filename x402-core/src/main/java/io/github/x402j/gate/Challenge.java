// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.extension.OfferReceipts;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor together with the 402 that carries it, encoded once. Made by {@link
 * PaymentGate#challenge}. Where it holds signed offers it has them signed when a 402 is to go out,
 * and renews them itself, long before they end; who asks then gets the ones before while one thread
 * waits. Safe for use by several threads.
 */
public final class Challenge {
  private final PaymentRequired unsigned;
  private final @Nullable OfferReceipts statements;
  private final boolean olderHeader;
  private final SettleableOffers offers;
  private final @Nullable RefusalTemplate rule;
  private final AtomicBoolean renewing = new AtomicBoolean();
  private volatile @Nullable Encoded encoded;
  private volatile @Nullable RefusalTemplate template;

  /**
   * @param plain what could be settled when it was encoded, without signed offers
   * @param signed the same with them
   */
  private record Encoded(
      SettleableOffers.Descriptors plain,
      SettleableOffers.Descriptors signed,
      Refusal refusal,
      Instant renewAt) {}

  private Challenge(
      PaymentRequired unsigned,
      @Nullable OfferReceipts statements,
      boolean olderHeader,
      SettleableOffers offers,
      @Nullable RefusalTemplate rule) {
    this.unsigned = unsigned;
    this.statements = statements;
    this.olderHeader = olderHeader;
    this.offers = offers;
    this.rule = rule;
  }

  /**
   * Returns a challenge that is encoded, and whose offers are signed, when that is needed.
   *
   * @param unsigned the descriptor with all that is not signed
   * @param statements signs the offers, null where they are not signed
   * @param offers knows which of the offers can be settled
   */
  static Challenge of(
      PaymentRequired unsigned,
      @Nullable OfferReceipts statements,
      boolean olderHeader,
      SettleableOffers offers) {
    return new Challenge(unsigned, statements, olderHeader, offers, null);
  }

  /**
   * Returns this challenge for another URL. It costs little, where offers are not signed: only the
   * URL is encoded anew.
   *
   * @param url the absolute URL of the resource
   */
  public Challenge at(String url) {
    boolean isSame = statements == null && RefusalTemplate.takes(url);
    return new Challenge(
        unsigned.at(url), statements, olderHeader, offers, isSame ? template() : null);
  }

  /** Returns this challenge with another recipient. */
  Challenge payingTo(Address recipient) {
    return new Challenge(unsigned.withPayTo(recipient), statements, olderHeader, offers, null);
  }

  private RefusalTemplate template() {
    SettleableOffers.Descriptors now = offers.of(unsigned);
    RefusalTemplate known = template;
    if (known == null || !known.offersSameAs(now)) {
      known = RefusalTemplate.of(now, olderHeader);
      template = known;
    }
    return known;
  }

  /**
   * Returns this challenge, signed and encoded now: at the start, so that a signer that does not
   * work fails it.
   *
   * @throws IllegalArgumentException if the header would be too long
   */
  Challenge begun() {
    SettleableOffers.Descriptors plain = offers.of(unsigned);
    encoded =
        encode(
            plain,
            statements == null || plain.v2().accepts().isEmpty()
                ? unsigned(plain)
                : statements.offerNow(plain.v2()));
    return this;
  }

  private static OfferReceipts.Offered unsigned(SettleableOffers.Descriptors plain) {
    return new OfferReceipts.Offered(plain.v2(), Instant.MAX);
  }

  private Encoded encode(SettleableOffers.Descriptors plain, OfferReceipts.Offered offered) {
    SettleableOffers.Descriptors signed = plain.withV2(offered.required());
    Refusal refusal =
        rule == null || !rule.offersSameAs(plain)
            ? Refusals.challenge(signed, olderHeader)
            : Refusals.requireShort(signed, rule.at(unsigned.resource().url()));
    return new Encoded(plain, signed, refusal, offered.renewAt());
  }

  private Encoded current() {
    SettleableOffers.Descriptors plain = offers.of(unsigned);
    Encoded known = encoded;
    if (known == null || !known.plain.offersSameAs(plain)) {
      boolean hasChanged = known != null;
      known = renewed(plain);
      encoded = known;
      if (hasChanged) {
        offers.sayWhatIsOffered();
      }
    } else if (statements != null
        && statements.isDue(known.renewAt)
        && renewing.compareAndSet(false, true)) {
      try {
        known = renewed(plain);
        encoded = known;
      } finally {
        renewing.set(false);
      }
    }
    return known;
  }

  /** No statement is worth more than the sale. */
  private Encoded renewed(SettleableOffers.Descriptors plain) {
    if (statements == null || plain.v2().accepts().isEmpty()) {
      return encode(plain, unsigned(plain));
    }
    OfferReceipts.Offered offered = statements.offer(plain.v2());
    try {
      return encode(plain, offered);
    } catch (IllegalArgumentException e) { // too long with its statements
      return encode(plain, new OfferReceipts.Offered(plain.v2(), offered.renewAt()));
    }
  }

  /** Returns whether a 402 names the descriptor by its older header, too. */
  boolean hasOlderHeader() {
    return olderHeader;
  }

  /** Returns a network to name where no payment names one. */
  Network anyNetwork() {
    return unsigned.accepts().get(0).network();
  }

  /** Returns what is asked for, without signed offers; costs no signature. */
  PaymentRequired unsigned() {
    return unsigned;
  }

  /** Returns in which order the sale settles and runs its handler, as every way to pay says. */
  PaymentFlow flow() {
    return PaymentFlow.of(unsigned.accepts().get(0))
        .orElseThrow(() -> new IllegalStateException("a payment flow that is not known here"));
  }

  /** Returns what is sold. */
  public ResourceInfo resource() {
    return unsigned.resource();
  }

  /**
   * Returns what is asked for, with the offers that are signed. It offers what can be settled: to
   * clients of version 2, or to those of version 1 if nothing else can be.
   */
  public PaymentRequired required() {
    return offered().newest();
  }

  /** Returns what clients of version 2 can pay, without signed offers. */
  PaymentRequired settleable() {
    return offers.of(unsigned).v2();
  }

  /** Returns what is asked for as clients of each version get it. */
  SettleableOffers.Descriptors offered() {
    return current().signed;
  }

  /** Returns the 402 for a request that brings no payment. */
  public Refusal refusal() {
    return current().refusal;
  }
}
