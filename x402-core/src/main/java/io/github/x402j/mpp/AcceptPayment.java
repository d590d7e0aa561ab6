// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import io.github.x402j.PaymentHeader;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads the hint {@value PaymentHeader#ACCEPT_PAYMENT} of a request, in which a client says what it
 * pays by, such as {@code evm/charge;q=1} ({@code draft-httpauth-payment}).
 */
public final class AcceptPayment {
  private static final int MAX_CHARACTERS = 1024;

  private static final Pattern ZERO = Pattern.compile("0(\\.0*)?");

  private AcceptPayment() {}

  /**
   * Returns whether an {@code evm} charge may be asked for. The closest match decides: {@code
   * evm/charge} before {@code evm/*} and {@code *&#47;charge}, and these before {@code *&#47;*}. It
   * is a hint: without one, with one of more than 1024 characters, and with one that cannot be
   * read, the answer is yes.
   *
   * @param headers the values of the header
   */
  public static boolean takesEvmCharge(List<String> headers) {
    String hint = String.join(",", headers);
    if (hint.length() > MAX_CHARACTERS) {
      return true;
    }
    boolean isRead = false;
    boolean isTaken = false;
    int closest = -1;
    for (String entry : hint.split(",", -1)) {
      String[] parts = entry.split(";", -1);
      String[] names = parts[0].split("/", -1);
      if (names.length != 2 || names[0].isBlank() || names[1].isBlank()) {
        continue;
      }
      isRead = true;
      int method = closeness(names[0].trim(), PaymentChallenge.EVM);
      int intent = closeness(names[1].trim(), PaymentChallenge.CHARGE);
      if (method >= 0 && intent >= 0 && method + intent >= closest) {
        isTaken = !isDeclined(parts) || (isTaken && method + intent == closest);
        closest = method + intent;
      }
    }
    return isTaken || !isRead;
  }

  /** Returns 1 for the name itself, 0 for a wildcard, and -1 for another name. */
  private static int closeness(String given, String name) {
    return given.equalsIgnoreCase(name) ? 1 : given.equals("*") ? 0 : -1;
  }

  private static boolean isDeclined(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String[] parameter = parts[i].split("=", 2);
      if (parameter.length == 2 && parameter[0].trim().equalsIgnoreCase("q")) {
        return ZERO.matcher(parameter[1].trim()).matches();
      }
    }
    return false;
  }
}
