// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.evm.EvmSigner;
import org.jspecify.annotations.Nullable;

/** Finds keys. They come by the name of an environment variable, never on a command line. */
final class Keys {
  private Keys() {}

  /**
   * Returns the signer whose key is in the variable.
   *
   * @throws IllegalArgumentException if there is none; the message names the variable
   */
  static EvmSigner inEnvironment(Terminal terminal, String variable) {
    @Nullable String key = terminal.environment().apply(variable);
    if (key == null || key.isBlank()) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": expected a private key, found nothing");
    }
    try {
      return EvmSigner.ofPrivateKey(key.trim());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": " + e.getMessage());
    }
  }
}
