// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SendErrorsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "already known",
        "AlreadyKnown",
        "Known transaction",
        "Transaction with the same hash was already imported."
      })
  void takesATransactionThatTheNodeHasForAccepted(String message) {
    assertThat(SendErrors.classify(message)).isInstanceOf(Chain.Broadcast.Accepted.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonce too low: next nonce 5, tx nonce 4",
        "Nonce too low",
        "OldNonce, Current nonce: 5",
        "insufficient funds for gas * price + value",
        "transaction underpriced",
        "replacement transaction underpriced",
        "max fee per gas less than block base fee",
        "intrinsic gas too low",
        "exceeds block gas limit",
        "invalid sender",
        "txpool is full",
        "unknown transaction type",
        "transaction type not supported"
      })
  void knowsWhatTheNodeRefusesForGood(String message) {
    assertThat(SendErrors.classify(message)).isInstanceOf(Chain.Broadcast.Rejected.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "internal error", "timeout", "request rate exceeded"})
  void knowsNothingFromOtherWords(String message) {
    assertThat(SendErrors.classify(message)).isInstanceOf(Chain.Broadcast.Unknown.class);
  }
}
