// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.Hash;
import org.web3j.crypto.RawTransaction;
import org.web3j.crypto.Sign;
import org.web3j.crypto.TransactionEncoder;
import org.web3j.crypto.transaction.type.TransactionType;

/**
 * An account that pays the gas. Numbers its transactions without gaps and sends them one after the
 * other. It does not wait for their receipts, so settlements overlap.
 */
final class GasAccount {
  private final EvmSigner signer;
  private final Chain chain;
  private final LongSupplier chainId;
  private final ReentrantLock lock = new ReentrantLock(true);

  /** The number of the next transaction; null when the chain must be asked. */
  private @Nullable BigInteger nextNonce;

  private volatile boolean recount;

  GasAccount(EvmSigner signer, Chain chain, LongSupplier chainId) {
    this.signer = signer;
    this.chain = chain;
    this.chainId = chainId;
  }

  Address address() {
    return signer.address();
  }

  /** Asks the chain for the next number, as an earlier transaction may be lost. */
  void recount() {
    recount = true;
  }

  /** Returns how many are sending or waiting to send. */
  int waiting() {
    return lock.getQueueLength() + (lock.isLocked() ? 1 : 0);
  }

  /** A call to send. */
  record Task(Address to, String data, BigInteger gas, Fees fees) {}

  /**
   * Wei per gas for one transaction: EIP-1559 where the chain has a base fee, a gas price
   * otherwise.
   */
  sealed interface Fees {

    /** A transaction of type 2. */
    record Eip1559(BigInteger maxPriorityFee, BigInteger maxFee) implements Fees {
      @Override
      public RawTransaction transaction(
          long chainId, BigInteger nonce, BigInteger gas, String to, String data) {
        return RawTransaction.createTransaction(
            chainId, nonce, gas, to, BigInteger.ZERO, data, maxPriorityFee, maxFee);
      }

      @Override
      public Chain.GasPrice price() {
        return new Chain.GasPrice(maxFee, maxPriorityFee);
      }
    }

    /** A transaction as before EIP-1559, bound to the chain by EIP-155. */
    record Legacy(BigInteger gasPrice) implements Fees {
      @Override
      public RawTransaction transaction(
          long chainId, BigInteger nonce, BigInteger gas, String to, String data) {
        return RawTransaction.createTransaction(nonce, gasPrice, gas, to, BigInteger.ZERO, data);
      }

      @Override
      public Chain.GasPrice price() {
        return new Chain.GasPrice(gasPrice, null);
      }
    }

    RawTransaction transaction(
        long chainId, BigInteger nonce, BigInteger gas, String to, String data);

    /** Returns what a simulation of the transaction names as its price. */
    Chain.GasPrice price();

    /** Returns what the chain costs, whatever that is. */
    static Fees unlimited(Chain.Quote quote) {
      BigInteger baseFee = quote.baseFee();
      return baseFee == null
          ? new Legacy(quote.gasPrice())
          : new Eip1559(quote.priorityFee(), baseFee.add(baseFee).add(quote.priorityFee()));
    }

    /**
     * Returns fees that still suffice when the base fee doubles, never above the ceiling.
     *
     * @throws FacilitatorException if the chain costs more than the ceiling now
     */
    static Fees of(Chain.Quote quote, BigInteger ceiling) throws FacilitatorException {
      BigInteger baseFee = quote.baseFee();
      if (baseFee == null) {
        requireBelow(quote.gasPrice(), ceiling);
        return new Legacy(quote.gasPrice());
      }
      BigInteger needed = baseFee.add(quote.priorityFee());
      requireBelow(needed, ceiling);
      return new Eip1559(quote.priorityFee(), needed.add(baseFee).min(ceiling));
    }

    private static void requireBelow(BigInteger needed, BigInteger ceiling)
        throws FacilitatorException {
      if (needed.compareTo(ceiling) > 0) {
        throw new FacilitatorException(
            "gas costs " + needed + " wei now, above the ceiling of " + ceiling);
      }
    }
  }

  /** A transaction that left, or may have left, this process. */
  record Sent(String hash, Chain.Broadcast broadcast) {}

  /** Whether a transaction is still to be sent, asked while its account does nothing else. */
  interface Turn {
    /**
     * Returns whether to number and sign the transaction, after the wait in the queue.
     *
     * @throws FacilitatorException if that could not be found out; nothing is sent
     */
    boolean begin() throws FacilitatorException;

    /** Returns whether to send it; the last question before it leaves. */
    boolean isInTime();
  }

  /**
   * Signs and sends a call.
   *
   * @param patience how long to wait in the queue
   * @param turn is asked after the wait; if it returns false, nothing is sent
   * @param beforeBroadcast is given the hash before the transaction leaves, and a second hash if
   *     the node rejects the first and it is sent again with another number. If it throws, nothing
   *     is sent and the number stays free
   * @return the transaction, or null if it was no longer wanted
   * @throws FacilitatorException if nothing was sent
   */
  @Nullable Sent send(Task task, Duration patience, Turn turn, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    takeTurn(patience);
    try {
      return turn.begin() ? send(task, turn, beforeBroadcast) : null;
    } finally {
      lock.unlock();
    }
  }

  /** The caller has the lock. */
  private @Nullable Sent send(Task task, Turn turn, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    if (recount) {
      recount = false;
      nextNonce = null;
    }
    BigInteger remembered = nextNonce;
    if (remembered == null) {
      return send(task, chain.nextNonce(signer.address()), turn, beforeBroadcast);
    }
    Sent sent = send(task, remembered, turn, beforeBroadcast);
    if (sent == null || !(sent.broadcast() instanceof Chain.Broadcast.Rejected)) {
      return sent;
    }
    // Perhaps another process has sent from this account: count again, once.
    BigInteger counted = chain.nextNonce(signer.address());
    return counted.equals(remembered) ? sent : send(task, counted, turn, beforeBroadcast);
  }

  private @Nullable Sent send(
      Task task, BigInteger nonce, Turn turn, BeforeBroadcast beforeBroadcast) {
    String raw =
        sign(
            task.fees()
                .transaction(
                    chainId.getAsLong(), nonce, task.gas(), task.to().lowerCase(), task.data()));
    String hash = Hash.sha3(raw);
    beforeBroadcast.sending(hash);
    if (!turn.isInTime()) {
      nextNonce = nonce; // still free
      return null;
    }
    Chain.Broadcast broadcast = chain.send(raw);
    if (broadcast instanceof Chain.Broadcast.Rejected rejected) {
      broadcast = unlessTaken(hash, rejected);
    }
    nextNonce = broadcast instanceof Chain.Broadcast.Accepted ? nonce.add(BigInteger.ONE) : null;
    return new Sent(hash, broadcast);
  }

  /**
   * A rejection may be wrong: a proxy hands the transaction to several nodes, or sends it twice,
   * and answers "nonce too low" for the very transaction that was mined.
   */
  private Chain.Broadcast unlessTaken(String hash, Chain.Broadcast.Rejected rejected) {
    try {
      return chain.isKnown(hash) ? new Chain.Broadcast.Accepted() : rejected;
    } catch (FacilitatorException e) {
      return new Chain.Broadcast.Unknown();
    }
  }

  private void takeTurn(Duration patience) throws FacilitatorException {
    try {
      if (!lock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new FacilitatorException("too many settlements are waiting for the gas account");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FacilitatorException("interrupted while waiting for the gas account", e);
    }
  }

  private String sign(RawTransaction transaction) {
    boolean legacy = transaction.getType() == TransactionType.LEGACY;
    byte[] unsigned =
        legacy
            ? TransactionEncoder.encode(transaction, chainId.getAsLong())
            : TransactionEncoder.encode(transaction);
    EvmSignature signature = signer.sign(Hash.sha3(unsigned));
    Sign.SignatureData data =
        new Sign.SignatureData((byte) signature.v(), word(signature.r()), word(signature.s()));
    return Hex.text(
        TransactionEncoder.encode(
            transaction,
            legacy
                ? TransactionEncoder.createEip155SignatureData(data, chainId.getAsLong())
                : data));
  }

  private static byte[] word(BigInteger number) {
    return Hex.bytes("0x" + Hex.word(number));
  }
}
