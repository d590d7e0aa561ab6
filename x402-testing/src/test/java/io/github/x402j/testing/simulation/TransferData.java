// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.Address;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.math.BigInteger;
import java.util.Optional;

/**
 * What anybody can read in a transaction that uses an authorization: the authorization, and its
 * signature.
 */
record TransferData(ExactEvmPayload payload) {
  private static final String BY_PARTS = "0xe3ee160e";
  private static final int WORD = 64;

  /** Reads the call data of {@code transferWithAuthorization(..., v, r, s)}. */
  static Optional<TransferData> of(String callData) {
    if (!callData.startsWith(BY_PARTS)) {
      return Optional.empty();
    }
    String v = word(callData, 6).substring(WORD - 2);
    return Optional.of(
        new TransferData(
            new ExactEvmPayload(
                new TransferAuthorization(
                    address(callData, 0),
                    address(callData, 1),
                    TokenAmount.parse(number(callData, 2).toString()),
                    number(callData, 3),
                    number(callData, 4),
                    "0x" + word(callData, 5)),
                "0x" + word(callData, 7) + word(callData, 8) + v)));
  }

  String payer() {
    return payload.authorization().from().lowerCase();
  }

  String nonce() {
    return payload.authorization().nonce();
  }

  private static String word(String callData, int index) {
    int from = BY_PARTS.length() + index * WORD;
    return callData.substring(from, from + WORD);
  }

  private static Address address(String callData, int index) {
    return Address.parse("0x" + word(callData, index).substring(24));
  }

  private static BigInteger number(String callData, int index) {
    return new BigInteger(word(callData, index), 16);
  }
}
