// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.FacilitatorException;
import io.github.x402j.SmallPool;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Asks for credentials within a time, on threads of its own: they may come from another server.
 * Credentials that cannot be had are an outage. No message repeats them, nor what a supplier threw.
 */
final class BoundedAuthentication {
  /** Sends no credentials. */
  static final HttpFacilitator.Authentication NONE = (method, endpoint) -> Map.of();

  private static final int THREADS = 16;
  private static final int WAITING = 256;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
  private static final Pattern VALUE = Pattern.compile("[\\x20-\\x7e]+");

  private final HttpFacilitator.Authentication authentication;
  private final ThreadPoolExecutor threads =
      SmallPool.of("x402-facilitator-credentials", THREADS, WAITING);

  BoundedAuthentication(HttpFacilitator.Authentication authentication) {
    this.authentication = authentication;
  }

  /**
   * Returns the headers of a request.
   *
   * @throws FacilitatorException if there are none in time, or they are no headers
   */
  Map<String, String> headers(String method, URI endpoint, Duration timeout)
      throws FacilitatorException {
    if (authentication == NONE) {
      return Map.of();
    }
    CompletableFuture<Map<String, String>> headers = new CompletableFuture<>();
    try {
      threads.execute(() -> complete(headers, method, endpoint));
      return requireHeaders(headers.get(timeout.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException | RejectedExecutionException e) {
      throw new FacilitatorException("authentication: no credentials in time");
    } catch (ExecutionException e) {
      throw new FacilitatorException("authentication: no credentials: " + kind(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FacilitatorException("authentication: interrupted while waiting");
    }
  }

  private static String kind(ExecutionException e) {
    return e.getCause() == null ? "" : e.getCause().getClass().getSimpleName();
  }

  private void complete(
      CompletableFuture<Map<String, String>> headers, String method, URI endpoint) {
    try {
      headers.complete(authentication.headers(method, endpoint));
    } catch (FacilitatorException | RuntimeException | Error e) {
      headers.completeExceptionally(e);
    }
  }

  /** The JDK's own refusal of a header repeats its value. */
  private static Map<String, String> requireHeaders(Map<String, String> headers)
      throws FacilitatorException {
    boolean areHeaders =
        headers != null
            && headers.entrySet().stream()
                .allMatch(
                    each ->
                        NAME.matcher(String.valueOf(each.getKey())).matches()
                            && VALUE.matcher(String.valueOf(each.getValue())).matches());
    if (!areHeaders) {
      throw new FacilitatorException(
          "authentication: expected header names and values in visible ASCII");
    }
    return headers;
  }
}
