// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Extension;
import io.github.x402j.Network;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.extension.OfferReceipts;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor together with the 402 that carries it, encoded once, but for the entries of {@link
 * ExtensionPerRequest extensions} that differ from one 402 to the next. Made by {@link
 * PaymentGate#challenge}. Where it holds signed offers it has them signed when a 402 is to go out,
 * and renews them itself, long before they end; who asks then gets the ones before while one thread
 * waits. Safe for use by several threads.
 */
public final class Challenge {
  private final PaymentRequired unsigned;
  private final @Nullable OfferReceipts statements;
  private final boolean olderHeader;
  private final SettleableOffers offers;
  private final List<ExtensionPerRequest> perRequest;
  private final @Nullable RefusalTemplate rule;
  private final AtomicBoolean renewing = new AtomicBoolean();
  private volatile @Nullable Encoded encoded;
  private volatile @Nullable RefusalTemplate template;

  /**
   * @param plain what could be settled when it was encoded, without signed offers
   * @param signed the same with them
   * @param template makes each 402; null where all are the same, or no template takes the URL
   * @param refusal null where each is made when it goes out
   */
  private record Encoded(
      SettleableOffers.Descriptors plain,
      SettleableOffers.Descriptors signed,
      @Nullable RefusalTemplate template,
      @Nullable Refusal refusal,
      Instant renewAt) {}

  private Challenge(
      PaymentRequired unsigned,
      @Nullable OfferReceipts statements,
      boolean olderHeader,
      SettleableOffers offers,
      List<ExtensionPerRequest> perRequest,
      @Nullable RefusalTemplate rule) {
    this.unsigned = unsigned;
    this.statements = statements;
    this.olderHeader = olderHeader;
    this.offers = offers;
    this.perRequest = List.copyOf(perRequest);
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
    return new Challenge(unsigned, statements, olderHeader, offers, List.of(), null);
  }

  /** Returns this challenge with extensions whose entries are made for each 402. */
  Challenge with(List<ExtensionPerRequest> extensions) {
    return new Challenge(unsigned, statements, olderHeader, offers, extensions, null);
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
        unsigned.at(url), statements, olderHeader, offers, perRequest, isSame ? template() : null);
  }

  /** Returns this challenge with another recipient. */
  Challenge payingTo(Address recipient) {
    return new Challenge(
        unsigned.withPayTo(recipient), statements, olderHeader, offers, perRequest, null);
  }

  private RefusalTemplate template() {
    SettleableOffers.Descriptors now = offers.of(unsigned);
    RefusalTemplate known = template;
    if (known == null || !known.offersSameAs(now)) {
      known = RefusalTemplate.of(now, olderHeader, perRequest);
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
    RefusalTemplate made = rule != null && rule.offersSameAs(plain) ? rule : null;
    boolean isMadeLater = !perRequest.isEmpty();
    if (made == null && isMadeLater && RefusalTemplate.takes(unsigned.resource().url())) {
      made = RefusalTemplate.of(signed, olderHeader, perRequest);
    }
    boolean isChecked = !isMadeLater || made == null || made != rule; // else when it goes out
    Refusal refusal = isChecked ? refusal(signed, made) : null;
    return new Encoded(plain, signed, made, isMadeLater ? null : refusal, offered.renewAt());
  }

  private Refusal refusal(SettleableOffers.Descriptors signed, @Nullable RefusalTemplate made) {
    return made == null
        ? Refusals.challenge(complete(signed), olderHeader)
        : Refusals.requireShort(signed, made.at(signed.at(unsigned.resource().url())));
  }

  /** Returns the descriptors of one 402; version 1 has no extensions. */
  private SettleableOffers.Descriptors complete(SettleableOffers.Descriptors signed) {
    PaymentRequired all = signed.v2();
    if (all.accepts().isEmpty()) {
      return signed;
    }
    for (ExtensionPerRequest each : perRequest) {
      all = all.withExtension(each.name(), each.entry(signed.v2()));
    }
    return signed.withV2(all);
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

  /**
   * Returns what a payment has to return, if it returns any of it: all that is announced, without
   * what differs from one 402 to the next.
   */
  PaymentRequired announced() {
    PaymentRequired all = unsigned;
    for (ExtensionPerRequest each : perRequest) {
      Extension entry = each.entry(settleable());
      Map<String, Object> info = new LinkedHashMap<>(entry.info());
      info.keySet().removeAll(each.freshMembers());
      all = all.withExtension(each.name(), new Extension(info, entry.schema(), entry.others()));
    }
    return all;
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
    return complete(current().signed);
  }

  /** Returns the 402 for a request that brings no payment. */
  public Refusal refusal() {
    Encoded known = current();
    Refusal same = known.refusal;
    return same == null ? refusal(known.signed, known.template) : same;
  }
}
