// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.TRANSACTION;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.testing.MutableClock;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paying out of a wallet without the HTTP client, as an MCP client does. */
@Timeout(30)
class PayerTest {
  private static final URI SERVER = URI.create("https://shop.example/mcp");
  private static final String TOOL = "mcp://tool/forecast";

  private final MutableClock clock = new MutableClock(NOW);
  private final SpendJournal journal = SpendJournal.inMemory();
  private final AgentWallet wallet = Purse.wallet(journal, "agent", "$0.05", clock);
  private final Payer payer = Payer.of(wallet, USDC);

  @Test
  void reservesTheAmountInTheJournalBeforeAnythingIsSigned() throws Exception {
    List<JournalEntry.Event> whenSigning = new ArrayList<>();
    EvmSigner watching =
        signer(
            digest -> {
              whenSigning.addAll(events());
              return SIGNER.sign(digest);
            });
    Payer paying = Payer.of(wallet(watching, terms -> terms), USDC);

    Payment payment = paying.pay(SERVER, TOOL, v2(option("$0.02")));

    assertThat(whenSigning).endsWith(JournalEntry.Event.ASKED, JournalEntry.Event.ALLOWED);
    assertThat(events()).endsWith(JournalEntry.Event.SIGNED);
    assertThat(payment.offer().price()).hasToString("$0.02");
    assertThat(allowed().details())
        .containsEntry("host", "shop.example")
        .containsEntry("method", "POST")
        .containsEntry("path", "/mcp")
        .containsEntry("resource", TOOL)
        .containsEntry("price", "$0.02");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void paysInTheVersionThatItIsAskedIn(int version) throws Exception {
    String asked =
        version == 2
            ? v2(option("$0.02"))
            : PaymentCodec.encodeRequiredV1(required(TOOL, option("$0.02")));

    PaymentPayload sent = sent(payer.pay(SERVER, TOOL, asked), version);

    assertThat(sent.x402Version()).isEqualTo(version);
    assertThat(authorization(sent).value()).isEqualTo(TokenAmount.of(20_000));
  }

  @Test
  void signsForNoLongerThanTheCapWhateverIsAsked() throws Exception {
    PaymentRequirements long1 =
        PaymentRequirements.exact(USDC, TokenAmount.of(1), Asking.SELLER, Duration.ofDays(3650));
    Payment payment = payer.pay(SERVER, TOOL, v2(long1));
    assertThat(payment.validBefore()).isEqualTo(NOW.plus(PaymentSigner.MAX_WINDOW));
  }

  @Test
  void whatComesSettledIsSpentAndWhatComesWithoutASettlementTooButNotSurelySo() throws Exception {
    Payment first = pay("$0.01");
    assertThat(payer.delivered(first, settled(first)).transaction()).contains(TRANSACTION);
    assertThat(events()).endsWith(JournalEntry.Event.SETTLED);

    Payment second = payer.delivered(pay("$0.01"), null);
    assertThat(second.settled()).isFalse();
    assertThat(events()).endsWith(JournalEntry.Event.UNCONFIRMED);
    assertThat(wallet.remaining()).hasToString("$0.03");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        "{\"success\":\"true\",\"transaction\":\"T\",\"network\":\"eip155:84532\"}",
        "{\"success\":true,\"transaction\":\"\",\"network\":\"eip155:84532\"}",
        "{\"success\":true,\"success\":true,\"transaction\":\"T\",\"network\":\"eip155:84532\"}",
        "{\"success\":true,\"transaction\":\"T\",\"network\":\"eip155:8453\"}",
        "{\"success\":true,\"transaction\":\"T\",\"network\":\"eip155:84532\","
            + "\"payer\":\"0x209693bc6afc0c5328ba36faf03c514ef312287c\"}",
        "{\"success\":true,\"transaction\":\"T\",\"network\":\"eip155:84532\",\"amount\":\"9999\"}",
        "{\"success\":false,\"transaction\":\"T\",\"network\":\"eip155:84532\"}"
      })
  void noOtherSettlementCountsAsThisPayments(String settlement) throws Exception {
    Payment payment = payer.refused(pay("$0.01"), settlement.replace("T", TRANSACTION));
    assertThat(payment.settled()).isFalse();
    assertThat(events()).endsWith(JournalEntry.Event.REJECTED);
    assertThat(wallet.remaining()).hasToString("$0.04"); // who has the signature can still take it
  }

  @Test
  void aSettlementThatIsTooLongIsNotRead() throws Exception {
    Payment payment = pay("$0.01");
    String padded = settled(payment) + " ".repeat(PeekedBody.MAX_BYTES);
    assertThat(payer.delivered(payment, padded).settled()).isFalse();
  }

  @Test
  void anErrorThatShowsTheSettlementIsPaidForAllTheSame() throws Exception {
    Payment payment = pay("$0.01");
    assertThat(payer.refused(payment, settled(payment)).settled()).isTrue();
    assertThat(events()).endsWith(JournalEntry.Event.SETTLED);
  }

  @Test
  void refusalsFreeTheAmountOnlyForAWalletThatTrustsThem() throws Exception {
    AgentWallet trusting = wallet(SIGNER, AgentWallet.Builder::trustRefusals);
    Payer paying = Payer.of(trusting, USDC);
    paying.refused(paying.pay(SERVER, TOOL, v2(option("$0.02"))), null);
    assertThat(events()).endsWith(JournalEntry.Event.REJECTED, JournalEntry.Event.RETURNED);
    assertThat(trusting.remaining()).hasToString("$0.05");
  }

  @Test
  void anUnknownOutcomeKeepsTheAmountUntilTheSamePaymentGetsItsAnswer() throws Exception {
    Payment payment = pay("$0.02");
    payer.unknown(payment, "timeout");
    payer.unknown(payment, "timeout");
    assertThat(events())
        .endsWith(
            JournalEntry.Event.SIGNED, JournalEntry.Event.PENDING, JournalEntry.Event.PENDING);
    assertThat(wallet.remaining()).hasToString("$0.03");

    payer.delivered(payment, settled(payment));
    payer.unknown(payment, "a late report"); // the outcome is known already
    assertThat(events()).endsWith(JournalEntry.Event.SETTLED);
    assertThat(wallet.remaining()).hasToString("$0.03");
  }

  @Test
  void whatNeverLeftIsFreeAgain() throws Exception {
    payer.neverSent(pay("$0.05"), "no connection");
    assertThat(events()).endsWith(JournalEntry.Event.RETURNED);
    assertThat(wallet.remaining()).hasToString("$0.05");
  }

  @Test
  void whatTheSignerDidNotSignIsFreeAgain() {
    AgentWallet broken =
        wallet(
            signer(
                digest -> {
                  throw new IllegalStateException("no key");
                }),
            terms -> terms);
    Payer paying = Payer.of(broken, USDC);
    assertThatThrownBy(() -> paying.pay(SERVER, TOOL, v2(option("$0.02"))))
        .isInstanceOf(IllegalStateException.class);
    assertThat(events()).endsWith(JournalEntry.Event.RETURNED);
    assertThat(broken.remaining()).hasToString("$0.05");
  }

  @Test
  void theHostIsTheServersAndNotOneThatTheDescriptorNames() {
    String named = "https://shop.example/a";
    PaymentDeclinedException declined =
        declined(payer, URI.create("https://evil.example/mcp"), named, v2(named, option("$0.01")));
    assertThat(declined.rule()).isEqualTo("allowedDomains");
    assertThat(declined.asked()).isEqualTo("evil.example");
  }

  @ParameterizedTest
  @CsvSource({
    "http://shop.example/mcp, confidential",
    "http://127.0.0.1:1/mcp, allowedDomains",
    "https://shop.example.evil.example/mcp, allowedDomains"
  })
  void paysOnlyHostsOfTheWalletAndNeverInTheClear(URI server, String rule) {
    assertThat(declined(payer, server, TOOL, v2(option("$0.01"))).rule()).isEqualTo(rule);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mcp://tool/forecast", "/mcp", "file:///etc/passwd", "https:opaque"})
  void wantsTheUrlOfAServer(String server) {
    assertThatThrownBy(() -> payer.pay(URI.create(server), TOOL, v2(option("$0.01"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("server");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{\"x402Version\":3,\"accepts\":[]}",
        "{\"x402Version\":\"2\",\"accepts\":[]}",
        "{\"accepts\":[]}",
        "{\"x402Version\":2}",
        "{\"x402Version\":2,\"resource\":{\"url\":\"mcp://tool/forecast\"},\"accepts\":{}}"
      })
  void aDescriptorThatCannotBeReadIsDeclined(String descriptor) throws Exception {
    assertThat(declined(payer, SERVER, TOOL, descriptor).rule()).isEqualTo("descriptor");
    assertThat(events()).endsWith(JournalEntry.Event.ASKED, JournalEntry.Event.REFUSED);
  }

  @Test
  void aDescriptorWithAMemberTwiceOrMoreThanTheCapIsDeclined() {
    String honest = v2(option("$0.01"));
    String twice = honest.replace("\"amount\"", "\"amount\":\"1\",\"amount\"");
    assertThat(twice).isNotEqualTo(honest);
    assertThat(declined(payer, SERVER, TOOL, twice).rule()).isEqualTo("descriptor");
    String padded = honest + " ".repeat(PeekedBody.MAX_BYTES);
    assertThat(declined(payer, SERVER, TOOL, padded).rule()).isEqualTo("descriptor");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mcp://tool/other", "mcp://tool/forecast/", "mcp://TOOL/forecast", "/mcp"})
  void aDescriptorOfSomethingElseIsDeclined(String other) {
    assertThat(declined(payer, SERVER, TOOL, v2(other, option("$0.01"))).rule())
        .isEqualTo("resource");
  }

  @Test
  void whatAHostileSellerAsksForIsNotSigned() {
    PaymentRequirements honest = option("$0.01");
    Map<String, String> hostile =
        Map.of(
            v2(option("$0.06")), "limit",
            v2(Asking.in(Usdc.BASE, 10_000)), "tokens",
            v2(honest).replace("\"amount\":\"10000\"", "\"amount\":\"0\""), "amount",
            v2(to("0x0000000000000000000000000000000000000000")), "payTo",
            v2(Asking.with(honest, "name", "Not USDC")), "tokenDomain",
            v2(Asking.with(honest, "assetTransferMethod", "permit2")), "transferMethod",
            v2(honest).replace("\"exact\"", "\"upto\""), "tokens");
    hostile.forEach(
        (descriptor, rule) ->
            assertThat(declined(payer, SERVER, TOOL, descriptor).rule()).isEqualTo(rule));
    assertThat(events()).doesNotContain(JournalEntry.Event.ALLOWED, JournalEntry.Event.SIGNED);
    assertThat(wallet.remaining()).hasToString("$0.05");
  }

  @Test
  void rulesOfTheCallersHoldBesideTheWallets() throws Exception {
    Payer strict = payer.with(SpendingPolicy.empty().maxPerPayment("$0.01").methods("POST"));
    strict.pay(SERVER, TOOL, v2(option("$0.01")));
    assertThat(declined(strict, SERVER, TOOL, v2(option("$0.02"))).rule())
        .isEqualTo("maxPerPayment");
    Payer reading = payer.with(SpendingPolicy.empty().maxPerPayment("$0.01").methods("GET"));
    assertThat(declined(reading, SERVER, TOOL, v2(option("$0.01"))).rule()).isEqualTo("methods");
  }

  @Test
  void peopleWhoAreAskedSeeWhichTool() throws Exception {
    List<String> shown = new ArrayList<>();
    Payer asking =
        payer.with(
            SpendingPolicy.empty()
                .maxPerPayment("$0.05")
                .approvalAlways(
                    payment -> {
                      shown.add(payment.resource().orElseThrow());
                      return false;
                    }));
    assertThat(declined(asking, SERVER, TOOL, v2(option("$0.01"))).rule()).isEqualTo("approval");
    assertThat(shown).containsExactly(TOOL);
  }

  @Test
  void severalThreadsSpendOneLimitToTheCent() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      Callable<Integer> buying =
          () -> {
            int bought = 0;
            for (int i = 0; i < 5; i++) {
              try {
                Payment payment = payer.pay(SERVER, TOOL, v2(option("$0.01")));
                payer.delivered(payment, settled(payment));
                bought++;
              } catch (PaymentDeclinedException e) {
                assertThat(e.rule()).isIn("limit", "revoked");
              }
            }
            return bought;
          };
      int bought = 0;
      for (Future<Integer> each : threads.invokeAll(Collections.nCopies(8, buying))) {
        bought += each.get();
      }
      assertThat(bought).isEqualTo(5);
      assertThat(events()).filteredOn(JournalEntry.Event.SIGNED::equals).hasSize(5);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void nothingThatIsShownOrWrittenDownHoldsTheSignature() throws Exception {
    Payment payment = pay("$0.01");
    payer.delivered(payment, settled(payment));
    String signature = (String) sent(payment, 2).payload().get("signature");
    StringBuilder written = new StringBuilder();
    journal.writeJsonLines(written);
    assertThat(payment.secretJson()).contains(signature);
    assertThat(payment + " " + payer + " " + written)
        .doesNotContain(signature, signature.substring(2, 66));
  }

  @Test
  void wantsAtLeastOneTokenAndEachOnce() {
    assertThatThrownBy(() -> Payer.of(wallet)).hasMessageContaining("token: missing");
    assertThatThrownBy(() -> Payer.of(wallet, USDC, USDC)).hasMessageContaining("twice");
  }

  private Payment pay(String price) throws IOException {
    return payer.pay(SERVER, TOOL, v2(option(price)));
  }

  private PaymentDeclinedException declined(
      Payer paying, URI server, String resource, String descriptor) {
    PaymentDeclinedException declined =
        catchThrowableOfType(
            PaymentDeclinedException.class, () -> paying.pay(server, resource, descriptor));
    assertThat(declined).as("declined").isNotNull();
    return declined;
  }

  private AgentWallet wallet(EvmSigner signer, UnaryOperator<AgentWallet.Builder> terms) {
    return terms
        .apply(
            AgentWallet.provision("another", signer, journal)
                .limit("$0.05", BillingPeriod.EVER)
                .allowedDomains("shop.example")
                .clock(clock))
        .create();
  }

  private List<JournalEntry.Event> events() {
    try {
      return journal.entries().stream().map(JournalEntry::event).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private JournalEntry allowed() throws IOException {
    return journal.entries().stream()
        .filter(entry -> entry.event() == JournalEntry.Event.ALLOWED)
        .findFirst()
        .orElseThrow();
  }

  private static PaymentRequirements to(String payTo) {
    PaymentRequirements honest = option("$0.01");
    return new PaymentRequirements(
        honest.scheme(),
        honest.network(),
        honest.amount(),
        honest.asset(),
        Address.parse(payTo),
        honest.maxTimeout(),
        honest.extra());
  }

  private static PaymentRequired required(String resource, PaymentRequirements... options) {
    return PaymentRequired.of(ResourceInfo.of(resource), List.of(options));
  }

  private static String v2(PaymentRequirements... options) {
    return v2(TOOL, options);
  }

  private static String v2(String resource, PaymentRequirements... options) {
    String header = PaymentCodec.encodeRequired(required(resource, options));
    return new String(Base64.getDecoder().decode(header), StandardCharsets.UTF_8);
  }

  private static String settled(Payment payment) {
    SettlementResponse response =
        new SettlementResponse(
            true, TRANSACTION, payment.network(), payment.payer(), null, payment.amount());
    String header = PaymentCodec.encodeSettlement(response, 2);
    return new String(Base64.getDecoder().decode(header), StandardCharsets.UTF_8);
  }

  private static PaymentPayload sent(Payment payment, int version) throws Exception {
    String header =
        Base64.getEncoder().encodeToString(payment.secretJson().getBytes(StandardCharsets.UTF_8));
    return PaymentCodec.decodePayload(header, version);
  }

  private static TransferAuthorization authorization(PaymentPayload sent) throws Exception {
    return ExactEvmPayload.parse(sent.payload()).authorization();
  }

  private interface Signing {
    EvmSignature sign(byte[] digest);
  }

  private static EvmSigner signer(Signing signing) {
    return new EvmSigner() {
      @Override
      public Address address() {
        return SIGNER.address();
      }

      @Override
      public EvmSignature sign(byte[] digest) {
        return signing.sign(digest);
      }
    };
  }
}
