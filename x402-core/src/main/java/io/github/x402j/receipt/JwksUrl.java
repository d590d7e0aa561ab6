// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.CachingJWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.OutageTolerantJWKSetSource;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.jwk.source.RateLimitedJWKSetSource;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.Resource;
import io.github.x402j.FacilitatorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys behind a configured URL. Nimbus caches them, limits how often they are fetched, and keeps
 * them through an outage. Only our own thread asks Nimbus, once a second: a request reads what is
 * there, so that no token causes a fetch or waits for one.
 */
final class JwksUrl implements IssuerKeys {
  static final Duration REFRESH_EVERY = Duration.ofMinutes(5);
  static final Duration KEEP_IN_OUTAGE = Duration.ofHours(24);

  /** A URL that fails is asked twice within this time. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  static final Duration DEADLINE = Duration.ofSeconds(5);
  static final int MAX_BYTES = 64 * 1024;
  private static final Duration TICK = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(JwksUrl.class);

  private final URI url;
  private final ReceiptAlgorithm algorithm;
  private final Clock clock;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(DEADLINE)
          .build();
  private final JWKSetSource<SecurityContext> source;
  private volatile @Nullable Current current;
  private @Nullable ScheduledExecutorService thread;

  /** What the thread saw last; it ends by itself, or a thread that died would leave it for ever. */
  private record Current(JWKSet set, Map<String, JWSVerifier> byKid, Instant goodUntil) {}

  JwksUrl(URI url, ReceiptAlgorithm algorithm, Clock clock) {
    this.url = requireSafe(url);
    this.algorithm = algorithm;
    this.clock = clock;
    source = source();
  }

  /** Anybody on the way could replace keys that come over plain HTTP, except on this machine. */
  static URI requireSafe(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    String host = String.valueOf(url.getHost());
    boolean loopback =
        host.equals("127.0.0.1") || host.equals("[::1]") || host.equalsIgnoreCase("localhost");
    if (url.getHost() == null
        || !(scheme.equals("https") || (scheme.equals("http") && loopback))
        || url.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "JWKS URL: expected https:// and a host (http:// on this machine only), without a user");
    }
    return url;
  }

  /** The order matters: what the cache answers is not limited, and no failure is cached. */
  private JWKSetSource<SecurityContext> source() {
    try {
      return new OutageTolerantJWKSetSource<>(
          new CachingJWKSetSource<>(
              new RateLimitedJWKSetSource<>(
                  new URLBasedJWKSetSource<>(url.toURL(), target -> fetchOrWarn()),
                  RETRY_AFTER.toMillis(),
                  null),
              REFRESH_EVERY.toMillis(),
              DEADLINE.toMillis(),
              null),
          KEEP_IN_OUTAGE.toMillis(),
          null);
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("JWKS URL: expected http or https", e);
    }
  }

  @Override
  public Map<String, JWSVerifier> byKid() throws FacilitatorException {
    Current keys = current;
    if (keys == null || !clock.instant().isBefore(keys.goodUntil)) {
      throw new FacilitatorException("the keys of a receipt issuer are not known at present");
    }
    return keys.byKid;
  }

  @Override
  public void start() {
    refresh();
    thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread daemon = new Thread(task, "x402-receipt-keys");
              daemon.setDaemon(true);
              return daemon;
            });
    thread.scheduleWithFixedDelay(
        this::refresh, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    if (thread != null) {
      thread.shutdownNow();
    }
  }

  /** Takes the keys that Nimbus has or fetches. Never throws. */
  void refresh() {
    Instant now = clock.instant();
    try {
      JWKSet set =
          source.getJWKSet(JWKSetCacheRefreshEvaluator.noRefresh(), now.toEpochMilli(), null);
      Current last = current;
      Map<String, JWSVerifier> byKid =
          last != null && last.set.equals(set)
              ? last.byKid // the same objects: what they verified need not be verified again
              : IssuerKeys.verifiers(set, algorithm);
      current = new Current(set, byKid, now.plus(KEEP_IN_OUTAGE));
    } catch (RateLimitReachedException e) {
      return; // a fetch failed a moment ago, and nothing has changed since
    } catch (KeySourceException e) {
      current = null; // never fetched, or too long ago
    } catch (RuntimeException e) {
      log.warn("the keys of {} could not be refreshed", url.getHost(), e);
    }
  }

  private Resource fetchOrWarn() throws IOException {
    try {
      return fetch();
    } catch (IOException e) {
      log.warn("the keys of {} could not be fetched: {}", url.getHost(), e.getMessage());
      throw e;
    }
  }

  /** Fetches a JWK set with a key that fits; a set without one is an outage, too. */
  private Resource fetch() throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("Accept", "application/jwk-set+json, application/json")
            .build();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    CompletableFuture<HttpResponse<Void>> exchange =
        http.sendAsync(
            request,
            HttpResponse.BodyHandlers.ofByteArrayConsumer(
                part -> part.ifPresent(bytes -> append(body, bytes))));
    int status = await(exchange).statusCode();
    if (status != 200) {
      throw new IOException("HTTP status " + status);
    }
    if (body.size() > MAX_BYTES) {
      throw new IOException("longer than " + MAX_BYTES + " bytes");
    }
    String text = body.toString(StandardCharsets.UTF_8);
    try {
      IssuerKeys.verifiers(text, algorithm);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage());
    }
    return new Resource(text, "application/jwk-set+json");
  }

  /** Keeps one byte more than is allowed, and drops the rest until the deadline. */
  private static void append(ByteArrayOutputStream body, byte[] part) {
    body.write(part, 0, Math.min(part.length, MAX_BYTES + 1 - body.size()));
  }

  /** One deadline for headers and body: Nimbus's own retriever has one for each read. */
  private static HttpResponse<Void> await(CompletableFuture<HttpResponse<Void>> exchange)
      throws IOException {
    try {
      return exchange.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      exchange.cancel(true);
      throw new IOException("no complete response within " + DEADLINE.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new IOException("no response that can be read");
    } catch (InterruptedException e) {
      exchange.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("interrupted");
    }
  }
}
