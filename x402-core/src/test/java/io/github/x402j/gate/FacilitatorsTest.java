// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.VALID;
import static io.github.x402j.facilitator.HttpFacilitatorTest.checked;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.facilitator.HostileFacilitator;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.testing.MutableClock;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several facilitators of one gate. */
class FacilitatorsTest {
  private static final String TX = "0x" + "ab".repeat(32);
  private static final PaymentRequirements UPFRONT = Sale.OFFER.withFlow(PaymentFlow.UPFRONT);
  private static final String BASE_ONLY =
      "{\"kinds\":[{\"x402Version\":2,\"scheme\":\"exact\",\"network\":\"eip155:8453\"}]}";

  private final HostileFacilitator one = new HostileFacilitator();
  private final HostileFacilitator other = new HostileFacilitator();
  private final Set<HostileFacilitator> locked = ConcurrentHashMap.newKeySet();
  private final MutableClock clock = new MutableClock();

  @AfterEach
  void close() {
    one.close();
    other.close();
  }

  private Facilitators both() {
    return new Facilitators(List.of(guarded(one), guarded(other)));
  }

  private Facilitator guarded(HostileFacilitator remote) {
    Duration shortTime = Duration.ofMillis(500);
    return new GuardedFacilitator(
        to(remote.url())
            .requestTimeout(shortTime)
            .verifyTimeout(shortTime)
            .authentication((method, endpoint) -> credentials(remote, endpoint))
            .build(),
        GuardedFacilitator.Limits.of(8, 8),
        clock);
  }

  /** Without them nothing is sent. */
  private Map<String, String> credentials(HostileFacilitator remote, URI endpoint)
      throws FacilitatorException {
    if (locked.contains(remote) && endpoint.getPath().equals("/settle")) {
      throw new FacilitatorException("no credentials");
    }
    return Map.of();
  }

  private static SignedPayment upfront(Facilitators facilitators, int number) throws Exception {
    return ((Verification.Valid)
            facilitators
                .of(UPFRONT)
                .check(Offers.in(PaymentFlow.UPFRONT, Sale.v2(number)), UPFRONT))
        .payment();
  }

  private static SignedPayment payment(Facilitators facilitators, int number) throws Exception {
    return checked(facilitators.of(Sale.OFFER), Sale.v2(number));
  }

  @Test
  void sendsAPaymentToTheOneThatSupportsItsNetwork() throws Exception {
    one.on("/supported", json(200, BASE_ONLY));
    other.on("/verify", json(200, VALID)).on("/settle", json(200, success(TX)));
    Facilitators facilitators = both();
    facilitators.start(List.of(Sale.OFFER, Offers.BASE));
    SignedPayment payment = payment(facilitators, 1);
    assertThat(facilitators.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(facilitators.settle(payment, hash -> {}, false).join())
        .isInstanceOf(Settlement.Settled.class);
    assertThat(one.asked("/verify") + one.asked("/settle")).isZero();
  }

  @Test
  void letsTheNextVerifyWhereTheFirstGivesNoAnswerAndThenSettleToo() throws Exception {
    one.on("/verify", HostileFacilitator.html(503));
    other.on("/verify", json(200, VALID)).on("/settle", HostileFacilitator.hangUp());
    Facilitators facilitators = both();
    facilitators.start(List.of(Sale.OFFER));
    SignedPayment payment = payment(facilitators, 1);
    assertThat(facilitators.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(facilitators.settle(payment, hash -> {}, false).join())
        .isInstanceOf(Settlement.Pending.class);
    other.on("/settle", json(200, success(TX)));
    assertThat(facilitators.outcome(payment, List.of())).isInstanceOf(Settlement.Settled.class);
    assertThat(one.asked("/settle")).isZero();
  }

  @Test
  void letsTheNextSettleUpfrontWhatNeverLeftForTheFirst() throws Exception {
    other.on("/settle", HostileFacilitator.hangUp());
    Facilitators facilitators = both();
    locked.add(one);
    SignedPayment payment = upfront(facilitators, 1);
    assertThat(facilitators.tellsBeforeBroadcast(payment)).isFalse();
    assertThat(facilitators.settle(payment, hash -> {}, true).join())
        .isInstanceOf(Settlement.Pending.class);
    other.on("/settle", json(200, success(TX)));
    assertThat(facilitators.outcome(payment, List.of())).isInstanceOf(Settlement.Settled.class);
    assertThat(one.asked("/settle") + other.asked("/verify")).isZero();

    locked.add(other);
    assertThat(facilitators.settle(upfront(facilitators, 2), hash -> {}, false))
        .isCompletedExceptionally();
  }

  @Test
  void letsNoOtherSettleWhatMayHaveLeftForTheFirst() throws Exception {
    one.on("/settle", HostileFacilitator.hangUp());
    other.on("/settle", json(200, success(TX)));
    Facilitators facilitators = both();
    assertThat(facilitators.settle(upfront(facilitators, 1), hash -> {}, false).join())
        .isInstanceOf(Settlement.Pending.class);
    locked.add(one);
    SignedPayment verifiedFirst = payment(facilitators, 2);
    assertThat(facilitators.settle(verifiedFirst, hash -> {}, false)).isCompletedExceptionally();
    assertThat(other.asked("/settle")).isZero();
  }

  @Test
  void asksNobodyElseAboutWhatOneHasFoundInvalid() throws Exception {
    one.on("/verify", json(200, "{\"isValid\":false,\"invalidReason\":\"insufficient_funds\"}"));
    other.on("/verify", json(200, VALID));
    Facilitators facilitators = both();
    assertThat(facilitators.verify(payment(facilitators, 1)))
        .isInstanceOf(Verification.Invalid.class);
    assertThat(other.asked("/verify")).isZero();
  }

  @Test
  void opensTheCircuitOfTheOneThatIsAwayAndOfNoOther() throws Exception {
    one.on("/verify", json(403, "{}"));
    other.on("/verify", json(200, VALID));
    Facilitators facilitators = both();
    for (int i = 0; i < GuardedFacilitator.FAILURES_TO_OPEN + 3; i++) {
      assertThat(facilitators.verify(payment(facilitators, i + 1)))
          .isInstanceOf(Verification.Valid.class);
    }
    assertThat(one.asked("/verify")).isEqualTo(GuardedFacilitator.FAILURES_TO_OPEN);
  }

  @Test
  void failsWhereNobodyCanLook() throws Exception {
    one.on("/verify", json(403, "{}"));
    other.on("/verify", json(404, "{}"));
    Facilitators facilitators = both();
    SignedPayment payment = payment(facilitators, 1);
    assertThatThrownBy(() -> facilitators.verify(payment))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageContaining("403");
  }

  /** After a restart nobody knows who has settled: each is asked, and one that fails is no word. */
  @Test
  void asksEachForAnOutcomeUntilOneKnows() throws Exception {
    one.on("/settle", json(200, "{\"success\":false,\"errorReason\":\"insufficient_funds\"}"));
    other.on("/settle", json(200, success(TX)));
    Facilitators facilitators = both();
    assertThat(facilitators.outcome(payment(facilitators, 1), List.of()))
        .isInstanceOf(Settlement.Settled.class);
    one.close();
    assertThat(facilitators.outcome(payment(facilitators, 2), List.of()))
        .isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void goesByWhatTheFacilitatorSupportsNow() throws Exception {
    HttpFacilitator facilitator =
        to(one.url()).clock(clock).refreshInterval(Duration.ofMinutes(1)).build();
    one.on("/verify", json(200, VALID));
    facilitator.start(List.of(Sale.OFFER));
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    facilitator.verify(payment);
    assertThat(one.asked("/supported")).isEqualTo(1);

    one.on("/supported", json(200, BASE_ONLY));
    clock.advance(Duration.ofMinutes(1));
    facilitator.verify(payment); // asks beside it
    long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (facilitator.check(Sale.v2(2), Sale.OFFER) instanceof Verification.Valid
        && System.nanoTime() < end
        && one.asked("/supported") < 2) {
      Thread.sleep(10);
    }
    assertThat(one.asked("/supported")).isEqualTo(2);
    Thread.sleep(200);
    assertThatThrownBy(() -> facilitator.verify(payment)).hasMessageContaining("no longer");
    assertThat(facilitator.supports("exact", Sale.OFFER.network())).isTrue();
  }
}
