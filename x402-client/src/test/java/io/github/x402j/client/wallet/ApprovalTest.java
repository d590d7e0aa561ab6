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
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.Seller;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.MutableClock;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A payment above the threshold waits for its owner, and then goes through once. */
@Timeout(30)
class ApprovalTest {
  private static final SpendingPolicy POLICY =
      SpendingPolicy.empty()
          .maxPerPayment("$5")
          .approvalAbove(Price.parse("$1"), Duration.ofHours(1));

  private final MutableClock clock = new MutableClock(NOW);
  private final MemoryJournal storage = new MemoryJournal();
  private final HttpClient wrapped = HttpClient.newHttpClient();
  private SpendJournal owner;
  private AgentWallet wallet;
  private Seller seller;
  private boolean failing;

  /** Signs, unless it is to fail. */
  private final class Moody implements EvmSigner {
    @Override
    public Address address() {
      return SIGNER.address();
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      if (failing) {
        throw new IllegalStateException("no signature today");
      }
      return SIGNER.sign(digest);
    }
  }

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    owner = SpendJournal.on(storage);
    wallet =
        AgentWallet.provision("scout", new Moody(), SpendJournal.on(storage))
            .limit("$100", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .policy(POLICY)
            .clock(clock)
            .create();
    seller.does(honest(seller, "$2"));
  }

  @AfterEach
  void close() {
    seller.close();
  }

  @Test
  void goesThroughOnceWhenItsOwnerHasApprovedIt() throws Exception {
    String id = waits("/a");
    assertThat(waits("/a")).isEqualTo(id);
    assertThat(owner.approvals(clock.instant()))
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.id()).isEqualTo(id);
              assertThat(request.agent()).isEqualTo("scout");
              assertThat(request.state()).isEqualTo(ApprovalRequest.State.WAITING);
              assertThat(request.price()).hasToString("$2");
              assertThat(request.detail("host")).contains("127.0.0.1");
              assertThat(request.detail("path")).contains("/a");
              assertThat(request.until()).isEqualTo(NOW.plus(Duration.ofHours(1)));
            });
    owner.approve(id, "alice", clock.instant());
    String other = waits("/b");
    assertThat(other).isNotEqualTo(id);
    buy("/a");
    assertThat(payments(seller)).hasSize(1);
    assertThat(waits("/a")).isNotIn(id, other);
    assertThat(payments(seller)).hasSize(1);
    assertThat(owner.entries())
        .filteredOn(entry -> entry.event() == JournalEntry.Event.APPROVED)
        .singleElement()
        .satisfies(entry -> assertThat(entry.detail("by")).contains("alice"));
    assertThat(owner.entries())
        .filteredOn(entry -> entry.event() == JournalEntry.Event.ALLOWED)
        .singleElement()
        .satisfies(entry -> assertThat(entry.detail("approval")).contains(id));
    assertThat(owner.check()).isEmpty();
  }

  /** What never left was not bought: its owner need not approve it twice. */
  @Test
  void isGoodAgainIfThePaymentNeverLeft() throws Exception {
    String id = waits("/a");
    owner.approve(id, "alice", clock.instant());
    failing = true;
    assertThatThrownBy(() -> buy("/a")).hasMessageContaining("no signature today");
    failing = false;
    assertThat(owner.approvals(clock.instant()))
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.id()).isEqualTo(id);
              assertThat(request.state()).isEqualTo(ApprovalRequest.State.APPROVED);
            });
    buy("/a");
    assertThat(payments(seller)).hasSize(1);
    assertThat(waits("/a")).isNotEqualTo(id);
    assertThat(owner.check()).isEmpty();
  }

  @Test
  void whatIsNotAboveTheThresholdDoesNotWait() throws Exception {
    seller.does(honest(seller, "$1"));
    buy("/a");
    assertThat(owner.approvals(clock.instant())).isEmpty();
  }

  @Test
  void whatItsOwnerDeniesIsDeclinedAndAsksAgainWhenTheTimeIsOver() throws Exception {
    String id = waits("/a");
    owner.deny(id, "alice", clock.instant());
    PaymentDeclinedException denied =
        catchThrowableOfType(PaymentDeclinedException.class, () -> buy("/a"));
    assertThat(denied).hasMessageContaining("which its owner denied");
    assertThat(denied.approval()).isEmpty();
    assertThatThrownBy(() -> owner.approve(id, "bob", clock.instant()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("decided before");
    clock.advance(Duration.ofHours(1));
    assertThat(waits("/a")).isNotEqualTo(id);
    assertThat(payments(seller)).isEmpty();
  }

  @Test
  void bothHaveTheTimeThatThePolicyNames() throws Exception {
    String late = waits("/a");
    clock.advance(Duration.ofHours(1));
    assertThatThrownBy(() -> owner.approve(late, "alice", clock.instant()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has expired");
    assertThatThrownBy(() -> owner.approve("00000000", "alice", clock.instant()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no payment waits for it");
    String id = waits("/a");
    assertThat(id).isNotEqualTo(late);
    clock.advance(Duration.ofMinutes(59));
    owner.approve(id, "alice", clock.instant());
    clock.advance(Duration.ofHours(1).minusMillis(1));
    String next = waits("/b");
    buy("/a");
    owner.approve(next, "alice", clock.instant());
    clock.advance(Duration.ofHours(1));
    assertThat(waits("/b")).isNotEqualTo(next);
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void anApprovalIsForThisPriceOrLessAndThisRecipient() throws Exception {
    String id = waits("/a");
    owner.approve(id, "alice", clock.instant());
    seller.does(honest(seller, "$3"));
    String dearer = waits("/a");
    assertThat(dearer).isNotEqualTo(id);
    owner.approve(dearer, "alice", clock.instant());
    var otherRecipient = option("$2");
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "ok")
                : v2(
                    forUrl(
                        seller.url("/a"),
                        new PaymentRequirements(
                            otherRecipient.scheme(),
                            otherRecipient.network(),
                            otherRecipient.amount(),
                            otherRecipient.asset(),
                            Address.parse("0x" + "22".repeat(20)),
                            otherRecipient.maxTimeout(),
                            otherRecipient.extra()))));
    assertThat(waits("/a")).isNotIn(id, dearer);
    seller.does(honest(seller, "$3"));
    String again = waits("/a");
    owner.approve(again, "alice", clock.instant());
    seller.does(honest(seller, "$2"));
    buy("/a");
    assertThat(payments(seller)).hasSize(1);
  }

  /** An owner who asks twice has the stricter of both. */
  @Test
  void theLowestThresholdCounts() throws Exception {
    PayingHttpClient strict =
        PayingHttpClient.over(wrapped)
            .wallet(wallet)
            .policy(
                SpendingPolicy.empty()
                    .maxPerPayment("$5")
                    .approvalAbove(Price.parse("$0.10"), Duration.ofMinutes(5)))
            .token(USDC)
            .clock(clock)
            .build();
    seller.does(honest(seller, "$0.50"));
    assertThatThrownBy(
            () ->
                strict.send(
                    HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString()))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.approval()).isPresent());
    buy("/a");
  }

  /** Returns the name of the approval that the payment waits for. */
  private String waits(String path) {
    PaymentDeclinedException declined =
        catchThrowableOfType(PaymentDeclinedException.class, () -> buy(path));
    assertThat(declined.rule()).isEqualTo("approval");
    String id = declined.approval().orElseThrow();
    assertThat(declined).hasMessageContaining("waits for its owner's approval " + id);
    return id;
  }

  private void buy(String path) throws Exception {
    assertThat(
            PayingHttpClient.over(wrapped)
                .wallet(wallet)
                .token(USDC)
                .clock(clock)
                .build()
                .send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(200);
  }
}
