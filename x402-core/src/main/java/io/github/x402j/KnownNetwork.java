// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is known of a network besides its chain id.
 *
 * @param shortName its name in settings, and in version 1 of the protocol if that names it
 * @param displayName its name for people
 * @param v1 which readers of version 1 know its name
 * @param explorer the web site that shows it, without a slash at the end
 */
record KnownNetwork(Network network, String shortName, String displayName, V1 v1, URI explorer) {

  /** Which readers of version 1 know the name of a network. */
  enum V1 {
    /** None: version 2 only. */
    NONE,
    /** Those that were written with version 2. */
    NEWER,
    /**
     * All, the client of version 1 that is deployed included. That one refuses a whole descriptor
     * that names a network which it does not know.
     */
    ALL
  }

  static final List<KnownNetwork> ALL =
      List.of(
          deployed(Network.BASE, "base", "Base", "https://basescan.org"),
          deployed(
              Network.BASE_SEPOLIA, "base-sepolia", "Base Sepolia", "https://sepolia.basescan.org"),
          named(Network.ETHEREUM, "ethereum", "Ethereum", "https://etherscan.io"),
          named(Network.SEPOLIA, "sepolia", "Ethereum Sepolia", "https://sepolia.etherscan.io"),
          deployed(Network.POLYGON, "polygon", "Polygon PoS", "https://polygonscan.com"),
          deployed(
              Network.POLYGON_AMOY, "polygon-amoy", "Polygon Amoy", "https://amoy.polygonscan.com"),
          unnamed(Network.ARBITRUM_ONE, "arbitrum", "Arbitrum One", "https://arbiscan.io"),
          unnamed(
              Network.ARBITRUM_SEPOLIA,
              "arbitrum-sepolia",
              "Arbitrum Sepolia",
              "https://sepolia.arbiscan.io"),
          deployed(Network.AVALANCHE, "avalanche", "Avalanche C-Chain", "https://snowtrace.io"),
          deployed(
              Network.AVALANCHE_FUJI,
              "avalanche-fuji",
              "Avalanche Fuji",
              "https://testnet.snowtrace.io"),
          named(Network.MONAD, "monad", "Monad", "https://monadscan.com"),
          named(Network.CELO, "celo", "Celo", "https://celoscan.io"),
          unnamed(
              Network.CELO_SEPOLIA,
              "celo-sepolia",
              "Celo Sepolia",
              "https://celo-sepolia.blockscout.com"),
          deployed(Network.SEI, "sei", "Sei", "https://seiscan.io"),
          deployed(Network.SEI_TESTNET, "sei-testnet", "Sei Testnet", "https://testnet.seiscan.io"),
          unnamed(Network.XDC, "xdc", "XDC Network", "https://xdcscan.com"),
          unnamed(Network.XDC_APOTHEM, "xdc-apothem", "XDC Apothem", "https://testnet.xdcscan.com"),
          unnamed(Network.ADI, "adi", "ADI Chain", "https://explorer.adifoundation.ai"),
          unnamed(Network.HPP, "hpp", "HPP", "https://explorer.hpp.io"),
          unnamed(
              Network.HPP_SEPOLIA, "hpp-sepolia", "HPP Sepolia", "https://sepolia-explorer.hpp.io"),
          deployed(Network.IOTEX, "iotex", "IoTeX", "https://iotexscan.io"),
          deployed(Network.PEAQ, "peaq", "peaq", "https://peaq.subscan.io"),
          deployed(Network.ABSTRACT, "abstract", "Abstract", "https://abscan.org"),
          deployed(
              Network.ABSTRACT_TESTNET,
              "abstract-testnet",
              "Abstract Testnet",
              "https://sepolia.abscan.org"),
          deployed(Network.STORY, "story", "Story", "https://datanetscan.io"),
          deployed(Network.EDUCHAIN, "educhain", "EDU Chain", "https://explorer.educhain.xyz"),
          deployed(
              Network.SKALE_BASE_SEPOLIA,
              "skale-base-sepolia",
              "SKALE Base Sepolia",
              "https://base-sepolia-testnet-explorer.skalenodes.com"),
          named(Network.STABLE, "stable", "Stable", "https://stablescan.xyz"),
          named(
              Network.STABLE_TESTNET,
              "stable-testnet",
              "Stable Testnet",
              "https://testnet.stablescan.xyz"),
          named(Network.FLARE, "flare", "Flare", "https://flare-explorer.flare.network"),
          named(Network.MEGAETH, "megaeth", "MegaETH", "https://mega.etherscan.io"),
          unnamed(Network.MEZO, "mezo", "Mezo", "https://explorer.mezo.org"),
          unnamed(
              Network.MEZO_TESTNET,
              "mezo-testnet",
              "Mezo Testnet",
              "https://explorer.test.mezo.org"),
          unnamed(Network.RADIUS, "radius", "Radius", "https://network.radiustech.xyz"),
          unnamed(
              Network.RADIUS_TESTNET,
              "radius-testnet",
              "Radius Testnet",
              "https://testnet.radiustech.xyz"),
          unnamed(Network.IGRA, "igra", "Igra", "https://explorer.igralabs.com"));

  private static final Map<Network, KnownNetwork> BY_NETWORK =
      ALL.stream()
          .collect(Collectors.toUnmodifiableMap(KnownNetwork::network, Function.identity()));

  static Optional<KnownNetwork> of(Network network) {
    return Optional.ofNullable(BY_NETWORK.get(network));
  }

  /**
   * Returns the name for a descriptor of version 1, which must suit the deployed client, too. Empty
   * for a network that only version 2 can name there.
   */
  static Optional<String> nameForV1Descriptor(Network network) {
    return of(network).filter(each -> each.v1 == V1.ALL).map(KnownNetwork::shortName);
  }

  boolean isNamedInV1() {
    return v1 != V1.NONE;
  }

  private static KnownNetwork deployed(
      Network network, String shortName, String displayName, String explorer) {
    return new KnownNetwork(network, shortName, displayName, V1.ALL, URI.create(explorer));
  }

  private static KnownNetwork named(
      Network network, String shortName, String displayName, String explorer) {
    return new KnownNetwork(network, shortName, displayName, V1.NEWER, URI.create(explorer));
  }

  private static KnownNetwork unnamed(
      Network network, String shortName, String displayName, String explorer) {
    return new KnownNetwork(network, shortName, displayName, V1.NONE, URI.create(explorer));
  }
}
