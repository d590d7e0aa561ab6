// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import static io.github.x402j.receipt.Network402.AUDIENCE;
import static io.github.x402j.receipt.Network402.ISSUER;
import static io.github.x402j.receipt.Network402.KEY;
import static io.github.x402j.receipt.Network402.SIGNER;
import static io.github.x402j.receipt.Network402.x402;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import io.github.x402j.TokenAmount;
import io.github.x402j.facilitator.LocalCheckOnly;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.MutableClock;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Receipts that a trusted key has signed and that are wrong all the same: an issuer with a bug, or
 * one that serves attackers. None buys what it does not name.
 */
class HostileReceiptTest {
  private static final Purchase PURCHASE = Purchase.of(Sale.REQUEST, "GET");
  private static final Purchase PASS =
      PURCHASE.withPass(Pass.unlimited("/premium", "GET", Duration.ofMinutes(10)));

  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK);

  private PaymentGate gate(TrustedIssuer... trusted) {
    return gate(Sale.CLOCK, trusted);
  }

  private PaymentGate gate(Clock clock, TrustedIssuer... trusted) {
    return PaymentGate.builder()
        .ledger(ledger)
        .facilitator(LocalCheckOnly.facilitator())
        .clock(clock)
        .acceptReceipts(ReceiptVerifier.of(List.of(trusted), clock))
        .build();
  }

  private static TrustedIssuer network() {
    return Network402.trusted(SIGNER).build();
  }

  private static TrustedIssuer withPasses() {
    return Network402.trusted(SIGNER).passes().build();
  }

  private static Admission show(PaymentGate gate, Purchase purchase, String token) {
    return gate.admit(gate.challenge(Sale.REQUIRED), purchase, Sale.headers("X-PAYMENT", token));
  }

  private static void assertRefused(Admission admission) {
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    assertThat(((Admission.Refused) admission).refusal().status()).isIn(400, 402);
  }

  private static void assertAdmitted(Admission admission) {
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("claims")
  void buysNothing(String name, String token) {
    assertRefused(show(gate(network()), PURCHASE, token));
    assertRefused(show(gate(withPasses()), PASS, token));
    assertThat(ledger.size()).isZero();
  }

  static Stream<Arguments> claims() throws Exception {
    long now = Sale.NOW.getEpochSecond();
    List<Arguments> cases = new ArrayList<>();
    for (Object exp :
        new Object[] {
          -1L,
          Long.MIN_VALUE,
          Long.MAX_VALUE,
          2_305_843_010_980_920_152L, // in 64 bits of milliseconds that is ten minutes from now
          9_223_372_036_854_775L,
          new BigInteger("9".repeat(40)),
          1e300,
          Double.MAX_VALUE,
          "2026-01-01",
          "" + (now + 600),
          true,
          List.of(now + 600),
          Map.of("at", now + 600)
        }) {
      cases.add(claim("exp " + exp, c -> c.put("exp", exp)));
    }
    for (Object iat : new Object[] {-1L, Long.MIN_VALUE, Long.MAX_VALUE, "now", 1e300, true}) {
      cases.add(claim("iat " + iat, c -> c.put("iat", iat)));
    }
    for (Object nbf : new Object[] {Long.MAX_VALUE, "soon", now + 6}) {
      cases.add(claim("nbf " + nbf, c -> c.put("nbf", nbf)));
    }
    for (String amount :
        new String[] {
          "010000",
          "10000.0",
          "1e4",
          "+10000",
          "-10000",
          " 10000",
          "10000 ",
          "0x2710",
          "\u0661\u0660\u0660\u0660\u0660",
          "",
          "0",
          "10,000",
          "9".repeat(78)
        }) {
      cases.add(claim("amount " + amount, c -> x402(c, "amount", amount)));
    }
    for (Object amount : new Object[] {10000L, 10000.0, true, List.of("10000"), Map.of()}) {
      cases.add(claim("amount of type " + amount.getClass(), c -> x402(c, "amount", amount)));
    }
    for (String network :
        new String[] {
          "base-sepolia",
          "84532",
          "eip155:084532",
          "EIP155:84532",
          "eip155:84532 ",
          "eip155:*",
          "eip155:",
          "eip155:-84532",
          "eip155:1"
        }) {
      cases.add(claim("network " + network, c -> x402(c, "network", network)));
    }
    String wrongChecksum = flipped(Sale.PAY_TO.text());
    for (String payTo :
        new String[] {
          wrongChecksum,
          Sale.PAY_TO.text().substring(2),
          "0X" + Sale.PAY_TO.text().substring(2),
          Sale.PAY_TO.text() + "00",
          "0x" + "0".repeat(40)
        }) {
      cases.add(claim("payTo " + payTo, c -> x402(c, "payTo", payTo)));
    }
    for (Object sub : new Object[] {7L, List.of(Network402.PAYER.text()), Map.of(), true}) {
      cases.add(claim("sub of type " + sub.getClass(), c -> c.put("sub", sub)));
    }
    for (Object jti : new Object[] {7L, List.of("1"), Map.of("a", 1)}) {
      cases.add(claim("jti of type " + jti.getClass(), c -> c.put("jti", jti)));
    }
    for (Object aud :
        new Object[] {7L, Map.of("a", AUDIENCE), List.of(AUDIENCE, AUDIENCE), List.of(7L)}) {
      cases.add(claim("aud of type " + aud, c -> c.put("aud", aud)));
    }
    for (Object uses :
        new Object[] {1.5, "1", Long.MIN_VALUE, new BigInteger("9".repeat(30)), true, List.of(1)}) {
      cases.add(claim("uses " + uses, c -> x402(c, "uses", uses)));
    }
    cases.add(claim("a proof", c -> x402(c, "uses", 0L)));
    cases.add(
        claim(
            "a pass for no use",
            c -> {
              x402(c, "uses", 0L);
              x402(c, "route", "/premium");
              x402(c, "pass", true);
            }));
    for (Object pass : new Object[] {1L, "true", List.of(true), "yes"}) {
      cases.add(claim("pass " + pass, c -> x402(c, "pass", pass)));
    }
    for (String route :
        new String[] {
          "*",
          "/*",
          "https://shop.example/*",
          Sale.URL + "/",
          Sale.URL + "?",
          Sale.URL + "#a",
          Sale.URL.toUpperCase(Locale.ROOT),
          "/premium/",
          "//premium",
          "/PREMIUM",
          "premium"
        }) {
      cases.add(claim("route " + route, c -> x402(c, "route", route)));
      cases.add(
          claim(
              "pass for route " + route,
              c -> {
                x402(c, "route", route);
                x402(c, "pass", true);
              }));
    }
    for (String method : new String[] {"*", "get", "HEAD", "GET,POST", "GET "}) {
      cases.add(claim("method " + method, c -> x402(c, "method", method)));
    }
    for (String tx :
        new String[] {"0x" + "AB".repeat(32), "ab".repeat(32), "0x" + "ab".repeat(33)}) {
      cases.add(claim("tx " + tx, c -> x402(c, "tx", tx)));
    }
    cases.add(duplicated("exp", "\"exp\":" + (now + 600) + ",", "\"exp\":1,"));
    cases.add(
        duplicated("aud", "\"aud\":\"https://other.example\",", "\"aud\":\"" + AUDIENCE + "\","));
    cases.add(
        duplicated("iss", "\"iss\":\"https://other.example\",", "\"iss\":\"" + ISSUER + "\","));
    cases.add(
        raw(
            "claims nested 3000 deep",
            "{\"iss\":\"" + ISSUER + "\",\"x\":" + "[".repeat(3000) + "]".repeat(3000) + "}"));
    cases.add(
        raw(
            "objects nested 500 deep",
            "{\"iss\":\""
                + ISSUER
                + "\",\"x\":"
                + "{\"a\":".repeat(500)
                + "1"
                + "}".repeat(500)
                + "}"));
    cases.add(raw("x402 twice", good().replace("\"x402\":{", "\"x402\":{},\"x402\":{")));
    cases.add(
        raw(
            "amount twice",
            good().replace("\"amount\":\"10000\"", "\"amount\":\"1\",\"amount\":\"10000\"")));
    cases.add(raw("trailing text", good() + " {}"));
    cases.add(raw("trailing bracket", good() + "]"));
    return cases.stream();
  }

  private static String flipped(String address) {
    StringBuilder text = new StringBuilder(address);
    for (int i = 2; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isLetter(c)) {
        text.setCharAt(
            i, Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
        return text.toString();
      }
    }
    return address;
  }

  private static Arguments claim(String name, Consumer<Map<String, Object>> change)
      throws Exception {
    return Arguments.of(name, Network402.signed(Network402.claims(change)));
  }

  private static String good() throws Exception {
    return new Payload(Network402.claims(same -> {})).toString();
  }

  /** The member twice, with two values. */
  private static Arguments duplicated(String name, String one, String other) throws Exception {
    return raw(name + " twice", good().replaceFirst("\\{", "{" + one + other));
  }

  private static Arguments raw(String name, String json) throws Exception {
    JWSObject token = new JWSObject(Network402.header(), new Payload(json));
    token.sign(KEY.signer());
    return Arguments.of(name, token.serialize());
  }

  /** What is spelled otherwise and means the same is the same receipt. */
  @Test
  void addressesInLowerCaseAreTheSameAddresses() throws Exception {
    PaymentGate gate = gate(network());
    String lower =
        Network402.signed(
            Network402.claims(
                c -> {
                  c.put("sub", Network402.PAYER.text().toLowerCase(Locale.ROOT));
                  x402(c, "payTo", Sale.PAY_TO.text().toLowerCase(Locale.ROOT));
                  x402(c, "asset", Sale.OFFER.asset().text().toLowerCase(Locale.ROOT));
                }));
    Admission admission = show(gate, PURCHASE, lower);
    assertAdmitted(admission);
    gate.delivered(((Admission.Admitted) admission).payment());
    assertRefused(show(gate, PURCHASE, Network402.token("1")));
  }

  /** Each issuer numbers its own receipts; one cannot use up another's. */
  @Test
  void twoIssuersMayUseTheSameNumber() {
    SigningKey key = SigningKey.generated(ReceiptAlgorithm.ES256);
    ReceiptIssuer second =
        ReceiptIssuer.builder("https://pay2.example", AUDIENCE).key(key).clock(Sale.CLOCK).build();
    PaymentGate gate =
        gate(
            network(),
            TrustedIssuer.builder("https://pay2.example", AUDIENCE, ReceiptAlgorithm.ES256)
                .jwks(second.jwks())
                .build());
    Receipt first = Network402.receipt("1");
    String seconds = second.sign(of(first, "https://pay2.example", "0x" + "cd".repeat(32)));
    Admission one = show(gate, PURCHASE, SIGNER.sign(first));
    assertAdmitted(one);
    gate.delivered(((Admission.Admitted) one).payment());
    Admission other = show(gate, PURCHASE, seconds);
    assertAdmitted(other);
    gate.delivered(((Admission.Admitted) other).payment());
    assertRefused(show(gate, PURCHASE, SIGNER.sign(first)));
    assertRefused(show(gate, PURCHASE, seconds));
    // Two issuers that are believed do not both sell the one transaction.
    assertRefused(
        show(
            gate,
            PURCHASE,
            second.sign(of(Network402.receipt("2"), "https://pay2.example", first.transaction()))));
  }

  private static Receipt of(Receipt like, String issuer, String transaction) {
    return new Receipt(
        issuer,
        like.audience(),
        like.payer(),
        like.id(),
        like.issuedAt(),
        like.expiresAt(),
        transaction,
        like.network(),
        like.asset(),
        like.amount(),
        like.payTo(),
        like.route(),
        like.method(),
        like.isPass(),
        like.uses());
  }

  /** A key is looked up among those of the issuer that the token names. */
  @Test
  void anIssuerSignsForNoOther() throws Exception {
    SigningKey key = SigningKey.generated(ReceiptAlgorithm.ES256);
    ReceiptIssuer second =
        ReceiptIssuer.builder("https://pay2.example", AUDIENCE).key(key).clock(Sale.CLOCK).build();
    PaymentGate gate =
        gate(
            network(),
            TrustedIssuer.builder("https://pay2.example", AUDIENCE, ReceiptAlgorithm.ES256)
                .jwks(second.jwks())
                .build());
    JWSObject token =
        new JWSObject(
            Network402.builder().keyID(key.kid()).build(),
            new Payload(Network402.claims(same -> {})));
    token.sign(key.signer());
    assertRefused(show(gate, PURCHASE, token.serialize()));
    JWSObject borrowed =
        new JWSObject(Network402.header(), new Payload(Network402.claims(same -> {})));
    borrowed.sign(key.signer());
    assertRefused(show(gate, PURCHASE, borrowed.serialize()));
  }

  /** The kid decides which of the issuer's keys it was. */
  @Test
  void aKeyIsLookedUpByItsName() {
    SigningKey next = SigningKey.generated(ReceiptAlgorithm.ES256);
    ReceiptIssuer rotating =
        ReceiptIssuer.builder(ISSUER, AUDIENCE)
            .key(next)
            .alsoPublish(KEY)
            .clock(Sale.CLOCK)
            .build();
    PaymentGate gate = gate(Network402.trusted(rotating).build());
    assertAdmitted(show(gate, PURCHASE, SIGNER.sign(Network402.receipt("old"))));
    assertAdmitted(show(gate, PURCHASE, rotating.sign(Network402.receipt("new"))));
  }

  @Test
  void theCapTheSkewAndTheEndHoldToTheSecond() throws Exception {
    long now = Sale.NOW.getEpochSecond();
    PaymentGate gate = gate(network());
    assertAdmitted(show(gate, PURCHASE, at("cap", now, now + 86_400)));
    assertRefused(show(gate, PURCHASE, at("cap+1", now, now + 86_401)));
    assertAdmitted(show(gate, PURCHASE, at("iat+5", now + 5, now + 60)));
    assertRefused(show(gate, PURCHASE, at("iat+6", now + 6, now + 60)));
    assertAdmitted(show(gate, PURCHASE, at("exp-4", now - 60, now - 4)));
    assertRefused(show(gate, PURCHASE, at("exp-5", now - 60, now - 5)));
  }

  private static String at(String id, long issued, long expires) throws Exception {
    return Network402.signed(
        Network402.claims(
            c -> {
              c.put("jti", id);
              c.put("iat", issued);
              c.put("exp", expires);
            }));
  }

  @Test
  void aPassOpensWhatCostsAtMostWhatItPaid() throws Exception {
    PaymentGate gate = gate(withPasses());
    assertAdmitted(show(gate, PASS, pass("10000")));
    assertAdmitted(show(gate, PASS, pass("10001")));
    assertRefused(show(gate, PASS, pass("9999")));
  }

  private static String pass(String amount) throws Exception {
    return Network402.signed(
        Network402.claims(
            c -> {
              x402(c, "amount", amount);
              x402(c, "route", "/premium");
              x402(c, "pass", true);
            }));
  }

  /**
   * A receipt that was used once is used, under whichever of its spellings, however many at once.
   */
  @Test
  void manyAtOnceGetOneAnswer() throws Exception {
    PaymentGate gate = gate(network());
    List<String> spellings =
        List.of(
            Network402.token("1"), // ECDSA signs differently each time
            Network402.token("1"),
            " " + Network402.token("1"),
            Network402.token("1") + "==");
    AtomicInteger delivered = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(16);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        String token = spellings.get(i % spellings.size());
        all.add(
            pool.submit(
                () -> {
                  if (show(gate, PURCHASE, token) instanceof Admission.Admitted admitted) {
                    delivered.incrementAndGet();
                    gate.delivered(admitted.payment());
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(delivered).hasValue(1);
  }

  /** An issuer that signs one number twice with another promise gets no more than one of them. */
  @Test
  void oneNumberWithMoreUsesIsStillOneReceipt() throws Exception {
    PaymentGate gate = gate(withPasses());
    Admission first = show(gate, PURCHASE, Network402.token("1"));
    gate.delivered(((Admission.Admitted) first).payment());
    String more = Network402.signed(Network402.claims(c -> x402(c, "uses", 2)));
    Admission second = show(gate, PURCHASE, more);
    assertAdmitted(second); // two in all, of which one is gone
    gate.delivered(((Admission.Admitted) second).payment());
    assertRefused(show(gate, PURCHASE, more));
    assertRefused(show(gate, PURCHASE, Network402.token("1")));
  }

  /** The count outlives the receipt, however late it is first shown. */
  @Test
  void aUsedReceiptIsRefusedUntilItsEndAndAfter() throws Exception {
    MutableClock clock = new MutableClock();
    InMemoryPaymentLedger own = InMemoryPaymentLedger.withCapacity(100, clock);
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(own)
            .facilitator(LocalCheckOnly.facilitator())
            .clock(clock)
            .acceptReceipts(ReceiptVerifier.of(List.of(network()), clock))
            .build();
    String token = Network402.token("1");
    clock.advance(Duration.ofSeconds(590));
    gate.delivered(((Admission.Admitted) show(gate, PURCHASE, token)).payment());
    for (int i = 0; i < 40; i++) {
      assertRefused(show(gate, PURCHASE, token));
      clock.advance(Duration.ofSeconds(60));
    }
  }

  /** The key would verify it: an RSA key knows several algorithms. */
  @Test
  void aTrustedKeyCountsInItsAlgorithmOnly() throws Exception {
    SigningKey rsa = SigningKey.generated(ReceiptAlgorithm.RS256);
    PaymentGate gate = gate(Network402.trusted(Network402.issuer(rsa)).build());
    for (JWSAlgorithm other : List.of(JWSAlgorithm.RS512, JWSAlgorithm.PS256)) {
      assertRefused(show(gate, PURCHASE, rsaToken(rsa, other)));
    }
    assertAdmitted(show(gate, PURCHASE, rsaToken(rsa, JWSAlgorithm.RS256)));
  }

  private static String rsaToken(SigningKey key, JWSAlgorithm algorithm) throws Exception {
    JWSHeader header =
        new JWSHeader.Builder(algorithm)
            .type(new JOSEObjectType(ReceiptVerifier.TYPE))
            .keyID(key.kid())
            .build();
    JWSObject token = new JWSObject(header, new Payload(Network402.claims(same -> {})));
    token.sign(key.signer());
    return token.serialize();
  }

  /** Nimbus refuses what it does not know as critical, and our own Ed25519 leaves it to us. */
  @ParameterizedTest
  @EnumSource
  void whatIsCriticalIsNotIgnored(ReceiptAlgorithm algorithm) throws Exception {
    SigningKey key = SigningKey.generated(algorithm);
    PaymentGate gate = gate(Network402.trusted(Network402.issuer(key)).build());
    JWSHeader header =
        new JWSHeader.Builder(algorithm.jws())
            .type(new JOSEObjectType(ReceiptVerifier.TYPE))
            .keyID(key.kid())
            .criticalParams(Set.of("x"))
            .customParam("x", 1)
            .build();
    JWSObject token = new JWSObject(header, new Payload(Network402.claims(same -> {})));
    token.sign(key.signer());
    assertRefused(show(gate, PURCHASE, token.serialize()));
  }

  /** RFC 7519 lets a time have a fraction. */
  @Test
  void theWholeSecondsOfATimeCount() throws Exception {
    String token = Network402.signed(Network402.claims(c -> c.put("iat", 1_767_225_590.75)));
    assertAdmitted(show(gate(network()), PURCHASE, token));
  }

  @Test
  void theAmountThatCountsIsTheSellers() throws Exception {
    Admission admission = show(gate(withPasses()), PASS, pass("99999999"));
    assertThat(((Admission.Admitted) admission).payment().amount())
        .isEqualTo(TokenAmount.of(10_000));
  }
}
