// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static io.github.x402j.adapter.FakeSeller.SIGNER;
import static io.github.x402j.adapter.FakeSeller.USDC;
import static io.github.x402j.adapter.FakeSeller.asks;
import static io.github.x402j.adapter.FakeSeller.delivers;
import static io.github.x402j.adapter.FakeSeller.isPaid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.adapter.okhttp.PayingInterceptor;
import io.github.x402j.adapter.okhttp.PaymentIOException;
import io.github.x402j.adapter.spring.PayingExchangeFilter;
import io.github.x402j.adapter.spring.PayingRequestInterceptor;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import java.net.http.HttpClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.reactive.JdkClientHttpConnector;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientException;
import reactor.core.publisher.Flux;
import reactor.util.retry.Retry;

/** What is peculiar to one adapter. */
@Timeout(60)
class AdapterSetUpTest {
  private final Agent agent = Agent.with(SIGNER, USDC, "$0.10");
  private FakeSeller seller;

  @BeforeEach
  void open() throws Exception {
    seller =
        FakeSeller.start(
            (self, head) -> isPaid(head) ? delivers("the goods") : asks(self.url("/a")));
  }

  @AfterEach
  void close() throws Exception {
    seller.close();
  }

  @Test
  void theFactoryThatARestTemplateHasByDefaultFollowsRedirectsSoNothingIsPaid() throws Exception {
    RestTemplate template = new RestTemplate();
    template.setInterceptors(List.of(PayingRequestInterceptor.withoutRedirects(agent.payer())));
    assertThatThrownBy(() -> template.getForObject(seller.url("/a"), String.class))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("SimpleClientHttpRequestFactory follows redirects");
    assertThat(seller.paid()).isEmpty();
    assertThat(agent.events()).isEmpty();
  }

  @Test
  void okHttpPaysNothingIfTheInterceptorStandsInOnePlaceOnly() {
    OkHttpClient half =
        new OkHttpClient.Builder().addInterceptor(PayingInterceptor.of(agent.payer())).build();
    assertThatThrownBy(() -> half.newCall(get()).execute())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("addTo(builder)");
    assertThat(seller.paid()).isEmpty();
  }

  @Test
  void okHttpShowsThePaymentAndNoSecretOfIt() throws Exception {
    try (Response response = okHttp().newCall(get()).execute()) {
      Payment payment = response.request().tag(Payment.class);
      assertThat(payment.settled()).isTrue();
      for (Request shown : List.of(response.request(), response.networkResponse().request())) {
        assertThat(shown.headers().toString()).doesNotContainIgnoringCase("payment");
      }
    }
  }

  @Test
  void okHttpPaysForCallsThatDoNotBlock() throws Exception {
    CompletableFuture<String> body = new CompletableFuture<>();
    okHttp()
        .newCall(get())
        .enqueue(
            new Callback() {
              @Override
              public void onFailure(Call call, java.io.IOException e) {
                body.completeExceptionally(e);
              }

              @Override
              public void onResponse(Call call, Response response) throws java.io.IOException {
                body.complete(response.body().string());
              }
            });
    assertThat(body.get()).isEqualTo("the goods");
  }

  /** An exception that OkHttp does not know reaches no callback, and ends the app on Android. */
  @Test
  void okHttpTellsACallbackWhyThereIsNoAnswer() throws Exception {
    agent.wallet().revoke();
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught.complete(failure));
    try {
      okHttp()
          .newCall(get())
          .enqueue(
              new Callback() {
                @Override
                public void onFailure(Call call, java.io.IOException e) {
                  told.complete(e);
                }

                @Override
                public void onResponse(Call call, Response response) {
                  told.complete(null);
                }
              });
      assertThat(told.get())
          .isInstanceOf(PaymentIOException.class)
          .hasCauseInstanceOf(PaymentDeclinedException.class);
      assertThat(uncaught).isNotDone();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void springDoesNotTakeADeclinedPaymentForALostConnection() {
    agent.wallet().revoke();
    RestTemplate template =
        new RestTemplate(new JdkClientHttpRequestFactory(HttpClient.newHttpClient()));
    template.setInterceptors(List.of(PayingRequestInterceptor.withoutRedirects(agent.payer())));
    assertThatThrownBy(() -> template.getForObject(seller.url("/a"), String.class))
        .isInstanceOf(PaymentDeclinedException.class);
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(
            () ->
                webClient()
                    .get()
                    .uri(seller.url("/a"))
                    .retrieve()
                    .toBodilessEntity()
                    .doOnSubscribe(subscribed -> tries.incrementAndGet())
                    .retryWhen(
                        Retry.max(3)
                            .filter(
                                failure ->
                                    failure instanceof java.io.IOException
                                        || failure instanceof WebClientException))
                    .block())
        .isInstanceOf(PaymentDeclinedException.class);
    assertThat(tries).hasValue(1);
  }

  @Test
  void okHttpDoesNotPayForABodyThatCanBeSentOnce() throws Exception {
    RequestBody once =
        new RequestBody() {
          @Override
          public MediaType contentType() {
            return MediaType.get("text/plain");
          }

          @Override
          public void writeTo(BufferedSink sink) throws java.io.IOException {
            sink.writeUtf8("once");
          }

          @Override
          public boolean isOneShot() {
            return true;
          }
        };
    Request post = get().newBuilder().post(once).build();
    Throwable declined = catchThrowable(() -> okHttp().newCall(post).execute());
    assertThat(declined).isInstanceOf(PaymentIOException.class);
    assertThat(((PaymentDeclinedException) declined.getCause()).rule()).isEqualTo("body");
    assertThat(seller.paid()).isEmpty();
  }

  @Test
  void webClientSendsABodyOfAPublisherThatGivesItOnce() {
    AtomicInteger subscriptions = new AtomicInteger();
    Flux<String> once =
        Flux.defer(
            () ->
                subscriptions.incrementAndGet() == 1
                    ? Flux.just("a", "b")
                    : Flux.error(new IllegalStateException("a second time")));
    String answer =
        webClient()
            .post()
            .uri(seller.url("/a"))
            .body(once, String.class)
            .retrieve()
            .bodyToMono(String.class)
            .block();
    assertThat(answer).isEqualTo("the goods");
    assertThat(subscriptions).hasValue(1);
  }

  @Test
  void webClientDoesNotPayForABodyThatIsTooLongToKeep() throws Exception {
    Throwable failure =
        catchThrowable(
            () ->
                webClient()
                    .post()
                    .uri(seller.url("/a"))
                    .bodyValue("x".repeat(1_100_000))
                    .retrieve()
                    .toBodilessEntity()
                    .block());
    assertThat(failure).isInstanceOf(PaymentDeclinedException.class);
    assertThat(seller.paid()).isEmpty();
  }

  @Test
  void aRequestThatCarriesAPaymentIsRefused() {
    Request paid = get().newBuilder().header("PAYMENT-SIGNATURE", "a").build();
    assertThatThrownBy(() -> okHttp().newCall(paid).execute())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                webClient()
                    .get()
                    .uri(seller.url("/a"))
                    .header("X-PAYMENT", "a")
                    .retrieve()
                    .toBodilessEntity()
                    .block())
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Request get() {
    return new Request.Builder().url(seller.url("/a").toString()).build();
  }

  private OkHttpClient okHttp() {
    return PayingInterceptor.of(agent.payer()).addTo(new OkHttpClient.Builder()).build();
  }

  private WebClient webClient() {
    return WebClient.builder()
        .clientConnector(new JdkClientHttpConnector(HttpClient.newHttpClient()))
        .filter(PayingExchangeFilter.withoutRedirects(agent.payer()))
        .build();
  }
}
