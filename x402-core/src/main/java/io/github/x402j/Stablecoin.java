// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A token that is known here, with what its signatures do not say. All take EIP-3009
 * authorizations.
 *
 * @param token the token
 * @param symbol its name for people, such as {@code USDC}, unlike its EIP-712 name the same on
 *     every chain
 * @param currency what one token is worth one of, as in ISO 4217: {@code USD} or {@code EUR}
 */
public record Stablecoin(Token token, String symbol, String currency) {
  private static final String DOLLAR = "USD";

  private static final List<Stablecoin> ALL =
      Stream.of(
              Usdc.OWN.stream().map(token -> new Stablecoin(token, "USDC", DOLLAR)),
              Usdc.BRIDGED.stream().map(token -> new Stablecoin(token, "USDC.e", DOLLAR)),
              Stream.of(
                  tether(
                      Network.STABLE,
                      "0x779Ded0c9e1022225f8E0630b35a9b54bE713736",
                      "USDT0",
                      "USDT0"),
                  tether(
                      Network.STABLE_TESTNET,
                      "0x78Cf24370174180738C5B8E352B6D14c83a6c9A9",
                      "USDT0",
                      "USDT0"),
                  tether(
                      Network.FLARE,
                      "0xe7cd86e13AC4309349F30B3435a9d337750fC82D",
                      "USD\u20AE0",
                      "USDT0"),
                  tether(
                      Network.CELO,
                      "0x48065fbBE25f71C9282ddf5e1cD6D6A887483D5e",
                      "Tether USD",
                      "USDT"),
                  tether(
                      Network.CELO,
                      "0xD2ab3C9A02DBBAB236BfEC45D1d755DF4267F771",
                      "Tether America USD",
                      "USAT")),
              Eurc.all().stream().map(token -> new Stablecoin(token, "EURC", "EUR")))
          .flatMap(each -> each)
          .toList();

  /** Returns all that are known, those of a dollar first. */
  public static List<Stablecoin> all() {
    return ALL;
  }

  /** Returns the one with this contract, empty if the contract is not known here. */
  public static Optional<Stablecoin> of(Network network, Address contract) {
    return ALL.stream()
        .filter(each -> each.token.network().equals(network))
        .filter(each -> each.token.contract().equals(contract))
        .findFirst();
  }

  /** Returns the tokens that are worth a dollar each. */
  public static List<Token> dollars() {
    return ALL.stream().filter(Stablecoin::isDollar).map(Stablecoin::token).toList();
  }

  /**
   * Returns the token of a dollar to use on this network where none is named: USDC if it is there,
   * else another. Empty if none is known here.
   */
  public static Optional<Token> dollarOn(Network network) {
    return dollars().stream().filter(token -> token.network().equals(network)).findFirst();
  }

  /** Returns whether it is worth a dollar. */
  public boolean isDollar() {
    return currency.equals(DOLLAR);
  }

  private static Stablecoin tether(Network network, String contract, String name, String symbol) {
    return new Stablecoin(
        new Token(network, Address.parse(contract), 6, name, "1"), symbol, DOLLAR);
  }
}
