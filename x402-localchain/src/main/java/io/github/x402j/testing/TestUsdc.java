// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.DynamicBytes;
import org.web3j.abi.datatypes.Utf8String;
import org.web3j.abi.datatypes.generated.Bytes32;
import org.web3j.abi.datatypes.generated.Uint256;
import org.web3j.abi.datatypes.generated.Uint8;
import org.web3j.crypto.Keys;
import org.web3j.utils.Numeric;

/**
 * A token on a {@link TestChain} that takes EIP-3009 authorizations as USDC does, with the same
 * events and revert strings. Anyone may mint and burn it. Amounts are in atomic units: a dollar is
 * 1,000,000, unless the token has other decimals. Thread safe.
 *
 * <p>Each method that changes the token sends a transaction and returns when it is mined.
 */
public final class TestUsdc {

  /** The EIP-712 name of a token deployed without one. */
  public static final String DEFAULT_NAME = "USDC";

  /** The EIP-712 version of a token deployed without one. */
  public static final String DEFAULT_VERSION = "2";

  /** The decimals of a token deployed without a number of them. */
  public static final int DEFAULT_DECIMALS = 6;

  /** How {@code transferWithAuthorization} departs from USDC. */
  public enum Mode {
    /** Not at all. */
    NONE(0),
    /** Succeeds, moves nothing, emits nothing and leaves the authorization unused. */
    SILENT_NO_TRANSFER(1),
    /** Marks the authorization used and emits {@code AuthorizationUsed}, but moves nothing. */
    AUTHORIZATION_USED_WITHOUT_TRANSFER(2),
    /** Marks the authorization used and emits both events, but moves nothing. */
    EVENTS_WITHOUT_TRANSFER(3),
    /** Moves, and says in its event that it moved, one atomic unit less than authorized. */
    TRANSFERS_ONE_LESS(4),
    /** Succeeds without doing anything if the authorization is used or cancelled. */
    NO_REVERT_ON_USED_NONCE(5),
    /** Reverts with {@code Pausable: paused}. */
    PAUSED(6);

    private final int code; // as in the contract

    Mode(int code) {
      this.code = code;
    }
  }

  private final Erc20 contract;
  private final String name;
  private final String version;
  private final int decimals;

  private TestUsdc(Erc20 contract, String name, String version, int decimals) {
    this.contract = contract;
    this.name = name;
    this.version = version;
    this.decimals = decimals;
  }

  static TestUsdc deploy(Operator operator, String name, String version, int decimals) {
    String address =
        operator.deploy(
            "TestUsdc", new Utf8String(name), new Utf8String(version), new Uint8(decimals));
    return new TestUsdc(new Erc20(operator, address), name, version, decimals);
  }

  /** Returns the token as it is at another address, where its code was put. */
  TestUsdc at(String other) {
    Erc20 moved = new Erc20(contract.operator(), Keys.toChecksumAddress(other));
    return new TestUsdc(moved, name, version, decimals);
  }

  /** Returns the code of the contract. */
  String code() {
    return contract.operator().node().call("eth_getCode", address(), "latest").asText();
  }

  /** Returns the contract's address in its EIP-55 spelling. */
  public String address() {
    return contract.address();
  }

  /** Returns the EIP-712 name. */
  public String name() {
    return name;
  }

  /** Returns the EIP-712 version. */
  public String version() {
    return version;
  }

  /** Returns how many decimal digits a token has, {@value #DEFAULT_DECIMALS} unless deployed so. */
  public int decimals() {
    return decimals;
  }

  /**
   * Returns what the contract answers to {@code DOMAIN_SEPARATOR()}, as {@code 0x} and 64 digits.
   */
  public String domainSeparator() {
    return contract.call("DOMAIN_SEPARATOR");
  }

  /** Creates tokens. */
  public void mint(String to, long value) {
    mint(to, BigInteger.valueOf(value));
  }

  /** Creates tokens. */
  public void mint(String to, BigInteger value) {
    contract.mint(to, value);
  }

  /**
   * Destroys tokens of an account.
   *
   * @throws IllegalStateException if it has fewer
   */
  public void burn(String from, BigInteger value) {
    contract.send("burn", new Address(from), new Uint256(value));
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

  /**
   * Returns whether an authorization is used or cancelled, as of the latest block.
   *
   * @param nonceHex 32 bytes
   */
  public boolean authorizationUsed(String payer, String nonceHex) {
    return Numeric.toBigInt(
                contract.call("authorizationState", new Address(payer), bytes32(nonceHex)))
            .signum()
        != 0;
  }

  /** Makes the token depart from USDC until the next call. */
  public void misbehave(Mode mode) {
    contract.send("misbehave", new Uint8(mode.code));
  }

  /**
   * Returns the payer's signature of a transfer authorization: {@code 0x} and the 65 bytes r, s, v.
   *
   * @param validAfter in seconds since 1970; valid strictly after it
   * @param validBefore in seconds since 1970; valid strictly before it
   * @param nonceHex 32 bytes
   */
  public String signTransfer(
      TestWallet payer,
      String to,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String nonceHex) {
    return payer.signDigest(
        transferDigest(payer.address(), to, value, validAfter, validBefore, nonceHex));
  }

  /** Returns the 32 bytes that a payer signs; the owner of a contract wallet signs the same. */
  public byte[] transferDigest(
      String from,
      String to,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String nonceHex) {
    return Eip3009Messages.transferDigest(
        domain(), from, to, value, validAfter, validBefore, nonceHex);
  }

  /**
   * Sends a payer's authorization to the token and returns the transaction's hash when it is mined.
   * Anyone may send one. It is mined before the transactions that wait, so a test can front-run
   * them.
   *
   * @param sender who sends it and pays the gas; gets ether if it has none
   * @param signatureHex 65 bytes, or more for a payer that is a contract
   * @throws IllegalStateException if the token refused it
   */
  public String transferWithAuthorization(
      TestWallet sender,
      String from,
      String to,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String nonceHex,
      String signatureHex) {
    String data = transferData(from, to, value, validAfter, validBefore, nonceHex, signatureHex);
    return contract.sendFrom(sender, data);
  }

  /** Returns the call of {@code transferWithAuthorization} with the signature in one piece. */
  static String transferData(
      String from,
      String to,
      BigInteger value,
      BigInteger validAfter,
      BigInteger validBefore,
      String nonceHex,
      String signatureHex) {
    return Erc20.encode(
        "transferWithAuthorization",
        new Address(from),
        new Address(to),
        new Uint256(value),
        new Uint256(validAfter),
        new Uint256(validBefore),
        bytes32(nonceHex),
        new DynamicBytes(Numeric.hexStringToByteArray(signatureHex)));
  }

  /**
   * Signs and sends the cancellation of an authorization, and returns the transaction's hash when
   * it is mined.
   *
   * @throws IllegalStateException if it is used or cancelled already
   */
  public String cancelAuthorization(TestWallet payer, String nonceHex) {
    byte[] digest = Eip3009Messages.cancelDigest(domain(), payer.address(), nonceHex);
    return contract.send(
        "cancelAuthorization",
        new Address(payer.address()),
        bytes32(nonceHex),
        new DynamicBytes(Numeric.hexStringToByteArray(payer.signDigest(digest))));
  }

  @Override
  public String toString() {
    return "TestUsdc[" + address() + " on " + contract.operator().chainId() + "]";
  }

  private byte[] domain() {
    return Eip3009Messages.domainSeparator(name, version, contract.operator().chainId(), address());
  }

  private static Bytes32 bytes32(String hex) {
    return new Bytes32(Numeric.hexStringToByteArray(hex));
  }
}
