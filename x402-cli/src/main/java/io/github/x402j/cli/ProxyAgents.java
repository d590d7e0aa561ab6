// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import java.net.http.HttpClient;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpFields;
import org.jspecify.annotations.Nullable;

/**
 * The agents that a proxy pays for. A request names its agent by the agent's token: in {@value
 * #HEADER}, or as the user of HTTP basic authentication, for the proxy ({@code
 * Proxy-Authorization}) or for the server ({@code Authorization}). Immutable.
 */
final class ProxyAgents {
  /** The header with the token. */
  static final String HEADER = "X-402-Proxy-Token";

  /** The least length of a token. */
  static final int MIN_LENGTH = 16;

  private static final String PROXY_AUTHORIZATION = "Proxy-Authorization";
  private static final String AUTHORIZATION = "Authorization";

  /**
   * An agent.
   *
   * @param name its name in the journal
   * @param token what its requests show
   * @param client pays out of its wallet
   */
  record Agent(String name, String token, HttpClient client) {
    Agent {
      if (token.length() < MIN_LENGTH) {
        throw new IllegalArgumentException(
            "token of " + name + ": expected at least " + MIN_LENGTH + " characters");
      }
    }

    @Override
    public String toString() {
      return "Agent[" + name + "]";
    }
  }

  /**
   * An agent, and how it was named.
   *
   * @param usedAuthorization whether {@code Authorization} held the token, so that it is not meant
   *     for the target
   */
  record Named(Agent agent, boolean usedAuthorization) {}

  private final List<Agent> agents;

  ProxyAgents(List<Agent> agents) {
    this.agents = List.copyOf(agents);
  }

  /** Returns the agent that the headers name, empty if they name none. */
  Optional<Named> named(HttpFields headers) {
    @Nullable String own = headers.get(HEADER);
    if (own != null) {
      return with(own).map(agent -> new Named(agent, false));
    }
    @Nullable String proxy = headers.get(PROXY_AUTHORIZATION);
    if (proxy != null) {
      return userOf(proxy).flatMap(this::with).map(agent -> new Named(agent, false));
    }
    return Stream.ofNullable(headers.get(AUTHORIZATION))
        .flatMap(value -> userOf(value).stream())
        .flatMap(user -> with(user).stream())
        .map(agent -> new Named(agent, true))
        .findFirst();
  }

  /** Takes as long for a token that is nearly right as for any other. */
  private Optional<Agent> with(String token) {
    byte[] shown = Hashes.sha256(token);
    Optional<Agent> found = Optional.empty();
    for (Agent agent : agents) {
      if (MessageDigest.isEqual(shown, Hashes.sha256(agent.token()))) {
        found = Optional.of(agent);
      }
    }
    return found;
  }

  private static Optional<String> userOf(String authorization) {
    String[] parts = authorization.trim().split(" +", 2);
    if (parts.length < 2 || !parts[0].equalsIgnoreCase("Basic")) {
      return Optional.empty();
    }
    try {
      String text = new String(Base64.getDecoder().decode(parts[1].trim()), UTF_8);
      return Optional.of(text.split(":", 2)[0]);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
