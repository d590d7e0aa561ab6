// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.servlet.DidServlet;
import io.github.x402j.servlet.Route;
import org.eclipse.jetty.ee10.servlet.ServletHolder;

/** Sellers that sign offers and receipts, each in its way, and one that requires identifiers. */
final class InteropStatements {
  private InteropStatements() {}

  /** Offers with their receipts are longer than the head of a stock nginx. */
  private static final int HEADERS = 8_192;

  /** A P-256 key under its {@code did:jwk}. */
  static final class ByKey implements InteropSale {
    @Override
    public void set(Shop shop) {
      SigningKey key = SigningKey.generated(ReceiptAlgorithm.ES256);
      shop.filter().headerLimit(HEADERS).signOffers(JwsStatements.of(key));
    }
  }

  /** An Ed25519 key under the {@code did:web} of the seller. */
  static final class ByHost implements InteropSale {
    @Override
    public void set(Shop shop) {
      SigningKey key = SigningKey.generate(ReceiptAlgorithm.EDDSA, "key-1");
      JwsStatements statements = JwsStatements.at(shop.url(), key);
      shop.filter()
          .headerLimit(HEADERS)
          .signOffers(statements)
          .routes(Route.get("/.well-known/did.json").free());
      shop.webapp()
          .addServlet(
              new ServletHolder("did", DidServlet.of(statements)),
              statements.didPath().orElseThrow());
    }
  }

  /** An account, whose key is a constant that holds nothing. */
  static final class ByAccount implements InteropSale {
    @Override
    public void set(Shop shop) {
      EvmSigner signer = EvmSigner.ofPrivateKey("0x" + "42".repeat(32));
      shop.filter().headerLimit(HEADERS).signOffers(Eip712Statements.of(signer));
    }
  }

  /** No payment without an identifier. */
  static final class Named implements InteropSale {
    @Override
    public void set(Shop shop) {
      shop.filter().paymentIdentifiers(PaymentIdentifiers.required());
    }
  }
}
