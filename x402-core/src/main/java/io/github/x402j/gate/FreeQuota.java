// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Grants each client a number of requests a day for free; after that it pays. A day is a day of
 * UTC. A request counts when it is granted, whatever its handler then answers.
 *
 * <pre>{@code
 * FreeQuota.perDay(20, request -> request.principal().map(Principal::getName))
 * }</pre>
 *
 * <p>Counts are kept in this process, for {@value #MAX_CLIENTS} clients a day: those that come
 * later pay. Several servers count by themselves, and a restart counts anew. Safe for use by
 * several threads.
 */
public final class FreeQuota implements AccessHook {
  /** How many clients have a quota on one day. */
  public static final int MAX_CLIENTS = 100_000;

  /** The reason of its grants. */
  public static final String REASON = "free-quota";

  private static final int MAX_KEY_LENGTH = 256;

  private final int requests;
  private final Function<AccessRequest, Optional<String>> client;
  private final Clock clock;
  private final int maxClients;
  private LocalDate day = LocalDate.MIN;
  private Map<String, Integer> used = new HashMap<>();

  FreeQuota(
      int requests, Function<AccessRequest, Optional<String>> client, Clock clock, int maxClients) {
    if (requests < 1) {
      throw new IllegalArgumentException("perDay: expected at least 1 request, found " + requests);
    }
    this.requests = requests;
    this.client = client;
    this.clock = clock;
    this.maxClients = maxClients;
  }

  /**
   * Returns the quota.
   *
   * @param requests that are free for a client on one day, at least 1
   * @param client names the client, in at most 256 characters; empty for one that has no quota. It
   *     must be something that a client cannot make up, such as a principal or a key that is known:
   *     otherwise a client has as many quotas as names
   * @throws IllegalArgumentException if {@code requests} is less than 1
   */
  public static FreeQuota perDay(int requests, Function<AccessRequest, Optional<String>> client) {
    return new FreeQuota(requests, client, Clock.systemUTC(), MAX_CLIENTS);
  }

  @Override
  public AccessDecision decide(AccessRequest request) {
    Optional<String> name = client.apply(request);
    return name.isPresent() && name.get().length() <= MAX_KEY_LENGTH && takes(name.get())
        ? AccessDecision.grant(REASON)
        : AccessDecision.charge();
  }

  private synchronized boolean takes(String name) {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    if (today.isAfter(day)) { // a clock that was set back gives no second quota
      day = today;
      used = new HashMap<>();
    }
    int before = used.getOrDefault(name, 0);
    if (before >= requests || before == 0 && used.size() >= maxClients) {
      return false;
    }
    used.put(name, before + 1);
    return true;
  }
}
