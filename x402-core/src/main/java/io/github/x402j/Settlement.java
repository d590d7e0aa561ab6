// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a settlement ended. There is no fourth way: what is not known is {@link Pending}. */
public sealed interface Settlement {
  /** The payer cancelled the authorization. Only the payer can. */
  Failed CANCELLED_BY_PAYER = new Failed(ErrorReason.NONCE_ALREADY_USED, "the payer cancelled");

  /**
   * The money has moved: payer to {@code payTo}, exactly the amount.
   *
   * @param transaction the hash of the transaction that moved it, {@code 0x} and 64 lower-case hex
   *     digits
   * @param payer who paid
   * @param amount how much
   * @param extensionResponses what a remote facilitator says about extensions, by their names.
   *     Another side's words: for listeners, and never for buyers. JSON as JDK types, immutable
   */
  record Settled(
      String transaction, Address payer, TokenAmount amount, Map<String, Object> extensionResponses)
      implements Settlement {
    /** Checks the hash. */
    public Settled {
      requireHash(transaction);
      extensionResponses = JsonValues.copyOf(extensionResponses);
    }

    /** Makes a settlement of which nothing is said about extensions. */
    public Settled(String transaction, Address payer, TokenAmount amount) {
      this(transaction, payer, amount, Map.of());
    }

    /** Returns this settlement with what a facilitator says about extensions. */
    public Settled withExtensionResponses(Map<String, Object> responses) {
      return new Settled(transaction, payer, amount, responses);
    }
  }

  /**
   * The money has not moved, and by this payment's transaction never will.
   *
   * @param reason the code for the client
   * @param detail for people; without a secret
   */
  record Failed(ErrorReason reason, String detail) implements Settlement {}

  /**
   * The outcome is not known. The payment is neither delivered nor asked for again.
   *
   * @param broadcast the hash of the transaction that may have been sent, or null where it is not
   *     known
   */
  record Pending(@Nullable String broadcast) implements Settlement {
    /** Checks the hash. */
    public Pending {
      if (broadcast != null) {
        requireHash(broadcast);
      }
    }

    /** Returns the transaction to look for. */
    public Optional<String> transaction() {
      return Optional.ofNullable(broadcast);
    }
  }

  private static void requireHash(String transaction) {
    if (!Bytes32.isCanonical(transaction)) {
      throw new IllegalArgumentException("transaction: expected 0x and 64 lower-case hex digits");
    }
  }
}
