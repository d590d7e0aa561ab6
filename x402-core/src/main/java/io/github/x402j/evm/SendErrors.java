// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node's error for a transaction means. The phrases are those of geth, Erigon, Nethermind,
 * Besu, Reth and anvil; any other leaves the outcome unknown.
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

  private static final List<String> WITHOUT_FUNDS =
      List.of("insufficient funds", "insufficientfunds");

  private SendErrors() {}

  /** Returns whether the account cannot pay the gas. The transaction was not taken then. */
  static boolean isWithoutFunds(Chain.Broadcast.Rejected rejected) {
    return WITHOUT_FUNDS.contains(rejected.reason());
  }

  /** Returns whether a node says that the sender cannot pay the gas. */
  static boolean isWithoutFunds(@Nullable String message) {
    String words = String.valueOf(message).toLowerCase(Locale.ROOT);
    return WITHOUT_FUNDS.stream().anyMatch(words::contains);
  }

  /** Returns what may be shown of a reason: a phrase that is known here. */
  static String shown(Chain.Broadcast.Rejected rejected) {
    return REJECTED.contains(rejected.reason()) ? rejected.reason() : "in words not known here";
  }

  static Chain.Broadcast classify(String message) {
    String words = message.toLowerCase(Locale.ROOT);
    // Rejections first: "unknown transaction type" contains "known transaction".
    Optional<String> refusal = REJECTED.stream().filter(words::contains).findFirst();
    if (refusal.isPresent()) {
      return new Chain.Broadcast.Rejected(refusal.get());
    }
    if (ALREADY_THERE.stream().anyMatch(words::contains)) {
      return new Chain.Broadcast.Accepted();
    }
    return new Chain.Broadcast.Unknown();
  }
}
