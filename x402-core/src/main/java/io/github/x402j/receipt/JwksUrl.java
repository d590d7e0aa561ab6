// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JWSVerifier;
import io.github.x402j.FacilitatorException;
import java.io.IOException;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys behind a URL that stands in the configuration. Fetched at the start and then by the clock
 * alone: a token cannot cause a fetch. While the URL does not answer, the last keys stay good for a
 * time.
 */
final class JwksUrl implements IssuerKeys {
  static final Duration REFRESH_EVERY = Duration.ofMinutes(5);
  static final Duration RETRY_AFTER = Duration.ofSeconds(30);
  static final Duration KEEP_IN_OUTAGE = Duration.ofHours(24);
  private static final Duration DEADLINE = Duration.ofSeconds(5);
  static final int MAX_BYTES = 64 * 1024;

  private static final Logger log = LoggerFactory.getLogger(ReceiptVerifier.class);

  private final URI url;
  private final ReceiptAlgorithm algorithm;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(DEADLINE)
          .build();
  private volatile @Nullable Fetched fetched;
  private Instant nextAttempt = Instant.MIN;

  private record Fetched(Map<String, JWSVerifier> byKid, Instant goodUntil) {}

  private final Clock clock;

  JwksUrl(URI url, ReceiptAlgorithm algorithm, Clock clock) {
    this.url = requireSafe(url);
    this.algorithm = algorithm;
    this.clock = clock;
  }

  /** Keys that come over plain HTTP could be anybody's, except on this machine. */
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

  @Override
  public Map<String, JWSVerifier> byKid() throws FacilitatorException {
    Fetched last = fetched;
    if (last == null || !clock.instant().isBefore(last.goodUntil)) {
      throw new FacilitatorException("the keys of a receipt issuer are not known at present");
    }
    return last.byKid;
  }

  /** Fetches the keys if it is time for that. Never throws: what was fetched before stays good. */
  synchronized void refreshIfDue() {
    Instant now = clock.instant();
    if (now.isBefore(nextAttempt)) {
      return;
    }
    try {
      Map<String, JWSVerifier> keys = Keys.verifiers(fetch(), algorithm);
      fetched = new Fetched(keys, clock.instant().plus(KEEP_IN_OUTAGE));
      nextAttempt = now.plus(REFRESH_EVERY);
    } catch (IOException | IllegalArgumentException e) {
      nextAttempt = now.plus(RETRY_AFTER);
      log.warn("the keys of {} could not be fetched: {}", url.getHost(), e.getMessage());
    }
  }

  private String fetch() throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(DEADLINE)
            .header("Accept", "application/jwk-set+json, application/json")
            .build();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, info -> new CappedBody(MAX_BYTES));
    try {
      // One deadline for all of it: the request's own ends with the headers.
      HttpResponse<byte[]> response = exchange.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() != 200) {
        throw new IOException("HTTP status " + response.statusCode());
      }
      return new String(response.body(), StandardCharsets.UTF_8);
    } catch (TimeoutException e) {
      exchange.cancel(true);
      throw new IOException("no answer within " + DEADLINE.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new IOException("no answer that can be read");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted");
    }
  }
}
