// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.spring;

import io.github.x402j.PaymentHeader;
import io.github.x402j.client.Answer402;
import io.github.x402j.client.Payer;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.Purchase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFilterFunction;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Pays over a {@code WebClient}, once per request and within the limits of a wallet.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * WebClient client =
 *     WebClient.builder()
 *         .clientConnector(new JdkClientHttpConnector(HttpClient.newHttpClient()))
 *         .filter(PayingExchangeFilter.withoutRedirects(payer))
 *         .build();
 * }</pre>
 *
 * <p><b>Redirects.</b> The connector must follow none. One that does takes the payment along to any
 * host, and a filter can neither see nor stop that. The JDK's client and Reactor Netty follow none
 * by default.
 *
 * <p>The exchange fails with {@link PaymentDeclinedException} or {@link PaymentPendingException};
 * do not {@code retry()} a {@code PaymentException}, as each subscription is a request of its own.
 * A filter that repeats after {@code IOException} or {@code WebClientRequestException} leaves it
 * alone, as it is neither. To send a pending payment again, repeat the request with the exception
 * as attribute {@code PaymentPendingException.class.getName()}.
 *
 * <p>A request body of more than 1 MiB is not kept, so a payment for it is declined. What fails
 * without an answer is taken as sent, and a 402 that answers a payment as unproven, as the
 * connector does not tell what it sent how often. What blocks (journal, signer, people who are
 * asked) runs on {@link Schedulers#boundedElastic()}. Safe for use by several threads.
 */
public final class PayingExchangeFilter implements ExchangeFilterFunction {
  /** The longest 402 without a descriptor in its header; that of WebClient's own codecs. */
  private static final int MAX_BODY = 256 * 1024;

  private static final Duration MAX_TIME = Duration.ofSeconds(10);

  private final Payer payer;

  private PayingExchangeFilter(Payer payer) {
    this.payer = payer;
  }

  /** Returns a filter for a client whose connector follows no redirects. */
  public static PayingExchangeFilter withoutRedirects(Payer payer) {
    return new PayingExchangeFilter(payer.overClientThatRepeats());
  }

  @Override
  public Mono<ClientResponse> filter(ClientRequest request, ExchangeFunction next) {
    SpringHeaders.requireUnpaid(request.headers());
    Optional<PaymentPendingException> pending = SpringHeaders.pending(request.attributes());
    if (pending.isPresent()) {
      return bought(payer.resume(pending.get()), request, next);
    }
    return Mono.defer(
        () -> {
          KeptBody body = new KeptBody(request.body());
          return next.exchange(ClientRequest.from(request).body(body).build())
              .flatMap(
                  first ->
                      first.statusCode().value() == 402
                          ? asked(first, request, body, next)
                          : Mono.just(first));
        });
  }

  private Mono<ClientResponse> asked(
      ClientResponse first, ClientRequest request, KeptBody body, ExchangeFunction next) {
    boolean inHeader = !first.headers().header(PaymentHeader.PAYMENT_REQUIRED).isEmpty();
    Mono<byte[]> text =
        inHeader
            ? first.releaseBody().thenReturn(new byte[0])
            : read(first.bodyToFlux(DataBuffer.class));
    return text.flatMap(
        bytes ->
            blocking(() -> payer.buy(answer(first, request, body, bytes)))
                .flatMap(
                    purchase ->
                        purchase.isPresent()
                            ? bought(
                                purchase.get(),
                                ClientRequest.from(request).body(body.again()).build(),
                                next)
                            : Mono.just(unread(first, bytes))));
  }

  private static Answer402 answer(
      ClientResponse first, ClientRequest request, KeptBody body, byte[] bytes) {
    Answer402 answer =
        Answer402.of(
            request.method().name(),
            request.url(),
            SpringHeaders.of(first.headers().asHttpHeaders()),
            () -> new ByteArrayInputStream(bytes));
    return body.isWhole()
        ? answer.toRequest(SpringHeaders.of(body.headers(request.headers())), body.bytes())
        : answer.toUnrepeatableRequest();
  }

  private static Mono<byte[]> read(Flux<DataBuffer> body) {
    return DataBufferUtils.join(body, MAX_BODY)
        .map(
            buffer -> {
              byte[] bytes = new byte[buffer.readableByteCount()];
              buffer.read(bytes);
              DataBufferUtils.release(buffer);
              return bytes;
            })
        .defaultIfEmpty(new byte[0])
        .timeout(MAX_TIME);
  }

  private static ClientResponse unread(ClientResponse response, byte[] bytes) {
    return response
        .mutate()
        .body(
            read ->
                Flux.defer(() -> Flux.just(DefaultDataBufferFactory.sharedInstance.wrap(bytes))))
        .build();
  }

  private static Mono<ClientResponse> bought(
      Purchase purchase, ClientRequest request, ExchangeFunction next) {
    ClientRequest paid =
        ClientRequest.from(request)
            .headers(headers -> purchase.secretHeaders().forEach(headers::set))
            .build();
    return send(purchase, paid, next)
        .doOnCancel(
            () ->
                Schedulers.boundedElastic().schedule(() -> purchase.abandoned("it was cancelled")));
  }

  /** One sending, and those that follow it. */
  private static Mono<ClientResponse> send(
      Purchase purchase, ClientRequest paid, ExchangeFunction next) {
    return Mono.deferContextual(
            context ->
                blocking(
                    () ->
                        purchase.begin(() -> next.exchange(paid).contextWrite(context).toFuture())))
        .flatMap(
            answer ->
                Mono.fromFuture(answer)
                    .map(Optional::of)
                    .onErrorResume(
                        failure ->
                            blocking(() -> purchase.lost(lost(failure)))
                                .flatMap(Mono::delay)
                                .thenReturn(Optional.empty())))
        .flatMap(
            answer ->
                answer.isPresent()
                    ? answered(purchase, answer.get(), paid, next)
                    : send(purchase, paid, next));
  }

  private static Mono<ClientResponse> answered(
      Purchase purchase, ClientResponse answer, ClientRequest paid, ExchangeFunction next) {
    return blocking(
            () ->
                purchase.answered(
                    answer.statusCode().value(),
                    SpringHeaders.of(answer.headers().asHttpHeaders())))
        .onErrorResume(failure -> answer.releaseBody().then(Mono.error(failure)))
        .flatMap(
            pause ->
                pause.isEmpty()
                    ? Mono.just(answer)
                    : answer
                        .releaseBody()
                        .onErrorComplete()
                        .then(Mono.delay(pause.get()))
                        .then(Mono.defer(() -> send(purchase, paid, next))));
  }

  private static IOException lost(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof IOException io
        ? io
        : cause instanceof IOException io ? io : new IOException("no answer", failure);
  }

  private static <T> Mono<T> blocking(Callable<T> step) {
    return Mono.fromCallable(step).subscribeOn(Schedulers.boundedElastic());
  }
}
