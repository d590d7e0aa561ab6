// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Transaction;

/**
 * Transactions that wait to be mined, among them those that wait for one with a lower nonce. Not
 * thread safe: its owner guards it.
 */
final class TransactionPool {

  private final Map<Address, NavigableMap<Long, Transaction>> bySender = new LinkedHashMap<>();
  private final Map<Hash, Transaction> byHash = new LinkedHashMap<>();

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
}
