// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The address of an account or contract on an EVM chain: 20 bytes.
 *
 * <p>Two addresses are equal when their bytes are; the text is always in the mixed case of <a
 * href="https://eips.ethereum.org/EIPS/eip-55">EIP-55</a>.
 *
 * @param text {@code 0x} and 40 hex digits with the EIP-55 checksum
 */
public record Address(String text) {
  private static final int LENGTH = 2 + 40;
  private static final String ZERO = "0x" + "0".repeat(40);

  /**
   * Checks and canonicalises the text.
   *
   * @param text {@code 0x} and 40 hex digits: all lower case, all upper case, or in mixed case with
   *     a correct EIP-55 checksum
   * @throws IllegalArgumentException if it is anything else
   */
  public Address {
    if (!isHex(text)) {
      throw new IllegalArgumentException("an address is 0x and 40 hex digits");
    }
    String checksummed = checksummed(text.substring(2).toLowerCase(Locale.ROOT));
    if (!checksummed.equals(text) && isMixedCase(text.substring(2))) {
      throw new IllegalArgumentException(
          "the address checksum (EIP-55) is wrong: look for a mistyped digit");
    }
    text = checksummed;
  }

  /**
   * Returns the address that the text spells.
   *
   * @throws IllegalArgumentException if the text is not an address or its checksum is wrong
   */
  public static Address parse(@Nullable String text) {
    if (text == null) {
      throw new IllegalArgumentException("an address is 0x and 40 hex digits, found nothing");
    }
    return new Address(text);
  }

  /** Returns the address in lower case, as JSON-RPC and hashes want it. */
  public String lowerCase() {
    return text.toLowerCase(Locale.ROOT);
  }

  /** Returns whether this is the zero address, which has no owner. */
  public boolean isZero() {
    return text.equals(ZERO);
  }

  @Override
  public String toString() {
    return text;
  }

  private static boolean isHex(String text) {
    boolean isHex = text.length() == LENGTH && text.startsWith("0x");
    for (int i = 2; isHex && i < LENGTH; i++) {
      isHex = HexFormat.isHexDigit(text.charAt(i));
    }
    return isHex;
  }

  private static boolean isMixedCase(String digits) {
    return !digits.equals(digits.toLowerCase(Locale.ROOT))
        && !digits.equals(digits.toUpperCase(Locale.ROOT));
  }

  private static String checksummed(String lowerCaseDigits) {
    byte[] hash = Hashes.keccak256(lowerCaseDigits.getBytes(US_ASCII));
    StringBuilder text = new StringBuilder("0x");
    for (int i = 0; i < lowerCaseDigits.length(); i++) {
      int nibble = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xf;
      char digit = lowerCaseDigits.charAt(i);
      text.append(nibble >= 8 ? Character.toUpperCase(digit) : digit);
    }
    return text.toString();
  }
}
