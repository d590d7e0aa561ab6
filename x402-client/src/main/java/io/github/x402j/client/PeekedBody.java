// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the beginning of an untrusted body, up to a size and for a time, and then decides: discard
 * the body, or pass all of it to another subscriber.
 */
final class PeekedBody<T> implements BodySubscriber<T> {
  /** The most bytes of a body that are kept: 64 KiB. */
  static final int MAX_BYTES = 64 * 1024;

  /** The longest wait for the body by default: 10 s. */
  static final Duration MAX_TIME = Duration.ofSeconds(10);

  /**
   * The beginning of a body.
   *
   * @param bytes from the start of the body
   * @param whole whether that is the whole body
   */
  @SuppressWarnings("ArrayRecordComponent") // passed once from here to the decision
  record Beginning(byte[] bytes, boolean whole) {}

  private final Executor executor;
  private final Duration maxTime;
  private final Function<Beginning, Optional<BodySubscriber<T>>> decision;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final CompletableFuture<Void> timer = new CompletableFuture<>();
  private final List<ByteBuffer> kept = new ArrayList<>();
  private int size;
  private volatile @Nullable Subscription upstream;
  private volatile @Nullable BodySubscriber<T> rest;

  /**
   * @param executor runs the body mapping of the other subscriber, which may block
   * @param decision returns the subscriber that gets the body, empty to discard it
   */
  PeekedBody(
      Executor executor,
      Duration maxTime,
      Function<Beginning, Optional<BodySubscriber<T>>> decision) {
    this.executor = executor;
    this.maxTime = maxTime;
    this.decision = decision;
  }

  /** Returns a subscriber that discards the body. */
  static <T> PeekedBody<T> discarding(Executor executor) {
    return new PeekedBody<>(executor, MAX_TIME, beginning -> Optional.empty());
  }

  /** Returns the body of the other subscriber; null if it was discarded. */
  @Override
  public CompletionStage<T> getBody() {
    return result;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    if (upstream != null) {
      subscription.cancel();
      return;
    }
    upstream = subscription;
    result.whenComplete((body, failure) -> timer.cancel(false));
    timer.completeOnTimeout(null, maxTime.toNanos(), TimeUnit.NANOSECONDS);
    timer.thenRunAsync(this::expire, executor);
    subscription.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    BodySubscriber<T> taker = rest;
    if (taker != null) {
      taker.onNext(buffers);
      return;
    }
    for (ByteBuffer buffer : buffers) {
      size += buffer.remaining();
      kept.add(buffer);
    }
    if (size > MAX_BYTES) {
      decide(false);
    } else if (upstream != null) {
      upstream.request(1);
    }
  }

  @Override
  public void onComplete() {
    BodySubscriber<T> taker = rest;
    if (taker != null) {
      taker.onComplete();
    } else {
      decide(true);
    }
  }

  @Override
  public void onError(Throwable failure) {
    BodySubscriber<T> taker = rest;
    if (taker != null) {
      taker.onError(failure);
    } else {
      result.completeExceptionally(failure);
    }
  }

  private void decide(boolean whole) {
    timer.cancel(false);
    if (result.isDone()) {
      return; // it took too long
    }
    Optional<BodySubscriber<T>> taker;
    try {
      taker = decision.apply(new Beginning(bytes(), whole));
    } catch (Throwable e) { // from the caller's body handler, for the caller
      fail(e);
      return;
    }
    if (taker.isPresent()) {
      try {
        handOver(taker.get(), whole);
      } catch (Throwable e) { // from the caller's subscriber
        fail(e);
      }
    } else {
      result.complete(null);
      if (!whole) {
        cancel();
      }
    }
  }

  private void fail(Throwable failure) {
    cancel();
    result.completeExceptionally(failure);
  }

  private void handOver(BodySubscriber<T> taker, boolean whole) {
    rest = taker;
    taker.onSubscribe(new Replay(taker, whole));
    if (whole && kept.isEmpty()) {
      taker.onComplete();
    }
    CompletableFuture.supplyAsync(taker::getBody, executor)
        .thenCompose(Function.identity())
        .whenComplete(
            (body, failure) -> {
              if (failure != null) {
                result.completeExceptionally(failure);
              } else {
                result.complete(body);
              }
            });
  }

  /** The body is too slow. It is decided without a body, by the headers alone. */
  private void expire() {
    if (rest != null || result.isDone()) {
      return;
    }
    Optional<BodySubscriber<T>> taker;
    try {
      taker = decision.apply(new Beginning(new byte[0], false));
    } catch (Throwable e) { // from the caller's body handler, for the caller
      fail(e);
      return;
    }
    if (taker.isEmpty()) {
      result.complete(null);
    } else {
      result.completeExceptionally(
          new HttpTimeoutException("the body of the 402 did not end within " + maxTime));
    }
    cancel();
  }

  private void cancel() {
    if (upstream != null) {
      upstream.cancel();
    }
  }

  private byte[] bytes() {
    ByteBuffer all = ByteBuffer.allocate(size);
    kept.forEach(buffer -> all.put(buffer.duplicate()));
    return all.array();
  }

  /** Gives the other subscriber what was kept, and then what follows. */
  private final class Replay implements Subscription {
    private final BodySubscriber<T> taker;
    private final boolean whole;
    private boolean replayed;

    Replay(BodySubscriber<T> taker, boolean whole) {
      this.taker = taker;
      this.whole = whole;
    }

    @Override
    public void request(long n) {
      if (n < 1) {
        taker.onError(new IllegalArgumentException("request: expected at least 1"));
        return;
      }
      long more = isFirst() ? replay(n) : n;
      if (more > 0 && !whole && upstream != null) {
        upstream.request(more);
      }
    }

    @Override
    public void cancel() {
      isFirst();
      PeekedBody.this.cancel();
    }

    private synchronized boolean isFirst() {
      boolean first = !replayed && !kept.isEmpty();
      replayed = true;
      return first;
    }

    private long replay(long n) {
      taker.onNext(List.copyOf(kept));
      if (whole) {
        taker.onComplete();
      }
      return n == Long.MAX_VALUE ? n : n - 1;
    }
  }
}
