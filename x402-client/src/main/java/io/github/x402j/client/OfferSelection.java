// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.stream.Collectors.joining;

import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ReceivedDescriptor.OtherOffer;
import io.github.x402j.Token;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the offers of a seller that can be paid in the caller's tokens, or says why there is none.
 * Immutable.
 */
final class OfferSelection {
  /** The number of options or tokens that a message lists; a seller may offer hundreds. */
  private static final int SHOWN = 5;

  private final List<Token> tokens;
  private final boolean sameHostSuffices;

  /**
   * @param sameHostSuffices whether a resource may have another scheme and port
   */
  OfferSelection(List<Token> tokens, boolean sameHostSuffices) {
    this.tokens = List.copyOf(tokens);
    this.sameHostSuffices = sameHostSuffices;
  }

  /**
   * Returns the tokens and this one.
   *
   * @throws IllegalArgumentException if its contract is among them
   */
  static List<Token> withToken(List<Token> tokens, Token token) {
    for (Token other : tokens) {
      if (other.network().equals(token.network()) && other.contract().equals(token.contract())) {
        throw new IllegalArgumentException(
            "token: " + token.contract() + " on " + token.network() + " is given twice");
      }
    }
    return Stream.concat(tokens.stream(), Stream.of(token)).toList();
  }

  /**
   * Returns the offers that can be paid, at least one: those that settle after the answer is made
   * first, of those the ones in the first of the caller's tokens, and of those the cheapest.
   *
   * @param requested the URL that the 402 came from
   */
  List<Offer> inOrder(URI requested, PaymentDemand demand) throws PaymentDeclinedException {
    requireItsOwnResource(requested, demand.required());
    return inOrder(knownTokens(requested, demand));
  }

  /**
   * Returns the offers that can be paid for something that has no URL at its server.
   *
   * @param server the URL that the descriptor came from
   * @param resource the name of what was asked for, which the descriptor must repeat exactly
   */
  List<Offer> inOrderFor(URI server, String resource, PaymentDemand demand)
      throws PaymentDeclinedException {
    if (!demand.required().resource().url().equals(resource)) {
      throw PaymentDeclinedException.of(
          server, "resource", resource, "payment for another resource");
    }
    return inOrder(knownTokens(server, demand));
  }

  /** Returns the chains of the caller's tokens, in their order. */
  List<Network> networks() {
    return tokens.stream().map(Token::network).distinct().toList();
  }

  private List<Offer> inOrder(List<Offer> offers) {
    return offers.stream()
        .sorted(
            Comparator.comparing(OfferSelection::settlesFirst)
                .thenComparing(this::preference)
                .thenComparing(Offer::amount))
        .toList();
  }

  private void requireItsOwnResource(URI requested, PaymentRequired required)
      throws PaymentDeclinedException {
    Origin origin =
        Origin.of(requested)
            .orElseThrow(() -> new IllegalArgumentException("expected an HTTP URL"));
    String resource = required.resource().url();
    if (!origin.isOriginOf(resource, requested)
        && !(sameHostSuffices && origin.isHostOf(resource, requested))) {
      throw PaymentDeclinedException.of(
          requested,
          "resource",
          "a resource of " + origin,
          "payment for a resource of another origin");
    }
  }

  /** Returns the offers in the caller's tokens that only the wallet's rules can still decline. */
  private List<Offer> knownTokens(URI requested, PaymentDemand demand)
      throws PaymentDeclinedException {
    List<Offer> offers = new ArrayList<>();
    Declined firstObjection = null;
    for (PaymentRequirements option : demand.required().accepts()) {
      Optional<Token> token = tokens.stream().filter(t -> Offer.isIn(t, option)).findFirst();
      if (token.isEmpty()) {
        continue;
      }
      Declined objection = objection(demand, option, token.get());
      if (objection == null) {
        offers.add(new Offer(demand.required(), option, token.get(), demand.x402Version()));
      } else if (firstObjection == null) {
        firstObjection = objection;
      }
    }
    if (offers.isEmpty()) {
      throw new PaymentDeclinedException(
          requested, firstObjection == null ? noKnownToken(demand) : firstObjection);
    }
    return offers;
  }

  private static @Nullable Declined objection(
      PaymentDemand demand, PaymentRequirements option, Token token) {
    if (!option.scheme().equals(PaymentRequirements.EXACT)) {
      return Declined.of("scheme", PaymentRequirements.EXACT, "another scheme");
    }
    if (option.amount().isZero()) {
      return Declined.of("amount", "more than zero", "zero");
    }
    if (option.payTo().isZero()) {
      return Declined.of("payTo", "an account", "the zero address, which burns the payment");
    }
    if (contradicts(option.extra(), "name", token.name())
        || contradicts(option.extra(), "version", token.version())) {
      return Declined.of(
          "tokenDomain",
          token.name() + " version " + token.version(),
          "a signature for another EIP-712 domain of " + token.contract());
    }
    if (!option.takesAuthorization()) {
      return Declined.of("transferMethod", "eip3009", "another transfer method");
    }
    if (PaymentFlow.of(option).isEmpty()) {
      return Declined.of("paymentFlow", "authorization or upfront", "a flow that is not known");
    }
    int length =
        Payment.headerLength(new Offer(demand.required(), option, token, demand.x402Version()));
    return length <= PaymentCodec.MAX_HEADER_LENGTH
        ? null
        : Declined.of(
            "header",
            "at most " + PaymentCodec.MAX_HEADER_LENGTH + " characters",
            "what the seller wants returned makes it " + length);
  }

  private static boolean contradicts(Map<String, Object> extra, String name, String expected) {
    Object value = extra.get(name);
    return value != null && !value.equals(expected);
  }

  /** What is paid before it is made cannot be refused any more if it fails. */
  private static boolean settlesFirst(Offer offer) {
    return !PaymentFlow.of(offer.requirements()).equals(Optional.of(PaymentFlow.AUTHORIZATION));
  }

  private int preference(Offer offer) {
    return tokens.indexOf(offer.token());
  }

  private Declined noKnownToken(PaymentDemand demand) {
    List<PaymentRequirements> accepts = demand.required().accepts();
    String others = demand.received().othersText();
    if (accepts.isEmpty()
        && demand.received().leftOut().stream().anyMatch(OtherOffer::isMalformed)) {
      return Declined.of("descriptor", "an offer that can be read", others);
    }
    String asked =
        shown(accepts.stream().map(option -> option.asset() + " on " + option.network()).toList());
    String known =
        shown(tokens.stream().map(token -> token.contract() + " on " + token.network()).toList());
    return Declined.of("tokens", known, offered(asked, others));
  }

  private static String offered(String asked, String others) {
    if (asked.isEmpty()) {
      return others.isEmpty() ? "no token at all" : others;
    }
    return others.isEmpty() ? asked : asked + ", " + others;
  }

  private static String shown(List<String> all) {
    String first = all.stream().limit(SHOWN).collect(joining(", "));
    return all.size() <= SHOWN ? first : first + ", " + (all.size() - SHOWN) + " more";
  }
}
