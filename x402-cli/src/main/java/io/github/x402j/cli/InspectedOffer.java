// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.receipt.DidUrl;
import java.net.URI;
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
 * @param note what else is to be known of its signer, empty if nothing
 */
record InspectedOffer(
    SignedOffer offer,
    Verdict verdict,
    int option,
    List<String> objections,
    @Nullable Instant until,
    String note) {

  /** The result of checking an offer. */
  enum Verdict {
    /** A signer that counts has signed what the descriptor asks for. */
    HOLDS("holds"),
    /** Its signature is genuine, but nothing ties the key to the seller. */
    UNKNOWN_SIGNER("unknownSigner"),
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

  /** Who has signed, as far as that is known. */
  private record Signer(Optional<OfferStatement> verified, Verdict verdict, String note) {
    static Signer of(Optional<OfferStatement> verified, String objection) {
      return verified.isPresent()
          ? new Signer(verified, Verdict.HOLDS, "")
          : new Signer(verified, Verdict.FALSE, objection);
    }

    static Signer notVerified(String why) {
      return new Signer(Optional.empty(), Verdict.NOT_VERIFIED, why);
    }
  }

  /**
   * Checks each signed offer of a descriptor.
   *
   * @param asked the URL that the descriptor came from
   */
  static List<InspectedOffer> all(
      URI asked, PaymentRequired required, OfferSigners signers, Instant now) {
    return SignedOffer.of(required).stream()
        .map(offer -> of(offer, asked, required, signers, now))
        .toList();
  }

  private static InspectedOffer of(
      SignedOffer offer, URI asked, PaymentRequired required, OfferSigners signers, Instant now) {
    if (offer.isForAnotherWay()) {
      return new InspectedOffer(offer, Verdict.OTHER_WAY, -1, List.of(), null, "");
    }
    Optional<OfferStatement> claimed = offer.statement();
    if (claimed.isEmpty()) {
      return new InspectedOffer(offer, Verdict.FALSE, -1, List.of("it cannot be read"), null, "");
    }
    int index = option(required, claimed.get(), offer.acceptIndex()).orElse(-1);
    @Nullable PaymentRequirements option = index < 0 ? null : required.accepts().get(index);
    @Nullable Address recipient = option == null ? null : option.payTo();
    Signer signer =
        offer.isEip712() ? account(offer, signers, recipient) : key(offer, asked, signers);
    OfferStatement said = signer.verified().orElse(claimed.get());
    List<String> objections = new ArrayList<>();
    if (signer.verdict() == Verdict.FALSE) {
      objections.add(signer.note());
    }
    objections.addAll(
        option == null
            ? List.of("it is for none of the ways to pay")
            : differences(said, OfferStatement.of(required.resource().url(), option)));
    @Nullable Instant until = said.validUntil().orElse(null);
    if (said.hasExpired(now)) {
      objections.add("it has expired");
    }
    Verdict verdict = objections.isEmpty() ? signer.verdict() : Verdict.FALSE;
    return new InspectedOffer(offer, verdict, index, objections, until, signer.note());
  }

  private static Signer account(
      SignedOffer offer, OfferSigners signers, @Nullable Address recipient) {
    Address account = offer.account();
    return Signer.of(
        signers.eip712(offer.signed(), recipient),
        account == null
            ? "it has no valid signature"
            : "it is signed by " + account + ", which is neither the recipient nor a --signer");
  }

  /** The keys that a person names come first; a DID is only what the seller says. */
  private static Signer key(SignedOffer offer, URI asked, OfferSigners signers) {
    if (signers.knowKeys()) {
      return Signer.of(
          signers.jws(offer.signed()),
          "it is not signed by a key of --jwks; it names " + kid(offer));
    }
    Optional<DidUrl> did = offer.did();
    if (did.isEmpty()) {
      return Signer.notVerified("no key, use --jwks");
    }
    Optional<OfferStatement> verified;
    try {
      verified = signers.byDid(did.get(), offer.signed());
    } catch (IllegalArgumentException e) {
      return Signer.notVerified(String.valueOf(e.getMessage()));
    }
    if (verified.isEmpty()) {
      return Signer.of(verified, "it is not signed by the key that it names, " + kid(offer));
    }
    return did.get().speaksFor(asked)
        ? new Signer(verified, Verdict.HOLDS, "which speaks for " + asked.getAuthority())
        : new Signer(
            verified,
            Verdict.UNKNOWN_SIGNER,
            "which is not tied to "
                + asked.getAuthority()
                + ": it proves nothing about the seller");
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
              + (note.isEmpty() ? "" : ", " + Display.harmless(note))
              + (until == null ? "" : ", until " + until);
      case UNKNOWN_SIGNER -> "signed by " + kid(offer) + ", " + Display.harmless(note);
      case NOT_VERIFIED -> "signed by " + kid(offer) + ", not verified: " + Display.harmless(note);
      case OTHER_WAY -> "for a way to pay that is not known here, not checked";
      case FALSE -> "FALSE: " + String.join("; ", objections);
    };
  }
}
