// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Asks a token's contract about itself. */
public final class OnChainToken {
  private static final String NAME = "0x06fdde03";
  private static final String VERSION = "0x54fd4d50";
  private static final String DECIMALS = "0x313ce567";
  private static final int WORD = 32;
  private static final int MAX_TEXT = 256;

  private OnChainToken() {}

  /**
   * Returns the token at the address as its contract describes itself: {@code name()}, {@code
   * version()} and {@code decimals()}. For tokens such as USDC these are the EIP-712 name and
   * version, too; a facilitator checks that when it starts.
   *
   * <p>Use it only for a contract that you trust: a look-alike can return anything.
   *
   * @throws FacilitatorException if the chain does not answer, or the contract is no such token
   */
  public static Token read(Chain chain, Address contract) throws FacilitatorException {
    List<Chain.CallResult> results =
        chain.call(
            List.of(
                Chain.Call.latest(contract, NAME),
                Chain.Call.latest(contract, VERSION),
                Chain.Call.latest(contract, DECIMALS)));
    BigInteger decimals = number(results.get(2), "decimals");
    try {
      return new Token(
          new Network(chain.chainId()),
          contract,
          decimals.intValueExact(),
          text(results.get(0), "name"),
          text(results.get(1), "version"));
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new FacilitatorException("the token's name, version or decimals are invalid", e);
    }
  }

  /** Returns the decimals of the contract, empty if it has no such function, as ERC-20 allows. */
  static Optional<BigInteger> decimals(Chain chain, Address contract) throws FacilitatorException {
    Chain.CallResult result = chain.call(List.of(Chain.Call.latest(contract, DECIMALS))).get(0);
    return result instanceof Chain.CallResult.Returned returned
            && returned.data().length() == 2 + 2 * WORD
        ? Optional.of(number(result, "decimals"))
        : Optional.empty();
  }

  /**
   * Returns the account's balance of the token, as of the newest block.
   *
   * @throws FacilitatorException if the chain does not answer, or there is no such token
   */
  public static TokenAmount balanceOf(Chain chain, Token token, Address account)
      throws FacilitatorException {
    Chain.CallResult result =
        chain.call(List.of(Chain.Call.latest(token.contract(), Eip3009.balanceOf(account)))).get(0);
    return new TokenAmount(number(result, "balanceOf"));
  }

  /**
   * Returns whether the payer's authorization with this nonce was used or cancelled, as of the
   * newest block. One that was not, and has expired by the time of that block, can never be.
   *
   * @param nonce {@code 0x} and 64 hex digits
   * @throws FacilitatorException if the chain does not answer, or there is no such token
   */
  public static boolean authorizationUsed(
      Chain chain, Address contract, Address payer, String nonce) throws FacilitatorException {
    Chain.CallResult result =
        chain
            .call(List.of(Chain.Call.latest(contract, Eip3009.authorizationState(payer, nonce))))
            .get(0);
    return number(result, "authorizationState").signum() != 0;
  }

  /**
   * With other decimals than the price was computed with, a dollar would be another amount.
   *
   * @throws IllegalStateException if the contract has others
   */
  static void requireDecimals(PaymentRequirements offered, Chain chain)
      throws FacilitatorException {
    if (!(offered.extra().get(PaymentRequirements.DECIMALS) instanceof Number configured)) {
      return;
    }
    Optional<BigInteger> actual = decimals(chain, offered.asset());
    if (actual.isPresent() && !actual.get().equals(BigInteger.valueOf(configured.longValue()))) {
      throw new IllegalStateException(
          String.format(
              "asset: %s on %s has %s decimals, and the token is configured with %d; prices would"
                  + " be wrong by a power of ten",
              offered.asset(), offered.network(), actual.get(), configured.intValue()));
    }
  }

  /** Reads an ABI-encoded string: an offset of one word, a length, the bytes. */
  private static String text(Chain.CallResult result, String what) throws FacilitatorException {
    byte[] data =
        result instanceof Chain.CallResult.Returned returned
            ? Hex.bytes(returned.data())
            : new byte[0];
    if (data.length >= 2 * WORD) {
      BigInteger length = new BigInteger(1, Arrays.copyOfRange(data, WORD, 2 * WORD));
      if (length.compareTo(BigInteger.valueOf(Math.min(MAX_TEXT, data.length - 2 * WORD))) <= 0) {
        return new String(data, 2 * WORD, length.intValue(), UTF_8);
      }
    }
    throw new FacilitatorException("the token did not answer " + what + " with text");
  }

  /** Reads the one word that a call of the token returned. */
  static BigInteger number(Chain.CallResult result, String what) throws FacilitatorException {
    return new BigInteger(word(result, what).substring(2), 16);
  }

  static boolean isTrue(Chain.CallResult result, String what) throws FacilitatorException {
    BigInteger number = number(result, what);
    if (number.bitLength() > 1) {
      throw new FacilitatorException(
          "the token answered " + what + " with a value that is not a boolean");
    }
    return number.signum() == 1;
  }

  /** Nothing at all is what an address without code returns: it must not read as zero. */
  static String word(Chain.CallResult result, String what) throws FacilitatorException {
    if (result instanceof Chain.CallResult.Returned returned
        && returned.data().length() == 2 + 2 * WORD) {
      return returned.data();
    }
    throw new FacilitatorException("the token did not answer " + what + " with one word");
  }
}
