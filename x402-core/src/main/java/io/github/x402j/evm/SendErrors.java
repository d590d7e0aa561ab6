// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node's error for a transaction means. The phrases are those of geth, Erigon, Nethermind,
 * Besu, Reth and anvil; any other leaves the outcome unknown.
 */
final class SendErrors {
  private static final List<String> ALREADY_THERE =
      List.of("already known", "known transaction", "already imported", "alreadyknown");

  /** What a refusal is about, and so what helps. */
  enum Kind {
    /** The number is taken, or another transaction waits under it. */
    NUMBER,
    /** The node has no room for it now. */
    LATER,
    /** A delegated account may have one transaction waiting. */
    ONE_AT_A_TIME,
    /** It offers too little for gas. */
    FEE,
    /** The account cannot pay the gas. */
    FUNDS,
    /** The node takes no such transaction. */
    NEVER
  }

  private static final List<String> WITHOUT_FUNDS =
      List.of("insufficient funds", "insufficientfunds");

  /** The more special phrases first. */
  private static final Map<String, Kind> REJECTED = new LinkedHashMap<>();

  static {
    say(
        Kind.NUMBER,
        List.of(
            "nonce too low",
            "nonce is too low",
            "oldnonce",
            "replacement transaction underpriced",
            "replacement fee too low",
            "could not replace existing"));
    say(
        Kind.LATER,
        List.of(
            "nonce too high",
            "txpool is full",
            "already reserved",
            "account limit exceeded",
            "future transaction tries to replace pending"));
    say(Kind.ONE_AT_A_TIME, List.of("limit reached for delegated accounts", "delegated account"));
    say(
        Kind.FEE,
        List.of(
            "underpriced",
            "fee too low",
            "feecap",
            "fee cap",
            "max fee per gas less than block base fee",
            "price below minimum",
            "tip below minimum"));
    say(Kind.FUNDS, WITHOUT_FUNDS);
    say(
        Kind.NEVER,
        List.of(
            "intrinsic gas too low",
            "exceeds block gas limit",
            "gas limit too high",
            "oversized data",
            "invalid sender",
            "invalid chain id",
            "unknown transaction type",
            "transaction type not supported"));
  }

  private static void say(Kind kind, List<String> phrases) {
    phrases.forEach(phrase -> REJECTED.put(phrase, kind));
  }

  private SendErrors() {}

  /** Returns what the refusal is about; a phrase that is not known here may mean anything. */
  static Kind kind(Chain.Broadcast.Rejected rejected) {
    return REJECTED.getOrDefault(rejected.reason(), Kind.LATER);
  }

  /** Returns whether a node says that the sender cannot pay the gas. */
  static boolean isWithoutFunds(@Nullable String message) {
    String words = String.valueOf(message).toLowerCase(Locale.ROOT);
    return WITHOUT_FUNDS.stream().anyMatch(words::contains);
  }

  /** Returns what may be shown of a reason: a phrase that is known here. */
  static String shown(Chain.Broadcast.Rejected rejected) {
    return REJECTED.containsKey(rejected.reason()) ? rejected.reason() : "in words not known here";
  }

  static Chain.Broadcast classify(String message) {
    String words = message.toLowerCase(Locale.ROOT);
    // Rejections first: "unknown transaction type" contains "known transaction".
    Optional<String> refusal = REJECTED.keySet().stream().filter(words::contains).findFirst();
    if (refusal.isPresent()) {
      return new Chain.Broadcast.Rejected(refusal.get());
    }
    if (ALREADY_THERE.stream().anyMatch(words::contains)) {
      return new Chain.Broadcast.Accepted();
    }
    return new Chain.Broadcast.Unknown();
  }
}
