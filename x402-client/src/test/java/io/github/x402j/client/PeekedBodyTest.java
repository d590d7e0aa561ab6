// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The body of a 402 is read by the client or by the caller's handler, and never without a bound.
 */
@Timeout(40)
class PeekedBodyTest {
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

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1_000, 65_535, 65_536, 65_537, 1_000_000, 5_000_000})
  void givesTheCallerA402WithoutADescriptorUnchanged(int size) throws Exception {
    String body = "x".repeat(size);
    seller.does(call -> Seller.Answer.of(402, Map.of("X-Its", "own"), body));
    HttpResponse<String> response = get(BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(402);
    assertThat(response.body()).isEqualTo(body);
    assertThat(response.headers().firstValue("X-Its")).contains("own");
    assertThat(get(BodyHandlers.ofByteArray()).body()).hasSize(size);
    try (InputStream stream = get(BodyHandlers.ofInputStream()).body()) {
      assertThat(stream.readAllBytes()).hasSize(size);
    }
    assertThat(
            get(info -> BodySubscribers.mapping(BodySubscribers.ofInputStream(), this::lengthOf))
                .body())
        .isEqualTo(size);
    assertThat(published(get(BodyHandlers.ofPublisher()))).isEqualTo(body);
    assertThat(seller.paidCalls()).isEmpty();
    assertThat(Payment.of(response)).isEmpty();
  }

  @Test
  void paysOnTheHeaderHoweverLongTheBody() throws Exception {
    var required = forUrl(seller.url("/a"), option("$0.01"));
    Map<String, String> headers = Map.of("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(required));
    seller.does(
        call -> call.isPaid() ? delivery(call, "ok") : Seller.Answer.endless(402, headers, 0));
    assertThat(get(BodyHandlers.ofString()).body()).isEqualTo("ok");
  }

  @Test
  void paysOnTheHeaderHoweverSlowTheBody() throws Exception {
    var required = forUrl(seller.url("/a"), option("$0.01"));
    Map<String, String> headers = Map.of("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(required));
    seller.does(
        call -> call.isPaid() ? delivery(call, "ok") : Seller.Answer.endless(402, headers, 100));
    assertThat(get(BodyHandlers.ofString()).body()).isEqualTo("ok");
  }

  @Test
  void doesNotWaitForeverForABodyThatMayBeADescriptor() {
    seller.does(call -> Seller.Answer.endless(402, Map.of(), 100));
    assertThatThrownBy(() -> get(BodyHandlers.ofString())).isInstanceOf(HttpTimeoutException.class);
  }

  @Test
  void givesTheCallerAnEndlessBodyToReadAsTheyLike() throws Exception {
    seller.does(call -> Seller.Answer.endless(402, Map.of(), 0));
    try (InputStream stream = get(BodyHandlers.ofInputStream()).body()) {
      assertThat(stream.readNBytes(1_000_000)).hasSize(1_000_000);
    }
  }

  @Test
  void doesNotTakeADescriptorAfterTheBoundForOne() throws Exception {
    String descriptor = PaymentCodec.encodeRequiredV1(forUrl(seller.url("/a"), option("$0.01")));
    seller.does(call -> Seller.Answer.of(402, " ".repeat(70_000) + descriptor));
    assertThat(get(BodyHandlers.ofString()).body()).endsWith(descriptor);
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void keepsNoMoreOfABodyThanTheBound() throws Exception {
    PeekedBody<String> body = PeekedBody.discarding(ForkJoinPool.commonPool());
    Flood flood = new Flood(body);
    body.onSubscribe(flood);
    assertThat(body.getBody().toCompletableFuture().get(5, TimeUnit.SECONDS)).isNull();
    assertThat(flood.cancelled).isTrue();
    assertThat(flood.sent).isLessThanOrEqualTo(PeekedBody.MAX_BYTES + 1024);
  }

  @Test
  void passesOnAFailureOfTheCallersHandler() {
    PeekedBody<String> body =
        new PeekedBody<>(
            ForkJoinPool.commonPool(),
            Duration.ofSeconds(5),
            beginning -> {
              throw new IllegalStateException("mine");
            });
    body.onSubscribe(new Flood(body));
    assertThatThrownBy(() -> body.getBody().toCompletableFuture().get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("mine");
  }

  @Test
  void givesATakerNoMoreThanItAskedFor() {
    OneByOne taker = new OneByOne();
    PeekedBody<String> body =
        new PeekedBody<>(
            ForkJoinPool.commonPool(), Duration.ofSeconds(5), beginning -> Optional.of(taker));
    Flood flood = new Flood(body);
    body.onSubscribe(flood);
    long kept = flood.sent;
    assertThat(taker.items).isZero();
    taker.subscription.request(1);
    assertThat(taker.items).isEqualTo(1);
    assertThat(flood.sent).isEqualTo(kept);
    taker.subscription.request(2);
    assertThat(taker.items).isEqualTo(3);
    taker.subscription.cancel();
    assertThat(flood.cancelled).isTrue();
  }

  /** Sends a KiB for each request, forever. */
  private static final class Flood implements Flow.Subscription {
    private final BodySubscriber<?> to;
    private long sent;
    private boolean cancelled;

    Flood(BodySubscriber<?> to) {
      this.to = to;
    }

    @Override
    public void request(long n) {
      for (long i = 0; i < n && !cancelled; i++) {
        sent += 1024;
        to.onNext(List.of(ByteBuffer.allocate(1024)));
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  /** Asks for nothing by itself. */
  private static final class OneByOne implements BodySubscriber<String> {
    private final BodySubscriber<String> body = BodySubscribers.ofString(StandardCharsets.US_ASCII);
    private Flow.Subscription subscription;
    private int items;

    @Override
    public CompletionStage<String> getBody() {
      return body.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      items++;
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
  }

  private int lengthOf(InputStream stream) {
    try (stream) {
      return stream.readAllBytes().length;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String published(HttpResponse<Flow.Publisher<List<ByteBuffer>>> response) {
    BodySubscriber<String> text = BodySubscribers.ofString(StandardCharsets.US_ASCII);
    response.body().subscribe(text);
    return text.getBody().toCompletableFuture().join();
  }

  private <T> HttpResponse<T> get(BodyHandler<T> handler) throws Exception {
    return buyer(wrapped)
        .descriptorWithin(Duration.ofSeconds(1))
        .build()
        .send(HttpRequest.newBuilder(seller.url("/a")).build(), handler);
  }
}
