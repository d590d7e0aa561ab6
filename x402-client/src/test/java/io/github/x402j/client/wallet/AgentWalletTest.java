// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Usdc;
import io.github.x402j.client.Asking;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.Seller;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.MutableClock;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a provisioned wallet spends at real sellers, and which amounts are free again. */
@Timeout(30)
class AgentWalletTest {
  /** Without the rules for what has no outcome, so that the limit alone stops a payment. */
  private static final SpendingPolicy OF_THE_LIMIT_ALONE =
      SpendingPolicy.empty().maxPerPayment("$1").allowUndelivered().allowUnresolved();

  private final MutableClock clock = new MutableClock(NOW);
  private final SpendJournal journal = SpendJournal.inMemory();
  private HttpClient wrapped = HttpClient.newHttpClient();
  @TempDir private Path directory;
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  /** What a seller asks for must not stop an agent for good. */
  @Test
  void anAskOverWhatIsLeftIsDeclinedAndRevokesNothing() throws Exception {
    AgentWallet wallet = wallet("$0.05", terms -> terms);
    for (String asked : List.of("$0.05", "$0.05", "$0.06")) {
      seller.does(honest(seller, "$0.01"));
      if (asked.equals("$0.05")) {
        get(wallet);
      }
      seller.does(honest(seller, asked));
      declined("limit", wallet);
      assertThat(wallet.isRevoked()).isFalse();
    }
    assertThatThrownBy(() -> get(wallet))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> {
              assertThat(declined.limit()).isEqualTo("$0.05 per day");
              assertThat(declined.left()).contains("$0.03");
            });
    seller.does(honest(seller, "$0.03"));
    get(wallet);
    assertThat(wallet.isRevoked()).isTrue();
    assertThat(wallet.spent(BillingPeriod.DAY)).hasToString("$0.05");
    assertThat(wallet.address()).isEqualTo(SIGNER.address());
  }

  @Test
  void aHigherLimitReinstatesAWalletThatItsLimitRevoked() throws Exception {
    AgentWallet wallet = wallet("$0.04", terms -> terms);
    seller.does(honest(seller, "$0.04"));
    get(wallet);
    assertThat(wallet.isRevoked()).isTrue();
    wallet("$0.04", terms -> terms.expiresAt(NOW.plusSeconds(1000)));
    assertThat(wallet.isRevoked()).isTrue();
    get(wallet("$0.08", terms -> terms));
    assertThat(wallet.isRevoked()).isTrue();
  }

  @Test
  void aWalletThatItsOwnerRevokedIsReinstatedByItsOwnerAlone() throws Exception {
    AgentWallet wallet = wallet("$0.04", terms -> terms);
    seller.does(honest(seller, "$0.01"));
    wallet.revoke();
    wallet("$1", terms -> terms);
    declined("revoked", wallet);
    wallet.reinstate();
    get(wallet);
    assertThat(wallet.spent(BillingPeriod.DAY)).hasToString("$0.01");
  }

  @Test
  void revokesItselfWhenAllOfTheLimitIsSpent() throws Exception {
    AgentWallet wallet = wallet("$0.04", terms -> terms);
    seller.does(honest(seller, "$0.02"));
    get(wallet);
    assertThat(wallet.isRevoked()).isFalse();
    get(wallet);
    assertThat(wallet.status().revokedFor()).contains("limit of $0.04 per day hit");
  }

  @Test
  void aPriceOverTheWholeLimitIsRefusedAndRevokesNothing() throws Exception {
    AgentWallet wallet = wallet("$0.05", terms -> terms);
    seller.does(honest(seller, "$0.06"));
    declined("limit", wallet);
    assertThat(wallet.isRevoked()).isFalse();
    seller.does(honest(seller, "$0.05"));
    get(wallet);
  }

  @ParameterizedTest
  @CsvSource({
    "DAY, 2026-05-01T23:59:59Z, 2026-05-02T00:00:00Z",
    "WEEK, 2026-05-03T23:59:59Z, 2026-05-04T00:00:00Z",
    "MONTH, 2026-05-31T23:59:59Z, 2026-06-01T00:00:00Z"
  })
  void aLimitBeginsAnewWithThePeriod(BillingPeriod period, Instant last, Instant next)
      throws Exception {
    AgentWallet wallet = wallet("$0.05", terms -> terms.limit("$0.05", period).renewEachPeriod());
    seller.does(honest(seller, "$0.05"));
    get(wallet);
    clock.advance(Duration.between(NOW, last));
    declined("limit", wallet);
    clock.advance(Duration.between(last, next));
    assertThat(wallet.remaining()).hasToString("$0.05");
    get(wallet);
    assertThat(wallet.spent(period)).hasToString("$0.05");
    assertThat(wallet.spent(BillingPeriod.EVER)).hasToString("$0.1");
  }

  @Test
  void expiresOnTheInstant() throws Exception {
    AgentWallet wallet = wallet("$1", terms -> terms.expiresAt(NOW.plusSeconds(10)));
    seller.does(honest(seller, "$0.01"));
    clock.advance(Duration.ofSeconds(10).minusNanos(1));
    get(wallet);
    clock.advance(Duration.ofNanos(1));
    declined("expiry", wallet);
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
  }

  @Test
  void paysInItsDomainsOnly() throws Exception {
    AgentWallet wallet = wallet("$1", terms -> terms.allowedDomains("*.example.com"));
    seller.does(honest(seller, "$0.01"));
    declined("allowedDomains", wallet);
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void theClientsPolicyHoldsBesideTheWalletsOwn() throws Exception {
    AgentWallet wallet =
        wallet("$1", terms -> terms.policy(SpendingPolicy.empty().maxPerPayment("$0.03")));
    seller.does(honest(seller, "$0.02"));
    get(wallet);
    seller.does(honest(seller, "$0.04"));
    declined("maxPerPayment", wallet);
    PayingHttpClient strict =
        client(wallet).policy(SpendingPolicy.empty().maxPerPayment("$0.01")).build();
    seller.does(honest(seller, "$0.02"));
    assertThatThrownBy(() -> get(strict)).isInstanceOf(PaymentDeclinedException.class);
    PayingHttpClient nothing = client(wallet).policy(SpendingPolicy.empty()).build();
    assertThatThrownBy(() -> get(nothing)).isInstanceOf(PaymentDeclinedException.class);
  }

  @Test
  void anAmountThatNeverLeftIsFreeAgain() {
    AgentWallet wallet = wallet("$1", terms -> terms);
    seller.does(
        call -> {
          Seller.Answer descriptor = honest(seller, "$0.02").answer(call);
          return exchange -> {
            exchange.getResponseHeaders().set("Connection", "close");
            descriptor.writeTo(exchange);
            seller.close();
          };
        });
    assertThatThrownBy(() -> get(wallet)).isInstanceOf(ConnectException.class);
    assertThat(wallet.remaining()).hasToString("$1");
    assertThat(last()).isEqualTo(JournalEntry.Event.RETURNED);
  }

  @Test
  void anAmountThatASignerDidNotSignIsFreeAgain() {
    EvmSigner broken =
        new EvmSigner() {
          @Override
          public Address address() {
            return SIGNER.address();
          }

          @Override
          public EvmSignature sign(byte[] digest) {
            throw new IllegalStateException("the KMS is away");
          }
        };
    AgentWallet wallet =
        AgentWallet.provision("a", broken, journal)
            .limit("$1", BillingPeriod.DAY)
            .allowedDomains("127.0.0.1")
            .create();
    seller.does(honest(seller, "$0.02"));
    assertThatThrownBy(() -> get(wallet)).hasMessageContaining("the KMS is away");
    assertThat(wallet.remaining()).hasToString("$1");
  }

  @Test
  void anAmountWithoutAnOutcomeStaysReservedUntilThereIsOne() throws Exception {
    AgentWallet wallet = wallet("$0.05", terms -> terms.policy(OF_THE_LIMIT_ALONE));
    seller.does(
        call ->
            call.isPaid() ? Seller.Answer.lost() : v2(forUrl(seller.url("/a"), option("$0.05"))));
    PayingHttpClient client = client(wallet).build();
    PaymentPendingException[] pending = new PaymentPendingException[1];
    assertThatThrownBy(() -> get(client))
        .isInstanceOfSatisfying(PaymentPendingException.class, e -> pending[0] = e);
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
    assertThat(wallet.status().reserved()).hasToString("$0.05");
    assertThat(wallet.isRevoked()).isFalse();
    declined("limit", wallet);
    assertThat(wallet.isRevoked()).isFalse();

    seller.does(call -> delivery(call, "late"));
    client.resend(pending[0], BodyHandlers.ofString());
    assertThat(wallet.status().reserved()).isEqualTo(Dollars.ZERO);
    assertThat(wallet.spent(BillingPeriod.DAY)).hasToString("$0.05");
    assertThat(journal.entries())
        .filteredOn(e -> e.event() == JournalEntry.Event.SETTLED)
        .singleElement()
        .satisfies(e -> assertThat(e.detail("transaction")).contains(Asking.TRANSACTION));
  }

  @ParameterizedTest
  @ValueSource(ints = {402, 400, 500})
  void aSellersWordThatItDidNotTakeThePaymentFreesNothing(int status) throws Exception {
    AgentWallet wallet = wallet("$1", terms -> terms);
    seller.does(
        call ->
            call.isPaid()
                ? Seller.Answer.of(status, "no")
                : v2(forUrl(seller.url("/a"), option("$0.05"))));
    get(wallet);
    assertThat(wallet.remaining()).hasToString("$0.95");
    assertThat(last()).isEqualTo(JournalEntry.Event.REJECTED);
  }

  @Test
  void aSellersWordIsBelievedWhereTheOwnerSaysSo() throws Exception {
    AgentWallet wallet = wallet("$1", AgentWallet.Builder::trustRefusals);
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.05"))));
    get(wallet);
    assertThat(wallet.remaining()).hasToString("$1");
    seller.does(
        call ->
            call.isPaid()
                ? Seller.Answer.of(200, "garbage")
                : v2(forUrl(seller.url("/a"), option("$0.05"))));
    get(wallet);
    assertThat(wallet.remaining()).hasToString("$0.95");
    assertThat(last()).isEqualTo(JournalEntry.Event.UNCONFIRMED);
  }

  @Test
  void noSellerGetsMoreThanTheLimitByDenyingThatItWasPaid() {
    AgentWallet wallet = wallet("$0.10", terms -> terms.policy(OF_THE_LIMIT_ALONE));
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.01"))));
    int declined = 0;
    for (int i = 0; i < 20; i++) {
      try {
        get(wallet);
      } catch (Exception e) {
        declined++;
      }
    }
    assertThat(declined).isEqualTo(10);
    assertThat(Asking.payments(seller)).hasSize(10);
  }

  @Test
  void everyDecisionCanBeAttributed() throws Exception {
    AgentWallet wallet = wallet("$1", terms -> terms);
    seller.does(
        call -> {
          if (!call.isPaid()) {
            return v2(forUrl(seller.url("/a"), option("$0.05")));
          }
          Map<String, String> headers = new HashMap<>(Asking.settled(call));
          headers.put("X-Payment-Receipt", "s3cret.receipt.text");
          return Seller.Answer.of(200, headers, "ok");
        });
    Payment payment = Payment.of(get(wallet)).orElseThrow();
    seller.does(honest(seller, "$9"));
    declined("limit", wallet);
    seller.does(call -> v2(forUrl(seller.url("/a"), Asking.in(Usdc.BASE, 1))));
    declined("tokens", wallet);

    List<JournalEntry> entries = journal.entries();
    assertThat(entries)
        .extracting(JournalEntry::event)
        .containsExactly(
            JournalEntry.Event.PROVISIONED,
            JournalEntry.Event.ASKED,
            JournalEntry.Event.ALLOWED,
            JournalEntry.Event.SIGNED,
            JournalEntry.Event.SETTLED,
            JournalEntry.Event.ASKED,
            JournalEntry.Event.REFUSED,
            JournalEntry.Event.ASKED,
            JournalEntry.Event.REFUSED);
    assertThat(entries).allSatisfy(entry -> assertThat(entry.agent()).isEqualTo("agent"));
    assertThat(entries.subList(1, 5))
        .allSatisfy(entry -> assertThat(entry.requestId()).isEqualTo(payment.requestId()));
    assertThat(entries.get(1).details())
        .containsEntry("host", "127.0.0.1")
        .containsEntry("method", "GET")
        .containsEntry("path", "/a")
        .containsEntry("price", "$0.05");
    assertThat(entries.get(4).details())
        .containsEntry("transaction", Asking.TRANSACTION)
        .containsKey("receipt");
    assertThat(entries.get(6).details())
        .containsEntry("rule", "limit")
        .containsEntry("left", "$0.95");
    assertThat(entries.get(8).details()).containsEntry("rule", "tokens");
    StringBuilder csv = new StringBuilder();
    journal.writeCsv(csv);
    journal.writeJsonLines(csv);
    assertThat(csv).doesNotContain("s3cret");
  }

  @Test
  void anotherAccountCannotTakeAnAgentsWallet() {
    wallet("$1", terms -> terms);
    EvmSigner other = EvmSigner.ofPrivateKey("0x" + "11".repeat(32));
    assertThatThrownBy(() -> AgentWallet.open("agent", other, journal))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                AgentWallet.provision("agent", other, journal)
                    .limit("$1", BillingPeriod.DAY)
                    .allowedDomains("a")
                    .create())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> AgentWallet.open("stranger", SIGNER, journal))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aWalletThatForgetsSomethingIsNotMade() {
    assertThatThrownBy(
            () -> AgentWallet.provision("a", SIGNER, journal).allowedDomains("b").create())
        .hasMessageContaining("limit: missing");
    assertThatThrownBy(
            () ->
                AgentWallet.provision("a", SIGNER, journal).limit("$1", BillingPeriod.DAY).create())
        .hasMessageContaining("allowedDomains: missing");
    for (String name : List.of("", "-a", "a b", "=cmd", "a".repeat(65), "\u00e9")) {
      assertThatThrownBy(() -> AgentWallet.provision(name, SIGNER, journal))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private AgentWallet wallet(String limit, UnaryOperator<AgentWallet.Builder> terms) {
    return terms
        .apply(
            AgentWallet.provision("agent", SIGNER, journal)
                .limit(limit, BillingPeriod.DAY)
                .allowedDomains("127.0.0.1")
                .clock(clock))
        .create();
  }

  private PayingHttpClient.Builder client(AgentWallet wallet) {
    return Asking.impatient(PayingHttpClient.over(wrapped).wallet(wallet).token(USDC).clock(clock));
  }

  private JournalEntry.Event last() {
    try {
      List<JournalEntry> entries = journal.entries();
      return entries.get(entries.size() - 1).event();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void declined(String rule, AgentWallet wallet) {
    assertThatThrownBy(() -> get(wallet))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
  }

  private HttpResponse<String> get(AgentWallet wallet) throws Exception {
    return get(client(wallet).build());
  }

  private HttpResponse<String> get(PayingHttpClient client) throws Exception {
    return client.send(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
  }
}
