// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.Address;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * What anybody can read in a transaction that uses an authorization: the authorization, and its
 * signature.
 */
record TransferData(ExactEvmPayload payload) {
  private static final String BY_PARTS = "0xe3ee160e";

  /** {@code aggregate3} of Multicall3. */
  private static final String TOGETHER = "0x82ad56cb";

  private static final int WORD = 64;

  /**
   * Reads the call data of {@code transferWithAuthorization(..., v, r, s)}, or of several such
   * calls in one.
   */
  static List<TransferData> of(String callData) {
    if (callData.startsWith(TOGETHER)) {
      return ofAll(callData.substring(TOGETHER.length()));
    }
    if (!callData.startsWith(BY_PARTS)) {
      return List.of();
    }
    String v = word(callData, 6).substring(WORD - 2);
    return List.of(
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

  private static List<TransferData> ofAll(String parameters) {
    List<TransferData> all = new ArrayList<>();
    int calls = at(parameters, WORD);
    int heads = 2 * WORD;
    for (int i = 0; i < calls; i++) {
      int call = heads + 2 * at(parameters, heads + i * WORD);
      int bytes = call + 2 * at(parameters, call + 2 * WORD);
      int from = bytes + WORD;
      all.addAll(of("0x" + parameters.substring(from, from + 2 * at(parameters, bytes))));
    }
    return all;
  }

  private static int at(String parameters, int digit) {
    return Integer.parseInt(parameters.substring(digit, digit + WORD), 16);
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
