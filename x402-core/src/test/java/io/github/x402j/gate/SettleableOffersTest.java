// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.VALID;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.facilitator.HostileFacilitator;
import io.github.x402j.testing.MutableClock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is offered where a remote facilitator settles some of it only. */
class SettleableOffersTest {
  private static final String TX = "0x" + "ab".repeat(32);
  private static final List<PaymentRequirements> WANTED = List.of(Sale.OFFER, Offers.BASE);
  private static final PaymentRequired REQUIRED =
      PaymentRequired.of(ResourceInfo.of(Sale.URL), WANTED);

  private static final String BOTH_OF_SEPOLIA = "2 exact eip155:84532, 1 exact base-sepolia";
  private static final String BOTH_OF_BASE = "2 exact eip155:8453, 1 exact base";

  private final HostileFacilitator remote = new HostileFacilitator();

  @AfterEach
  void close() {
    remote.close();
  }

  /** Written as: version, scheme, network; separated by commas. */
  private static HostileFacilitator.Script kinds(String kinds) {
    return json(
        200,
        "{\"kinds\":["
            + Stream.of(kinds.split(", ", -1))
                .map(kind -> kind.split(" ", -1))
                .map(
                    kind ->
                        "{\"x402Version\":%s,\"scheme\":\"%s\",\"network\":\"%s\"}"
                            .formatted(kind[0], kind[1], kind[2]))
                .collect(Collectors.joining(","))
            + "]}");
  }

  private PaymentGate.Builder gate() {
    return PaymentGate.builder().facilitator(to(remote.url()).build()).clock(Sale.CLOCK);
  }

  private static Refusal asked(PaymentGate gate, Challenge challenge) {
    Admission admission = gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers());
    return ((Admission.Refused) admission).refusal();
  }

  /** Returns the networks of a header, of version 2, or nothing if there is none. */
  private static List<String> header(Refusal refusal) throws Exception {
    String header = refusal.headers().get(PaymentHeader.PAYMENT_REQUIRED);
    return header == null ? List.of() : networks(PaymentCodec.decodeRequired(header));
  }

  private static List<String> networks(PaymentRequired required) {
    return required.accepts().stream().map(option -> option.network().caip2()).toList();
  }

  /** Returns the version of a body and its networks. */
  private static List<String> body(Refusal refusal) throws Exception {
    List<String> all = new ArrayList<>();
    all.add("version " + PaymentCodec.versionOfRequiredBody(refusal.body()));
    all.addAll(networks(PaymentCodec.decodeRequiredBody(refusal.body())));
    return all;
  }

  static Stream<Arguments> facilitators() {
    String sepolia = "eip155:84532";
    String base = "eip155:8453";
    return Stream.of(
        arguments(
            BOTH_OF_SEPOLIA + ", " + BOTH_OF_BASE,
            List.of(sepolia, base),
            List.of("version 1", sepolia, base)),
        arguments(
            "1 exact base-sepolia, 1 exact base", List.of(), List.of("version 1", sepolia, base)),
        arguments(
            "2 exact eip155:84532, 2 exact eip155:8453",
            List.of(sepolia, base),
            List.of("version 2", sepolia, base)),
        arguments("2 exact eip155:*", List.of(sepolia, base), List.of("version 2", sepolia, base)),
        arguments(BOTH_OF_BASE, List.of(base), List.of("version 1", base)),
        arguments(
            "2 exact eip155:84532, 1 exact base", List.of(sepolia), List.of("version 1", base)),
        arguments(
            BOTH_OF_BASE + ", 2 upto eip155:84532", List.of(base), List.of("version 1", base)),
        arguments(
            "2 exact eip155:84532, 2 exact solana:x",
            List.of(sepolia),
            List.of("version 2", sepolia)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("facilitators")
  void offersInEachVersionWhatCanBeSettled(
      String supported, List<String> inHeader, List<String> inBody) throws Exception {
    remote.on("/supported", kinds(supported));
    PaymentGate gate = gate().build();
    Challenge fixed = gate.challenge(REQUIRED);
    gate.start(WANTED);
    for (Challenge challenge :
        List.of(
            fixed,
            fixed.at("https://shop.example/other"),
            gate.challenge(REQUIRED),
            fixed.payingTo(Offers.PAY_TO))) {
      Refusal refusal = asked(gate, challenge);
      assertThat(header(refusal)).isEqualTo(inHeader);
      assertThat(body(refusal)).isEqualTo(inBody);
    }
  }

  static Stream<Arguments> useless() {
    return Stream.of(
        arguments("2 upto eip155:84532, 2 upto eip155:8453", "upto on eip155:84532 (version 2)"),
        arguments("2 exact eip155:137", "exact on eip155:137 (version 2)"),
        arguments("3 exact eip155:84532", "exact on eip155:84532 (version 3)"),
        arguments("1 exact eip155:84532", "exact on eip155:84532 (version 1)"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("useless")
  void failsTheStartWhereNothingIsLeft(String supported, String message) {
    remote.on("/supported", kinds(supported));
    PaymentGate gate = gate().build();
    assertThatThrownBy(() -> gate.start(WANTED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wanted exact on eip155:84532, exact on eip155:8453;")
        .hasMessageContaining("facilitator " + remote.url() + " supports " + message);
  }

  /** Another resource of the gate has an offer that can be settled. */
  @Test
  void failsTheStartWhereNothingIsLeftOfOneResource() {
    remote.on("/supported", kinds(BOTH_OF_SEPOLIA));
    PaymentGate gate = gate().build();
    gate.challenge(REQUIRED);
    gate.challenge(
        PaymentRequired.of(ResourceInfo.of("https://shop.example/dear"), List.of(Offers.BASE)));
    assertThatThrownBy(() -> gate.start(WANTED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("resource https://shop.example/dear: nothing that is offered")
        .hasMessageContaining("wanted exact on eip155:8453;");
  }

  @Test
  void saysInOneLineWhatItLeavesOut() {
    remote.on("/supported", kinds("1 exact base"));
    List<String> lines = logged(() -> gate().build().start(WANTED));
    assertThat(lines)
        .singleElement()
        .asString()
        .contains("offered exact on eip155:8453 (version 1 only)")
        .contains("not offered exact on eip155:84532")
        .contains("facilitator " + remote.url() + " supports exact on base (version 1)");
    remote.on("/supported", kinds(BOTH_OF_SEPOLIA + ", " + BOTH_OF_BASE));
    assertThat(logged(() -> gate().build().start(WANTED))).isEmpty();
  }

  private static List<String> logged(Runnable task) {
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      task.run();
    } finally {
      System.setErr(before);
    }
    return log.toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains("WARN") && line.contains("offer"))
        .toList();
  }

  @Test
  void refusesAPaymentInTheVersionThatIsNotOffered() {
    remote.on("/supported", kinds("1 exact base-sepolia")).on("/verify", json(200, VALID));
    PaymentGate gate = gate().build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    gate.start(List.of(Sale.OFFER));
    assertThat(admit(gate, challenge, Sale.v2(1)))
        .isInstanceOfSatisfying(
            Admission.Refused.class,
            refused -> {
              assertThat(refused.refusal().status()).isEqualTo(402);
              assertThat(refused.refusal().body()).contains("invalid_x402_version");
            });
    assertThat(admit(gate, challenge, Sale.v1(2))).isInstanceOf(Admission.Admitted.class);
  }

  private static Admission admit(PaymentGate gate, Challenge challenge, PaymentPayload payment) {
    return gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(payment));
  }

  /** What was left out is no offer, though the seller wanted to make it. */
  @Test
  void refusesAPaymentThatWasNotOffered() {
    remote.on("/supported", kinds(BOTH_OF_BASE));
    PaymentGate gate = gate().build();
    Challenge challenge = gate.challenge(REQUIRED);
    gate.start(WANTED);
    for (PaymentPayload payment : List.of(Sale.v1(1), Sale.v2(2))) {
      assertThat(admit(gate, challenge, payment))
          .isInstanceOfSatisfying(
              Admission.Refused.class,
              refused -> assertThat(refused.refusal().status()).isEqualTo(402));
    }
  }

  @Test
  void letsTheOneSettleThatSpeaksTheVersion() throws Exception {
    try (HostileFacilitator other = new HostileFacilitator()) {
      remote
          .on("/supported", kinds("1 exact base-sepolia"))
          .on("/verify", json(200, VALID))
          .on("/settle", json(200, success(TX).replace("eip155:84532", "base-sepolia")));
      other
          .on("/supported", kinds("2 exact eip155:84532"))
          .on("/verify", json(200, VALID))
          .on("/settle", json(200, success(TX)));
      PaymentGate gate = gate().facilitator(to(other.url()).build()).build();
      Challenge challenge = gate.challenge(Sale.REQUIRED);
      gate.start(List.of(Sale.OFFER));
      assertThat(header(asked(gate, challenge))).containsExactly("eip155:84532");
      assertThat(body(asked(gate, challenge))).containsExactly("version 1", "eip155:84532");
      for (PaymentPayload payment : List.of(Sale.v1(1), Sale.v2(2))) {
        VerifiedPayment admitted = ((Admission.Admitted) admit(gate, challenge, payment)).payment();
        gate.settle(admitted);
        assertThat(admitted.settlement()).isPresent();
      }
      assertThat(List.of(remote.asked("/settle"), other.asked("/settle"))).containsExactly(1L, 1L);
    }
  }

  @Test
  void offersWhatCanBeSettledOnceAFacilitatorThatWasAwayAnswers() throws Exception {
    MutableClock clock = new MutableClock(Sale.NOW);
    remote.on("/supported", json(503, "{}"));
    PaymentGate gate = gate().clock(clock).startWithoutNode().build();
    Challenge challenge = gate.challenge(REQUIRED);
    gate.start(WANTED);
    long asked = remote.asked("/supported");
    assertThat(asked(gate, challenge).status()).isEqualTo(503);
    assertThat(remote.asked("/supported")).isEqualTo(asked);
    remote.on("/supported", kinds("1 exact base"));
    clock.advance(Duration.ofSeconds(6));
    List<String> lines = logged(() -> asked(gate, challenge));
    Refusal refusal = asked(gate, challenge);
    assertThat(header(refusal)).isEmpty();
    assertThat(body(refusal)).containsExactly("version 1", "eip155:8453");
    assertThat(lines).singleElement().asString().contains("not offered exact on eip155:84532");
  }

  /** It is asked again beside a verification; the answer counts when it is there. */
  @Test
  void followsWhatTheFacilitatorSaysLater() throws Exception {
    MutableClock clock = new MutableClock(Sale.NOW);
    remote.on("/verify", json(200, VALID));
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(
                to(remote.url()).clock(clock).refreshInterval(Duration.ofSeconds(5)).build())
            .clock(Sale.CLOCK)
            .build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    gate.start(List.of(Sale.OFFER));
    assertThat(header(asked(gate, challenge))).isNotEmpty();
    remote.on("/supported", kinds("1 exact base-sepolia"));
    clock.advance(Duration.ofSeconds(5));
    admit(gate, challenge, Sale.v2(1));
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!header(asked(gate, challenge)).isEmpty() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(header(asked(gate, challenge))).isEmpty();
    assertThat(body(asked(gate, challenge))).containsExactly("version 1", "eip155:84532");
    remote.on("/supported", kinds("2 exact eip155:1"));
    clock.advance(Duration.ofSeconds(5));
    admit(gate, challenge, Sale.v1(2));
    while (asked(gate, challenge).status() != 503 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(asked(gate, challenge).status()).isEqualTo(503);
  }

  /** Its payer may have paid: a 402 would have it pay again. */
  @ParameterizedTest
  @ValueSource(strings = {"1 exact base-sepolia", "2 exact eip155:1"})
  void finishesAPaymentOfWhatIsNoLongerSettled(String later) {
    MutableClock clock = new MutableClock(Sale.NOW);
    remote
        .on("/verify", json(200, VALID))
        .on("/settle", HostileFacilitator.hangUp(), json(200, success(TX)));
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(
                to(remote.url()).clock(clock).refreshInterval(Duration.ofSeconds(5)).build())
            .clock(Sale.CLOCK)
            .ledger(InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK))
            .build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    gate.start(List.of(Sale.OFFER));
    VerifiedPayment begun = ((Admission.Admitted) admit(gate, challenge, Sale.v2(1))).payment();
    assertThat(gate.settle(begun)).isInstanceOf(Settlement.Pending.class);

    remote.on("/supported", kinds(later));
    clock.advance(Duration.ofSeconds(5));
    admit(gate, challenge, Sale.v2(2));
    awaitNoHeader(gate, challenge);

    assertThat(admit(gate, challenge, Sale.v2(1)))
        .isInstanceOfSatisfying(
            Admission.Admitted.class,
            again -> assertThat(again.payment().settlement()).isPresent());
    assertThat(admit(gate, challenge, Sale.v2(3))).isInstanceOf(Admission.Refused.class);
  }

  private static void awaitNoHeader(PaymentGate gate, Challenge challenge) {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (asked(gate, challenge).headers().containsKey(PaymentHeader.PAYMENT_REQUIRED)
        && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(asked(gate, challenge).headers()).doesNotContainKey(PaymentHeader.PAYMENT_REQUIRED);
  }

  @Test
  void followsWhatTheFacilitatorSaysLaterWhereNothingIsVerified() {
    MutableClock clock = new MutableClock(Sale.NOW);
    remote.on("/settle", json(200, success(TX)));
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(
                to(remote.url()).clock(clock).refreshInterval(Duration.ofSeconds(5)).build())
            .clock(Sale.CLOCK)
            .build();
    PaymentRequirements upfront = Sale.OFFER.withFlow(PaymentFlow.UPFRONT);
    Challenge challenge = gate.challenge(Sale.REQUIRED.withFlow(PaymentFlow.UPFRONT));
    gate.start(List.of(upfront));
    remote.on("/supported", kinds("1 exact base-sepolia"));
    clock.advance(Duration.ofSeconds(5));
    PaymentPayload payment = PaymentPayload.v2(upfront, Sale.v2(1).payload());
    gate.settle(((Admission.Admitted) admit(gate, challenge, payment)).payment());
    assertThat(remote.asked("/verify")).isZero();
    awaitNoHeader(gate, challenge);
  }

  @Test
  void hasNothingInItsHeaderOfWhichTheBodyAlonePays() throws Exception {
    remote.on("/supported", kinds("1 exact base-sepolia"));
    PaymentGate gate = gate().olderRequiredHeader().build();
    Challenge challenge = gate.challenge(Sale.REQUIRED);
    gate.start(List.of(Sale.OFFER));
    Map<String, String> headers = asked(gate, challenge).headers();
    assertThat(headers).containsOnlyKeys("Cache-Control");
    assertThat(challenge.required().accepts()).containsExactly(Sale.OFFER);
  }
}
