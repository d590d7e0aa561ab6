// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import org.jspecify.annotations.Nullable;

/** The webapp cannot sell as it is set up; says what to set. */
final class StartFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String action;

  /**
   * @param message what is wrong, with no secret
   * @param action what to do about it
   */
  StartFailedException(String message, String action, @Nullable Throwable cause) {
    super(message, cause);
    this.action = action;
  }

  /** Returns that a property has no value. */
  static StartFailedException missing(String property, String expected, String example) {
    return new StartFailedException(
        property + ": expected " + expected + ", found nothing",
        "Set " + property + "=" + example + ".",
        null);
  }

  /** Returns that the value of a property is wrong. */
  static StartFailedException invalid(String property, RuntimeException cause) {
    return new StartFailedException(
        property + ": " + cause.getMessage(), "Correct the value of " + property + ".", cause);
  }

  String action() {
    return action;
  }
}
