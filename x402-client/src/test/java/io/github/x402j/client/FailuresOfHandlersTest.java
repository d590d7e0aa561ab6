// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Failures arrive in the shape that they have with the JDK's client, paid for or not. */
@Timeout(60)
class FailuresOfHandlersTest {
  private final HttpClient jdk = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    seller.does(
        call ->
            switch (call.path()) {
              case "/free" -> Seller.Answer.of(200, "content");
              case "/402" -> Seller.Answer.of(402, "a 402 of another kind");
              default ->
                  call.isPaid()
                      ? delivery(call, "content")
                      : v2(forUrl(seller.url("/paid"), option("$0.01")));
            });
  }

  @AfterEach
  void close() {
    seller.close();
  }

  /** Where code of the caller fails. */
  enum Place {
    HANDLER,
    ON_SUBSCRIBE,
    ON_NEXT,
    ON_COMPLETE,
    GET_BODY,
    BODY,
    MAPPING;

    <T> BodyHandler<T> failing(Throwable failure) {
      return info -> {
        fails(HANDLER, failure);
        if (this == MAPPING) {
          return BodySubscribers.mapping(
              BodySubscribers.discarding(),
              nothing -> {
                throw FailuresOfHandlersTest.<RuntimeException>sneaky(failure);
              });
        }
        return new Failing<>(this, failure);
      };
    }

    void fails(Place here, Throwable failure) {
      if (this == here) {
        throw FailuresOfHandlersTest.<RuntimeException>sneaky(failure);
      }
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> E sneaky(Throwable failure) throws E {
    throw (E) failure;
  }

  private static final class Failing<T> implements BodySubscriber<T> {
    private final CompletableFuture<T> body = new CompletableFuture<>();
    private final Place place;
    private final Throwable failure;

    Failing(Place place, Throwable failure) {
      this.place = place;
      this.failure = failure;
    }

    @Override
    public CompletionStage<T> getBody() {
      place.fails(Place.GET_BODY, failure);
      if (place == Place.BODY) {
        body.completeExceptionally(failure);
      }
      return body;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      place.fails(Place.ON_SUBSCRIBE, failure);
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      place.fails(Place.ON_NEXT, failure);
    }

    @Override
    public void onError(Throwable problem) {
      body.completeExceptionally(problem);
    }

    @Override
    public void onComplete() {
      place.fails(Place.ON_COMPLETE, failure);
    }
  }

  static Stream<Arguments> failures() {
    List<Throwable> failures =
        List.of(
            new IllegalStateException("mine"),
            new IllegalArgumentException("mine"),
            new SecurityException("mine"),
            new UncheckedIOException(new IOException("disk full")),
            new IOException("disk full"),
            new AssertionError("mine"),
            new CancellationException("mine"),
            new CompletionException("mine", new IOException("within")));
    return failures.stream()
        .flatMap(
            failure ->
                Stream.of("/free", "/402", "/paid").map(path -> Arguments.of(failure, path)));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void arriveAsTheyDoFromTheJdksClient(Throwable failure, String path) throws Exception {
    for (Place place : Place.values()) {
      BodyHandler<String> failing = place.failing(failure);
      Seen expected = Seen.of(jdk, seller.url(path.equals("/paid") ? "/free" : path), failing);
      Seen seen = Seen.of(buyer(jdk).build(), seller.url(path), failing);
      assertThat(seen).as("%s %s", place, path).isEqualTo(expected);
    }
    int bought = path.equals("/paid") ? 2 * Place.values().length : 0;
    assertThat(payments(seller)).hasSize(bought);
    assertThat(seller.paidCalls()).hasSize(bought); // no answer was lost: nothing is sent again
  }

  /** How a failure shows itself to callers of {@code send} and of {@code sendAsync}. */
  private record Seen(String thrown, String got, String joined, String handled) {
    static Seen of(HttpClient client, URI url, BodyHandler<String> handler) throws Exception {
      HttpRequest request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(10)).build();
      String thrown = shape(() -> client.send(request, handler));
      CompletableFuture<HttpResponse<String>> future = client.sendAsync(request, handler);
      String got = shape(future::get);
      String joined = shape(future::join);
      return new Seen(
          thrown, got, joined, future.handle((response, failure) -> shape(failure)).get());
    }

    private interface Step {
      void run() throws Exception;
    }

    private static String shape(Step step) {
      try {
        step.run();
        return "nothing";
      } catch (Throwable e) {
        return shape(e);
      }
    }

    private static String shape(Throwable failure) {
      StringBuilder shape = new StringBuilder();
      for (Throwable each = failure; each != null; each = each.getCause()) {
        shape.append(each.getClass().getSimpleName());
        if (!(each.getCause() instanceof IOException) || each instanceof IOException) {
          shape.append('(').append(each.getMessage()).append(')');
        }
        shape.append(" <- ");
      }
      return shape.toString();
    }
  }

  @Test
  void theFailureOfAHandlerKeepsThePaymentThatHasLeft() {
    for (Place place : Place.values()) {
      try {
        buyer(jdk)
            .build()
            .send(
                HttpRequest.newBuilder(seller.url("/paid")).build(),
                place.<String>failing(new IOException("disk full")));
      } catch (Exception e) {
        assertThat(e.getSuppressed())
            .as(place.name())
            .singleElement()
            .isInstanceOfSatisfying(
                PaymentPendingException.class,
                pending -> assertThat(pending.payment().settled()).isTrue());
        continue;
      }
      throw new AssertionError(place);
    }
  }

  /** What a connection can do instead of an answer. */
  enum Connection {
    REFUSED,
    CUT,
    TIMED_OUT
  }

  @ParameterizedTest
  @EnumSource
  void ofTheConnectionArriveAsTheyDoFromTheJdksClient(Connection connection) throws Exception {
    seller.does(
        call ->
            connection == Connection.CUT
                ? Seller.Answer.lost()
                : Seller.Answer.of(200, "").after(4_000));
    try (Socket notListening = new Socket()) { // bound, so that no other server has the port
      notListening.bind(new InetSocketAddress("127.0.0.1", 0));
      URI url =
          connection == Connection.REFUSED
              ? URI.create("http://127.0.0.1:" + notListening.getLocalPort() + "/a")
              : seller.url("/a");
      HttpRequest request = HttpRequest.newBuilder(url).timeout(Duration.ofMillis(700)).build();
      assertThat(shapes(buyer(jdk).build(), request)).isEqualTo(shapes(jdk, request));
    }
  }

  /** Messages and causes of these differ from run to run. */
  private static List<String> shapes(HttpClient client, HttpRequest request) throws Exception {
    Throwable thrown = null;
    try {
      client.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      thrown = e;
    }
    Throwable failed =
        client.sendAsync(request, BodyHandlers.ofString()).handle((ok, failure) -> failure).get();
    return List.of(
        thrown.getClass().getName(),
        String.valueOf(thrown.getMessage()),
        failed.getClass().getName(),
        failed.getCause().getClass().getName());
  }
}
