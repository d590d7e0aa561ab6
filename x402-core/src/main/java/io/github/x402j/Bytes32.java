// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * 32 bytes as they stand in messages: an authorization's nonce or digest, a transaction's hash.
 *
 * @param text {@code 0x} and 64 lower-case hex digits
 */
public record Bytes32(String text) {
  private static final Pattern CANONICAL = Pattern.compile("0x[0-9a-f]{64}");
  private static final Pattern ANY_CASE = Pattern.compile("0x[0-9a-fA-F]{64}");

  /** Checks the form. */
  public Bytes32 {
    if (!isCanonical(text)) {
      throw new IllegalArgumentException("expected 0x and 64 lower-case hex digits");
    }
  }

  /**
   * Returns the bytes that the text spells, in whatever case.
   *
   * @param what names the field in the message of the exception
   * @throws IllegalArgumentException if it is not 0x and 64 hex digits
   */
  public static Bytes32 parse(String what, String text) {
    if (!ANY_CASE.matcher(text).matches()) {
      throw new IllegalArgumentException(what + ": expected 0x and 64 hex digits");
    }
    return new Bytes32(text.toLowerCase(Locale.ROOT));
  }

  /**
   * Returns these bytes.
   *
   * @throws IllegalArgumentException if they are not 32
   */
  public static Bytes32 of(byte[] bytes) {
    return new Bytes32("0x" + HexFormat.of().formatHex(bytes));
  }

  /** Returns whether the text is {@code 0x} and 64 lower-case hex digits. */
  public static boolean isCanonical(String text) {
    return CANONICAL.matcher(text).matches();
  }

  @Override
  public String toString() {
    return text;
  }
}
