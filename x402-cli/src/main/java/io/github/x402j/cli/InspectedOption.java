// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import java.math.BigInteger;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One way to pay as a payer sees it.
 *
 * @param token the token, null if it is not known
 * @param coin what is known of the token, null if it is only what its contract says
 * @param objections why {@code x402 pay} would not pay this way
 */
record InspectedOption(
    PaymentRequirements terms,
    @Nullable Token token,
    @Nullable Stablecoin coin,
    List<String> objections) {

  /** Reads an option; reads an unknown token from the chain, if there is a node. */
  static InspectedOption of(PaymentRequirements terms, @Nullable URI rpcUrl)
      throws FacilitatorException {
    Stablecoin coin = Stablecoin.of(terms.network(), terms.asset()).orElse(null);
    Token token = coin == null ? null : coin.token();
    if (token == null && rpcUrl != null) {
      token = onChain(terms, Web3jChain.at(rpcUrl));
    }
    return new InspectedOption(terms, token, coin, objections(terms, token));
  }

  private static @Nullable Token onChain(PaymentRequirements terms, Web3jChain chain)
      throws FacilitatorException {
    return chain.chainId() == terms.network().chainId()
        ? OnChainToken.read(chain, terms.asset())
        : null;
  }

  /** Returns why a payer should not pay this way; the token is null if it is not known. */
  static List<String> objections(PaymentRequirements terms, @Nullable Token token) {
    List<String> objections = new ArrayList<>();
    if (!terms.scheme().equals(PaymentRequirements.EXACT)) {
      objections.add("the scheme is not exact");
    }
    if (terms.amount().atomicUnits().equals(BigInteger.ZERO)) {
      objections.add("the amount is zero, so there is nothing to sign");
    }
    if (terms.payTo().isZero()) {
      objections.add("the recipient is the zero address, which burns the payment");
    }
    Map<String, Object> extra = terms.extra();
    if (!terms.takesAuthorization()) {
      objections.add("the transfer method is not EIP-3009");
    }
    if (token != null
        && !(extra.getOrDefault("name", token.name()).equals(token.name())
            && extra.getOrDefault("version", token.version()).equals(token.version()))) {
      objections.add("the EIP-712 domain is not that of the token");
    }
    return objections;
  }

  /** Returns the price for a person. */
  String price() {
    Token known = token;
    return known == null
        ? terms.amount() + " atomic units of a token that is not known here"
        : Display.price(terms.amount(), known) + " (" + terms.amount() + " atomic units)";
  }

  /** Returns the token for a person. Its name is what the seller or its contract says. */
  String tokenText() {
    Token known = token;
    if (known == null) {
      Object name = terms.extra().get("name");
      return terms.asset()
          + (name instanceof String text
              ? ", called \"" + Display.harmless(text) + "\" by the seller"
              : "");
    }
    return terms.asset()
        + (coin != null
            ? ", " + coin.symbol()
            : ", calls itself \""
                + Display.harmless(known.name())
                + "\" with "
                + known.decimals()
                + " decimals");
  }
}
