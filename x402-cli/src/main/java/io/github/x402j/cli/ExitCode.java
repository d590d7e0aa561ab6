// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

/** The exit status of {@code x402}. Scripts rely on the numbers: docs/cli.md. */
final class ExitCode {
  /** Done. */
  static final int OK = 0;

  /** Failed: an error of the server, the chain or a file. */
  static final int FAILED = 1;

  /** An option, a key or a setting is wrong or missing. */
  static final int USAGE = 2;

  /** The payment is not allowed. Nothing was signed. */
  static final int DECLINED = 3;

  /** A payment was sent and its outcome is not known. Paying again might pay twice. */
  static final int PENDING = 4;

  /** With {@code --fail}: the server answered with a status of 400 or above. */
  static final int ERROR_STATUS = 5;

  /** A receipt, a signed offer, a settlement or a journal was not verified. */
  static final int NOT_VERIFIED = 6;

  private ExitCode() {}
}
