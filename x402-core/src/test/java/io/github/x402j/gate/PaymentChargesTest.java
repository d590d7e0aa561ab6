// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Stablecoin;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.mpp.ChallengeSecrets;
import io.github.x402j.mpp.ChargeReceipt;
import io.github.x402j.mpp.EvmCharge;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.mpp.PaymentCredential;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The {@code Payment} HTTP scheme beside x402, in the gate. Challenges, terms and signatures are
 * checked for real; of the chain the facilitator knows what a test wants.
 */
class PaymentChargesTest {
  private static final String SECRET = "a secret of this test with enough bytes in it";
  private static final String TX = "0x" + "cd".repeat(32);
  private static final Settlement SETTLED =
      new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());

  private final MutableClock clock = new MutableClock(Sale.NOW);
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, clock);
  private final Node node = new Node();
  private final PaymentGate gate = gate(b -> b);

  private final class Node implements Facilitator {
    private final EvmLocalChecks local = EvmLocalChecks.builder().clock(clock).build();
    private Settlement settlement = SETTLED;
    private int settlements;

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return true;
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return local.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) {
      return new Verification.Valid(payment);
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      settlements++;
      beforeBroadcast.sending(TX);
      return settlement;
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      return settlement;
    }
  }

  private PaymentGate gate(UnaryOperator<PaymentGate.Builder> change) {
    return change
        .apply(
            PaymentGate.builder()
                .ledger(ledger)
                .facilitator(node)
                .clock(clock)
                .mpp(ChallengeSecrets.of(SECRET)))
        .build();
  }

  private static PaymentRequired required(String path, long price) {
    return PaymentRequired.of(
        ResourceInfo.of("https://shop.example" + path),
        List.of(
            PaymentRequirements.exact(
                Usdc.BASE_SEPOLIA, TokenAmount.of(price), Sale.PAY_TO, Duration.ofSeconds(60))));
  }

  private static MemoryTransport ask(
      PaymentGate gate, String request, long price, String... headers) {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    String path = request.substring(request.indexOf('/'));
    gate.sell(
        gate.challenge(required(path, price)),
        Sale.purchase(request),
        Sale.headers(headers),
        transport);
    return transport;
  }

  private MemoryTransport ask(String request, long price, String... headers) {
    return ask(gate, request, price, headers);
  }

  private static PaymentChallenge challenge(MemoryTransport asked) {
    assertThat(asked.refusal.status()).isEqualTo(402);
    String header = asked.refusal.headers().get("WWW-Authenticate");
    assertThat(PaymentChallenge.parse(List.of(header))).hasSize(1);
    return PaymentChallenge.parse(List.of(header)).get(0);
  }

  private static PaymentCredential pay(PaymentChallenge challenge) {
    return pay(challenge, challenge.nonce().text(), challenge.expiresAt());
  }

  private static PaymentCredential pay(
      PaymentChallenge challenge, String nonce, Instant validBefore) {
    EvmCharge charge = charge(challenge);
    TransferAuthorization authorization =
        TransferAuthorization.between(
            Sale.PAYER.address(),
            charge.recipient(),
            charge.amount(),
            Instant.EPOCH,
            validBefore,
            nonce);
    Map<String, Object> signed = Sale.signed(authorization);
    Map<String, Object> payload = new LinkedHashMap<>(authorizationOf(signed));
    payload.put("type", "authorization");
    payload.put("signature", signed.get("signature"));
    String source = "did:pkh:eip155:84532:" + Sale.PAYER.address();
    return new PaymentCredential(challenge, payload, source);
  }

  @SuppressWarnings("unchecked") // as ExactEvmPayload makes it
  private static Map<String, Object> authorizationOf(Map<String, Object> payload) {
    return (Map<String, Object>) payload.get("authorization");
  }

  private static EvmCharge charge(PaymentChallenge challenge) {
    try {
      return EvmCharge.parse(challenge.request());
    } catch (MalformedPaymentException e) {
      throw new AssertionError(e);
    }
  }

  private static String[] by(PaymentCredential credential) {
    return new String[] {"Authorization", credential.header()};
  }

  /** The same authorization as a payment by x402. */
  private static String[] byX402(PaymentCredential credential, long price) {
    Map<String, Object> authorization = new LinkedHashMap<>(credential.payload());
    authorization.keySet().removeAll(List.of("type", "signature"));
    PaymentPayload payload =
        PaymentPayload.v2(
            required("/", price).accepts().get(0),
            Map.of(
                "authorization",
                authorization,
                "signature",
                credential.payload().get("signature")));
    return new String[] {"PAYMENT-SIGNATURE", PaymentCodec.encodePayload(payload)};
  }

  private static void assertRefused(MemoryTransport sold, int status, String problem) {
    assertThat(sold.calls).containsExactly("refuse " + status);
    assertThat(sold.refusal.headers())
        .containsEntry("Content-Type", "application/problem+json")
        .containsEntry("Cache-Control", "no-store")
        .doesNotContainKey("PAYMENT-RESPONSE");
    JsonNode body = json(sold.refusal.body());
    assertThat(body.get("type").textValue())
        .isEqualTo("https://paymentauth.org/problems/" + problem);
    assertThat(body.get("status").intValue()).isEqualTo(status);
    assertThat(body.get("title").textValue()).isNotEmpty();
    assertThat(body.get("detail").textValue()).isNotEmpty();
    if (status == 402) {
      challenge(sold);
    }
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  // ---- what is sold

  @ParameterizedTest
  @ValueSource(strings = {"USDC", "USDC.e", "EURC", "USDT"})
  void aChallengeNamesTheDecimalsOfAKnownToken(String symbol) {
    Stablecoin coin =
        Stablecoin.all().stream().filter(c -> c.symbol().equals(symbol)).findFirst().orElseThrow();
    PaymentRequirements offer =
        PaymentRequirements.exact(
            coin.token(), TokenAmount.of(1), Sale.PAY_TO, Duration.ofSeconds(60));
    PaymentRequired asked =
        PaymentRequired.of(ResourceInfo.of("https://shop.example/"), List.of(offer));
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(gate.challenge(asked), Sale.purchase("GET /"), Sale.headers(), transport);
    assertThat(charge(challenge(transport)).decimals()).isEqualTo(coin.token().decimals());
  }

  @Test
  void aChallengeOfA402BuysOneDelivery() throws Exception {
    MemoryTransport asked = ask("GET /premium", 10_000);
    assertThat(asked.refusal.headers()).containsKey("PAYMENT-REQUIRED");
    PaymentChallenge challenge = challenge(asked);
    assertThat(challenge.realm()).isEqualTo("shop.example");
    assertThat(challenge.expiresAt()).isEqualTo(Sale.NOW.plusSeconds(60));
    EvmCharge charge = charge(challenge);
    assertThat(charge.decimals()).isEqualTo(6);
    assertThat(charge.takesAuthorization()).isTrue();

    MemoryTransport sold = ask("GET /premium", 10_000, by(pay(challenge)));
    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
    assertThat(sold.headers).doesNotContainKey("PAYMENT-RESPONSE");
    ChargeReceipt receipt = ChargeReceipt.parse(sold.headers.get("Payment-Receipt"));
    assertThat(receipt.transaction().text()).isEqualTo(TX);
    assertThat(receipt.challengeId()).isEqualTo(challenge.id());
    assertThat(receipt.network()).isEqualTo(Network.BASE_SEPOLIA);
    assertThat(receipt.settledAt()).isEqualTo(Sale.NOW);
    assertThat(node.settlements).isEqualTo(1);
  }

  @Test
  void eachRequestGetsAChallengeOfItsOwn() {
    PaymentChallenge first = challenge(ask("GET /premium", 10_000));
    PaymentChallenge second = challenge(ask("GET /premium", 10_000));
    assertThat(first.nonce()).isNotEqualTo(second.nonce());
    assertThat(ask("GET /premium", 10_000, by(pay(first))).calls).contains("deliver");
    assertThat(ask("GET /premium", 10_000, by(pay(second))).calls).contains("deliver");
    assertThat(node.settlements).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void oneAuthorizationBuysOneDeliveryWhateverCarriesIt(boolean firstMpp, boolean secondMpp) {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    String[] first = firstMpp ? by(credential) : byX402(credential, 10_000);
    String[] second = secondMpp ? by(credential) : byX402(credential, 10_000);
    MemoryTransport sold = ask("GET /premium", 10_000, first);
    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
    assertThat(sold.headers).containsKey(firstMpp ? "Payment-Receipt" : "PAYMENT-RESPONSE");
    MemoryTransport again = ask("GET /premium", 10_000, second);
    assertThat(again.calls).containsExactly("refuse 402");
    assertThat(node.settlements).isEqualTo(1);
    if (secondMpp) {
      assertRefused(again, 402, "invalid-challenge");
    }
  }

  @Test
  void whatIsPendingGets503AndItsAnswerLater() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    node.settlement = new Settlement.Pending(TX);
    assertThat(ask("GET /premium", 10_000, by(credential)).calls)
        .containsExactly("run", "refuse 503");
    // Neither its expiry nor a new price costs the payer what it has paid.
    clock.advance(Duration.ofMinutes(5));
    assertThat(ask("GET /premium", 10_000, by(credential)).calls).containsExactly("refuse 503");
    node.settlement = SETTLED;
    assertThat(ask("GET /premium", 9_000, by(credential)).calls)
        .containsExactly("run", "headers", "deliver");
    assertThat(node.settlements).isEqualTo(1);
  }

  @Test
  void whatWasBegunInATokenThatIsNotOfferedAnyMoreIsFinished() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    node.settlement = new Settlement.Pending(TX);
    ask("GET /premium", 10_000, by(credential));
    node.settlement = SETTLED;
    PaymentRequired other =
        PaymentRequired.of(
            ResourceInfo.of("https://shop.example/premium"),
            List.of(
                PaymentRequirements.exact(
                    Usdc.BASE, TokenAmount.of(10_000), Sale.PAY_TO, Duration.ofSeconds(60))));
    MemoryTransport again = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(other),
        Sale.purchase("GET /premium").withFixedPrice(),
        Sale.headers(by(credential)),
        again);
    assertThat(again.calls).containsExactly("run", "headers", "deliver");
    assertThat(node.settlements).isEqualTo(1);
  }

  @Test
  void onlyThePayerFetchesWhatItsAuthorizationHasPaidFor() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    node.settlement = new Settlement.Pending(TX);
    ask("GET /premium", 10_000, by(credential));
    node.settlement = SETTLED;
    // All that is on the chain, and no more.
    assertThat(ask("GET /premium", 10_000, byX402(credential, 10_000)).calls)
        .containsExactly("refuse 402");
    assertThat(ask("GET /premium", 10_000, by(credential)).calls).contains("deliver");
  }

  @Test
  void aSettlementThatFailsIsAProblem() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    node.settlement = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "");
    MemoryTransport sold = ask("GET /premium", 10_000, by(credential));
    assertThat(sold.calls).containsExactly("run", "refuse 402");
    sold.calls.remove("run");
    assertRefused(sold, 402, "payment-insufficient");
  }

  @Test
  void aRequiredIdentifierIsTheChallenges() {
    PaymentGate naming = gate(b -> b.paymentIdentifiers(PaymentIdentifiers.required()));
    PaymentCredential credential = pay(challenge(ask(naming, "GET /premium", 10_000)));
    assertThat(ask(naming, "GET /premium", 10_000, by(credential)).calls).contains("deliver");
  }

  // ---- what is refused

  @Test
  void aChallengeIsForOneRequest() {
    for (String other :
        List.of("GET /other", "POST /premium", "GET /premium?x=1", "GET /premium/")) {
      PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
      assertRefused(ask(other, 10_000, by(credential)), 402, "invalid-challenge");
    }
    assertThat(node.settlements).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {9_999, 10_001, 1})
  void aNewPriceNeedsANewChallenge(long price) {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    MemoryTransport refused = ask("GET /premium", price, by(credential));
    assertRefused(refused, 402, "invalid-challenge");
    PaymentChallenge fresh = challenge(refused);
    assertThat(charge(fresh).amount()).isEqualTo(TokenAmount.of(price));
    assertThat(ask("GET /premium", price, by(pay(fresh))).calls).contains("deliver");
    assertThat(node.settlements).isEqualTo(1);
  }

  @Test
  void aChallengeExpires() {
    PaymentChallenge challenge = challenge(ask("GET /premium", 10_000));
    PaymentCredential longer =
        pay(challenge, challenge.nonce().text(), challenge.expiresAt().plusSeconds(60));
    clock.advance(Duration.ofSeconds(60));
    assertRefused(ask("GET /premium", 10_000, by(longer)), 402, "payment-expired");
    clock.advance(Duration.ofSeconds(-7));
    assertThat(ask("GET /premium", 10_000, by(pay(challenge))).calls).contains("deliver");
  }

  /** Each parameter by itself; the payload is signed for the challenge as it comes back. */
  @ParameterizedTest
  @CsvSource({
    "digest, sha-256=:eA==:",
    "digest, sha-256=eA==",
    "digest, ''",
    "description, Data feed",
    "description, ''",
    "opaque, e30",
    "opaque, ",
    "expires, 2099-01-01T00:00:00Z",
    "expires, ",
    "realm, other.example",
  })
  void aChallengeComesBackAsItWentOut(String parameter, String value) {
    PaymentChallenge c = challenge(ask("GET /premium", 10_000));
    assertThat(c.digest()).isNull();
    assertThat(c.description()).isNull();
    PaymentChallenge changed =
        new PaymentChallenge(
            c.id(),
            parameter.equals("realm") ? value : c.realm(),
            c.method(),
            c.intent(),
            c.request(),
            parameter.equals("description") ? value : null,
            parameter.equals("digest") ? value : null,
            parameter.equals("expires") ? value : c.expires(),
            parameter.equals("opaque") ? value : c.opaque());
    Instant validBefore = Sale.NOW.plusSeconds(60);
    PaymentCredential credential = pay(changed, changed.nonce().text(), validBefore);
    assertRefused(ask("GET /premium", 10_000, by(credential)), 402, "invalid-challenge");
    assertThat(node.settlements).isZero();
  }

  /** A challenge lives as long as its own offer lets an authorization be valid, and no longer. */
  @ParameterizedTest
  @CsvSource({"60, 600, 1", "600, 60, 1", "60, 600, 0", "60, 86400, 1"})
  void anAuthorizationMayBeValidUntilItsChallengeExpires(long first, long second, long more) {
    List<PaymentRequirements> offers =
        List.of(
            PaymentRequirements.exact(
                Usdc.BASE_SEPOLIA, TokenAmount.of(10_000), Sale.PAY_TO, Duration.ofSeconds(first)),
            PaymentRequirements.exact(
                Usdc.BASE_SEPOLIA,
                TokenAmount.of(10_000 + more),
                Sale.PAY_TO,
                Duration.ofSeconds(second)));
    PaymentRequired required =
        PaymentRequired.of(ResourceInfo.of("https://shop.example/premium"), offers);
    for (int i = 0; i < offers.size(); i++) {
      String header = sell(required).refusal.headers().get("WWW-Authenticate");
      PaymentChallenge challenge = PaymentChallenge.parse(List.of(header)).get(i);
      assertThat(challenge.expiresAt()).isEqualTo(Sale.NOW.plus(offers.get(i).maxTimeout()));
      assertThat(sell(required, by(pay(challenge))).calls).contains("deliver");
    }
    assertThat(node.settlements).isEqualTo(2);
  }

  @Test
  void anOfferByPermit2BesideItIsNotMeant() {
    PaymentRequirements offer = required("/", 10_000).accepts().get(0);
    Map<String, Object> extra = new LinkedHashMap<>(offer.extra());
    extra.put("assetTransferMethod", "permit2");
    PaymentRequirements permit2 =
        new PaymentRequirements(
            offer.scheme(),
            offer.network(),
            offer.amount(),
            offer.asset(),
            offer.payTo(),
            offer.maxTimeout(),
            extra);
    PaymentRequired required =
        PaymentRequired.of(
            ResourceInfo.of("https://shop.example/premium"), List.of(permit2, offer));
    PaymentChallenge challenge = challenge(sell(required));
    assertThat(sell(required, by(pay(challenge))).calls).contains("deliver");
  }

  private MemoryTransport sell(PaymentRequired required, String... headers) {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(required), Sale.purchase("GET /premium"), Sale.headers(headers), transport);
    return transport;
  }

  @Test
  void whoTakesNoEvmChargeIsOfferedX402Alone() {
    for (String none : List.of("evm/charge;q=0", "tempo/charge, stripe/charge;q=0.5")) {
      MemoryTransport asked = ask("GET /premium", 10_000, "Accept-Payment", none);
      assertThat(asked.calls).containsExactly("refuse 402");
      assertThat(asked.refusal.headers())
          .containsKey("PAYMENT-REQUIRED")
          .doesNotContainKey("WWW-Authenticate");
    }
    PaymentChallenge challenge =
        challenge(ask("GET /premium", 10_000, "Accept-Payment", "evm/charge;q=1"));
    String[] paid = by(pay(challenge));
    assertThat(ask("GET /premium", 10_000, paid[0], paid[1], "Accept-Payment", "evm/charge").calls)
        .contains("deliver");
  }

  @Test
  void anAuthorizationIsForItsChallenge() {
    PaymentChallenge one = challenge(ask("GET /premium", 10_000));
    PaymentChallenge two = challenge(ask("GET /premium", 10_000));
    PaymentCredential mixed = new PaymentCredential(one, pay(two).payload(), null);
    assertRefused(ask("GET /premium", 10_000, by(mixed)), 402, "verification-failed");
  }

  @Test
  void theSourceIsThePayer() {
    PaymentCredential good = pay(challenge(ask("GET /premium", 10_000)));
    String another = "did:pkh:eip155:84532:" + Sale.PAY_TO;
    assertRefused(
        ask(
            "GET /premium",
            10_000,
            by(new PaymentCredential(good.challenge(), good.payload(), another))),
        402,
        "verification-failed");
    for (String silent : Arrays.asList(null, "did:web:payer.example")) {
      PaymentCredential other = pay(challenge(ask("GET /premium", 10_000)));
      PaymentCredential credential =
          new PaymentCredential(other.challenge(), other.payload(), silent);
      assertThat(ask("GET /premium", 10_000, by(credential)).calls).contains("deliver");
    }
  }

  @Test
  void anotherServersSecretSignsNothingHere() {
    PaymentGate other =
        gate(b -> b.mpp(ChallengeSecrets.of("another secret of this test, also long enough")));
    PaymentCredential credential = pay(challenge(ask(other, "GET /premium", 10_000)));
    assertRefused(ask("GET /premium", 10_000, by(credential)), 402, "invalid-challenge");
    PaymentGate rotated =
        gate(
            b ->
                b.mpp(
                    ChallengeSecrets.of(SECRET, "another secret of this test, also long enough")));
    assertThat(ask(rotated, "GET /premium", 10_000, by(credential)).calls).contains("deliver");
  }

  @ParameterizedTest
  @CsvSource({
    "tempo, charge, authorization, 400, method-unsupported",
    "evm, session, authorization, 400, method-unsupported",
    "evm, charge, permit2, 402, verification-failed",
    "evm, charge, hash, 402, verification-failed",
  })
  void anotherMethodOrTypeIsRefused(
      String method, String intent, String type, int status, String problem) {
    PaymentCredential good = pay(challenge(ask("GET /premium", 10_000)));
    PaymentChallenge c = good.challenge();
    Map<String, Object> payload = new LinkedHashMap<>(good.payload());
    payload.put("type", type);
    PaymentChallenge other =
        new PaymentChallenge(
            c.id(), c.realm(), method, intent, c.request(), null, null, c.expires(), c.opaque());
    assertRefused(
        ask("GET /premium", 10_000, by(new PaymentCredential(other, payload, null))),
        status,
        problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Payment",
        "Payment ",
        "Payment !",
        "Payment e30",
        "Payment e30=",
        "Payment eyJhIjoxfQ, Basic eDp5",
        "PAYMENT \u00e4",
      })
  void whatIsNoCredentialIsMalformed(String header) {
    MemoryTransport sold = ask("GET /premium", 10_000, "Authorization", header);
    if (header.strip().equalsIgnoreCase("Payment")) { // names the scheme and brings nothing
      assertThat(sold.calls).containsExactly("refuse 402");
    } else {
      assertRefused(sold, 400, "malformed-credential");
    }
  }

  @Test
  void aCredentialIsBounded() {
    assertThat(ask("GET /premium", 10_000, "Authorization", "Payment " + "A".repeat(70_000)).calls)
        .containsExactly("refuse 400");
  }

  @Test
  void twoPaymentsInOneRequestAreOneTooMany() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    String[] mpp = by(credential);
    String[] x402 = byX402(credential, 10_000);
    for (String[] both :
        List.of(
            new String[] {mpp[0], mpp[1], x402[0], x402[1]},
            new String[] {mpp[0], mpp[1], mpp[0], mpp[1]},
            new String[] {mpp[0], mpp[1], "X-Payment-Receipt", "a.b.c"})) {
      assertThat(ask("GET /premium", 10_000, both).calls).containsExactly("refuse 400");
    }
    String[] besideAnother = {"Authorization", "Bearer token", mpp[0], mpp[1]};
    assertThat(ask("GET /premium", 10_000, besideAnother).calls).contains("deliver");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer token", "Basic eDp5", "Payments x", "Digest a=b"})
  void anotherSchemeIsNoneOfOurs(String credential) {
    MemoryTransport asked = ask("GET /premium", 10_000, "Authorization", credential);
    assertThat(asked.refusal.headers()).doesNotContainKey("Content-Type");
    challenge(asked);
  }

  @Test
  void switchedOffTheSchemeIsNoneOfOurs() {
    PaymentGate off = PaymentGate.builder().ledger(ledger).facilitator(node).clock(clock).build();
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    MemoryTransport asked = ask(off, "GET /premium", 10_000, by(credential));
    assertThat(asked.calls).containsExactly("refuse 402");
    assertThat(asked.refusal.headers()).doesNotContainKeys("WWW-Authenticate", "Content-Type");
    String[] both = {
      "Authorization", "Payment nonsense", "PAYMENT-SIGNATURE", byX402(credential, 10_000)[1]
    };
    assertThat(ask(off, "GET /premium", 10_000, both).calls).contains("deliver");
  }

  @Test
  void aRefusalInX402StaysOneAndHasAChallenge() {
    PaymentCredential credential = pay(challenge(ask("GET /premium", 10_000)));
    MemoryTransport refused = ask("GET /premium", 9_000, byX402(credential, 10_000));
    assertThat(refused.refusal.headers()).containsKeys("PAYMENT-RESPONSE", "WWW-Authenticate");
    assertThat(refused.refusal.headers()).doesNotContainKey("Content-Type");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "31 bytes are one byte too short"})
  void aSecretIsLong(String secret) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ChallengeSecrets.of(secret))
        .withMessageContaining("mpp secret: expected at least 32 random bytes")
        .withMessageNotContaining("too short");
    assertThatIllegalArgumentException().isThrownBy(() -> ChallengeSecrets.of(SECRET, secret));
    assertThat(ChallengeSecrets.of(SECRET).toString()).doesNotContain("secret of");
  }

  // ---- whatever is changed

  /**
   * Each parameter of the challenge and each member of the payload changed in every way at random:
   * nothing gets through, and nothing but refusals comes back. The seed is fixed.
   */
  @Test
  void noChangedCredentialGetsThrough() {
    Random random = new Random(402);
    List<Function<PaymentCredential, PaymentCredential>> changes =
        List.of(
            c -> with(c, ch -> changed(ch, random)),
            c -> new PaymentCredential(c.challenge(), changed(c.payload(), random), c.source()),
            c -> new PaymentCredential(c.challenge(), without(c.payload(), random), c.source()));
    for (int i = 0; i < 300; i++) {
      PaymentCredential good = pay(challenge(ask("GET /premium", 10_000)));
      PaymentCredential bad = changes.get(i % changes.size()).apply(good);
      MemoryTransport refused = ask("GET /premium", 10_000, by(bad));
      assertThat(refused.calls)
          .as("%s", bad.header())
          .hasSize(1)
          .first()
          .asString()
          .isIn("refuse 400", "refuse 402");
      assertThat(refused.refusal.headers())
          .as("%s", bad.header())
          .containsEntry("Content-Type", "application/problem+json");
    }
    assertThat(node.settlements).isZero();
  }

  @Test
  void noHeaderWithAChangedByteGetsThrough() {
    Random random = new Random(402);
    String good = pay(challenge(ask("GET /premium", 10_000))).header();
    for (int i = 0; i < 500; i++) {
      StringBuilder changed = new StringBuilder(good);
      int at = "Payment ".length() + random.nextInt(good.length() - "Payment ".length());
      char other =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
              .charAt(random.nextInt(64));
      changed.setCharAt(at, other);
      MemoryTransport sold = ask("GET /premium", 10_000, "Authorization", changed.toString());
      if (sold.calls.contains("deliver")) { // the same credential, written in another way
        assertThat(meaning(changed.toString())).isEqualTo(meaning(good));
      }
    }
    assertThat(node.settlements).isLessThanOrEqualTo(1);
  }

  /** Returns what counts of a credential: hex digits have two cases, and the source is optional. */
  private static Object meaning(String header) {
    try {
      PaymentCredential credential =
          PaymentCredential.decode(header.substring("Payment ".length()));
      return JsonText.canonical(
              Map.of(
                  "challenge", credential.challenge().header(),
                  "payload", credential.payload()))
          .toLowerCase(java.util.Locale.ROOT);
    } catch (MalformedPaymentException e) {
      return e;
    }
  }

  private static PaymentCredential with(
      PaymentCredential c, UnaryOperator<PaymentChallenge> change) {
    PaymentChallenge changed = change.apply(c.challenge());
    // Signed anew for the changed challenge where that is possible: then the HMAC must tell.
    PaymentCredential signed = changed.isEvmCharge() && isCharge(changed) ? pay(changed) : c;
    return new PaymentCredential(changed, signed.payload(), c.source());
  }

  private static boolean isCharge(PaymentChallenge challenge) {
    try {
      EvmCharge.parse(challenge.request());
      return challenge.expiresAt().isAfter(Instant.EPOCH);
    } catch (MalformedPaymentException e) {
      return false;
    }
  }

  private static PaymentChallenge changed(PaymentChallenge c, Random random) {
    String cheap =
        EvmCharge.byAuthorization(
                Sale.OFFER.network(),
                TokenAmount.of(1),
                Sale.OFFER.asset(),
                random.nextBoolean() ? Sale.PAY_TO : Sale.PAYER.address(),
                6)
            .request();
    String later = Sale.NOW.plusSeconds(61 + random.nextInt(29)).toString();
    return switch (random.nextInt(8)) {
      case 0 -> of(other(c.id(), random), c.realm(), c.request(), null, c.expires(), c.opaque());
      case 1 -> of(c.id(), other(c.realm(), random), c.request(), null, c.expires(), c.opaque());
      case 2 -> of(c.id(), c.realm(), cheap, null, c.expires(), c.opaque());
      case 3 -> of(c.id(), c.realm(), c.request(), "sha-256=:eA==:", c.expires(), c.opaque());
      case 4 -> of(c.id(), c.realm(), c.request(), null, later, c.opaque());
      case 5 -> of(c.id(), c.realm(), c.request(), null, null, c.opaque());
      case 6 -> of(c.id(), c.realm(), c.request(), null, c.expires(), null);
      default ->
          of(
              c.id(),
              c.realm(),
              c.request(),
              null,
              c.expires(),
              other(Objects.requireNonNull(c.opaque()), random));
    };
  }

  private static PaymentChallenge of(
      String id, String realm, String request, String digest, String expires, String opaque) {
    return new PaymentChallenge(id, realm, "evm", "charge", request, null, digest, expires, opaque);
  }

  private static String other(String text, Random random) {
    int at = random.nextInt(text.length());
    char c = text.charAt(at) == 'A' ? 'B' : 'A';
    return text.substring(0, at) + c + text.substring(at + 1);
  }

  private static Map<String, Object> changed(Map<String, Object> payload, Random random) {
    Map<String, Object> changed = new LinkedHashMap<>(payload);
    String name = List.copyOf(payload.keySet()).get(random.nextInt(payload.size()));
    String text = (String) payload.get(name);
    int at = text.length() - 1 - random.nextInt(Math.min(text.length(), 30));
    char digit = "0123456789".charAt(random.nextInt(10));
    char c = text.charAt(at) == digit ? (digit == '0' ? '1' : '0') : digit;
    changed.put(name, text.substring(0, at) + c + text.substring(at + 1));
    return changed;
  }

  private static Map<String, Object> without(Map<String, Object> payload, Random random) {
    Map<String, Object> changed = new LinkedHashMap<>(payload);
    String name = List.copyOf(payload.keySet()).get(random.nextInt(payload.size()));
    if (random.nextBoolean()) {
      changed.remove(name);
    } else {
      changed.put(name, List.of(1L, Map.of(), true).get(random.nextInt(3)));
    }
    return changed;
  }
}
