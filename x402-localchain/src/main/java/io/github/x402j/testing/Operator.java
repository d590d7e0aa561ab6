// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.web3j.abi.FunctionEncoder;
import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.Type;
import org.web3j.abi.datatypes.generated.Uint8;
import org.web3j.crypto.Keys;
import org.web3j.crypto.RawTransaction;

/**
 * Who deploys, mints and pays out ether on a chain for tests. Thread safe: one transaction after
 * the other, so that nonces have no gaps.
 */
final class Operator {

  /**
   * A node as the helpers of this package use it: past the faults and the counters of its public
   * endpoint.
   */
  interface Node {

    /**
     * Returns the result of a method. Parameters are strings, booleans and maps of strings.
     *
     * @throws RpcError if the node answers with an error
     */
    JsonNode call(String method, Object... params);

    /** Gets a signed transaction into a block and returns its receipt. */
    JsonNode mine(String signedTransaction);
  }

  /** Enough for everything done here. */
  private static final BigInteger GAS = BigInteger.valueOf(3_000_000);

  private static final BigInteger TIP = BigInteger.valueOf(1_000_000_000);

  private final Node node;
  private final long chainId;
  private final TestWallet wallet;

  Operator(Node node, long chainId, TestWallet wallet) {
    this.node = node;
    this.chainId = chainId;
    this.wallet = wallet;
  }

  Node node() {
    return node;
  }

  long chainId() {
    return chainId;
  }

  TestWallet wallet() {
    return wallet;
  }

  /**
   * Deploys a contract and returns its address.
   *
   * @param contract its name among the resources, where {@code contracts/compile.sh} puts it
   */
  String deploy(String contract, Type<?>... constructorArguments) {
    String data =
        bytecode(contract) + FunctionEncoder.encodeConstructor(List.of(constructorArguments));
    JsonNode receipt = mine(wallet, "", BigInteger.ZERO, data);
    return Keys.toChecksumAddress(receipt.path("contractAddress").asText());
  }

  private static String bytecode(String contract) {
    return artifact(contract, "bytecode");
  }

  /** Returns the code of a contract that has no constructor, as it is at its address. */
  static String code(String contract) {
    return artifact(contract, "code");
  }

  private static String artifact(String contract, String member) {
    try (InputStream in = Operator.class.getResourceAsStream(contract + ".json")) {
      if (in == null) {
        throw new IllegalStateException("no artifact of " + contract);
      }
      return new ObjectMapper().readTree(in).path(member).asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deploys {@code ContractWallet.sol} and returns its address. */
  String deployContractWallet(String owner, WalletBehaviour behaviour) {
    return deploy("ContractWallet", new Address(owner), new Uint8(behaviour.code()));
  }

  /** Sends a transaction of the operator's own, waits until it is mined and returns its hash. */
  String send(String to, BigInteger wei, String data) {
    return sendFrom(wallet, to, wei, data);
  }

  /**
   * Sends a transaction, waits until it is mined and returns its hash.
   *
   * @throws IllegalStateException if it was mined and reverted
   */
  String sendFrom(TestWallet sender, String to, BigInteger wei, String data) {
    return mine(sender, to, wei, data).path("transactionHash").asText();
  }

  /** Returns what a contract answers, in hexadecimal. */
  String call(String to, String data) {
    return node.call("eth_call", Map.of("to", to, "data", data), "latest").asText();
  }

  BigInteger balance(String address) {
    return quantity(node.call("eth_getBalance", address, "latest"));
  }

  private synchronized JsonNode mine(TestWallet sender, String to, BigInteger wei, String data) {
    BigInteger nonce = quantity(node.call("eth_getTransactionCount", sender.address(), "latest"));
    BigInteger gasPrice = gasPrice();
    RawTransaction transaction =
        RawTransaction.createTransaction(nonce, gasPrice, GAS, to, wei, data);
    JsonNode receipt = node.mine(sender.signTransaction(transaction, chainId));
    if (!receipt.path("status").asText().equals("0x1")) {
      throw new IllegalStateException(
          "transaction " + receipt.path("transactionHash").asText() + " reverted");
    }
    return receipt;
  }

  /**
   * Returns a price that is enough for the next block. Where there is a base fee the price comes
   * from that alone: nodes derive what eth_gasPrice answers from the transactions they saw, so a
   * multiple of it would grow with each transaction.
   */
  private BigInteger gasPrice() {
    JsonNode baseFee = node.call("eth_getBlockByNumber", "latest", false).path("baseFeePerGas");
    return baseFee.isMissingNode()
        ? quantity(node.call("eth_gasPrice"))
        : quantity(baseFee).multiply(BigInteger.TWO).add(TIP);
  }

  static BigInteger quantity(JsonNode hex) {
    return new BigInteger(hex.asText().substring(2), 16);
  }
}
