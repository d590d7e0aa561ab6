// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Hashes;
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
 * A request body that is hashed while it is sent, so that the client can check before paying that
 * the publisher gives the same body again. One over a stream that can be read once does not.
 */
final class RepeatableBody implements BodyPublisher {
  /** A body of at most this size, 1 MiB, is kept for the request that pays. */
  static final int MAX_KEPT = 1024 * 1024;

  /** The longest time that a publisher may take to give the body again. */
  static final Duration MAX_TIME = Duration.ofSeconds(60);

  private final BodyPublisher callers;
  private volatile @Nullable Passage lastSent;
  private volatile @Nullable String hash;

  private RepeatableBody(BodyPublisher callers) {
    this.callers = callers;
  }

  /** Returns the request with a body that is hashed while it is sent; itself if it has no body. */
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
   * Returns the request with a body that can be sent any number of times. The future fails with
   * {@link IOException} if the body is not the same as before.
   *
   * @param sent the request that was sent, or the one that a redirect made of it
   */
  static CompletableFuture<HttpRequest> repeatable(HttpRequest sent) {
    Optional<BodyPublisher> body =
        sent.bodyPublisher().filter(publisher -> publisher.contentLength() != 0);
    if (body.isEmpty()) {
      return CompletableFuture.completedFuture(sent);
    }
    if (!(body.get() instanceof RepeatableBody watched)) {
      return CompletableFuture.failedFuture(
          new IOException("the wrapped client did not send the body that it was given"));
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
        .thenApply(
            repeat -> {
              hash = repeat.hash();
              byte[] bytes = repeat.kept();
              return bytes == null ? this : kept(bytes);
            });
  }

  private BodyPublisher kept(byte[] bytes) {
    return new Kept(bytes, callers.contentLength());
  }

  /** Returns a body that was kept. */
  static BodyPublisher kept(byte[] bytes, long contentLength) {
    return new Kept(bytes, contentLength);
  }

  /** Returns the body of a {@linkplain #repeatable} request, empty if it is too long to be kept. */
  static Optional<byte[]> bytesOf(HttpRequest repeatable) {
    Optional<BodyPublisher> body =
        repeatable.bodyPublisher().filter(publisher -> publisher.contentLength() != 0);
    if (body.isEmpty()) {
      return Optional.of(new byte[0]);
    }
    return body.get() instanceof Kept kept && kept.bytes.length <= MAX_KEPT
        ? Optional.of(kept.bytes.clone())
        : Optional.empty();
  }

  /**
   * Returns the SHA-256 of the method, the URL and the body of a {@linkplain #repeatable} request,
   * in hex: requests with the same one ask for the same.
   */
  static String fingerprint(HttpRequest repeatable) {
    String body =
        repeatable
            .bodyPublisher()
            .map(
                publisher ->
                    publisher instanceof Kept kept
                        ? HexFormat.of().formatHex(sha256().digest(kept.bytes))
                        : publisher instanceof RepeatableBody longer ? "" + longer.hash : "")
            .orElse("");
    String request = repeatable.method() + " " + repeatable.uri() + " " + body;
    return HexFormat.of().formatHex(Hashes.sha256(request));
  }

  /** A body in memory; its length is told to the server only if the caller told it. */
  private static final class Kept implements BodyPublisher {
    private final byte[] bytes;
    private final long contentLength;

    Kept(byte[] bytes, long contentLength) {
      this.bytes = bytes;
      this.contentLength = contentLength;
    }

    @Override
    public long contentLength() {
      return contentLength;
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
      BodyPublishers.ofByteArray(bytes).subscribe(subscriber);
    }
  }

  /** Returns a digest that takes the body piece by piece. */
  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java platform has SHA-256", e);
    }
  }

  /** The part of a body that was sent. A server may answer before it has all of it. */
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

    /** Returns what was sent until now; the sending may go on. */
    synchronized SentPart sent() {
      try {
        byte[] hash = ((MessageDigest) digest.clone()).digest();
        return new SentPart(length, complete, HexFormat.of().formatHex(hash));
      } catch (CloneNotSupportedException e) {
        throw new IllegalStateException("SHA-256 of the platform can be cloned", e);
      }
    }
  }

  /** The length of what was sent, whether that is all, and its hash. */
  private record SentPart(long length, boolean complete, String hash) {}

  /** Passes the body on, and hashes it. */
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

  /** A body that was the same the second time: it, if it is not too long, and its hash. */
  @SuppressWarnings("ArrayRecordComponent") // is not compared
  private record Repeat(byte @Nullable [] kept, String hash) {}

  /** Takes the body a second time and compares it with what was sent the first time. */
  private static final class Second implements Subscriber<ByteBuffer> {
    private final CompletableFuture<Repeat> same = new CompletableFuture<>();
    private final MessageDigest digest = sha256();
    private final MessageDigest whole = sha256();
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final SentPart before;
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
      whole.update(chunk);
      length += chunk.length;
      if (length <= MAX_KEPT) {
        kept.writeBytes(chunk);
      }
    }

    @Override
    public void onError(Throwable failure) {
      same.completeExceptionally(
          new IOException("the publisher failed to give the body a second time", failure));
    }

    @Override
    public void onComplete() {
      boolean isSame =
          before.hash().equals(hash)
              && (!before.complete() || length == before.length())
              && (declared < 0 || length == declared);
      if (isSame) {
        same.complete(
            new Repeat(
                length <= MAX_KEPT ? kept.toByteArray() : null,
                HexFormat.of().formatHex(whole.digest())));
      } else {
        same.completeExceptionally(
            new IOException("the publisher gave another body the second time"));
      }
    }
  }
}
