// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.both;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.in;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v1;
import static io.github.x402j.client.Asking.v2;
import static io.github.x402j.client.Asking.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.ExactEvmPayload;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A hostile seller, asked again and again. Whatever it does, the signatures that it gets are worth
 * no more than the wallet's limit in all, and no more than the highest price each. They pay an
 * allowed account and expire soon, and each is in the journal.
 */
@Timeout(60)
class AttackTest {
  private static final int REQUESTS = 12;
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  private static final Address THIEF = Address.parse("0x" + "66".repeat(20));

  private final SpendJournal journal = SpendJournal.inMemory();
  private Seller seller;
  private Seller accomplice;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    accomplice = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
    accomplice.close();
  }

  /** One row of the table. */
  interface Attack {
    Seller.Answer answer(Seller.Call call, Seller seller, Seller accomplice);
  }

  record Row(String name, int mostPayments, Attack attack) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> attacks() {
    return Stream.of(money(), descriptors(), resources(), deliveries()).flatMap(rows -> rows);
  }

  private static Stream<Row> money() {
    AtomicInteger asked = new AtomicInteger();
    Token lookAlike = new Token(USDC.network(), THIEF, 6, USDC.name(), USDC.version());
    Token elsewhere = new Token(Network.BASE, USDC.contract(), 6, USDC.name(), USDC.version());
    return Stream.of(
        offer("H02 a price of $1,000", 0, option("$1000")),
        offer("H02 one unit over what a payment may cost", 0, in(USDC, 50_001)),
        offer(
            "H02 a price of 2^256 - 1",
            0,
            amount(BigInteger.TWO.pow(256).subtract(BigInteger.ONE))),
        row(
            "H02 bait: a price that doubles each time",
            3,
            (call, s, a) ->
                v2(
                    forUrl(
                        s.url("/a"),
                        in(USDC, 10_000L << Math.min(30, asked.getAndIncrement() / 2))))),
        offer("H03 a look-alike token", 0, in(lookAlike, 1)),
        offer("H03 the address on another chain", 0, in(elsewhere, 1)),
        offer("H03 mainnet first", 0, in(Usdc.BASE, 10_000)),
        offer("H03 the look-alike first", 5, in(lookAlike, 1), option("$0.02")),
        offer("a thief as the recipient", 0, payTo(THIEF)),
        row(
            "H04 another recipient after the payment",
            5,
            (call, s, a) ->
                v2(forUrl(s.url("/a"), call.isPaid() ? payTo(THIEF) : option("$0.02")))),
        offer("H05 a window of a year", 5, window(Duration.ofDays(365))),
        offer("H05 a window of 2^31 - 1 seconds", 5, window(Duration.ofSeconds(2147483647))),
        offer("H12 the domain of a permit", 0, with(option("$0.02"), "name", "Permit2")),
        offer("H12 another version of the domain", 0, with(option("$0.02"), "version", "1")),
        offer("H12 a domain that is no text", 0, with(option("$0.02"), "name", List.of("USDC"))),
        offer(
            "H12 a permit2 transfer", 0, with(option("$0.02"), "assetTransferMethod", "permit2")));
  }

  private static Stream<Row> descriptors() {
    String header = PaymentCodec.encodeRequired(forUrl(URI.create("/a"), option("$0.02")));
    return Stream.of(
        row("a descriptor of a megabyte", 0, (call, s, a) -> Seller.Answer.of(402, huge())),
        row(
            "an endless descriptor at full speed",
            0,
            (call, s, a) -> Seller.Answer.endless(402, Map.of(), 0)),
        row(
            "an endless descriptor, a drop at a time",
            0,
            (call, s, a) -> Seller.Answer.endless(402, Map.of(), 50)),
        row(
            "an endless body beside a good header",
            5,
            (call, s, a) ->
                call.isPaid()
                    ? Seller.Answer.of(402, "{}")
                    : Seller.Answer.endless(402, Map.of("PAYMENT-REQUIRED", header), 50)),
        row(
            "nesting of 20,000",
            0,
            (call, s, a) ->
                Seller.Answer.of(402, "{\"x402Version\":1,\"a\":" + "[".repeat(20_000))),
        offer(
            "a hundred options, one of them good",
            5,
            Collections.nCopies(100, option("$9")).toArray(new PaymentRequirements[101])),
        row(
            "a header for one price and a body for another",
            5,
            (call, s, a) ->
                Seller.Answer.of(
                    402,
                    Map.of("PAYMENT-REQUIRED", header),
                    PaymentCodec.encodeRequiredV1(forUrl(s.url("/a"), option("$5"))))),
        row(
            "the version 1 descriptor of a thief",
            0,
            (call, s, a) -> v1(forUrl(s.url("/a"), payTo(THIEF)))));
  }

  private static Stream<Row> resources() {
    return Stream.of(
        resource("H11 a resource of another host", "https://bank.example/a"),
        resource("H11 a resource of another port", "http://127.0.0.1:1/a"),
        resource("H11 a resource by another scheme", "https://127.0.0.1/a"),
        resource("H11 a host before an at sign", "http://127.0.0.1@bank.example/a"),
        resource("H11 no URL at all", "javascript:alert(1)"),
        row(
            "H01 a redirect to an accomplice who asks",
            0,
            (call, s, a) -> {
              a.does(stolen -> v2(forUrl(a.url("/a"), option("$0.02"))));
              return redirect(a.url("/a").toString());
            }),
        row(
            "H01 a redirect to an accomplice that answers the payment",
            5,
            (call, s, a) ->
                call.isPaid()
                    ? redirect(a.url("/steal").toString())
                    : v2(forUrl(s.url("/a"), option("$0.02")))),
        row(
            "a redirect to itself for ever",
            0,
            (call, s, a) -> redirect(s.url("/a" + System.nanoTime()).toString())));
  }

  private static Stream<Row> deliveries() {
    return Stream.of(
        paid("retry storm: 402 again", (call, s) -> both(forUrl(s.url("/a"), option("$0.02")))),
        paid("retry storm: settlement failed", (call, s) -> failed(call)),
        paid("H07 the answer is lost", (call, s) -> Seller.Answer.lost()),
        paid("H07 503 for ever", (call, s) -> Asking.pending(call, "0")),
        paid("H07 503 until the end of time", (call, s) -> Asking.pending(call, "999999999")),
        paid("the handler fails", (call, s) -> Seller.Answer.of(500, "oops")),
        paid("H14 nothing delivered", (call, s) -> Seller.Answer.of(200, "")),
        paid("H14 the settlement of somebody else", (call, s) -> somebodyElses()),
        paid(
            "H14 a settlement that cannot be read",
            (call, s) -> Seller.Answer.of(200, Map.of("PAYMENT-RESPONSE", "*"), "garbage")),
        paid(
            "H14 a fake settlement",
            (call, s) -> Seller.Answer.of(200, Asking.settled(call), "garbage")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attacks")
  void costsNoMoreThanThePolicyAllows(Row row) throws Exception {
    seller.does(call -> row.attack().answer(call, seller, accomplice));
    AgentWallet wallet =
        AgentWallet.provision("victim", SIGNER, journal)
            .limit("$0.10", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .policy(SpendingPolicy.empty().maxPerPayment("$0.05").recipients(SELLER))
            .clock(CLOCK)
            .create();
    PayingHttpClient client = victim(wallet);
    for (int i = 0; i < REQUESTS; i++) {
      try (InputStream body =
          client
              .send(
                  HttpRequest.newBuilder(seller.url("/a")).timeout(Duration.ofSeconds(5)).build(),
                  BodyHandlers.ofInputStream())
              .body()) {
        body.readNBytes(
            100); // a body without a descriptor goes to the caller, who need not read it all
      } catch (IOException | PaymentException e) {
        assertThat(String.valueOf(e.getMessage())).doesNotContain("bank.example/a?");
      }
    }
    List<ExactEvmPayload> held = held();
    assertThat(held.size()).isLessThanOrEqualTo(row.mostPayments());
    Dollars total = Dollars.ZERO;
    for (ExactEvmPayload payload : held) {
      total = total.plus(requireHarmless(payload));
    }
    assertThat(total).isLessThanOrEqualTo(Dollars.parse("$0.10"));
    assertThat(wallet.spent(BillingPeriod.EVER)).isEqualTo(total);
    assertThat(accomplice.paidCalls()).isEmpty();
  }

  private Dollars requireHarmless(ExactEvmPayload payload) throws Exception {
    var authorization = payload.authorization();
    Dollars price = Dollars.of(authorization.value(), USDC);
    assertThat(authorization.from()).isEqualTo(SIGNER.address());
    assertThat(authorization.to()).isEqualTo(SELLER);
    assertThat(price).isLessThanOrEqualTo(Dollars.parse("$0.05"));
    assertThat(authorization.validBefore().longValueExact())
        .isLessThanOrEqualTo(NOW.plus(PaymentSigner.MAX_WINDOW).getEpochSecond());
    assertThat(payload).isEqualTo(ExactEvmPayload.sign(USDC, authorization, SIGNER));
    assertThat(journal.entries())
        .filteredOn(entry -> entry.event() == JournalEntry.Event.SIGNED)
        .extracting(entry -> entry.detail("nonce").orElseThrow())
        .contains(authorization.nonce());
    return price;
  }

  private List<ExactEvmPayload> held() {
    return seller.paidCalls().stream()
        .map(Seller.Call::authorization)
        .collect(
            Collectors.toMap(
                payload -> payload.authorization().nonce(), payload -> payload, (a, b) -> a))
        .values()
        .stream()
        .toList();
  }

  private static PayingHttpClient victim(AgentWallet wallet) {
    return PayingHttpClient.over(
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build())
        .wallet(wallet)
        .token(USDC)
        .clock(CLOCK)
        .descriptorWithin(Duration.ofMillis(100))
        .retries(
            new RetryPolicy(1, Duration.ofSeconds(60), Duration.ofMillis(5), Duration.ofMillis(10)))
        .build();
  }

  private static Row row(String name, int mostPayments, Attack attack) {
    return new Row(name, mostPayments, attack);
  }

  private static Row offer(String name, int mostPayments, PaymentRequirements... options) {
    for (int i = 0; i < options.length; i++) {
      options[i] = options[i] == null ? option("$0.02") : options[i];
    }
    return row(name, mostPayments, (call, s, a) -> v2(forUrl(s.url("/a"), options)));
  }

  private static Row resource(String name, String resource) {
    PaymentRequired required =
        PaymentRequired.of(ResourceInfo.of(resource), List.of(option("$0.02")));
    return row(name, 0, (call, s, a) -> v2(required));
  }

  /** Asks for two cents, and does not deliver when it is paid. */
  private static Row paid(String name, BiFunction<Seller.Call, Seller, Seller.Answer> answer) {
    return row(
        name,
        5,
        (call, s, a) ->
            call.isPaid() ? answer.apply(call, s) : v2(forUrl(s.url("/a"), option("$0.02"))));
  }

  private static PaymentRequirements amount(BigInteger atomicUnits) {
    return changed(new TokenAmount(atomicUnits), SELLER, Duration.ofSeconds(60));
  }

  private static PaymentRequirements payTo(Address account) {
    return changed(TokenAmount.of(20_000), account, Duration.ofSeconds(60));
  }

  private static PaymentRequirements window(Duration window) {
    return changed(TokenAmount.of(20_000), SELLER, window);
  }

  private static PaymentRequirements changed(TokenAmount amount, Address payTo, Duration window) {
    return PaymentRequirements.exact(USDC, amount, payTo, window);
  }

  private static String huge() {
    return "{\"x402Version\":1,\"accepts\":[],\"x\":\"" + "a".repeat(1_000_000) + "\"}";
  }

  private static Seller.Answer redirect(String location) {
    return Seller.Answer.of(302, Map.of("Location", location), "");
  }

  private static Seller.Answer failed(Seller.Call call) {
    SettlementResponse settlement =
        new SettlementResponse(
            false, "", call.payment().network(), null, "insufficient_funds", null);
    return Seller.Answer.of(
        402, Map.of("PAYMENT-RESPONSE", PaymentCodec.encodeSettlement(settlement, 2)), "{}");
  }

  private static Seller.Answer somebodyElses() {
    SettlementResponse other =
        new SettlementResponse(true, Asking.TRANSACTION, USDC.network(), THIEF, null, null);
    return Seller.Answer.of(
        200, Map.of("PAYMENT-RESPONSE", PaymentCodec.encodeSettlement(other, 2)), "garbage");
  }
}
