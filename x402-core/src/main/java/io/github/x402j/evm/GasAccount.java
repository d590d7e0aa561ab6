// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.web3j.crypto.Hash;
import org.web3j.crypto.RawTransaction;
import org.web3j.crypto.Sign;
import org.web3j.crypto.TransactionEncoder;
import org.web3j.crypto.transaction.type.TransactionType;

/**
 * An account that pays the gas: signs its transactions, numbers them without gaps, and knows which
 * of them are on their way. One sender uses it at a time; its other methods are safe for use by
 * several threads.
 */
final class GasAccount {
  /** Every node keeps as many waiting transactions of one account. */
  static final int MOST_ON_THEIR_WAY = 16;

  private final EvmSigner signer;
  private final Chain chain;
  private final LongSupplier chainId;

  /** What is not mined yet, by number. */
  private final NavigableMap<BigInteger, SentTransaction> onTheirWay = new TreeMap<>();

  /** The number of the next transaction; null when the chain must be asked. */
  private @Nullable BigInteger next;

  private int most = MOST_ON_THEIR_WAY;

  GasAccount(EvmSigner signer, Chain chain, LongSupplier chainId) {
    this.signer = signer;
    this.chain = chain;
    this.chainId = chainId;
  }

  Address address() {
    return signer.address();
  }

  // ---- numbers

  /**
   * Returns the number of the next transaction, which is none of those on their way.
   *
   * @throws FacilitatorException if the chain must be asked and does not answer
   */
  BigInteger nextNumber() throws FacilitatorException {
    BigInteger known;
    synchronized (this) {
      known = next;
    }
    BigInteger number = known == null ? chain.nextNonce(address()) : known;
    synchronized (this) {
      return onTheirWay.isEmpty() ? number : number.max(onTheirWay.lastKey().add(BigInteger.ONE));
    }
  }

  /** Asks the chain for the next number, as another process may have used it, or none has. */
  synchronized void recount() {
    next = null;
  }

  // ---- what is on its way

  synchronized void sent(SentTransaction transaction) {
    onTheirWay.put(transaction.number(), transaction);
    next = transaction.number().add(BigInteger.ONE);
  }

  /** It is mined, or never will be. */
  synchronized void ended(SentTransaction transaction) {
    onTheirWay.remove(transaction.number(), transaction);
  }

  /** Returns what is on its way, in the order of its numbers. */
  synchronized List<SentTransaction> onTheirWay() {
    return List.copyOf(onTheirWay.values());
  }

  /** Returns whether the nodes take another transaction. */
  synchronized boolean hasRoom() {
    return onTheirWay.size() < most;
  }

  synchronized int busy() {
    return onTheirWay.size();
  }

  /** Nodes take one transaction at a time from it, as from an account that has delegated. */
  synchronized void oneAtATime() {
    most = 1;
  }

  /** A transaction that is signed. */
  record Signed(BigInteger number, Task task, String hash, String raw) {}

  Signed sign(BigInteger number, Task task) {
    String raw =
        sign(
            task.fees()
                .transaction(
                    chainId.getAsLong(), number, task.gas(), task.to().lowerCase(), task.data()));
    return new Signed(number, task, Hash.sha3(raw), raw);
  }

  /** A call to send. */
  record Task(Address to, String data, BigInteger gas, Fees fees) {
    Task withFees(Fees other) {
      return new Task(to, data, gas, other);
    }
  }

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

    /**
     * Returns fees by which nodes replace a transaction with these: a quarter more at least, and
     * never above the ceiling; empty if the ceiling leaves less than the eighth that nodes ask for.
     */
    static Optional<Fees> replacing(Fees old, Chain.Quote quote, BigInteger ceiling) {
      BigInteger least = byAnEighth(old.price().most());
      if (ceiling.compareTo(least) < 0) {
        return Optional.empty();
      }
      Fees now = unlimited(quote);
      BigInteger most = byAQuarter(old.price().most()).max(now.price().most()).min(ceiling);
      if (!(old instanceof Eip1559 before)) {
        return Optional.of(new Legacy(most));
      }
      BigInteger priority = byAQuarter(before.maxPriorityFee()).max(quote.priorityFee());
      return Optional.of(new Eip1559(priority.min(most), most));
    }

    private static BigInteger byAnEighth(BigInteger fee) {
      return fee.multiply(BigInteger.valueOf(9)).divide(BigInteger.valueOf(8)).add(BigInteger.ONE);
    }

    private static BigInteger byAQuarter(BigInteger fee) {
      return fee.multiply(BigInteger.valueOf(5)).divide(BigInteger.valueOf(4)).add(BigInteger.ONE);
    }

    private static void requireBelow(BigInteger needed, BigInteger ceiling)
        throws FacilitatorException {
      if (needed.compareTo(ceiling) > 0) {
        throw new FacilitatorException(
            "gas costs " + needed + " wei now, above the ceiling of " + ceiling);
      }
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
