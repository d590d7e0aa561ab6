// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.Address;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When {@code revoke()} has returned, no payment leaves, and it returns soon. */
@Timeout(60)
class RevocationTest {
  private final SpendJournal journal = SpendJournal.inMemory();
  private final AtomicInteger paidCalls = new AtomicInteger();
  private Seller seller;

  @BeforeEach
  void open() throws IOException {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  @Test
  void noResendingBeginsAfterTheWalletIsRevoked() throws Exception {
    CountDownLatch paid = new CountDownLatch(2);
    sells(
        call -> {
          paid.countDown();
          return pending(call, "0");
        });
    AgentWallet wallet = wallet(Asking.SIGNER);
    CompletableFuture<HttpResponse<String>> answer = buy(wallet, 1_000, Duration.ofMillis(20));
    assertThat(paid.await(30, TimeUnit.SECONDS)).isTrue();
    wallet.revoke();
    int sent = paidCalls.get();
    assertThatThrownBy(answer::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(PaymentPendingException.class)
        .hasMessageContaining("the wallet was revoked");
    assertThat(paidCalls.get()).as("one may have been on its way").isBetween(sent, sent + 1);
    assertThat(wallet.status().reserved()).hasToString("$0.01");
  }

  @Test
  void revokeDoesNotWaitLongForASignerThatHangsAndWhatItSignsIsNotSent() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    sells(call -> Seller.Answer.of(200, "paid"));
    AgentWallet wallet =
        wallet(
            new EvmSigner() {
              @Override
              public Address address() {
                return Asking.SIGNER.address();
              }

              @Override
              public EvmSignature sign(byte[] digest) {
                asked.countDown();
                try {
                  released.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return Asking.SIGNER.sign(digest);
              }
            });
    CompletableFuture<HttpResponse<String>> answer = buy(wallet, 0, Duration.ZERO);
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
    long start = System.nanoTime();
    wallet.revoke();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    released.countDown();
    assertThatThrownBy(answer::get)
        .cause()
        .isInstanceOf(PaymentDeclinedException.class)
        .hasMessageContaining("revoked");
    assertThat(paidCalls).hasValue(0);
    assertThat(wallet.status().reserved()).hasToString("$0");
  }

  @Test
  void aPaymentThatIsResentByHandDoesNotLeaveARevokedWallet() throws Exception {
    sells(call -> pending(call, "0"));
    AgentWallet wallet = wallet(Asking.SIGNER);
    PayingHttpClient client = client(wallet, 0, Duration.ZERO);
    PaymentPendingException pending =
        catchThrowableOfType(
            PaymentPendingException.class,
            () ->
                client.send(
                    HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString()));
    wallet.revoke();
    assertThatThrownBy(() -> client.resend(pending, BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class);
    assertThat(paidCalls).hasValue(1);
    wallet.reinstate();
    assertThatThrownBy(() -> client.resend(pending, BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class);
    assertThat(paidCalls).hasValue(2);
  }

  private void sells(Seller.Script paid) {
    seller.does(
        call -> {
          if (call.isPaid()) {
            paidCalls.incrementAndGet();
            return paid.answer(call);
          }
          return v2(forUrl(seller.url("/a"), option("$0.01")));
        });
  }

  private AgentWallet wallet(EvmSigner signer) {
    return AgentWallet.provision("agent", signer, journal)
        .limit("$1", BillingPeriod.EVER)
        .allowedDomains("127.0.0.1")
        .create();
  }

  private CompletableFuture<HttpResponse<String>> buy(
      AgentWallet wallet, int resends, Duration pause) {
    return client(wallet, resends, pause)
        .sendAsync(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
  }

  private static PayingHttpClient client(AgentWallet wallet, int resends, Duration pause) {
    return PayingHttpClient.over(HttpClient.newHttpClient())
        .wallet(wallet)
        .token(Asking.USDC)
        .retries(new RetryPolicy(resends, Duration.ofSeconds(60), pause, pause))
        .build();
  }
}
