// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import java.math.BigInteger;

/** Reads the one word that a call returned. */
final class AbiValues {
  private static final int WORD_TEXT_LENGTH = 2 + 64;

  private AbiValues() {}

  static BigInteger number(Chain.CallResult result, String what) throws FacilitatorException {
    return new BigInteger(text(result, what).substring(2), 16);
  }

  static boolean isTrue(Chain.CallResult result, String what) throws FacilitatorException {
    BigInteger number = number(result, what);
    if (number.bitLength() > 1) {
      throw new FacilitatorException("the token answered " + what + " with what is no boolean");
    }
    return number.signum() == 1;
  }

  /** Nothing at all is what an address without code returns: it must not read as zero. */
  static String text(Chain.CallResult result, String what) throws FacilitatorException {
    if (result instanceof Chain.CallResult.Returned returned
        && returned.data().length() == WORD_TEXT_LENGTH) {
      return returned.data();
    }
    throw new FacilitatorException("the token did not answer " + what + " with one word");
  }
}
