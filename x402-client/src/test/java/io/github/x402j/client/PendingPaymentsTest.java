// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.impatient;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.v1;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payments that another process can finish. */
@Timeout(30)
class PendingPaymentsTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();
  @TempDir private Path directory;
  private PendingPayments store;
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    store = PendingPayments.in(directory.resolve("pending"));
  }

  @AfterEach
  void close() {
    seller.close();
  }

  static Stream<HttpRequest.Builder> requests() {
    return Stream.of(
        HttpRequest.newBuilder(),
        HttpRequest.newBuilder().header("Authorization", "Bearer mine").header("X-A", "1"),
        HttpRequest.newBuilder().POST(BodyPublishers.ofString("ask")),
        HttpRequest.newBuilder().DELETE(),
        HttpRequest.newBuilder()
            .PUT(BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[9_000]))));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void anotherProcessSendsTheSameRequestWithTheSamePayment(HttpRequest.Builder request)
      throws Exception {
    for (int version : List.of(1, 2)) {
      whenPaid(version, call -> pending(call, "0"));
      PaymentPendingException first =
          catchThrowableOfType(
              PaymentPendingException.class,
              () -> send(request.copy().uri(seller.url("/a?q=" + version)).build()));
      Seller.Call sent = last();

      PendingPayment kept = PendingPayments.in(directory.resolve("pending")).all().get(0);
      whenPaid(version, call -> delivery(call, "at last"));
      PayingHttpClient other =
          PayingHttpClient.over(wrapped)
              .wallet(AgentWallet.withoutKey(kept.payment().payer()))
              .token(USDC)
              .pending(store)
              .build();
      HttpResponse<String> response = other.resend(kept, BodyHandlers.ofString());
      assertThat(response.body()).isEqualTo("at last");
      assertThat(Payment.of(response).orElseThrow().settled()).isTrue();
      assertThat(kept.payment().nonce()).isEqualTo(first.payment().nonce());
      assertThat(last().method()).isEqualTo(sent.method());
      assertThat(last().path()).isEqualTo(sent.path());
      assertThat(last().body()).isEqualTo(sent.body());
      for (String name :
          List.of("Authorization", "X-A", "X-Payment", "Payment-Signature", "X-Payment-Secret")) {
        assertThat(last().header(name)).as(name).isEqualTo(sent.header(name));
      }
      assertThat(store.all()).isEmpty();
    }
  }

  /** A process that is killed while it sends must not take the secret with it. */
  @Test
  void aPaymentIsKeptBeforeItIsSent() throws Exception {
    AtomicInteger keptWhenItCame = new AtomicInteger();
    whenPaid(
        2,
        call -> {
          try {
            keptWhenItCame.set(store.all().size());
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          return delivery(call, "ok");
        });
    assertThat(send(get()).body()).isEqualTo("ok");
    assertThat(keptWhenItCame).hasValue(1);
    assertThat(store.all()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 302, 400, 402, 404, 500})
  void aFinalAnswerRemovesIt(int status) throws Exception {
    whenPaid(2, call -> Seller.Answer.of(status, "final"));
    send(get());
    assertThat(store.all()).isEmpty();
  }

  @Test
  void whatCannotBeKeptIsNotSentAndItsAmountIsFree() throws Exception {
    Files.writeString(directory.resolve("pending"), "in the way");
    whenPaid(2, call -> delivery(call, "ok"));
    AgentWallet wallet =
        AgentWallet.provision("a", SIGNER, SpendJournal.inMemory())
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    PayingHttpClient client =
        PayingHttpClient.over(wrapped).wallet(wallet).token(USDC).pending(store).build();
    assertThatThrownBy(() -> client.send(get(), BodyHandlers.ofString()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(PaymentPendingException.class);
    assertThat(payments(seller)).isEmpty();
    assertThat(wallet.remaining()).hasToString("$1");
  }

  @Test
  void onlyItsOwnerReadsIt() throws Exception {
    whenPaid(2, call -> pending(call, "0"));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> send(get()));
    Path file = directory.resolve("pending").resolve(pending.payment().nonce() + ".json");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.getPosixFilePermissions(file.getParent()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    String secret = pending.payment().resumptionSecret();
    assertThat(store.all().toString())
        .doesNotContain(secret, pending.payment().secretHeaderValue());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(store::all)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("rw-------")
        .hasMessageNotContaining(secret);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(file, Files.readString(file).replace("\"10000\"", "\"1\"").substring(9));
    assertThatThrownBy(store::all)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageNotContaining(secret);
    store.forget(pending.payment().nonce());
    assertThat(store.all()).isEmpty();
  }

  @Test
  void aWalletResendsWithoutItsKeyAndTheBookKnows() throws Exception {
    SpendJournal journal = SpendJournal.inMemory();
    AgentWallet wallet =
        AgentWallet.provision("scout", SIGNER, journal)
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    whenPaid(2, call -> pending(call, "0"));
    assertThatThrownBy(
            () ->
                impatient(PayingHttpClient.over(wrapped).wallet(wallet).token(USDC))
                    .pending(store)
                    .build()
                    .send(get(), BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class);
    PendingPayment kept = store.all().get(0);
    PayingHttpClient keyless =
        PayingHttpClient.over(wrapped)
            .wallet(AgentWallet.openWithoutKey("scout", journal))
            .token(USDC)
            .pending(store)
            .build();
    PayingHttpClient another =
        PayingHttpClient.over(wrapped)
            .wallet(AgentWallet.withoutKey(SIGNER.address()))
            .token(USDC)
            .build();
    assertThatThrownBy(() -> another.resend(kept, BodyHandlers.ofString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("scout");
    whenPaid(2, call -> delivery(call, "late"));
    assertThat(keyless.resend(kept, BodyHandlers.ofString()).body()).isEqualTo("late");
    assertThat(wallet.status().reserved()).hasToString("$0");
    assertThat(wallet.remaining()).hasToString("$0.99");
    assertThatThrownBy(() -> keyless.send(get(), BodyHandlers.ofString()))
        .hasMessageContaining("without its key");
    wallet.revoke();
    assertThatThrownBy(() -> keyless.resend(kept, BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class)
        .hasMessageContaining("revoked");
  }

  /** Each command of a shell is a process of its own, and has no journal without a wallet. */
  @ParameterizedTest
  @MethodSource("requests")
  void anotherProcessWithoutAWalletDoesNotPayForTheRequestAgain(HttpRequest.Builder request)
      throws Exception {
    whenPaid(2, call -> pending(call, "0"));
    HttpRequest same = request.copy().uri(seller.url("/a?q=1")).build();
    assertThatThrownBy(() -> send(same)).isInstanceOf(PaymentPendingException.class);
    whenPaid(2, call -> delivery(call, "ok"));
    assertThatThrownBy(() -> send(same))
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo("unresolved"));
    assertThat(payments(seller)).hasSize(1);
    assertThat(send(request.copy().uri(seller.url("/a?q=2")).build()).body()).isEqualTo("ok");
    assertThat(
            impatient(buyer(wrapped))
                .pending(store)
                .policy(SpendingPolicy.empty().maxPerPayment("$0.05").allowUnresolved())
                .build()
                .send(same, BodyHandlers.ofString())
                .body())
        .isEqualTo("ok");
    store.forget(store.all().get(0).payment().nonce());
    assertThat(send(same).body()).isEqualTo("ok");
  }

  @Test
  void aBodyThatIsTooLongIsPaidForAndNotKept() throws Exception {
    whenPaid(2, call -> pending(call, "0"));
    HttpRequest longest =
        HttpRequest.newBuilder(seller.url("/a"))
            .POST(BodyPublishers.ofByteArray(new byte[RepeatableBody.MAX_KEPT + 1]))
            .build();
    assertThatThrownBy(() -> send(longest)).isInstanceOf(PaymentPendingException.class);
    assertThat(store.all()).isEmpty();
  }

  private interface WhenPaid {
    Seller.Answer answer(Seller.Call call);
  }

  private void whenPaid(int version, WhenPaid answer) {
    seller.does(
        call -> {
          var required = forUrl(seller.url("/a"), option("$0.01"));
          return call.isPaid() ? answer.answer(call) : version == 1 ? v1(required) : v2(required);
        });
  }

  private Seller.Call last() {
    return seller.paidCalls().get(seller.paidCalls().size() - 1);
  }

  private HttpRequest get() {
    return HttpRequest.newBuilder(seller.url("/a")).build();
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return impatient(buyer(wrapped)).pending(store).build().send(request, BodyHandlers.ofString());
  }
}
