// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * What makes a receipt the same one however its text is written: the key under which a ledger
 * counts its uses. Never the token's text, which has many spellings with one meaning.
 *
 * @param issuer who issued it, 1 to 256 characters
 * @param id the issuer's number for it ({@code jti}), 1 to 128 characters
 */
public record ReceiptKey(String issuer, String id) {
  /** The longest issuer. */
  public static final int MAX_ISSUER_LENGTH = 256;

  /** The longest id. */
  public static final int MAX_ID_LENGTH = 128;

  /** Checks the lengths. */
  public ReceiptKey {
    requireLength("issuer", issuer, MAX_ISSUER_LENGTH);
    requireLength("id", id, MAX_ID_LENGTH);
  }

  private static void requireLength(String name, String text, int max) {
    UnicodeText.requireWellFormed("receipt " + name, text);
    if (text.isEmpty() || text.length() > max) {
      throw new IllegalArgumentException(
          "receipt " + name + ": expected 1 to " + max + " characters, found " + text.length());
    }
  }
}
