// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * Several calls in one, through the contract Multicall3, which has the same address on nearly every
 * chain. Each call stands alone: one that reverts changes nothing for the others.
 */
final class Multicall {
  /** The contract. */
  static final Address ADDRESS = Address.parse("0xcA11bde05977b3631167028862bE2a173976CA11");

  /** {@code aggregate3((address target, bool allowFailure, bytes callData)[])}. */
  static final String SELECTOR = "0x82ad56cb";

  private static final int WORD = 64;
  private static final String METHOD = "aggregate3";

  private Multicall() {}

  /**
   * Returns the data of the one call.
   *
   * @param calls of which target and data count
   */
  static String data(List<Chain.Call> calls) {
    StringBuilder heads = new StringBuilder();
    StringBuilder tails = new StringBuilder();
    for (Chain.Call call : calls) {
      heads.append(word(32L * calls.size() + tails.length() / 2));
      String bytes = call.data().substring(2);
      tails
          .append("0".repeat(24))
          .append(call.to().lowerCase(), 2, 42)
          .append(word(1)) // allowFailure
          .append(word(96)) // where the bytes begin
          .append(word(bytes.length() / 2))
          .append(bytes)
          .append("0".repeat((WORD - bytes.length() % WORD) % WORD));
    }
    return SELECTOR + word(32) + word(calls.size()) + heads + tails;
  }

  private static String word(long number) {
    return Hex.word(BigInteger.valueOf(number));
  }

  /**
   * Returns what each call returned, in their order.
   *
   * @param result of the one call
   * @param calls how many there were
   * @throws FacilitatorException if it is no such result
   */
  static List<Chain.CallResult> results(Chain.CallResult result, int calls)
      throws FacilitatorException {
    if (!(result instanceof Chain.CallResult.Returned returned)) {
      throw RpcAnswers.invalid(METHOD, null);
    }
    String hex = returned.data().substring(2);
    int array = 2 * number(hex, 0);
    if (number(hex, array) != calls) {
      throw RpcAnswers.invalid(METHOD, null);
    }
    int heads = array + WORD;
    List<Chain.CallResult> results = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      int one = heads + 2 * number(hex, heads + i * WORD);
      boolean succeeded = number(hex, one) != 0;
      int bytes = one + 2 * number(hex, one + WORD);
      int end = bytes + WORD + 2 * number(hex, bytes);
      if (end > hex.length()) {
        throw RpcAnswers.invalid(METHOD, null);
      }
      String data = "0x" + hex.substring(bytes + WORD, end);
      results.add(
          succeeded ? new Chain.CallResult.Returned(data) : new Chain.CallResult.Reverted(data));
    }
    return results;
  }

  /** Returns the number in the word that begins at this digit: small, or the result is invalid. */
  private static int number(String hex, int digit) throws FacilitatorException {
    if (digit + WORD > hex.length()) {
      throw RpcAnswers.invalid(METHOD, null);
    }
    BigInteger number = new BigInteger(hex.substring(digit, digit + WORD), 16);
    if (number.compareTo(BigInteger.valueOf(hex.length())) > 0) {
      throw RpcAnswers.invalid(METHOD, null);
    }
    return number.intValue();
  }
}
