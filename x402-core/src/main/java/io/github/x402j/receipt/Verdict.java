// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

/** What became of a token that was looked at. */
public sealed interface Verdict {
  /**
   * A trusted issuer has signed it for this audience, and it has not expired.
   *
   * @param receipt what it says
   */
  record Genuine(Receipt receipt) implements Verdict {}

  /**
   * It is worth nothing here.
   *
   * @param detail for people; repeats nothing of the token
   */
  record Rejected(String detail) implements Verdict {}
}
