// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.math.BigInteger;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Hex text, checked before it is read. */
final class Hex {
  private static final Pattern QUANTITY = Pattern.compile("0x[0-9a-fA-F]{1,64}");

  private Hex() {}

  static boolean isBytes(String text) {
    boolean isBytes = text.startsWith("0x") && text.length() % 2 == 0;
    for (int i = 2; isBytes && i < text.length(); i++) {
      isBytes = HexFormat.isHexDigit(text.charAt(i));
    }
    return isBytes;
  }

  static byte[] bytes(String text) {
    if (!isBytes(text)) {
      throw new IllegalArgumentException("expected 0x and an even number of hex digits");
    }
    return HexFormat.of().parseHex(text, 2, text.length());
  }

  static String text(byte[] bytes) {
    return "0x" + HexFormat.of().formatHex(bytes);
  }

  /** Reads a JSON-RPC quantity of at most 256 bits. */
  static BigInteger quantity(String text) {
    if (!QUANTITY.matcher(text).matches()) {
      throw new IllegalArgumentException("expected 0x and 1 to 64 hex digits");
    }
    return new BigInteger(text.substring(2), 16);
  }

  static String quantity(BigInteger value) {
    return "0x" + value.toString(16);
  }

  /** Returns 64 hex digits without 0x. */
  static String word(BigInteger unsigned) {
    String digits = unsigned.toString(16);
    return "0".repeat(64 - digits.length()) + digits;
  }
}
