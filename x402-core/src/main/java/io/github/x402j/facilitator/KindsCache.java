// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.FacilitatorException;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SupportedKinds;
import io.github.x402j.UnreachableException;
import io.github.x402j.http.Deadline;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a facilitator supports: asked at the start, asked again beside the payments. */
final class KindsCache {
  private static final Logger log = LoggerFactory.getLogger(HttpFacilitator.class);
  private static final int MAX_ATTEMPTS = 3;
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(500);

  /** All pauses together. */
  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(30);

  private final FacilitatorHttp http;
  private final Clock clock;
  private final Duration timeout;
  private final Duration interval;
  private final AtomicBoolean refreshing = new AtomicBoolean();

  private @Nullable SupportedKinds first;
  private volatile @Nullable SupportedKinds newest;
  private volatile Instant askedAt = Instant.EPOCH;

  KindsCache(FacilitatorHttp http, Clock clock, Duration timeout, Duration interval) {
    this.http = http;
    this.clock = clock;
    this.timeout = timeout;
    this.interval = interval;
  }

  /** Returns what was said at the start; asks, once, if nothing was said yet. */
  synchronized SupportedKinds first() {
    if (first == null) {
      try {
        first = ask();
      } catch (FacilitatorException e) {
        throw new UnreachableException("facilitator " + http.origin() + ": " + e.getMessage(), e);
      }
      newest = first;
      askedAt = clock.instant();
    }
    return first;
  }

  SupportedKinds current() {
    SupportedKinds current = newest;
    return current == null ? first() : current;
  }

  /** Returns whether it settles payments of this version now, and did at the start. */
  boolean covers(int x402Version, String scheme, Network network) {
    return first().covers(scheme, network) && current().covers(x402Version, scheme, network);
  }

  void requireAll(List<PaymentRequirements> offered) {
    SupportedKinds kinds = first();
    for (PaymentRequirements option : offered) {
      if (!kinds.covers(option.scheme(), option.network())) {
        throw new IllegalStateException(
            "facilitator "
                + http.origin()
                + ": does not support "
                + option.scheme()
                + " on "
                + option.network()
                + "; it supports "
                + kinds);
      }
    }
  }

  /** Asks in the background, one at a time; until there is an answer the old one stands. */
  void refreshIfOld() {
    if (newest == null // who wants to know it asks itself
        || clock.instant().isBefore(askedAt.plus(interval))
        || !refreshing.compareAndSet(false, true)) {
      return;
    }
    askedAt = clock.instant(); // also if it fails: the next try is an interval away
    Thread thread = new Thread(this::refresh, "x402-facilitator-kinds");
    thread.setDaemon(true);
    thread.start();
  }

  private void refresh() {
    try {
      newest = ask();
    } catch (FacilitatorException | IllegalStateException e) {
      log.warn(
          "facilitator {}: {}; going on with what it said before", http.origin(), e.getMessage());
    } finally {
      refreshing.set(false);
    }
  }

  /**
   * Asks, and again where it is asked to wait.
   *
   * @throws IllegalStateException if it redirects: that is a wrong URL and no outage
   */
  private SupportedKinds ask() throws FacilitatorException {
    Deadline patience = http.deadline(LONGEST_PATIENCE);
    for (int attempt = 1; ; attempt++) {
      FacilitatorHttp.Reply reply = http.get("/supported", timeout);
      boolean isTooOften =
          reply instanceof FacilitatorHttp.Reply.Answered answer && answer.status() == 429;
      if (!isTooOften || attempt == MAX_ATTEMPTS || !patience.sleep(pause(reply))) {
        return read(reply);
      }
    }
  }

  private static Duration pause(FacilitatorHttp.Reply reply) {
    Duration asked = ((FacilitatorHttp.Reply.Answered) reply).retryAfter();
    return asked.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : asked;
  }

  private SupportedKinds read(FacilitatorHttp.Reply reply) throws FacilitatorException {
    if (reply instanceof FacilitatorHttp.Reply.Redirected redirected) {
      throw new IllegalStateException("facilitator " + http.origin() + ": " + redirected.why());
    }
    if (!(reply instanceof FacilitatorHttp.Reply.Answered answer)) {
      throw new FacilitatorException(
          "did not answer /supported: " + RemoteVerification.what(reply));
    }
    if (answer.status() != 200) {
      throw new FacilitatorException("answered /supported with " + RemoteVerification.what(reply));
    }
    try {
      return FacilitatorMessages.readSupported(answer.body());
    } catch (MalformedPaymentException e) {
      throw new FacilitatorException("answered /supported with " + e.getMessage());
    }
  }
}
