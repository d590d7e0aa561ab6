// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Extension;
import io.github.x402j.PaymentRequired;
import java.util.Set;

/**
 * An extension whose entry differs from one 402 to the next; the rest of the descriptor is encoded
 * once. Implementations are safe for use by several threads.
 */
public interface ExtensionPerRequest {
  /** Returns the extension's name. */
  String name();

  /**
   * Returns the entry for one 402.
   *
   * @param descriptor what the 402 says besides
   */
  Extension entry(PaymentRequired descriptor);

  /**
   * Returns the members of {@code info} that are new in each 402: a payment may return those of an
   * earlier one, or none.
   */
  Set<String> freshMembers();
}
