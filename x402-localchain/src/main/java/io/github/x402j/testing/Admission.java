// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.util.Optional;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Transaction;

/** Decides whether a node takes a transaction, and says no in geth's words and order. */
final class Admission {

  private final Evm evm;
  private final long chainId;
  private final BigInteger minimumGasPrice;
  private final Hash stateRoot;
  private final TransactionPool pool;

  Admission(
      Evm evm, long chainId, BigInteger minimumGasPrice, Hash stateRoot, TransactionPool pool) {
    this.evm = evm;
    this.chainId = chainId;
    this.minimumGasPrice = minimumGasPrice;
    this.stateRoot = stateRoot;
    this.pool = pool;
  }

  /**
   * Returns if the transaction can be taken.
   *
   * @throws RpcError if it cannot
   */
  void check(Transaction transaction) {
    if (pool.find(transaction.getHash()).isPresent()) {
      throw RpcError.refused("already known");
    }
    checkSignature(transaction);
    checkGas(transaction);
    checkAccount(transaction);
    checkReplacement(transaction);
  }

  private void checkSignature(Transaction transaction) {
    BigInteger signedFor =
        transaction
            .getChainId()
            .orElseThrow(
                () ->
                    RpcError.refused(
                        "only replay-protected (EIP-155) transactions allowed over RPC"));
    if (!signedFor.equals(BigInteger.valueOf(chainId))) {
      throw RpcError.refused(
          "invalid sender: invalid chain id for signer: have %d want %d"
              .formatted(signedFor, chainId));
    }
    String problem = evm.problemWith(transaction);
    if (problem.startsWith("intrinsic gas")) {
      return; // said below, in geth's words
    }
    if (!problem.isEmpty() || !hasSender(transaction)) {
      throw RpcError.refused("invalid sender: invalid transaction v, r, s values");
    }
  }

  private static boolean hasSender(Transaction transaction) {
    try {
      transaction.getSender();
      return true;
    } catch (IllegalStateException | IllegalArgumentException | ArithmeticException e) {
      return false; // the signature belongs to no key
    }
  }

  private void checkGas(Transaction transaction) {
    if (transaction.getGasLimit() > ChainState.BLOCK_GAS_LIMIT) {
      throw RpcError.refused("exceeds block gas limit");
    }
    long intrinsic = evm.intrinsicGas(transaction);
    if (transaction.getGasLimit() < intrinsic) {
      throw RpcError.refused(
          "intrinsic gas too low: gas %d, minimum needed %d"
              .formatted(transaction.getGasLimit(), intrinsic));
    }
    BigInteger price = Evm.toBigInteger(transaction.getGasPrice());
    if (price.compareTo(minimumGasPrice) < 0) {
      throw RpcError.refused(
          "transaction underpriced: gas tip cap %d, minimum needed %d"
              .formatted(price, minimumGasPrice));
    }
  }

  private void checkAccount(Transaction transaction) {
    Account sender = evm.account(stateRoot, transaction.getSender());
    long next = sender == null ? 0 : sender.getNonce();
    if (transaction.getNonce() < next) {
      throw RpcError.refused(
          "nonce too low: next nonce %d, tx nonce %d".formatted(next, transaction.getNonce()));
    }
    BigInteger balance = sender == null ? BigInteger.ZERO : Evm.toBigInteger(sender.getBalance());
    BigInteger cost =
        Evm.toBigInteger(transaction.getGasPrice())
            .multiply(BigInteger.valueOf(transaction.getGasLimit()))
            .add(Evm.toBigInteger(transaction.getValue()));
    if (cost.compareTo(balance) > 0) {
      throw RpcError.refused(
          "insufficient funds for gas * price + value: balance %d, tx cost %d, overshot %d"
              .formatted(balance, cost, cost.subtract(balance)));
    }
  }

  /** A waiting transaction gives way only to one that pays a tenth more. */
  private void checkReplacement(Transaction transaction) {
    Optional<Transaction> waiting = pool.find(transaction.getSender(), transaction.getNonce());
    if (waiting.isEmpty()) {
      return;
    }
    BigInteger needed =
        Evm.toBigInteger(waiting.get().getGasPrice()).multiply(BigInteger.valueOf(110));
    BigInteger offered =
        Evm.toBigInteger(transaction.getGasPrice()).multiply(BigInteger.valueOf(100));
    if (offered.compareTo(needed) < 0) {
      throw RpcError.refused("replacement transaction underpriced");
    }
  }
}
