// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static io.github.x402j.adapter.FakeSeller.HANG_UP;
import static io.github.x402j.adapter.FakeSeller.SIGNER;
import static io.github.x402j.adapter.FakeSeller.USDC;
import static io.github.x402j.adapter.FakeSeller.VANISH;
import static io.github.x402j.adapter.FakeSeller.answer;
import static io.github.x402j.adapter.FakeSeller.asks;
import static io.github.x402j.adapter.FakeSeller.delivers;
import static io.github.x402j.adapter.FakeSeller.isPaid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.PendingPayment;
import io.github.x402j.client.PendingPayments;
import io.github.x402j.client.wallet.Dollars;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules about money hold over every adapter, whatever the seller does. */
@Timeout(60)
class HostileSellersTest {
  private final Agent agent = Agent.with(SIGNER, USDC, "$0.10");

  @ParameterizedTest
  @EnumSource
  void aSignatureThatLeftCountsThoughTheSellerVanishes(Shopper shopper) throws Exception {
    int signatures = 0;
    for (int round = 0; round < 4; round++) {
      try (FakeSeller seller =
          FakeSeller.start((self, head) -> isPaid(head) ? VANISH : asks(self.url("/a")))) {
        Throwable failure = catchThrowable(() -> shopper.get(agent.payer(), seller.url("/a")));
        assertThat(failure)
            .isInstanceOf(
                round < 2 ? PaymentPendingException.class : PaymentDeclinedException.class);
        signatures += seller.payments().size();
      }
    }
    assertThat(signatures).isEqualTo(2);
    assertThat(agent.wallet().remaining()).isEqualTo(Dollars.ZERO);
  }

  @ParameterizedTest
  @EnumSource
  void afterALostAnswerARefusalStaysPending(Shopper shopper) throws Exception {
    try (FakeSeller seller =
        FakeSeller.start(
            (self, head) ->
                isPaid(head) && self.paid().size() == 1 ? HANG_UP : asks(self.url("/a")))) {
      PaymentPendingException pending =
          catchThrowableOfType(
              PaymentPendingException.class, () -> shopper.get(agent.payer(), seller.url("/a")));
      assertThat(pending.payment().offer().price()).hasToString("$0.05");
      assertThat(seller.payments()).hasSize(1);
      assertThat(agent.events()).endsWith("SIGNED", "PENDING");
      assertThat(agent.wallet().remaining()).isEqualTo(Dollars.parse("$0.05"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSamePaymentIsSentAgainAfterALostAnswerAndA503(Shopper shopper) throws Exception {
    for (String first : new String[] {HANG_UP, answer("503 X", "Retry-After: 0", "later")}) {
      try (FakeSeller seller =
          FakeSeller.start(
              (self, head) ->
                  !isPaid(head)
                      ? asks(self.url("/a"))
                      : self.paid().size() == 1 ? first : delivers("the goods"))) {
        assertThat(shopper.get(agent.payer(), seller.url("/a")).body()).isEqualTo("the goods");
        assertThat(seller.paid().size()).isGreaterThanOrEqualTo(2);
        assertThat(seller.payments()).hasSize(1);
        assertThat(agent.events()).contains("SETTLED").doesNotContain("PENDING");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REST_TEMPLATE") // it has no attributes
  void aPendingPaymentIsSentAgainAndNoOtherMade(Shopper shopper) throws Exception {
    boolean[] back = new boolean[1];
    try (FakeSeller seller =
        FakeSeller.start(
            (self, head) ->
                !isPaid(head) ? asks(self.url("/a")) : back[0] ? delivers("late") : HANG_UP)) {
      PaymentPendingException pending =
          catchThrowableOfType(
              PaymentPendingException.class, () -> shopper.get(agent.payer(), seller.url("/a")));
      back[0] = true;
      assertThat(shopper.resend(agent.payer(), pending).body()).isEqualTo("late");
      assertThat(seller.payments()).hasSize(1);
      assertThat(agent.events()).endsWith("PENDING", "SETTLED");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBodyIsPaidForOnceWhileTheOutcomeIsNotKnown(Shopper shopper) throws Exception {
    try (FakeSeller seller =
        FakeSeller.start((self, head) -> isPaid(head) ? HANG_UP : asks(self.url("/a")))) {
      URI url = seller.url("/a");
      assertThat(catchThrowable(() -> shopper.post(agent.payer(), url, "one")))
          .isInstanceOf(PaymentPendingException.class);
      assertThat(catchThrowable(() -> shopper.post(agent.payer(), url, "one")))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> assertThat(declined.rule()).isEqualTo("unresolved"));
      assertThat(catchThrowable(() -> shopper.post(agent.payer(), url, "two")))
          .isInstanceOf(PaymentPendingException.class);
      assertThat(seller.payments()).hasSize(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKeptPaymentIsSentAgainByAnotherProcess(Shopper shopper, @TempDir Path directory)
      throws Exception {
    boolean[] back = new boolean[1];
    PendingPayments store = PendingPayments.in(directory);
    try (FakeSeller seller =
        FakeSeller.start(
            (self, head) ->
                !isPaid(head) ? asks(self.url("/a")) : back[0] ? delivers("late") : HANG_UP)) {
      assertThat(
              catchThrowable(
                  () -> shopper.post(agent.payer().pending(store), seller.url("/a"), "the body")))
          .isInstanceOf(PaymentPendingException.class);
      PendingPayment kept = store.all().get(0);
      assertThat(kept.request().method()).isEqualTo("POST");
      assertThat(kept.request().headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/plain");
      assertThat(kept.request().bodyPublisher().orElseThrow().contentLength()).isEqualTo(8);
      back[0] = true;
      PayingHttpClient client =
          PayingHttpClient.over(HttpClient.newHttpClient())
              .wallet(agent.wallet())
              .token(USDC)
              .pending(store)
              .build();
      assertThat(client.resend(kept, BodyHandlers.ofString()).body()).isEqualTo("late");
      assertThat(seller.payments()).hasSize(1);
      assertThat(store.all()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRefusalIsBelievedOnlyOfAClientThatTellsWhatItSent(Shopper shopper) throws Exception {
    try (FakeSeller seller = FakeSeller.start((self, head) -> asks(self.url("/a")))) {
      if (shopper == Shopper.OK_HTTP) {
        assertThat(shopper.get(agent.payer(), seller.url("/a")).status()).isEqualTo(402);
        assertThat(agent.events()).endsWith("SIGNED", "REJECTED");
      } else {
        assertThat(catchThrowable(() -> shopper.get(agent.payer(), seller.url("/a"))))
            .isInstanceOf(PaymentPendingException.class);
        assertThat(agent.events()).endsWith("SIGNED", "PENDING");
      }
      assertThat(seller.paid()).hasSize(1);
      assertThat(agent.wallet().remaining()).isEqualTo(Dollars.parse("$0.05"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void nothingLeavesAfterRevoking(Shopper shopper) throws Exception {
    CompletableFuture<?>[] revoking = new CompletableFuture<?>[1];
    try (FakeSeller seller =
        FakeSeller.start(
            (self, head) -> {
              if (!isPaid(head)) {
                return asks(self.url("/a"));
              }
              revoking[0] = CompletableFuture.runAsync(() -> agent.wallet().revoke());
              return answer("503 X", "X-A: b", "");
            })) {
      Throwable failure = catchThrowable(() -> shopper.get(agent.payer(), seller.url("/a")));
      assertThat(failure)
          .isInstanceOf(PaymentPendingException.class)
          .hasMessageContaining("revoked");
      revoking[0].join();
      assertThat(seller.paid()).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void noRedirectTakesThePaymentAlong(Shopper shopper) throws Exception {
    try (FakeSeller other = FakeSeller.start((self, head) -> delivers("stolen"));
        FakeSeller seller =
            FakeSeller.start(
                (self, head) ->
                    isPaid(head)
                        ? answer("302 Found", "Location: " + other.url("/b"), "")
                        : asks(self.url("/a")))) {
      Shopper.Answer answer = shopper.get(agent.payer(), seller.url("/a"));
      assertThat(answer.status()).isEqualTo(302);
      assertThat(answer.header("Location")).isEqualTo(other.url("/b").toString());
      assertThat(other.paid()).isEmpty();
      assertThat(seller.paid()).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRedirectLeadsToNoOtherPayment(Shopper shopper) throws Exception {
    try (FakeSeller other = FakeSeller.start((self, head) -> asks(self.url("/b")));
        FakeSeller seller =
            FakeSeller.start(
                (self, head) -> answer("302 Found", "Location: " + other.url("/b"), ""))) {
      Throwable failure = catchThrowable(() -> shopper.get(agent.payer(), seller.url("/a")));
      boolean follows = shopper == Shopper.OK_HTTP;
      assertThat(failure instanceof PaymentDeclinedException).isEqualTo(follows);
      assertThat(other.paid()).isEmpty();
      assertThat(agent.wallet().remaining()).isEqualTo(Dollars.parse("$0.10"));
      assertThat(agent.events()).doesNotContain("SIGNED");
    }
  }

  @ParameterizedTest
  @EnumSource
  void anotherOriginsResourceIsNotPaid(Shopper shopper) throws Exception {
    try (FakeSeller seller =
        FakeSeller.start((self, head) -> asks(URI.create("https://bank.example/a")))) {
      PaymentDeclinedException declined =
          catchThrowableOfType(
              PaymentDeclinedException.class, () -> shopper.get(agent.payer(), seller.url("/a")));
      assertThat(declined.rule()).isEqualTo("resource");
      assertThat(seller.paid()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 70_000, 200_000})
  void a402WithoutADescriptorIsTheCallers(int length) throws Exception {
    String body = "x".repeat(length);
    try (FakeSeller seller = FakeSeller.start((self, head) -> answer("402 X", "X-A: b", body))) {
      for (Shopper shopper : Shopper.values()) {
        Shopper.Answer answer = shopper.get(agent.payer(), seller.url("/a"));
        assertThat(answer.status()).isEqualTo(402);
        assertThat(answer.body()).isEqualTo(body);
        assertThat(answer.header("X-A")).isEqualTo("b");
      }
    }
    assertThat(agent.events()).isEmpty();
  }
}
