// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.ledger;

import io.github.x402j.Hashes;
import java.util.HexFormat;

/**
 * Texts of any length and letter case as 64 hex digits, which every database compares alike. What a
 * query string holds does not get into the database either.
 */
final class Hash {
  private Hash() {}

  static String of(String text) {
    return HexFormat.of().formatHex(Hashes.sha256(text));
  }
}
