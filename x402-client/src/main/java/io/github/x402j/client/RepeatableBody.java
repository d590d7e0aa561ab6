// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request body that is looked at while it is sent, so that it can be told before paying whether
 * the publisher gives the same body again: one made from a stream that can be read once does not.
 */
final class RepeatableBody implements BodyPublisher {
  /** A body of at most this size is kept for the request that pays. */
  static final int MAX_KEPT = 1024 * 1024;

  /** How long a publisher may take to give the body again. */
  static final Duration MAX_TIME = Duration.ofSeconds(60);

  private final BodyPublisher callers;
  private volatile @Nullable Passage lastSent;

  private RepeatableBody(BodyPublisher callers) {
    this.callers = callers;
  }

  /** Returns the request with its body looked at; the request itself if it has none. */
  static HttpRequest watched(HttpRequest request) {
    return request
        .bodyPublisher()
        .filter(body -> body.contentLength() != 0)
        .map(
            body ->
                HttpRequest.newBuilder(request, (name, value) -> true)
                    .method(request.method(), new RepeatableBody(body))
                    .build())
        .orElse(request);
  }

  /**
   * Returns the request with a body that can be sent any number of times.
   *
   * <p>Fails with {@link IOException} if the body is not the same as before.
   *
   * @param sent that request, or one that the client made of it on its way
   */
  static CompletableFuture<HttpRequest> repeatable(HttpRequest sent) {
    Optional<BodyPublisher> body =
        sent.bodyPublisher().filter(publisher -> publisher.contentLength() != 0);
    if (body.isEmpty()) {
      return CompletableFuture.completedFuture(sent);
    }
    if (!(body.get() instanceof RepeatableBody watched)) {
      return CompletableFuture.failedFuture(
          new IOException("the wrapped client sent another body than it was given"));
    }
    return watched
        .again()
        .thenApply(
            publisher ->
                HttpRequest.newBuilder(sent, (name, value) -> true)
                    .method(sent.method(), publisher)
                    .build());
  }

  @Override
  public long contentLength() {
    return callers.contentLength();
  }

  @Override
  public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
    Passage passage = new Passage();
    lastSent = passage;
    callers.subscribe(new Watching(subscriber, passage));
  }

  private CompletableFuture<BodyPublisher> again() {
    Passage before = lastSent;
    Second second = new Second(before == null ? new Passage() : before, callers.contentLength());
    callers.subscribe(second);
    return second
        .same
        .orTimeout(MAX_TIME.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(kept -> kept.map(this::kept).orElse(this));
  }

  private BodyPublisher kept(byte[] bytes) {
    BodyPublisher publisher = BodyPublishers.ofByteArray(bytes);
    return callers.contentLength() < 0 ? BodyPublishers.fromPublisher(publisher) : publisher;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java platform has SHA-256", e);
    }
  }

  /** What has gone by of a body. A server may answer before it has all of it. */
  private static final class Passage {
    private final MessageDigest digest = sha256();
    private long length;
    private boolean complete;

    synchronized void add(ByteBuffer bytes) {
      length += bytes.remaining();
      digest.update(bytes);
    }

    synchronized void complete() {
      complete = true;
    }

    /** Returns what has gone by until now, as it goes on. */
    synchronized Sent sent() {
      try {
        byte[] hash = ((MessageDigest) digest.clone()).digest();
        return new Sent(length, complete, HexFormat.of().formatHex(hash));
      } catch (CloneNotSupportedException e) {
        throw new IllegalStateException("SHA-256 of the platform can be cloned", e);
      }
    }
  }

  /** How much was sent, whether that is all, and its hash. */
  private record Sent(long length, boolean complete, String hash) {}

  /** Hands the body on. */
  private record Watching(Subscriber<? super ByteBuffer> to, Passage passage)
      implements Subscriber<ByteBuffer> {
    @Override
    public void onSubscribe(Subscription subscription) {
      to.onSubscribe(subscription);
    }

    @Override
    public void onNext(ByteBuffer bytes) {
      passage.add(bytes.duplicate());
      to.onNext(bytes);
    }

    @Override
    public void onError(Throwable failure) {
      to.onError(failure);
    }

    @Override
    public void onComplete() {
      passage.complete();
      to.onComplete();
    }
  }

  /** Takes the body a second time and compares as much as was sent the first time. */
  private static final class Second implements Subscriber<ByteBuffer> {
    private final CompletableFuture<Optional<byte[]>> same = new CompletableFuture<>();
    private final MessageDigest digest = sha256();
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Sent before;
    private final long declared;
    private long length;
    private @Nullable String hash;

    Second(Passage before, long declared) {
      this.before = before.sent();
      this.declared = declared;
      if (this.before.length() == 0) {
        hash = this.before.hash();
      }
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ByteBuffer bytes) {
      byte[] chunk = new byte[bytes.remaining()];
      bytes.get(chunk);
      long untilThere = before.length() - length;
      if (untilThere > 0 && untilThere <= chunk.length) {
        digest.update(chunk, 0, (int) untilThere);
        hash = HexFormat.of().formatHex(digest.digest());
      } else if (untilThere > 0) {
        digest.update(chunk);
      }
      length += chunk.length;
      if (length <= MAX_KEPT) {
        kept.writeBytes(chunk);
      }
    }

    @Override
    public void onError(Throwable failure) {
      same.completeExceptionally(
          new IOException("the body cannot be given a second time", failure));
    }

    @Override
    public void onComplete() {
      boolean isSame =
          before.hash().equals(hash)
              && (!before.complete() || length == before.length())
              && (declared < 0 || length == declared);
      if (isSame) {
        same.complete(length <= MAX_KEPT ? Optional.of(kept.toByteArray()) : Optional.empty());
      } else {
        same.completeExceptionally(
            new IOException("the body is another one when it is given a second time"));
      }
    }
  }
}
