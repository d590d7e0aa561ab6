// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One property: what it is refused for names it. */
final class Setting {
  private Setting() {}

  /**
   * Returns the text of a property that is needed.
   *
   * @param expected what it should be
   * @param example a value, for the message
   */
  static String require(String property, @Nullable String value, String expected, String example) {
    if (value == null || value.isBlank()) {
      throw StartFailedException.missing(property, expected, example);
    }
    return value.strip();
  }

  /** Hands a value over, if there is one. */
  static <T> void apply(String property, @Nullable T value, Consumer<T> setter) {
    if (value != null) {
      convert(
          property,
          value,
          given -> {
            setter.accept(given);
            return given;
          });
    }
  }

  /** Returns what the value becomes. */
  static <T, R> R convert(String property, T value, Function<T, R> conversion) {
    try {
      return conversion.apply(value);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw StartFailedException.invalid(property, e);
    }
  }
}
