// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.USDC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.Purse;
import io.github.x402j.testing.MutableClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpendingPolicyTest {
  private static final SpendingPolicy ANY = SpendingPolicy.empty().maxPerPayment("$1000");
  private static final Address OTHER = Address.parse("0x" + "77".repeat(20));

  private final MutableClock clock = new MutableClock(NOW);

  @Test
  void theEmptyPolicyPaysNothing() {
    refuses(SpendingPolicy.empty(), "policy");
    refuses(SpendingPolicy.empty().hosts("shop.example").methods("GET"), "policy");
    refuses(SpendingPolicy.empty().and(SpendingPolicy.empty()), "policy");
  }

  static Stream<Arguments> amountRules() {
    SpendingPolicy none = SpendingPolicy.empty();
    return Stream.of(
        Arguments.of("maxPerHost", none.maxPerHost("$0.000010")),
        Arguments.of("maxPerHour", none.maxPerHour("$0.000010")),
        Arguments.of("maxPerDay", none.maxPerDay("$0.000010")),
        Arguments.of("maxTotal", none.maxTotal("$0.000010")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("amountRules")
  void anAmountIsSpentToTheUnitAndNoFurther(String rule, SpendingPolicy policy) throws Exception {
    Purse purse = Purse.of(policy, clock);
    purse.pay(7);
    assertThatThrownBy(() -> purse.pay(4))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> {
              assertThat(declined.rule()).isEqualTo(rule);
              assertThat(declined.limit()).isEqualTo("$0.00001");
              assertThat(declined.asked()).startsWith("$0.000004 (4 atomic units");
              assertThat(declined.left()).contains("$0.000003");
              assertThat(declined)
                  .hasMessageContainingAll(
                      rule, "$0.00001", "$0.000004", "left $0.000003", "shop.example");
            });
    purse.pay(3);
    assertThatThrownBy(() -> purse.pay(1)).isInstanceOf(PaymentDeclinedException.class);
  }

  @Test
  void whatAPaymentMayCostIsExact() throws Exception {
    Purse purse = Purse.of(SpendingPolicy.empty().maxPerPayment("$0.000010"), clock);
    purse.pay(10);
    purse.pay(10);
    assertThatThrownBy(() -> purse.pay(11))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("maxPerPayment"));
  }

  @Test
  void anHourAndADayPass() throws Exception {
    Purse hour = Purse.of(SpendingPolicy.empty().maxPerHour("$0.000010"), clock);
    Purse day = Purse.of(SpendingPolicy.empty().maxPerDay("$0.000010"), clock);
    hour.pay(10);
    day.pay(10);
    clock.advance(Duration.ofMinutes(60).minusNanos(1));
    assertThatThrownBy(() -> hour.pay(1)).isInstanceOf(PaymentDeclinedException.class);
    clock.advance(Duration.ofNanos(1));
    hour.pay(10);
    clock.advance(Duration.ofHours(23).minusNanos(1));
    assertThatThrownBy(() -> day.pay(1)).isInstanceOf(PaymentDeclinedException.class);
    clock.advance(Duration.ofNanos(1));
    day.pay(10);
  }

  @Test
  void eachHostHasItsOwnAmount() throws Exception {
    Purse purse = Purse.of(SpendingPolicy.empty().maxPerHost("$0.000010"), clock);
    Offer ten = Purse.offer(USDC, SELLER, 10);
    purse.pay("https://one.example/", "GET", ten);
    purse.pay("https://two.example/", "GET", ten);
    refused("maxPerHost", () -> purse.pay("https://ONE.example:8443/", "GET", ten));
  }

  @ParameterizedTest
  @CsvSource({
    "api.example.com, https://api.example.com/x, true",
    "api.example.com, https://API.EXAMPLE.COM/x, true",
    "API.Example.com, https://api.example.com:8443/x, true",
    "api.example.com, https://example.com/x, false",
    "api.example.com, https://xapi.example.com/x, false",
    "api.example.com, https://api.example.com.evil.net/x, false",
    "api.example.com, https://api.example.com./x, false",
    "*.example.com, https://a.example.com/x, true",
    "*.example.com, https://a.b.example.com/x, true",
    "*.example.com, https://example.com/x, false",
    "*.example.com, https://evilexample.com/x, false",
    "*.example.com, https://example.com.evil.net/x, false",
    "*.example.com, https://a.example.com@evil.net/x, false",
    "127.0.0.1, http://127.0.0.1:80/x, true",
    "[::1], http://[::1]/x, true"
  })
  void hostsAreNamedExactlyOrBelowADomain(String pattern, String url, boolean pays)
      throws Exception {
    Purse purse = Purse.of(ANY.hosts(pattern), clock);
    Offer offer = Purse.offer(USDC, SELLER, 1);
    if (pays) {
      purse.pay(url, "GET", offer);
    } else {
      refused("hosts", () -> purse.pay(url, "GET", offer));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "*.",
        "*.com",
        "https://example.com",
        "example.com/x",
        "example.com:443",
        "a b",
        "*.*.example.com",
        "a.*.com",
        "ex*mple.com",
        "example.com.",
        "\u00e9xample.com"
      })
  void aHostThatIsNoneIsAMistake(String pattern) {
    assertThatThrownBy(() -> ANY.hosts(pattern))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hosts: expected");
  }

  @Test
  void methodsRecipientsNetworksAndTokensAreThoseThatAreNamed() throws Exception {
    Offer offer = Purse.offer(USDC, SELLER, 1);
    String url = "https://shop.example/";
    refused("methods", () -> Purse.of(ANY.methods("GET"), clock).pay(url, "POST", offer));
    refused("methods", () -> Purse.of(ANY.methods("GET"), clock).pay(url, "get", offer));
    refused("recipients", () -> Purse.of(ANY.recipients(OTHER), clock).pay(url, "GET", offer));
    refused("networks", () -> Purse.of(ANY.networks(Network.BASE), clock).pay(url, "GET", offer));
    refused("tokens", () -> Purse.of(ANY.tokens(Usdc.BASE), clock).pay(url, "GET", offer));
    Purse.of(
            ANY.methods("POST", "GET")
                .recipients(OTHER, SELLER)
                .networks(USDC.network())
                .tokens(USDC),
            clock)
        .pay(url, "GET", offer);
  }

  @Test
  void takesTheFirstOfferThatIsAllowed() throws Exception {
    Purse purse = Purse.of(ANY.networks(Network.BASE), clock);
    Payment payment =
        purse.pay(
            "https://shop.example/",
            "GET",
            Purse.offer(USDC, SELLER, 1),
            Purse.offer(Usdc.BASE, SELLER, 2));
    assertThat(payment.network()).isEqualTo(Network.BASE);
  }

  @Test
  void aRateIsCountedInPayments() throws Exception {
    Purse purse = Purse.of(ANY.rate(3, Duration.ofSeconds(10)), clock);
    purse.pay(1);
    clock.advance(Duration.ofSeconds(5));
    purse.pay(1);
    purse.pay(1);
    assertThatThrownBy(() -> purse.pay(1))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> {
              assertThat(declined.rule()).isEqualTo("rate");
              assertThat(declined.left()).contains("0");
            });
    clock.advance(Duration.ofSeconds(5));
    purse.pay(1);
    refused("rate", () -> purse.pay(1));
  }

  @Test
  void asksAPersonAboveTheThresholdOnly() throws Exception {
    List<ProposedPayment> asked = new ArrayList<>();
    boolean[] answer = {true};
    Purse purse =
        Purse.of(
            ANY.approvalAbove(
                "$0.000010",
                payment -> {
                  asked.add(payment);
                  return answer[0];
                }),
            clock);
    purse.pay(10);
    assertThat(asked).isEmpty();
    purse.pay(11);
    assertThat(asked)
        .singleElement()
        .satisfies(p -> assertThat(p.price()).hasToString("$0.000011"));
    answer[0] = false;
    refused("approval", () -> purse.pay(11));
    purse.pay(10);
    assertThat(asked).hasSize(2);
  }

  @Test
  void noApprovalIsAskedForWhatIsDeclinedAnyway() {
    Purse purse =
        Purse.of(
            SpendingPolicy.empty()
                .maxPerPayment("$0.01")
                .approvalAlways(
                    payment -> {
                      throw new AssertionError("asked");
                    }),
            clock);
    refused("maxPerPayment", () -> purse.pay(10_001));
  }

  @Test
  void anApprovalIsNoLeaveToOverspend() throws Exception {
    Purse[] purse = new Purse[1];
    boolean[] nested = {false};
    purse[0] =
        Purse.of(
            SpendingPolicy.empty()
                .maxTotal("$0.000010")
                .approvalAlways(
                    payment -> {
                      if (!nested[0]) {
                        nested[0] = true;
                        payNested(purse[0]); // while the person thinks, another payment is made
                      }
                      return true;
                    }),
            clock);
    refused("maxTotal", () -> purse[0].pay(10));
    assertThat(purse[0].wallet().spent(BillingPeriod.EVER)).hasToString("$0.00001");
  }

  private static void payNested(Purse purse) {
    try {
      purse.pay(10);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void rulesOfBothPoliciesHold() throws Exception {
    SpendingPolicy both = ANY.methods("GET").and(SpendingPolicy.empty().hosts("shop.example"));
    Offer offer = Purse.offer(USDC, SELLER, 1);
    Purse.of(both, clock).pay("https://shop.example/", "GET", offer);
    refused("methods", () -> Purse.of(both, clock).pay("https://shop.example/", "PUT", offer));
    refused("hosts", () -> Purse.of(both, clock).pay("https://other.example/", "GET", offer));
    refused("maxPerPayment", () -> Purse.of(ANY.maxPerPayment("$0.000001"), clock).pay(2));
  }

  @Test
  void addingARuleLeavesThePolicyItIsAddedToAlone() throws Exception {
    ANY.methods("POST");
    ANY.approvalAlways(payment -> false);
    Purse.of(ANY, clock).pay(1);
  }

  private void refuses(SpendingPolicy policy, String rule) {
    refused(rule, () -> Purse.of(policy, clock).pay(1));
  }

  private static void refused(
      String rule, org.assertj.core.api.ThrowableAssert.ThrowingCallable payment) {
    assertThatThrownBy(payment)
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
  }
}
