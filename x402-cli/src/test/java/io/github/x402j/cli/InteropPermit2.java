// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Token;

/** Takes its tokens by Permit2, too, as it would any ERC-20 token. */
final class InteropPermit2 implements InteropSale {
  @Override
  public void set(Shop shop) {
    for (Token token : shop.tokens()) {
      shop.filter()
          .accept(Token.erc20(token.network(), token.contract(), token.decimals()), shop.payTo());
    }
  }
}
