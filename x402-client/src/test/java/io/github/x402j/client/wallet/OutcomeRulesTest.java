// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.impatient;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.settled;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.client.Payer;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.Seller;
import io.github.x402j.testing.MutableClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a wallet does not pay even without a policy, and how its owner lets it. */
@Timeout(30)
class OutcomeRulesTest {
  private final MutableClock clock = new MutableClock(NOW);
  private final SpendJournal journal = SpendJournal.inMemory();
  private final HttpClient wrapped = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  // ---- a second payment for one request

  private static HttpRequest.Builder get(String query) {
    return HttpRequest.newBuilder(URI.create("http://x/a" + query));
  }

  private static HttpRequest.Builder post(String body) {
    return HttpRequest.newBuilder(URI.create("http://x/a")).POST(BodyPublishers.ofString(body));
  }

  static Stream<Arguments> requests() {
    return Stream.of(
        Arguments.of(get(""), get(""), true),
        Arguments.of(get("?q=1"), get("?q=1").header("X-Try", "2"), true),
        Arguments.of(post("one"), post("one"), true),
        Arguments.of(get("?q=1"), get("?q=2"), false),
        Arguments.of(get(""), post("one"), false),
        Arguments.of(post("one"), post("two"), false));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void aRequestIsNotPaidForTwiceWhileTheFirstOutcomeIsNotKnown(
      HttpRequest.Builder first, HttpRequest.Builder second, boolean isSame) throws Exception {
    AgentWallet wallet = wallet(terms -> terms);
    whenPaid(call -> pending(call, "0"));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> send(wallet, first));
    whenPaid(call -> delivery(call, "ok"));
    if (!isSame) {
      assertThat(send(wallet, second).body()).isEqualTo("ok");
      return;
    }
    assertThatThrownBy(() -> send(wallet, second))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> {
              assertThat(declined.rule()).isEqualTo("unresolved");
              assertThat(declined).hasMessageContaining(pending.payment().nonce());
            });
    assertThat(payments(seller)).hasSize(1);
    client(wallet).resend(pending, BodyHandlers.ofString());
    assertThat(send(wallet, second).body()).isEqualTo("ok");
    assertThat(payments(seller)).hasSize(2);
  }

  static Stream<Arguments> times() {
    SpendingPolicy policy = SpendingPolicy.empty().maxPerPayment("$1");
    return Stream.of(
        Arguments.of(policy, Duration.ofHours(24)),
        Arguments.of(policy.unresolvedFor(Duration.ofHours(1)), Duration.ofHours(1)),
        Arguments.of(
            policy.unresolvedFor(Duration.ofHours(1)).unresolvedFor(Duration.ofHours(2)),
            Duration.ofHours(2)),
        Arguments.of(
            policy.allowUnresolved().unresolvedFor(Duration.ofHours(1)), Duration.ofHours(1)),
        Arguments.of(policy.allowUnresolved(), Duration.ZERO));
  }

  @ParameterizedTest
  @MethodSource("times")
  void itIsPaidForAgainWhenTheTimeIsOver(SpendingPolicy policy, Duration time) throws Exception {
    AgentWallet wallet = wallet(terms -> terms.policy(policy));
    whenPaid(call -> pending(call, "0"));
    assertThatThrownBy(() -> send(wallet, get(""))).isInstanceOf(PaymentPendingException.class);
    whenPaid(call -> delivery(call, "ok"));
    if (!time.isZero()) {
      clock.advance(time.minusMillis(1));
      declined("unresolved", wallet);
      clock.advance(Duration.ofMillis(1));
    }
    assertThat(send(wallet, get("")).body()).isEqualTo("ok");
  }

  @Test
  void theOwnerLetsItBePaidForAgain() throws Exception {
    AgentWallet wallet = wallet(terms -> terms);
    whenPaid(call -> pending(call, "0"));
    assertThatThrownBy(() -> send(wallet, get(""))).isInstanceOf(PaymentPendingException.class);
    whenPaid(call -> delivery(call, "ok"));
    declined("unresolved", wallet);
    journal.reinstateHost("agent", "other.example", "another host", clock.instant());
    declined("unresolved", wallet);
    journal.reinstateHost("agent", "127.0.0.1", "it has refunded me", clock.instant());
    assertThat(send(wallet, get("")).body()).isEqualTo("ok");
  }

  /** A process that was killed reports no outcome; the one that follows it must not pay again. */
  @Test
  void whatAnotherProcessHasSignedIsNotPaidForAgain() throws Exception {
    MemoryJournal storage = new MemoryJournal();
    AgentWallet before = wallet(SpendJournal.on(storage), terms -> terms);
    pay(before, "Lisbon");
    pay(before, "Lisbon"); // two threads of one process that both still wait
    AgentWallet after = wallet(SpendJournal.on(storage), terms -> terms);
    assertThatThrownBy(() -> pay(after, "Lisbon"))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("unresolved"));
    pay(after, "Porto");
  }

  private Payment pay(AgentWallet wallet, String city) throws Exception {
    String resource = "mcp://tool/forecast";
    String descriptor =
        new String(
            Base64.getDecoder()
                .decode(
                    PaymentCodec.encodeRequired(
                        PaymentRequired.of(ResourceInfo.of(resource), List.of(option("$0.01"))))),
            StandardCharsets.UTF_8);
    return Payer.of(wallet, USDC)
        .pay(URI.create("https://127.0.0.1/mcp"), resource, city, descriptor);
  }

  // ---- a host that takes and does not deliver

  static Stream<Function<Seller.Call, Seller.Answer>> takesWithoutDelivering() {
    return Stream.of(
        call -> Seller.Answer.of(402, "no"),
        call -> Seller.Answer.of(500, "no"),
        call -> Seller.Answer.of(500, settled(call), "sorry"),
        call -> pending(call, "0"));
  }

  @ParameterizedTest
  @MethodSource("takesWithoutDelivering")
  void aHostThatTookFivePaymentsWithoutDeliveringIsStopped(
      Function<Seller.Call, Seller.Answer> takes) throws Exception {
    AgentWallet wallet = wallet(terms -> terms);
    whenPaid(takes::apply);
    for (int i = 0; i < SpendingPolicy.DEFAULT_MAX_UNDELIVERED; i++) {
      tryToBuy(wallet, i);
    }
    assertThat(payments(seller)).hasSize(5);
    declined("undelivered", wallet);
    assertThat(payments(seller)).hasSize(5);
    whenPaid(call -> delivery(call, "ok"));
    declined("undelivered", wallet);
    journal.reinstateHost("agent", "127.0.0.1", "spoke to them", clock.instant());
    assertThat(send(wallet, get("")).body()).isEqualTo("ok");
    assertThat(journal.check()).isEmpty();
  }

  @Test
  void aDeliveryBeginsAnew() throws Exception {
    AgentWallet wallet = wallet(terms -> terms);
    for (int i = 0; i < 12; i++) {
      boolean delivers = i % 5 == 4;
      whenPaid(call -> delivers ? delivery(call, "ok") : Seller.Answer.of(500, "no"));
      tryToBuy(wallet, i);
    }
    assertThat(payments(seller)).hasSize(12);
  }

  @Test
  void theOwnerSaysHowManyAndWhetherAtAll() throws Exception {
    SpendingPolicy policy = SpendingPolicy.empty().maxPerPayment("$1");
    whenPaid(call -> Seller.Answer.of(500, "no"));
    for (Map.Entry<SpendingPolicy, Integer> each :
        Map.of(
                policy.maxUndelivered(2), 2,
                policy.maxUndelivered(7).maxUndelivered(3), 3,
                policy.allowUndelivered().maxUndelivered(4), 4,
                policy.allowUndelivered(), 9)
            .entrySet()) {
      int before = payments(seller).size();
      AgentWallet wallet = wallet(SpendJournal.inMemory(), terms -> terms.policy(each.getKey()));
      for (int i = 0; i < 9; i++) {
        tryToBuy(wallet, i);
      }
      assertThat(payments(seller).size() - before).isEqualTo(each.getValue());
    }
  }

  // ---- fixtures

  private void tryToBuy(AgentWallet wallet, int number) {
    try {
      send(wallet, get("?n=" + number));
    } catch (PaymentDeclinedException | PaymentPendingException e) {
      // counted by the seller
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void declined(String rule, AgentWallet wallet) {
    assertThatThrownBy(() -> send(wallet, get("")))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
  }

  private void whenPaid(Seller.Script script) {
    seller.does(
        call ->
            call.isPaid() ? script.answer(call) : v2(forUrl(seller.url("/a"), option("$0.01"))));
  }

  private AgentWallet wallet(Function<AgentWallet.Builder, AgentWallet.Builder> terms) {
    return wallet(journal, terms);
  }

  private AgentWallet wallet(
      SpendJournal book, Function<AgentWallet.Builder, AgentWallet.Builder> terms) {
    return terms
        .apply(
            AgentWallet.provision("agent", SIGNER, book)
                .limit("$100", BillingPeriod.EVER)
                .allowedDomains("127.0.0.1")
                .clock(clock))
        .create();
  }

  private PayingHttpClient client(AgentWallet wallet) {
    return impatient(PayingHttpClient.over(wrapped).wallet(wallet).token(USDC).clock(clock))
        .build();
  }

  private HttpResponse<String> send(AgentWallet wallet, HttpRequest.Builder request)
      throws Exception {
    URI asked = request.copy().build().uri();
    String query = asked.getRawQuery() == null ? "" : "?" + asked.getRawQuery();
    return client(wallet)
        .send(request.copy().uri(seller.url("/a" + query)).build(), BodyHandlers.ofString());
  }
}
