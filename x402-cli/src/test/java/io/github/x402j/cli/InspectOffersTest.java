// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

  /** Whoever made the key has signed, and may be anybody. */
  @Test
  void saysThatAKeyInItsOwnNameProvesNothingAboutTheSeller() throws Exception {
    Invocation shown = inspect("inspect", byKey.url() + "/premium");
    assertThat(shown.out())
        .contains(
            "signed by kid " + JwsStatements.of(KEY).kid() + ", which is not tied to 127.0.0.1")
        .contains(": it proves nothing about the seller")
        .doesNotContain("verified, signed")
        .doesNotContain("fetched");
    assertThat(shown.status()).isZero();
    JsonNode offer = offer(inspect("inspect", byKey.url() + "/premium", "--json"));
    assertThat(offer.path("verdict").textValue()).isEqualTo("unknownSigner");
    assertThat(offer.path("kid").textValue()).isEqualTo(JwsStatements.of(KEY).kid().toString());
  }

  @Test
  void claimsNothingOfAKeyThatItDoesNotKnow() throws Exception {
    String url = selling(own -> signed(JwsStatements.of(KEY), "key-1"), null);
    Invocation shown = inspect("inspect", url);
    assertThat(shown.out())
        .contains("signed by kid key-1, not verified: no key, use --jwks")
        .doesNotContain("verified, signed");
    assertThat(shown.status()).isZero();
    assertThat(offer(inspect("inspect", url, "--json")).path("verdict").textValue())
        .isEqualTo("notVerified");
  }

  /** Returns an offer whose header names another key; its signature is no good then. */
  private static Map<String, Object> signed(JwsStatements signer, String kid) {
    Map<String, Object> offer = indexed(signer.sign(honest()));
    String jws = (String) offer.get("signature");
    String header =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(("{\"alg\":\"ES256\",\"kid\":\"" + kid + "\"}").getBytes(UTF_8));
    offer.put("signature", header + jws.substring(jws.indexOf('.')));
    return offer;
  }

  @Test
  void verifiesAnOfferByTheDocumentOfTheSellersHost() throws Exception {
    String url =
        selling(
            own -> indexed(JwsStatements.at(own, KEY).sign(honest())),
            own -> new Answer(200, JwsStatements.at(own, KEY).didDocument()));
    URI asked = URI.create(url);
    Invocation shown = inspect("inspect", url);
    assertThat(shown.out())
        .contains(
            "verified, signed by kid did:web:127.0.0.1%3A" + asked.getPort() + "#" + KEY.kid())
        .contains(", which speaks for " + asked.getAuthority())
        .contains("fetched, as an offer named it: " + asked.resolve("/.well-known/did.json"));
    assertThat(shown.status()).isZero();
    JsonNode json = inspect("inspect", url, "--json").json();
    assertThat(json.path("offers").path(0).path("verdict").textValue()).isEqualTo("holds");
    assertThat(json.path("fetched").path(0).textValue())
        .isEqualTo(asked.resolve("/.well-known/did.json").toString());
  }

  /** The signature is good; but who asks for the money is another. */
  @Test
  void saysThatAnotherHostsKeyProvesNothingAboutTheSeller() throws Exception {
    JwsStatements[] other = new JwsStatements[1];
    selling(own -> Map.of(), own -> new Answer(200, (other[0] = at(own)).didDocument()));
    HttpServer first = java.util.Objects.requireNonNull(liar);
    liar = null;
    try {
      String url = selling(own -> indexed(other[0].sign(honest())), null);
      Invocation shown = inspect("inspect", url);
      assertThat(shown.out())
          .contains("signed by kid " + other[0].kid() + ", which is not tied to")
          .contains("it proves nothing about the seller")
          .contains("fetched, as an offer named it: http://127.0.0.1:");
      assertThat(shown.status()).isZero();
    } finally {
      first.stop(0);
    }
  }

  private static JwsStatements at(String url) {
    return JwsStatements.at(url, KEY);
  }

  @Test
  void saysThatTheHostsKeyHasNotSigned() throws Exception {
    SigningKey another = SigningKey.generate(ReceiptAlgorithm.ES256, KEY.kid());
    String url =
        selling(
            own -> indexed(at(own).sign(honest())),
            own -> new Answer(200, JwsStatements.at(own, another).didDocument()));
    Invocation shown = inspect("inspect", url);
    assertThat(shown.out())
        .contains("FALSE: it is not signed by the key that it names, kid did:web");
    assertThat(shown.status()).isEqualTo(ExitCode.NOT_VERIFIED);
  }

  /** What a host answers in place of its document, and what is said of it. */
  enum NoDocument {
    MISSING(404, "", "HTTP status 404"),
    ELSEWHERE(302, "", "HTTP status 302"),
    LONG(200, " ".repeat(70_000), "the exchange broke off"),
    NONSENSE(200, "<html>", "DID document: expected a JSON object"),
    OF_ANOTHER(200, "{\"id\":\"did:web:b.example\"}", "DID document: it is of another DID");

    private final Answer answer;
    private final String said;

    NoDocument(int status, String body, String said) {
      this.answer = new Answer(status, body);
      this.said = said;
    }
  }

  @ParameterizedTest
  @EnumSource
  void saysWhyADocumentIsNoneAndClaimsNothing(NoDocument none) throws Exception {
    Invocation shown =
        inspect("inspect", selling(own -> indexed(at(own).sign(honest())), own -> none.answer));
    assertThat(shown.out()).contains(", not verified: ").contains(none.said);
    assertThat(shown.out()).contains("fetched, as an offer named it: http://127.0.0.1:");
    assertThat(shown.status()).isZero();
  }

  /** What a server answers. */
  private record Answer(int status, String body) {}

  private static OfferStatement honest() {
    return OfferStatement.ofMembers(with("", ""));
  }

  @Test
  void verifiesAnOfferAgainstTheKeysThatItIsGiven() throws Exception {
    Invocation shown = inspect("inspect", byKey.url() + "/premium", "--jwks", jwks(KEY));
    assertThat(shown.out())
        .contains("offer      verified, signed by kid " + JwsStatements.of(KEY).kid());
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
    PaymentRequired required = required(server);
    Map<String, Object> info =
        members(members(required.extensions().get("offer-receipt")).get("info"));
    Map<String, Object> first = members(((List<?>) info.get("offers")).get(0));
    return selling(own -> change.apply(first), null);
  }

  private static PaymentRequired required(SampleServer server) throws Exception {
    String header =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(server.url() + "/premium")).build(),
                HttpResponse.BodyHandlers.discarding())
            .headers()
            .firstValue("PAYMENT-REQUIRED")
            .orElseThrow();
    return PaymentCodec.decodeRequired(header);
  }

  /**
   * Returns the URL of somebody who asks for what the shop asks for, with this offer.
   *
   * @param offer made for the server's own URL
   * @param document what it answers where its DID document is, made for the same
   */
  private String selling(
      Function<String, Map<String, Object>> offer, @Nullable Function<String, Answer> document)
      throws Exception {
    stopLiar();
    HttpServer started =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    liar = started;
    String own = "http://127.0.0.1:" + started.getAddress().getPort();
    PaymentRequired changed =
        required(byAccount)
            .withExtension(
                "offer-receipt",
                Extension.of(Map.of("offers", List.of(offer.apply(own))), Map.of()));
    started.createContext(
        "/",
        exchange -> {
          exchange
              .getResponseHeaders()
              .add("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(changed));
          exchange.sendResponseHeaders(402, -1);
          exchange.close();
        });
    if (document != null) {
      Answer answer = document.apply(own);
      started.createContext(
          "/.well-known/did.json",
          exchange -> {
            byte[] body = answer.body().getBytes(UTF_8);
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
    }
    started.start();
    return own + "/premium";
  }

  private static Map<String, Object> members(@Nullable Object json) {
    Map<String, Object> members = new LinkedHashMap<>();
    ((Map<?, ?>) java.util.Objects.requireNonNull(json))
        .forEach((name, value) -> members.put((String) name, value));
    return members;
  }
}
