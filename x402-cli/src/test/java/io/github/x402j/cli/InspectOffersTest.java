// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.Extension;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.testing.TestWallet;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code x402 inspect} of signed offers: our own server's, and what a liar makes of them. */
class InspectOffersTest {
  private static final SigningKey KEY = SigningKey.generated(ReceiptAlgorithm.ES256);

  private static SampleShop shop;
  private static EvmSigner seller;
  private static SampleServer byAccount;
  private static SampleServer byKey;

  @TempDir Path files;
  private @Nullable HttpServer liar;

  @BeforeAll
  static void open() throws Exception {
    shop = SampleShop.open();
    seller = EvmSigner.ofPrivateKey(shop.seller.privateKey());
    byAccount = selling(Eip712Statements.of(seller));
    byKey = selling(JwsStatements.of(KEY));
  }

  private static SampleServer selling(OfferReceiptSigner signer) throws Exception {
    return SampleServer.start(
        0,
        "",
        shop.token,
        shop.seller.address(),
        shop.facilitator(),
        filter -> filter.headerLimit(8_192).signOffers(signer));
  }

  @AfterAll
  static void close() throws Exception {
    byAccount.close();
    byKey.close();
    shop.close();
  }

  @AfterEach
  void stopLiar() {
    if (liar != null) {
      liar.stop(0);
    }
  }

  private static Invocation inspect(String... args) {
    return Invocation.of(Map.of(), args);
  }

  private String jwks(SigningKey key) throws Exception {
    String origin = "https://shop.example";
    return Files.writeString(
            files.resolve(key.kid() + ".jwks"),
            ReceiptIssuer.builder(origin, origin).key(key).build().jwks())
        .toString();
  }

  @Test
  void verifiesAnOfferThatTheRecipientSigned() throws Exception {
    Invocation shown = inspect("inspect", byAccount.url() + "/premium");
    assertThat(shown.err()).isEmpty();
    assertThat(shown.out()).contains("offer      verified, signed by " + shop.seller.address());
    assertThat(shown.status()).isZero();

    JsonNode offer = offer(inspect("inspect", byAccount.url() + "/premium", "--json"));
    assertThat(offer.path("verdict").textValue()).isEqualTo("holds");
    assertThat(offer.path("signer").textValue()).isEqualTo(shop.seller.address());
    assertThat(offer.path("acceptIndex").intValue()).isZero();
    assertThat(offer.path("objections")).isEmpty();
  }

  @Test
  void claimsNothingOfAKeyThatItDoesNotKnow() throws Exception {
    Invocation shown = inspect("inspect", byKey.url() + "/premium");
    assertThat(shown.out())
        .contains("signed by kid " + KEY.kid() + ", not verified: no key, use --jwks")
        .doesNotContain("verified, signed");
    assertThat(shown.status()).isZero();
    JsonNode offer = offer(inspect("inspect", byKey.url() + "/premium", "--json"));
    assertThat(offer.path("verdict").textValue()).isEqualTo("notVerified");
    assertThat(offer.path("kid").textValue()).isEqualTo(KEY.kid());
  }

  @Test
  void verifiesAnOfferAgainstTheKeysThatItIsGiven() throws Exception {
    Invocation shown = inspect("inspect", byKey.url() + "/premium", "--jwks", jwks(KEY));
    assertThat(shown.out()).contains("offer      verified, signed by kid " + KEY.kid());
    assertThat(shown.status()).isZero();

    SigningKey another = SigningKey.generated(ReceiptAlgorithm.ES256);
    Invocation refused = inspect("inspect", byKey.url() + "/premium", "--jwks", jwks(another));
    assertThat(refused.out()).contains("FALSE: it is not signed by a key of --jwks");
    assertThat(refused.status()).isEqualTo(ExitCode.NOT_VERIFIED);
  }

  @Test
  void readsKeysFromAUrl() throws Exception {
    // The keys there are those of the receipts, which have signed no offer.
    Invocation shown =
        inspect(
            "inspect", byKey.url() + "/premium", "--jwks", byKey.url() + "/.well-known/jwks.json");
    assertThat(shown.out()).contains("it is not signed by a key of --jwks");
    assertThat(inspect("inspect", byKey.url() + "/premium", "--jwks", byKey.url() + "/no").err())
        .contains("--jwks: HTTP status 404");
  }

  @Test
  void saysWhatIsWrongWithTheKeys() throws Exception {
    String url = byKey.url() + "/premium";
    Invocation noKeys =
        inspect("inspect", url, "--jwks", Files.writeString(files.resolve("x"), "x").toString());
    assertThat(noKeys.status()).isEqualTo(ExitCode.USAGE);
    assertThat(noKeys.err()).contains("--jwks: expected a JWK set");
    assertThat(inspect("inspect", url, "--jwks", "http://keys.example/jwks").err())
        .contains("--jwks: expected a file, or https://");
    assertThat(inspect("inspect", url, "--jwks", files.resolve("none").toString()).status())
        .isEqualTo(ExitCode.FAILED);
  }

  /** What a liar changes in an offer that the seller signed. */
  enum Lie {
    AMOUNT("amount", "1"),
    RECIPIENT("payTo", TestWallet.random().address()),
    TOKEN("asset", TestWallet.random().address()),
    NETWORK("network", "eip155:8453"),
    RESOURCE("resourceUrl", "http://127.0.0.1/else"),
    SIGNATURE("", "");

    private final String member;
    private final String value;

    Lie(String member, String value) {
      this.member = member;
      this.value = value;
    }
  }

  @ParameterizedTest
  @EnumSource
  void showsWhatWasChangedAfterTheSellerSigned(Lie lie) throws Exception {
    Invocation shown =
        inspect(
            "inspect",
            changed(
                byAccount,
                offer -> {
                  Map<String, Object> payload = members(offer.get("payload"));
                  if (lie == Lie.SIGNATURE) {
                    offer.put("signature", "0x" + "11".repeat(64) + "1b");
                  } else {
                    payload.put(lie.member, lie.value);
                  }
                  offer.put("payload", payload);
                  return offer;
                }));
    assertThat(shown.out()).contains("FALSE: ").doesNotContain("verified");
    assertThat(shown.status()).isEqualTo(ExitCode.NOT_VERIFIED);
  }

  @ParameterizedTest
  @EnumSource(names = {"AMOUNT", "RECIPIENT", "TOKEN", "NETWORK", "RESOURCE"})
  void showsAnOfferThatIsSignedAndForSomethingElse(Lie lie) throws Exception {
    OfferStatement other = OfferStatement.ofMembers(with(lie.member, lie.value));
    Invocation shown =
        inspect(
            "inspect",
            changed(byAccount, offer -> indexed(Eip712Statements.of(seller).sign(other))));
    assertThat(shown.out()).contains("FALSE: it is for another ");
    assertThat(shown.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    // That needs no key, even for a JWS.
    Invocation jws =
        inspect("inspect", changed(byKey, offer -> indexed(JwsStatements.of(KEY).sign(other))));
    assertThat(jws.out()).contains("FALSE: it is for another ");
    assertThat(jws.status()).isEqualTo(ExitCode.NOT_VERIFIED);
  }

  @Test
  void showsHowLongAnOfferHoldsAndThatOneHasExpired() throws Exception {
    Instant past = Instant.ofEpochSecond(1_700_000_000);
    Instant future = Instant.ofEpochSecond(4_000_000_000L);
    Invocation expired = inspect("inspect", changed(byAccount, offer -> until(past)));
    assertThat(expired.out()).contains("FALSE: it has expired");
    assertThat(expired.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    Invocation good = inspect("inspect", changed(byAccount, offer -> until(future)));
    assertThat(good.out())
        .contains("verified, signed by " + shop.seller.address() + ", until " + future);
    assertThat(good.status()).isZero();
  }

  @Test
  void takesAnotherAccountsWordOnlyIfToldTo() throws Exception {
    EvmSigner other = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    OfferStatement statement = OfferStatement.ofMembers(with("", ""));
    String url = changed(byAccount, offer -> indexed(Eip712Statements.of(other).sign(statement)));
    Invocation unknown = inspect("inspect", url);
    assertThat(unknown.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    assertThat(unknown.out())
        .contains("it is signed by " + other.address() + ", which is neither the recipient nor a");
    Invocation trusted = inspect("inspect", url, "--signer", other.address().text());
    assertThat(trusted.status()).isZero();
    assertThat(trusted.out()).contains("verified, signed by " + other.address());
  }

  @Test
  void saysOfAnOfferThatCannotBeReadThatItDoesNotHold() throws Exception {
    for (Map<String, Object> nonsense :
        List.<Map<String, Object>>of(
            Map.of(),
            Map.of("format", "jws", "signature", "a.b.c"),
            Map.of("format", "jws", "signature", "\u001b[2J"),
            Map.of("format", "eip712", "signature", "0x00", "payload", "x"),
            Map.of("format", "eip712", "payload", Map.of("version", "\u001b")))) {
      Invocation shown =
          inspect("inspect", changed(byAccount, offer -> new LinkedHashMap<>(nonsense)));
      assertThat(shown.out())
          .contains("another signed offer: FALSE: it cannot be read")
          .doesNotContain("\u001b");
      assertThat(shown.status()).isEqualTo(ExitCode.NOT_VERIFIED);
    }
  }

  @Test
  void leavesOffersForWaysToPayThatItDoesNotKnowAlone() throws Exception {
    Map<String, Object> payload = with("network", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp");
    Invocation shown =
        inspect(
            "inspect",
            changed(
                byAccount,
                offer -> {
                  offer.put("payload", payload);
                  return offer;
                }));
    assertThat(shown.out()).contains("a way to pay that is not known here").doesNotContain("veri");
    assertThat(shown.status()).isZero();
  }

  private static JsonNode offer(Invocation shown) throws Exception {
    return shown.json().path("offers").path(0);
  }

  private static Map<String, Object> until(Instant time) {
    OfferStatement s = OfferStatement.ofMembers(with("", ""));
    return indexed(
        Eip712Statements.of(seller)
            .sign(
                new OfferStatement(
                    s.resourceUrl(),
                    s.scheme(),
                    s.network(),
                    s.asset(),
                    s.payTo(),
                    s.amount(),
                    time)));
  }

  private static Map<String, Object> indexed(Map<String, Object> signed) {
    Map<String, Object> offer = new LinkedHashMap<>(signed);
    offer.put("acceptIndex", 0L);
    return offer;
  }

  /** Returns what an honest offer for the premium page says, with one member changed. */
  private static Map<String, Object> with(String member, String value) {
    Map<String, Object> members =
        new OfferStatement(
                byAccount.url() + "/premium",
                "exact",
                shop.token.network(),
                shop.token.contract(),
                Address.parse(shop.seller.address()),
                TokenAmount.of(10_000),
                null)
            .toMembers();
    if (!member.isEmpty()) {
      members.put(member, value);
    }
    return members;
  }

  /** Returns the URL of somebody who answers as the server does, but for its first offer. */
  private String changed(SampleServer server, UnaryOperator<Map<String, Object>> change)
      throws Exception {
    String header =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(server.url() + "/premium")).build(),
                HttpResponse.BodyHandlers.discarding())
            .headers()
            .firstValue("PAYMENT-REQUIRED")
            .orElseThrow();
    PaymentRequired required = PaymentCodec.decodeRequired(header);
    Map<String, Object> info =
        members(members(required.extensions().get("offer-receipt")).get("info"));
    Map<String, Object> first = members(((List<?>) info.get("offers")).get(0));
    PaymentRequired changed =
        required.withExtension(
            "offer-receipt",
            Extension.of(Map.of("offers", List.of(change.apply(first))), Map.of()));
    stopLiar();
    HttpServer started =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    started.createContext(
        "/",
        exchange -> {
          exchange
              .getResponseHeaders()
              .add("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(changed));
          exchange.sendResponseHeaders(402, -1);
          exchange.close();
        });
    started.start();
    liar = started;
    return "http://127.0.0.1:" + started.getAddress().getPort() + "/premium";
  }

  private static Map<String, Object> members(@Nullable Object json) {
    Map<String, Object> members = new LinkedHashMap<>();
    ((Map<?, ?>) java.util.Objects.requireNonNull(json))
        .forEach((name, value) -> members.put((String) name, value));
    return members;
  }
}
