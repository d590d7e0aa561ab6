// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.util.Map;
import java.util.Optional;

/**
 * The signers whose statements a client trusts, in one format of the {@code offer-receipt}
 * extension: accounts for {@code eip712}, keys for {@code jws}. A key that a statement brings along
 * is never used. Implementations are safe for use by several threads.
 */
public interface TrustedSigners {
  /**
   * Returns the members of an offer statement, empty unless it has this format and a trusted signer
   * signed exactly these members.
   *
   * @param signed the signed statement as JSON in JDK types: {@code format}, {@code payload}
   *     (EIP-712 only) and {@code signature}
   * @throws IllegalArgumentException if a member has a value that cannot be signed
   */
  Optional<Map<String, Object>> offer(Map<String, Object> signed);

  /** Returns the members of a receipt statement, as for an offer statement. */
  Optional<Map<String, Object>> receipt(Map<String, Object> signed);
}
