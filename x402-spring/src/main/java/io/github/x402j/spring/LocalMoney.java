// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.evm.ChainListener;
import java.net.URI;
import java.util.List;

/** What {@code x402.dev=true} sells for: a token on a chain in this process. */
interface LocalMoney {
  /** Returns the test token. */
  Token token();

  /** Returns who is paid where {@code x402.pay-to} is not set. */
  String payTo();

  /** Returns where the chain answers. */
  URI rpcUrl();

  /**
   * Returns who settles on the chain.
   *
   * @param listener hears of what is asked of the chain
   */
  Facilitator facilitator(ChainListener listener);

  /** Returns lines for a shell: how to see the price of a URL, and how to pay it. */
  List<String> linesToTry(String url);
}
