// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.spring;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.http.client.reactive.ClientHttpRequestDecorator;
import org.springframework.web.reactive.function.BodyInserter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A request body that is kept while it is sent, up to a size, so that the paid request has the same
 * one: its publisher may give it once only.
 */
final class KeptBody implements BodyInserter<Void, ClientHttpRequest> {
  /** A body of at most this size, 1 MiB, is kept. */
  private static final int MAX_KEPT = 1024 * 1024;

  private final BodyInserter<?, ? super ClientHttpRequest> callers;
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private @Nullable MediaType type;
  private boolean whole;
  private boolean tooLong;

  KeptBody(BodyInserter<?, ? super ClientHttpRequest> callers) {
    this.callers = callers;
  }

  /** Returns whether all of the body was sent, and is kept. */
  synchronized boolean isWhole() {
    return whole && !tooLong;
  }

  /** Returns the body that was kept. */
  synchronized byte[] bytes() {
    return kept.toByteArray();
  }

  /** Returns the headers of the request with the type of the body. */
  synchronized HttpHeaders headers(HttpHeaders callers) {
    HttpHeaders headers = new HttpHeaders();
    callers.forEach(headers::addAll);
    if (type != null) {
      headers.setContentType(type);
    }
    return headers;
  }

  /** Returns the body that was kept, to be sent any number of times. */
  synchronized BodyInserter<Void, ClientHttpRequest> again() {
    byte[] bytes = bytes();
    MediaType chosen = type;
    return (request, context) -> {
      if (bytes.length == 0) {
        return request.setComplete();
      }
      request.getHeaders().setContentLength(bytes.length);
      if (chosen != null) {
        request.getHeaders().setContentType(chosen);
      }
      return request.writeWith(Mono.fromSupplier(() -> request.bufferFactory().wrap(bytes)));
    };
  }

  @Override
  public Mono<Void> insert(ClientHttpRequest request, Context context) {
    return callers.insert(new Keeping(request), context).doOnSuccess(nothing -> written());
  }

  private synchronized void written() {
    whole = true;
  }

  private synchronized void keep(DataBuffer buffer) {
    byte[] bytes = new byte[buffer.readableByteCount()];
    if (tooLong || kept.size() + bytes.length > MAX_KEPT) {
      tooLong = true;
      return;
    }
    int position = buffer.readPosition();
    buffer.read(bytes);
    buffer.readPosition(position);
    kept.writeBytes(bytes);
  }

  /** Passes the body on. */
  private final class Keeping extends ClientHttpRequestDecorator {
    Keeping(ClientHttpRequest request) {
      super(request);
    }

    /** The type that the inserter chose; the caller may have named none. */
    private void keepType() {
      synchronized (KeptBody.this) {
        type = getHeaders().getContentType();
      }
    }

    @Override
    public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
      keepType();
      return super.writeWith(
          Flux.from(body).doOnNext(KeptBody.this::keep).doOnComplete(KeptBody.this::written));
    }

    @Override
    public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
      keepType();
      return super.writeAndFlushWith(
          Flux.from(body)
              .map(part -> Flux.from(part).doOnNext(KeptBody.this::keep))
              .doOnComplete(KeptBody.this::written));
    }
  }
}
