// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * Text that can be written as UTF-8. Half of a surrogate pair cannot: encoders write {@code ?} for
 * it, so that two texts would have one signature, and a reader would find another text than was
 * written.
 */
public final class UnicodeText {
  private UnicodeText() {}

  /** Returns whether each surrogate is one half of a pair. */
  public static boolean isWellFormed(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the text.
   *
   * @param name what the exception names
   * @throws IllegalArgumentException if a surrogate in it stands alone
   */
  public static String requireWellFormed(String name, String text) {
    if (!isWellFormed(text)) {
      throw new IllegalArgumentException(name + ": expected Unicode, found half a surrogate pair");
    }
    return text;
  }
}
