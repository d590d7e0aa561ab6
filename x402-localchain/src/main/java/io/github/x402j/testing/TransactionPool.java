// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Transaction;

/**
 * Transactions that wait to be mined, among them those that wait for one with a lower nonce, and
 * the rules by which a node takes one. Not thread safe: its owner guards it.
 */
final class TransactionPool {

  private final Evm evm;
  private final long chainId;
  private final Map<Address, NavigableMap<Long, Transaction>> bySender = new LinkedHashMap<>();
  private final Map<Hash, Transaction> byHash = new LinkedHashMap<>();

  TransactionPool(Evm evm, long chainId) {
    this.evm = evm;
    this.chainId = chainId;
  }

  Optional<Transaction> find(Hash hash) {
    return Optional.ofNullable(byHash.get(hash));
  }

  Optional<Transaction> find(Address sender, long nonce) {
    return Optional.ofNullable(ofSender(sender).get(nonce));
  }

  /** Adds a transaction in place of one of the same sender and nonce. */
  void put(Transaction transaction) {
    Transaction replaced =
        bySender
            .computeIfAbsent(transaction.getSender(), sender -> new TreeMap<>())
            .put(transaction.getNonce(), transaction);
    if (replaced != null) {
      byHash.remove(replaced.getHash());
    }
    byHash.put(transaction.getHash(), transaction);
  }

  void remove(Transaction transaction) {
    if (byHash.remove(transaction.getHash()) == null) {
      return;
    }
    NavigableMap<Long, Transaction> others = ofSender(transaction.getSender());
    others.remove(transaction.getNonce());
    if (others.isEmpty()) {
      bySender.remove(transaction.getSender());
    }
  }

  void clear() {
    bySender.clear();
    byHash.clear();
  }

  /** Drops what can no longer be mined because a transaction with that nonce was. */
  void removeBelow(Address sender, long nonce) {
    for (Transaction stale : new TreeMap<>(ofSender(sender).headMap(nonce, false)).values()) {
      remove(stale);
    }
  }

  /** Returns the nonce after the last of the sender's transactions that wait for no other. */
  long nextNonce(Address sender, long accountNonce) {
    NavigableMap<Long, Transaction> waiting = ofSender(sender);
    long next = accountNonce;
    while (waiting.containsKey(next)) {
      next++;
    }
    return next;
  }

  /** Returns a transaction whose turn it is, senders in the order in which they came. */
  Optional<Transaction> next(ToLongFunction<Address> accountNonce) {
    return bySender.entrySet().stream()
        .flatMap(
            entry ->
                Optional.ofNullable(entry.getValue().get(accountNonce.applyAsLong(entry.getKey())))
                    .stream())
        .findFirst();
  }

  private NavigableMap<Long, Transaction> ofSender(Address sender) {
    return bySender.getOrDefault(sender, new TreeMap<>());
  }

  // ---- what is taken

  /**
   * Returns if a node would take the transaction.
   *
   * @param state the state of the latest block
   * @throws RpcError in geth's words and order if it would not
   */
  void check(Transaction transaction, BigInteger minimumGasPrice, Hash state) {
    if (find(transaction.getHash()).isPresent()) {
      throw RpcError.refused("already known");
    }
    checkSignature(transaction);
    checkGas(transaction, minimumGasPrice);
    checkAccount(transaction, state);
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

  private void checkGas(Transaction transaction, BigInteger minimumGasPrice) {
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

  private void checkAccount(Transaction transaction, Hash state) {
    Account sender = evm.account(state, transaction.getSender());
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
    Optional<Transaction> waiting = find(transaction.getSender(), transaction.getNonce());
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
