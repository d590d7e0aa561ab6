// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.ReceiptAcceptor.Decision;
import java.util.Optional;
import java.util.OptionalLong;

/** Compares a genuine receipt with what is being bought. Has no state. */
final class ReceiptTerms {
  private static final OptionalLong ONCE = OptionalLong.of(1);

  private ReceiptTerms() {}

  static Decision decide(
      Receipt receipt, TrustedIssuer issuer, PaymentRequired required, Purchase purchase) {
    if (receipt.isProofOnly()) {
      return rejected("the receipt proves a payment and buys nothing more");
    }
    if (!issuer.mayIssuePasses() && (receipt.isPass() || !isOnce(receipt))) {
      return rejected("x402.pass, x402.uses: this issuer's receipts are good once");
    }
    if (!isForRoute(receipt, required, purchase)) {
      return rejected("x402.route, x402.method: for something else");
    }
    for (PaymentRequirements option : required.accepts()) {
      if (meets(receipt, option)) {
        return new Decision.Accepted(accepted(receipt, issuer, option));
      }
    }
    return rejected("x402.network, asset, amount, payTo: not what this costs");
  }

  private static AcceptedReceipt accepted(
      Receipt receipt, TrustedIssuer issuer, PaymentRequirements met) {
    return new AcceptedReceipt(
        receipt.key(),
        receipt.payer(),
        met,
        receipt.transaction(),
        receipt.isPass(),
        receipt.isPass() || receipt.uses().isPresent() ? receipt.uses() : ONCE,
        receipt.expiresAt().plus(issuer.clockSkew()));
  }

  private static boolean isOnce(Receipt receipt) {
    return receipt.uses().isEmpty() || receipt.uses().equals(ONCE);
  }

  private static boolean isForRoute(Receipt receipt, PaymentRequired required, Purchase purchase) {
    if (receipt.isPass()) {
      Optional<Pass> pass = purchase.pass();
      return pass.isPresent()
          && receipt.route().equals(pass.get().route())
          && receipt.method().equals(pass.get().method());
    }
    String url = required.resource().url();
    boolean sameResource =
        receipt.route().equals(url)
            || (purchase.query() != null && receipt.route().equals(url + "?" + purchase.query()));
    return sameResource && receipt.method().equals(purchase.method());
  }

  /** A receipt pays exactly its price; a pass opens what costs at most what was paid for it. */
  private static boolean meets(Receipt receipt, PaymentRequirements option) {
    TokenAmount price = option.amount();
    int paid = receipt.amount().compareTo(price);
    return option.network().equals(receipt.network())
        && option.asset().equals(receipt.asset())
        && option.payTo().equals(receipt.payTo())
        && (receipt.isPass() ? paid >= 0 : paid == 0);
  }

  private static Decision rejected(String detail) {
    return new Decision.Rejected(detail);
  }
}
