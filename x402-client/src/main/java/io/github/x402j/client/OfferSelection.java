// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.stream.Collectors.joining;

import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Chooses how to pay among what a seller offers, or declines, by the rules of the caller. */
final class OfferSelection {
  /** How many options a message lists; a seller may offer hundreds. */
  private static final int SHOWN = 5;

  private final List<Token> tokens;
  private final boolean anyOriginOfTheHost;

  /**
   * @param anyOriginOfTheHost whether a resource may be named by another scheme and port
   */
  OfferSelection(List<Token> tokens, boolean anyOriginOfTheHost) {
    this.tokens = List.copyOf(tokens);
    this.anyOriginOfTheHost = anyOriginOfTheHost;
  }

  /**
   * Returns the offers that can be taken, at least one: those in the first of the caller's tokens
   * first, and of those the cheapest first.
   *
   * @param requested whom the 402 came from
   */
  List<Offer> inOrder(URI requested, Asked asked) throws PaymentDeclinedException {
    requireItsOwnResource(requested, asked.required());
    return inOrder(knownTokens(requested, asked));
  }

  /**
   * Returns the offers that can be taken for something that is not named by a URL of its server.
   *
   * @param server whom the descriptor came from
   * @param resource the name of what was asked for, which the descriptor must repeat to the letter
   */
  List<Offer> inOrderFor(URI server, String resource, Asked asked) throws PaymentDeclinedException {
    if (!asked.required().resource().url().equals(resource)) {
      throw PaymentDeclinedException.of(
          server, "resource", resource, "payment for another resource");
    }
    return inOrder(knownTokens(server, asked));
  }

  private List<Offer> inOrder(List<Offer> offers) {
    return offers.stream()
        .sorted(Comparator.comparingInt(this::preference).thenComparing(Offer::amount))
        .toList();
  }

  private void requireItsOwnResource(URI requested, PaymentRequired required)
      throws PaymentDeclinedException {
    Origin origin =
        Origin.of(requested)
            .orElseThrow(() -> new IllegalArgumentException("expected an HTTP URL"));
    String resource = required.resource().url();
    if (!origin.isOf(resource, requested)
        && !(anyOriginOfTheHost && origin.mayNameItself(resource, requested))) {
      throw PaymentDeclinedException.of(
          requested,
          "resource",
          "a resource of " + origin,
          "payment for a resource of another origin");
    }
  }

  /** Returns the offers in the caller's tokens to which nothing but the price can be objected. */
  private List<Offer> knownTokens(URI requested, Asked asked) throws PaymentDeclinedException {
    List<Offer> offers = new ArrayList<>();
    PaymentDeclinedException objection = null;
    for (PaymentRequirements option : asked.required().accepts()) {
      Optional<Token> token = tokens.stream().filter(t -> Offer.isIn(t, option)).findFirst();
      if (token.isEmpty()) {
        continue;
      }
      PaymentDeclinedException found = objection(requested, option, token.get());
      if (found == null) {
        offers.add(new Offer(asked.required(), option, token.get(), asked.x402Version()));
      } else if (objection == null) {
        objection = found;
      }
    }
    if (offers.isEmpty()) {
      throw objection == null ? noKnownToken(requested, asked.required()) : objection;
    }
    return offers;
  }

  private static @Nullable PaymentDeclinedException objection(
      URI requested, PaymentRequirements option, Token token) {
    if (!option.scheme().equals(PaymentRequirements.EXACT)) {
      return PaymentDeclinedException.of(
          requested, "scheme", PaymentRequirements.EXACT, "another scheme");
    }
    if (option.amount().isZero()) {
      return PaymentDeclinedException.of(requested, "amount", "more than zero", "zero");
    }
    if (option.payTo().isZero()) {
      return PaymentDeclinedException.of(
          requested, "payTo", "an account", "the zero address, which burns the payment");
    }
    if (contradicts(option.extra(), "name", token.name())
        || contradicts(option.extra(), "version", token.version())) {
      return PaymentDeclinedException.of(
          requested,
          "tokenDomain",
          token.name() + " version " + token.version(),
          "a signature for another EIP-712 domain of " + token.contract());
    }
    if (contradicts(option.extra(), "assetTransferMethod", "eip3009")) {
      return PaymentDeclinedException.of(
          requested, "transferMethod", "eip3009", "another transfer method");
    }
    return null;
  }

  private static boolean contradicts(Map<String, Object> extra, String name, String expected) {
    Object value = extra.get(name);
    return value != null && !value.equals(expected);
  }

  private int preference(Offer offer) {
    return tokens.indexOf(offer.token());
  }

  private PaymentDeclinedException noKnownToken(URI requested, PaymentRequired required) {
    String asked =
        required.accepts().stream()
            .limit(SHOWN)
            .map(option -> option.asset() + " on " + option.network())
            .collect(joining(", "));
    return PaymentDeclinedException.of(
        requested,
        "tokens",
        tokens.stream()
            .map(token -> token.contract() + " on " + token.network())
            .collect(joining(", ")),
        asked.isEmpty() ? "nothing that is known here" : asked);
  }
}
