// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.net.URI;
import java.util.List;
import java.util.Optional;
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

  /** Base. */
  public static final Network BASE = new Network(8453);

  /** Base Sepolia, a test network. */
  public static final Network BASE_SEPOLIA = new Network(84532);

  /** Ethereum. */
  public static final Network ETHEREUM = new Network(1);

  /** Ethereum Sepolia, a test network. */
  public static final Network SEPOLIA = new Network(11155111);

  /** Polygon PoS. */
  public static final Network POLYGON = new Network(137);

  /** Polygon Amoy, a test network. */
  public static final Network POLYGON_AMOY = new Network(80002);

  /** Arbitrum One. */
  public static final Network ARBITRUM_ONE = new Network(42161);

  /** Arbitrum Sepolia, a test network. */
  public static final Network ARBITRUM_SEPOLIA = new Network(421614);

  /** Avalanche C-Chain. */
  public static final Network AVALANCHE = new Network(43114);

  /** Avalanche Fuji, a test network. */
  public static final Network AVALANCHE_FUJI = new Network(43113);

  /** Monad. */
  public static final Network MONAD = new Network(143);

  /** Celo. */
  public static final Network CELO = new Network(42220);

  /** Celo Sepolia, a test network. */
  public static final Network CELO_SEPOLIA = new Network(11142220);

  /** Sei. */
  public static final Network SEI = new Network(1329);

  /** Sei Testnet, a test network. */
  public static final Network SEI_TESTNET = new Network(1328);

  /** XDC Network. */
  public static final Network XDC = new Network(50);

  /** XDC Apothem, a test network. */
  public static final Network XDC_APOTHEM = new Network(51);

  /** ADI Chain. */
  public static final Network ADI = new Network(36900);

  /** HPP. */
  public static final Network HPP = new Network(190415);

  /** HPP Sepolia, a test network. */
  public static final Network HPP_SEPOLIA = new Network(181228);

  /** IoTeX. */
  public static final Network IOTEX = new Network(4689);

  /** peaq. */
  public static final Network PEAQ = new Network(3338);

  /** Abstract. */
  public static final Network ABSTRACT = new Network(2741);

  /** Abstract Testnet, a test network. */
  public static final Network ABSTRACT_TESTNET = new Network(11124);

  /** Story. */
  public static final Network STORY = new Network(1514);

  /** EDU Chain. */
  public static final Network EDUCHAIN = new Network(41923);

  /** SKALE Base Sepolia, a test network. */
  public static final Network SKALE_BASE_SEPOLIA = new Network(324705682);

  /** Stable. */
  public static final Network STABLE = new Network(988);

  /** Stable Testnet, a test network. */
  public static final Network STABLE_TESTNET = new Network(2201);

  /** Flare. */
  public static final Network FLARE = new Network(14);

  /** MegaETH. */
  public static final Network MEGAETH = new Network(4326);

  /** Mezo. */
  public static final Network MEZO = new Network(31612);

  /** Mezo Testnet, a test network. */
  public static final Network MEZO_TESTNET = new Network(31611);

  /** Radius. */
  public static final Network RADIUS = new Network(723487);

  /** Radius Testnet, a test network. */
  public static final Network RADIUS_TESTNET = new Network(72344);

  /** Igra. */
  public static final Network IGRA = new Network(38833);

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

  /**
   * Returns the network of a name such as {@code base-sepolia}, as settings use it, or of a CAIP-2
   * identifier.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static Network named(@Nullable String text) {
    Optional<Network> known =
        KnownNetwork.ALL.stream()
            .filter(each -> each.shortName().equals(text))
            .map(KnownNetwork::network)
            .findFirst();
    if (known.isEmpty() && (text == null || !CAIP_2.matcher(text).matches())) {
      throw new IllegalArgumentException(
          "expected eip155:8453, or a name such as base or base-sepolia");
    }
    return known.orElseGet(() -> parse(text));
  }

  /** Returns the networks that have a name here. */
  public static List<Network> known() {
    return KnownNetwork.ALL.stream().map(KnownNetwork::network).toList();
  }

  /** Returns the network that version 1 of the protocol calls so, empty if there is none. */
  public static Optional<Network> ofV1Name(String name) {
    return KnownNetwork.ALL.stream()
        .filter(each -> each.shortName().equals(name) && each.isNamedInV1())
        .map(KnownNetwork::network)
        .findFirst();
  }

  /** Returns the CAIP-2 identifier. */
  public String caip2() {
    return "eip155:" + chainId;
  }

  /** Returns the name in version 1 of the protocol, empty for a chain that has none. */
  public Optional<String> v1Name() {
    return KnownNetwork.of(this).filter(KnownNetwork::isNamedInV1).map(KnownNetwork::shortName);
  }

  /** Returns the name that {@link #named} knows, empty for a chain that is not known here. */
  public Optional<String> shortName() {
    return KnownNetwork.of(this).map(KnownNetwork::shortName);
  }

  /** Returns the name for people, such as {@code Base Sepolia}, empty as for the short one. */
  public Optional<String> displayName() {
    return KnownNetwork.of(this).map(KnownNetwork::displayName);
  }

  /** Returns the web site that shows the chain, empty for a chain that is not known here. */
  public Optional<URI> explorer() {
    return KnownNetwork.of(this).map(KnownNetwork::explorer);
  }

  /**
   * Returns the page of a transaction at the {@linkplain #explorer() explorer}, empty if there is
   * none.
   *
   * @param transaction the hash: 32 bytes in lower-case hex after {@code 0x}
   * @throws IllegalArgumentException if it is no hash
   */
  public Optional<URI> transactionPage(String transaction) {
    if (!Bytes32.isCanonical(transaction)) {
      throw new IllegalArgumentException("transaction: expected 0x and 64 hexadecimal digits");
    }
    return explorer().map(site -> URI.create(site + "/tx/" + transaction));
  }

  @Override
  public String toString() {
    return caip2();
  }
}
