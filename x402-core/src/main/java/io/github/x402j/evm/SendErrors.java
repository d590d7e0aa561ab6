// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.util.List;
import java.util.Locale;

/**
 * What a node's refusal of a transaction means. The words are those of geth, Erigon, Nethermind,
 * Besu, Reth and anvil; what is not among them leaves the outcome unknown.
 */
final class SendErrors {
  private static final List<String> ALREADY_THERE =
      List.of("already known", "known transaction", "already imported", "alreadyknown");

  private static final List<String> REJECTED =
      List.of(
          "nonce too low",
          "nonce too high",
          "nonce is too low",
          "oldnonce",
          "insufficient funds",
          "insufficientfunds",
          "underpriced",
          "fee too low",
          "feecap",
          "fee cap",
          "max fee per gas less than block base fee",
          "intrinsic gas too low",
          "exceeds block gas limit",
          "invalid sender",
          "invalid chain id",
          "unknown transaction type",
          "transaction type not supported",
          "txpool is full");

  private SendErrors() {}

  static Chain.Broadcast classify(String message) {
    String words = message.toLowerCase(Locale.ROOT);
    // Refusals first: "unknown transaction type" holds "known transaction".
    if (REJECTED.stream().anyMatch(words::contains)) {
      return new Chain.Broadcast.Rejected(message);
    }
    if (ALREADY_THERE.stream().anyMatch(words::contains)) {
      return new Chain.Broadcast.Accepted();
    }
    return new Chain.Broadcast.Unknown();
  }
}
