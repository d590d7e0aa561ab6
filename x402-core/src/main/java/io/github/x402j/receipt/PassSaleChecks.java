// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.TokenAmount;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * Checks at the start that a seller which names its trusted issuers accepts the passes that it
 * sells. Otherwise payers would find out after they have paid.
 */
final class PassSaleChecks {
  private static final String WHAT_TO_DO =
      "; let acceptReceipts(...) name TrustedIssuer.self(issuer) beside the others";

  private static final Address UNUSED = Address.parse("0x" + "0".repeat(39) + "1");

  private final ReceiptIssuer seller;
  private final TrustedIssuer trusted;

  PassSaleChecks(ReceiptIssuer seller, TrustedIssuer trusted) {
    this.seller = seller;
    this.trusted = trusted;
  }

  static IllegalStateException notTrusted(ReceiptIssuer seller, Iterable<String> issuers) {
    return new IllegalStateException(
        "acceptReceipts: passes are sold, but receipts of their issuer "
            + seller.issuer()
            + " are not accepted, only those of "
            + String.join(", ", issuers)
            + WHAT_TO_DO);
  }

  /**
   * Compares what the issuer writes with what is expected of it.
   *
   * @param longest the lifetime of the longest pass
   */
  void requireSameTerms(Duration longest) {
    require(
        trusted.algorithm() == seller.algorithm(),
        "expected to sign with " + trusted.algorithm().wireName(),
        "it signs with " + seller.algorithm().wireName());
    require(
        trusted.audience().equals(seller.audience()),
        "expected to write for the audience " + trusted.audience(),
        "it writes for " + seller.audience());
    require(
        trusted.mayIssuePasses(),
        "expected to issue no passes",
        "routes sell them: its passes() was not called");
    require(
        trusted.maxLifetime().compareTo(longest) >= 0,
        "accepted for a maxLifetime of " + trusted.maxLifetime(),
        "a route sells a pass for " + longest);
    require(
        trusted.confirmation().isEmpty(),
        "looked up by confirmOnChain, where the transaction of a payment counts for no receipt",
        "a pass is a receipt for the transaction of its payment");
  }

  /** Returns a token of the issuer's key. It buys nothing, and does not leave this process. */
  String trial(Instant now) {
    return seller.sign(
        new Receipt(
            seller.issuer(),
            seller.audience(),
            UNUSED,
            "trial",
            now,
            now.plusSeconds(1),
            "0x" + "0".repeat(64),
            Network.BASE,
            UNUSED,
            TokenAmount.of(1),
            UNUSED,
            "/",
            "GET",
            false,
            OptionalLong.of(0)));
  }

  IllegalStateException rejected(String detail) {
    return new IllegalStateException(
        "acceptReceipts: what "
            + seller
            + " signs is rejected: "
            + detail
            + "; the keys under that name were expected to be those of receipts(issuer)"
            + WHAT_TO_DO);
  }

  private void require(boolean isMet, String expected, String found) {
    if (!isMet) {
      throw new IllegalStateException(
          "acceptReceipts: passes of "
              + seller.issuer()
              + " could not be opened: the trusted issuer of that name is "
              + expected
              + ", and "
              + found
              + WHAT_TO_DO);
    }
  }
}
