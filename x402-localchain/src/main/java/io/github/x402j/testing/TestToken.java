// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.Bool;
import org.web3j.abi.datatypes.Utf8String;
import org.web3j.abi.datatypes.generated.Uint8;

/**
 * An ERC-20 token on a {@link TestChain}, with EIP-2612 permits or without them, that can behave as
 * the difficult ones do. Anyone may mint it. Amounts are in atomic units. Thread safe.
 *
 * <p>It has no EIP-3009; {@link TestUsdc} has. Each method that changes the token sends a
 * transaction and returns when it is mined.
 */
public final class TestToken {

  /** The EIP-712 version of a token that takes permits; its EIP-712 name is its name. */
  public static final String PERMIT_VERSION = "1";

  /** How transfers of a token behave. */
  public enum Behaviour {
    /** As the standard says. */
    HONEST(0),
    /** Moves nothing and returns false instead of reverting. */
    RETURNS_FALSE(1),
    /** Moves and approves, but returns nothing, as USDT does on some chains. */
    RETURNS_NOTHING(2),
    /** The recipient gets one percent less, and at least one unit less, as the event says. */
    FEE_ON_TRANSFER(3),
    /** The recipient gets one unit less than the event says, as rebasing tokens round. */
    LOSES_A_UNIT(4),
    /** Reverts with {@code Pausable: paused}. */
    PAUSED(5);

    private final int code; // as in the contract

    Behaviour(int code) {
      this.code = code;
    }
  }

  private final Erc20 contract;
  private final String name;
  private final String symbol;
  private final int decimals;

  private TestToken(Erc20 contract, String name, String symbol, int decimals) {
    this.contract = contract;
    this.name = name;
    this.symbol = symbol;
    this.decimals = decimals;
  }

  static TestToken deploy(
      Operator operator, String name, String symbol, int decimals, boolean takesPermits) {
    String address =
        operator.deploy(
            "TestToken",
            new Utf8String(name),
            new Utf8String(symbol),
            new Uint8(decimals),
            new Bool(takesPermits));
    return new TestToken(new Erc20(operator, address), name, symbol, decimals);
  }

  /** Returns the contract's address in its EIP-55 spelling. */
  public String address() {
    return contract.address();
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns the symbol. */
  public String symbol() {
    return symbol;
  }

  /** Returns how many decimal digits a token has. */
  public int decimals() {
    return decimals;
  }

  /** Creates tokens. */
  public void mint(String to, long value) {
    mint(to, BigInteger.valueOf(value));
  }

  /** Creates tokens. */
  public void mint(String to, BigInteger value) {
    contract.mint(to, value);
  }

  /** Returns the balance of an account as of the latest block. */
  public BigInteger balanceOf(String account) {
    return contract.balanceOf(account);
  }

  /** Returns how much of an owner's tokens a spender may move, as of the latest block. */
  public BigInteger allowance(String owner, String spender) {
    return contract.allowance(owner, spender);
  }

  /**
   * Lets a spender move this much of an owner's tokens, and returns the transaction's hash.
   *
   * @param owner signs it and pays the gas; gets ether if it has none
   */
  public String approve(TestWallet owner, String spender, BigInteger value) {
    return contract.approve(owner, spender, value);
  }

  /** Makes the token behave in this way until the next call. */
  public void misbehave(Behaviour behaviour) {
    contract.send("misbehave", new Uint8(behaviour.code));
  }

  /** Refuses transfers from and to an account: they revert. */
  public void block(String account) {
    contract.send("setBlocked", new Address(account), new Bool(true));
  }

  /** Takes a {@link #block} back. */
  public void unblock(String account) {
    contract.send("setBlocked", new Address(account), new Bool(false));
  }

  @Override
  public String toString() {
    return "TestToken[" + symbol + " " + address() + "]";
  }
}
