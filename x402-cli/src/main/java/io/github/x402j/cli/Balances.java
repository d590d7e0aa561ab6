// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What accounts have in the tokens of one chain. */
final class Balances {
  private final Chain chain;
  private final List<Token> tokens;

  private Balances(Chain chain, List<Token> tokens) {
    this.chain = chain;
    this.tokens = tokens;
  }

  /**
   * Returns those on the chain of the node, in the known stablecoins and in one more token.
   *
   * @throws FacilitatorException if the node does not answer, or there is no such token
   */
  static Balances at(URI node, @Nullable Address token) throws FacilitatorException {
    Chain chain = Web3jChain.at(node);
    List<Token> tokens = new ArrayList<>();
    if (token != null) {
      tokens.add(OnChainToken.read(chain, token));
    }
    for (Stablecoin coin : Stablecoin.all()) {
      Token known = coin.token();
      if (known.network().chainId() == chain.chainId() && !known.contract().equals(token)) {
        tokens.add(known);
      }
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException(
          "--token: needed, as x402 knows no stablecoin on chain " + chain.chainId());
    }
    return new Balances(chain, tokens);
  }

  /** Returns the balance in each token. */
  Map<Token, TokenAmount> of(Address account) throws FacilitatorException {
    Map<Token, TokenAmount> balances = new LinkedHashMap<>();
    for (Token token : tokens) {
      balances.put(token, OnChainToken.balanceOf(chain, token, account));
    }
    return balances;
  }
}
