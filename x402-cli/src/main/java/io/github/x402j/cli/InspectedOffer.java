// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.extension.OfferStatement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A signed offer as a payer sees it.
 *
 * @param offer the offer as it was received
 * @param verdict the result of the check
 * @param option the index of the way to pay that it is for, -1 if none
 * @param objections why it is false, empty otherwise
 * @param until when it expires, null if it does not say
 */
record InspectedOffer(
    SignedOffer offer,
    Verdict verdict,
    int option,
    List<String> objections,
    @Nullable Instant until) {

  /** The result of checking an offer. */
  enum Verdict {
    /** A signer that counts has signed what the descriptor asks for. */
    HOLDS("holds"),
    /** There is no key to verify it with. It says what the descriptor says. */
    NOT_VERIFIED("notVerified"),
    /** It is for a scheme or a kind of chain that this program does not know. */
    OTHER_WAY("otherWay"),
    /** The signature or the content is wrong. */
    FALSE("false");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    /** Returns the word for programs. */
    String text() {
      return text;
    }
  }

  /** Checks each signed offer of a descriptor. */
  static List<InspectedOffer> all(PaymentRequired required, OfferSigners signers, Instant now) {
    return SignedOffer.of(required).stream()
        .map(offer -> of(offer, required, signers, now))
        .toList();
  }

  private static InspectedOffer of(
      SignedOffer offer, PaymentRequired required, OfferSigners signers, Instant now) {
    if (offer.isForAnotherWay()) {
      return new InspectedOffer(offer, Verdict.OTHER_WAY, -1, List.of(), null);
    }
    Optional<OfferStatement> claimed = offer.statement();
    if (claimed.isEmpty()) {
      return new InspectedOffer(offer, Verdict.FALSE, -1, List.of("it cannot be read"), null);
    }
    int index = option(required, claimed.get(), offer.acceptIndex()).orElse(-1);
    @Nullable PaymentRequirements option = index < 0 ? null : required.accepts().get(index);
    @Nullable Address recipient = option == null ? null : option.payTo();
    Optional<OfferStatement> verified =
        offer.isEip712() ? signers.eip712(offer.signed(), recipient) : signers.jws(offer.signed());
    OfferStatement said = verified.orElse(claimed.get());
    List<String> objections = new ArrayList<>();
    boolean unknown = verified.isEmpty() && offer.isJws() && !signers.knowKeys();
    if (verified.isEmpty() && !unknown) {
      objections.add(signatureObjection(offer));
    }
    objections.addAll(
        option == null
            ? List.of("it is for none of the ways to pay")
            : differences(said, OfferStatement.of(required.resource().url(), option)));
    @Nullable Instant until = said.validUntil().orElse(null);
    if (said.hasExpired(now)) {
      objections.add("it has expired");
    }
    Verdict verdict =
        !objections.isEmpty() ? Verdict.FALSE : unknown ? Verdict.NOT_VERIFIED : Verdict.HOLDS;
    return new InspectedOffer(offer, verdict, index, objections, until);
  }

  /**
   * Returns the index of the way to pay that an offer is for: the one with the same terms, or else
   * the one that it names. An index alone is not enough: the list leaves unknown ways out.
   */
  private static OptionalInt option(
      PaymentRequired required, OfferStatement said, @Nullable Long acceptIndex) {
    List<PaymentRequirements> accepts = required.accepts();
    OptionalInt same =
        IntStream.range(0, accepts.size())
            .filter(at -> isSameTerms(said, accepts.get(at)))
            .findFirst();
    if (same.isPresent() || acceptIndex == null) {
      return same;
    }
    return acceptIndex >= 0 && acceptIndex < accepts.size()
        ? OptionalInt.of(acceptIndex.intValue())
        : OptionalInt.empty();
  }

  private static boolean isSameTerms(OfferStatement said, PaymentRequirements option) {
    return differences(said, OfferStatement.of(said.resourceUrl(), option)).isEmpty();
  }

  private static List<String> differences(OfferStatement said, OfferStatement asked) {
    List<String> found = new ArrayList<>();
    differ(found, "resource", said.resourceUrl(), asked.resourceUrl());
    differ(found, "scheme", said.scheme(), asked.scheme());
    differ(found, "network", said.network(), asked.network());
    differ(found, "token", said.asset(), asked.asset());
    differ(found, "recipient", said.payTo(), asked.payTo());
    differ(found, "amount", said.amount(), asked.amount());
    return found;
  }

  private static void differ(List<String> found, String name, Object said, Object asked) {
    if (!Objects.equals(said, asked)) {
      found.add(
          "it is for another "
              + name
              + ": "
              + Display.harmless(said.toString())
              + ", and not "
              + Display.harmless(asked.toString()));
    }
  }

  private static String signatureObjection(SignedOffer offer) {
    if (offer.isJws()) {
      return "it is not signed by a key of --jwks; it names " + kid(offer);
    }
    Address account = offer.account();
    return account == null
        ? "it has no valid signature"
        : "it is signed by " + account + ", which is neither the recipient nor a --signer";
  }

  private static String kid(SignedOffer offer) {
    String kid = offer.kid();
    return kid == null ? "no kid" : "kid " + Display.harmless(kid);
  }

  /** Returns the result for a person. */
  String text() {
    return switch (verdict) {
      case HOLDS ->
          "verified, signed by "
              + (offer.account() == null ? kid(offer) : offer.account().text())
              + (until == null ? "" : ", until " + until);
      case NOT_VERIFIED -> "signed by " + kid(offer) + ", not verified: no key, use --jwks";
      case OTHER_WAY -> "for a way to pay that is not known here, not checked";
      case FALSE -> "FALSE: " + String.join("; ", objections);
    };
  }
}
