// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.HexFormat;
import java.util.Locale;

/**
 * 32 bytes as they stand in messages: an authorization's nonce or digest, a transaction's hash.
 *
 * @param text {@code 0x} and 64 lower-case hex digits
 */
public record Bytes32(String text) {
  private static final int LENGTH = 2 + 64;

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
    String lowerCase = text.length() == LENGTH ? text.toLowerCase(Locale.ROOT) : text;
    if (!text.startsWith("0x") || !isCanonical(lowerCase)) {
      throw new IllegalArgumentException(what + ": expected 0x and 64 hex digits");
    }
    return new Bytes32(lowerCase);
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
    if (text.length() != LENGTH || !text.startsWith("0x")) {
      return false;
    }
    for (int i = 2; i < LENGTH; i++) {
      char c = text.charAt(i);
      if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return text;
  }
}
