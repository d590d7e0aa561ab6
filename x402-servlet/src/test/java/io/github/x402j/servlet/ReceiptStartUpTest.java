// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.evm.OnChainTransfers;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.testing.TestWallet;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Passes that could not be opened are not sold: the start says what is wrong. */
class ReceiptStartUpTest {
  private static final String PAY = "https://pay.example";
  private static final Duration MONTH = Duration.ofDays(30);
  private static final ReceiptIssuer SELLER =
      issuer(Market.PUBLIC_URL, SigningKey.generated(ReceiptAlgorithm.ES256));
  private static final ReceiptIssuer NETWORK =
      issuer(PAY, SigningKey.generated(ReceiptAlgorithm.ES256));
  @RegisterExtension static final Market MARKET = new Market();

  private static ReceiptIssuer issuer(String name, SigningKey key) {
    return ReceiptIssuer.builder(name, Market.PUBLIC_URL).key(key).build();
  }

  private static TrustedIssuer.Builder trusted(String name, String audience, ReceiptIssuer signer) {
    return TrustedIssuer.builder(name, audience, signer.algorithm()).jwks(signer.jwks());
  }

  private static TrustedIssuer.Builder own() {
    return trusted(Market.PUBLIC_URL, Market.PUBLIC_URL, SELLER).passes().maxLifetime(MONTH);
  }

  private static TrustedIssuer network() {
    return trusted(PAY, Market.PUBLIC_URL, NETWORK).build();
  }

  private static PaymentFilter.Builder filter(TrustedIssuer... trusted) {
    return withoutRules(trusted)
        .routes(
            Route.get("/paid/*").price("$0.01").pass(Duration.ofHours(1)),
            Route.get("/month").price("$1").pass(MONTH, 100));
  }

  private static PaymentFilter.Builder withoutRules(TrustedIssuer... trusted) {
    return MARKET
        .filter(TestWallet.random(), Duration.ofSeconds(1))
        .receipts(SELLER)
        .acceptReceipts(ReceiptVerifier.of(trusted));
  }

  static Stream<Arguments> mistakes() {
    ReceiptIssuer otherKey =
        issuer(Market.PUBLIC_URL, SigningKey.generated(ReceiptAlgorithm.ES256));
    ReceiptIssuer otherAlgorithm =
        issuer(Market.PUBLIC_URL, SigningKey.generated(ReceiptAlgorithm.EDDSA));
    String sameName = "\"kid\":\"" + kid(SELLER) + "\"";
    String swapped = otherKey.jwks().replaceFirst("\"kid\":\"[^\"]*\"", sameName);
    return Stream.of(
        Arguments.of(
            "own issuer not trusted", new TrustedIssuer[] {network()}, "only those of " + PAY),
        Arguments.of(
            "own issuer with another key",
            new TrustedIssuer[] {
              trusted(Market.PUBLIC_URL, Market.PUBLIC_URL, otherKey)
                  .passes()
                  .maxLifetime(MONTH)
                  .build()
            },
            "kid: not a key of the issuer"),
        Arguments.of(
            "another key under the same kid",
            new TrustedIssuer[] {
              TrustedIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL, ReceiptAlgorithm.ES256)
                  .jwks(swapped)
                  .passes()
                  .maxLifetime(MONTH)
                  .build()
            },
            "the signature is not the issuer's"),
        Arguments.of(
            "another algorithm",
            new TrustedIssuer[] {
              trusted(Market.PUBLIC_URL, Market.PUBLIC_URL, otherAlgorithm)
                  .passes()
                  .maxLifetime(MONTH)
                  .build()
            },
            "expected to sign with EdDSA, and it signs with ES256"),
        Arguments.of(
            "passes not accepted",
            new TrustedIssuer[] {
              trusted(Market.PUBLIC_URL, Market.PUBLIC_URL, SELLER).maxLifetime(MONTH).build()
            },
            "passes() was not called"),
        Arguments.of(
            "a cap below the longest pass",
            new TrustedIssuer[] {own().maxLifetime(MONTH.minusSeconds(1)).build()},
            "a route sells a pass for PT720H"),
        Arguments.of(
            "own passes looked up on the chain",
            new TrustedIssuer[] {
              own()
                  .confirmOnChain(
                      OnChainTransfers.of(Web3jChain.at(URI.create("http://127.0.0.1:9")), 1))
                  .build()
            },
            "confirmOnChain"),
        Arguments.of(
            "a network's receipts for another audience",
            new TrustedIssuer[] {
              TrustedIssuer.self(SELLER), trusted(PAY, "https://other.example", NETWORK).build()
            },
            "audience https://other.example, expected the seller's public origin, "
                + Market.PUBLIC_URL),
        Arguments.of(
            "own audience with a path",
            new TrustedIssuer[] {
              trusted(Market.PUBLIC_URL, Market.PUBLIC_URL + "/shop", SELLER).passes().build()
            },
            "audience " + Market.PUBLIC_URL + "/shop"));
  }

  private static String kid(ReceiptIssuer issuer) {
    return issuer.jwks().replaceFirst(".*\"kid\":\"([^\"]*)\".*", "$1");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakes")
  void aMistakeStopsTheStartAndIsNamed(String name, TrustedIssuer[] trusted, String message) {
    assertThatThrownBy(() -> filter(trusted).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("acceptReceipts: ")
        .hasMessageContaining(message)
        .hasMessageContaining("TrustedIssuer.")
        .hasMessageNotContaining(SELLER.jwks());
  }

  @Test
  void whatIsRightStartsAndOpensItsPasses() throws Exception {
    for (TrustedIssuer right : List.of(TrustedIssuer.self(SELLER), own().build())) {
      try (PaidWebapp app =
          PaidWebapp.on(Stack.JETTY, MARKET)
              .routes(Route.get("/paid/*").price("$0.01").pass(MONTH))
              .handlers(Map.of("it", (request, response) -> response.getWriter().write("paid")))
              .filter(
                  filter ->
                      filter.receipts(SELLER).acceptReceipts(ReceiptVerifier.of(network(), right)))
              .start()) {
        RawHttp.Response paid = app.pay(MARKET.payer(), "/paid/it");
        String pass = "X-Payment-Receipt: " + paid.header("X-Payment-Receipt");
        for (int i = 0; i < 2; i++) {
          assertThat(app.get("/paid/it", pass).text()).isEqualTo("paid");
        }
      }
    }
  }

  /** Its keys may come from a URL that this very webapp serves, or that is down for now. */
  @Test
  void keysThatCannotBeFetchedYetAreNoMistake() {
    TrustedIssuer later =
        TrustedIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL, ReceiptAlgorithm.ES256)
            .jwksUrl(URI.create("http://127.0.0.1:9/jwks.json"))
            .passes()
            .maxLifetime(MONTH)
            .build();
    try (ReceiptVerifier verifier = ReceiptVerifier.of(later)) {
      assertThat(filter(network()).acceptReceipts(verifier).build()).isNotNull();
    }
  }

  @Test
  void withoutPassesTheOwnIssuerNeedNotBeTrusted() {
    assertThat(withoutRules(network()).routes(Route.get("/a").price("$0.01")).build()).isNotNull();
  }
}
