// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An EVM chain, named as in <a
 * href="https://github.com/ChainAgnostic/CAIPs/blob/main/CAIPs/caip-2.md">CAIP-2</a>: {@code
 * eip155:8453}.
 *
 * @param chainId the chain id of EIP-155, at least 1
 */
public record Network(long chainId) {
  private static final Pattern CAIP_2 = Pattern.compile("eip155:[1-9][0-9]{0,17}");

  /** Version 1 of the protocol names networks by word; a chain without one is version 2 only. */
  private static final Map<String, Long> V1_NAMES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("base", 8453L),
              Map.entry("base-sepolia", 84532L),
              Map.entry("avalanche", 43114L),
              Map.entry("avalanche-fuji", 43113L),
              Map.entry("polygon", 137L),
              Map.entry("polygon-amoy", 80002L),
              Map.entry("sei", 1329L),
              Map.entry("sei-testnet", 1328L),
              Map.entry("iotex", 4689L),
              Map.entry("peaq", 3338L),
              Map.entry("abstract", 2741L),
              Map.entry("abstract-testnet", 11124L),
              Map.entry("ethereum", 1L),
              Map.entry("sepolia", 11155111L),
              Map.entry("story", 1514L),
              Map.entry("educhain", 41923L),
              Map.entry("monad", 143L),
              Map.entry("megaeth", 4326L),
              Map.entry("stable", 988L),
              Map.entry("stable-testnet", 2201L)));

  /** Base. */
  public static final Network BASE = new Network(8453);

  /** Base Sepolia, a test network. */
  public static final Network BASE_SEPOLIA = new Network(84532);

  /** Polygon PoS. */
  public static final Network POLYGON = new Network(137);

  /** Arbitrum One. */
  public static final Network ARBITRUM_ONE = new Network(42161);

  /** Arbitrum Sepolia, a test network. */
  public static final Network ARBITRUM_SEPOLIA = new Network(421614);

  /** Monad. */
  public static final Network MONAD = new Network(143);

  /** Checks the range. */
  public Network {
    if (chainId < 1) {
      throw new IllegalArgumentException("a chain id is at least 1, not " + chainId);
    }
  }

  /**
   * Returns the network of a CAIP-2 identifier.
   *
   * @throws IllegalArgumentException if it is not {@code eip155:} and a chain id
   */
  public static Network parse(@Nullable String caip2) {
    if (caip2 == null || !CAIP_2.matcher(caip2).matches()) {
      throw new IllegalArgumentException(
          "a network is eip155: and a chain id, such as eip155:8453 for Base");
    }
    return new Network(Long.parseLong(caip2.substring("eip155:".length())));
  }

  /** Returns the network that version 1 of the protocol calls so, empty if there is none. */
  public static Optional<Network> ofV1Name(String name) {
    return Optional.ofNullable(V1_NAMES.get(name)).map(Network::new);
  }

  /** Returns the CAIP-2 identifier. */
  public String caip2() {
    return "eip155:" + chainId;
  }

  /** Returns the name in version 1 of the protocol, empty for a chain that has none. */
  public Optional<String> v1Name() {
    return V1_NAMES.entrySet().stream()
        .filter(entry -> entry.getValue() == chainId)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  @Override
  public String toString() {
    return caip2();
  }
}
