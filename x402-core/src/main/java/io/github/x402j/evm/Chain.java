// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The port to a chain: what verification and settlement read and write.
 *
 * <p>{@link Web3jChain} is the implementation over JSON-RPC. Implementations are safe for use by
 * several threads and end every call within a deadline of their own. Every method throws {@link
 * FacilitatorException} if the node does not answer in time, or its answer is invalid.
 */
public interface Chain {

  /**
   * Returns this chain, which tells the listener of each message to its node. Default: itself,
   * which tells nothing.
   */
  default Chain withListener(ChainListener listener) {
    return this;
  }

  /** Returns the chain id. */
  long chainId() throws FacilitatorException;

  /** Returns whether there is a contract at the address. */
  boolean hasCode(Address address) throws FacilitatorException;

  /** Returns the account's balance of the chain's own coin, in wei. */
  BigInteger balance(Address account) throws FacilitatorException;

  /** Returns the account's next transaction number; transactions not mined yet count. */
  BigInteger nextNonce(Address account) throws FacilitatorException;

  /** Makes the calls without a transaction, in one round trip; the results are in their order. */
  List<CallResult> call(List<Call> calls) throws FacilitatorException;

  /**
   * Makes the calls, and finds out whether there is code at the accounts, in one round trip.
   * Default: one account after the other.
   */
  default Inspections inspectAll(List<Address> accounts, List<Call> calls)
      throws FacilitatorException {
    List<Boolean> hasCode = new ArrayList<>();
    for (Address account : accounts) {
      hasCode.add(hasCode(account));
    }
    return new Inspections(hasCode, call(calls));
  }

  /**
   * Makes the calls, and finds out whether there is code at the account, in one round trip.
   * Default: by {@link #inspectAll}.
   */
  default Inspection inspect(Address account, List<Call> calls) throws FacilitatorException {
    Inspections found = inspectAll(List.of(account), calls);
    return new Inspection(found.hasCode().get(0), found.results());
  }

  /** Returns what the call needs as a transaction now, in one round trip. */
  Quote quote(Call call) throws FacilitatorException;

  /**
   * Returns what gas costs now, in one round trip; the amount of gas means nothing. Default: the
   * quote of a call that does nothing.
   */
  default Quote fees() throws FacilitatorException {
    return quote(Call.latest(Address.parse("0x" + "0".repeat(40)), "0x"));
  }

  /** Returns the newest block and what gas costs. Default: in two round trips. */
  default Newest newest() throws FacilitatorException {
    return new Newest(head(), fees());
  }

  /** Hands a signed transaction to the node. Does not throw. */
  Broadcast send(String rawTransaction);

  /** Returns the receipt, empty while the transaction is not in a block. */
  Optional<Receipt> receipt(String transaction) throws FacilitatorException;

  /**
   * Returns the call data of a transaction in hex, empty if the node does not show it. It is read
   * where no event tells which authorization a transaction used. Default: empty.
   */
  default Optional<String> callData(String transaction) throws FacilitatorException {
    return Optional.empty();
  }

  /**
   * Returns whether the node has the transaction, mined or waiting. Default: whether it is mined.
   */
  default boolean isKnown(String transaction) throws FacilitatorException {
    return receipt(transaction).isPresent();
  }

  /**
   * Looks for transactions and at their senders, in one round trip. Default: in several, and the
   * senders' numbers are not known.
   *
   * @param transactions the hashes
   * @param senders whose numbers are asked for
   */
  default Progress progress(List<String> transactions, List<Address> senders)
      throws FacilitatorException {
    List<Optional<Receipt>> receipts = new ArrayList<>();
    for (String transaction : transactions) {
      receipts.add(receipt(transaction));
    }
    return new Progress(List.of(), receipts, head(), null);
  }

  /** Returns the newest block. */
  Head head() throws FacilitatorException;

  /** Returns the block of this number, empty if the node does not show it. */
  default Optional<Head> block(BigInteger number) throws FacilitatorException {
    return Optional.empty();
  }

  /**
   * Returns the events that the filter describes since a block, oldest first. Where a node allows
   * no search of so many blocks, and there are some, these may be those of the newest blocks only.
   *
   * @throws FacilitatorException also if there are none, and not all blocks could be searched
   */
  List<Event> events(EventFilter filter, BigInteger fromBlock) throws FacilitatorException;

  /**
   * Returns the events in these blocks, both ends included; otherwise as {@link
   * #events(EventFilter, BigInteger)}. Default: those of later blocks, too.
   */
  default List<Event> events(EventFilter filter, BigInteger fromBlock, BigInteger toBlock)
      throws FacilitatorException {
    return events(filter, fromBlock);
  }

  /**
   * Which events are searched for.
   *
   * @param contract who emitted them
   * @param topics their first topics, in order, each {@code 0x} and 64 hex digits
   */
  record EventFilter(Address contract, List<String> topics) {
    /** Copies the topics. */
    public EventFilter {
      topics = List.copyOf(topics);
    }
  }

  /**
   * A call of a contract.
   *
   * @param from who calls, or null where it does not matter
   * @param to the contract
   * @param data the call data in hex
   * @param pending whether it runs on the pending block, at the present time, rather than on the
   *     newest block
   * @param gas the most gas it may use, or null for the node's own limit
   * @param price what it says that it pays for gas, or null for nothing
   * @param block the number of the block that it runs on, or null for the newest or pending one. A
   *     node that does not have this block yet does not answer
   */
  record Call(
      @Nullable Address from,
      Address to,
      String data,
      boolean pending,
      @Nullable BigInteger gas,
      @Nullable GasPrice price,
      @Nullable BigInteger block) {

    /** Returns a call that pays nothing for gas, on the newest or the pending block. */
    public Call(
        @Nullable Address from,
        Address to,
        String data,
        boolean pending,
        @Nullable BigInteger gas) {
      this(from, to, data, pending, gas, null, null);
    }

    /** Returns a call that reads the newest block. */
    public static Call latest(Address to, String data) {
      return new Call(null, to, data, false, null);
    }

    /** Returns this call with at most this much gas. */
    Call withGas(BigInteger limit) {
      return new Call(from, to, data, pending, limit, price, block);
    }

    /** Returns this call as its transaction will be: with this gas limit, at this price. */
    Call asTransaction(BigInteger limit, GasPrice gasPrice) {
      return new Call(from, to, data, pending, limit, gasPrice, block);
    }

    /** Returns this call on the block of this number. */
    Call at(BigInteger number) {
      return new Call(from, to, data, false, gas, price, number);
    }

    /** Shows which function is called; the rest of the data may hold a signature. */
    @Override
    public String toString() {
      return "Call[to=" + to + ", data=" + data.substring(0, Math.min(10, data.length())) + "...]";
    }
  }

  /**
   * What a unit of gas costs.
   *
   * @param most wei: the fee cap of EIP-1559, or the gas price where there is no base fee
   * @param priority wei on top of the base fee, or null where there is none
   */
  record GasPrice(BigInteger most, @Nullable BigInteger priority) {}

  /**
   * What {@link #inspect} found.
   *
   * @param hasCode whether there is code at the account: a contract, or a delegation by EIP-7702
   * @param results those of the calls, in their order
   */
  record Inspection(boolean hasCode, List<CallResult> results) {
    /** Copies the results. */
    public Inspection {
      results = List.copyOf(results);
    }
  }

  /**
   * What {@link #inspectAll} found.
   *
   * @param hasCode whether there is code at each account, in their order
   * @param results those of the calls, in their order
   */
  record Inspections(List<Boolean> hasCode, List<CallResult> results) {
    /** Copies the lists. */
    public Inspections {
      hasCode = List.copyOf(hasCode);
      results = List.copyOf(results);
    }
  }

  /**
   * What {@link #progress} found, in the order in which it was asked.
   *
   * @param mined how many transactions of each sender are mined; empty if that is not known
   * @param receipts those of the transactions, in their order
   * @param head the newest block
   * @param baseFee that block's, wei per gas; null if it has none, or it is not known
   */
  record Progress(
      List<BigInteger> mined,
      List<Optional<Receipt>> receipts,
      Head head,
      @Nullable BigInteger baseFee) {
    /** Copies the lists. */
    public Progress {
      mined = List.copyOf(mined);
      receipts = List.copyOf(receipts);
    }
  }

  /** The result of a call. */
  sealed interface CallResult {
    /**
     * It returned.
     *
     * @param data in hex, {@code 0x} if nothing
     */
    record Returned(String data) implements CallResult {}

    /**
     * It reverted.
     *
     * @param reason what the contract says, if the node passes it on
     */
    record Reverted(String reason) implements CallResult {}

    /** The caller cannot pay for the gas at the price that the call names. */
    record WithoutFunds() implements CallResult {}
  }

  /**
   * What a transaction needs.
   *
   * @param gas the result of the estimate
   * @param reverted why it would revert, or null if it would not
   * @param baseFee wei per gas, or null where the chain has no base fee
   * @param priorityFee wei per gas that is customary on top of a base fee
   * @param gasPrice wei per gas where there is no base fee
   */
  record Quote(
      BigInteger gas,
      @Nullable String reverted,
      @Nullable BigInteger baseFee,
      BigInteger priorityFee,
      BigInteger gasPrice) {
    /** Returns the same with another base fee. */
    Quote withBaseFee(BigInteger other) {
      return new Quote(gas, reverted, other, priorityFee, other.add(priorityFee));
    }
  }

  /** The result of handing a transaction to the node. */
  sealed interface Broadcast {
    /** The node has it. */
    record Accepted() implements Broadcast {}

    /**
     * The node refused it; no node has it.
     *
     * @param reason one of a few fixed phrases; never the node's own words, which may hold its URL
     */
    record Rejected(String reason) implements Broadcast {}

    /** The node may have it or not. */
    record Unknown() implements Broadcast {}
  }

  /**
   * A mined transaction.
   *
   * @param transaction its hash
   * @param sender the account that sent it
   * @param succeeded whether it was not reverted
   * @param block the number of its block
   * @param events what it emitted
   * @param gasUsed how much gas it used, or null if the node does not say
   * @param fee what it cost its sender in wei, with the part for the layer below where the node
   *     tells it, or null if the node does not say
   */
  record Receipt(
      String transaction,
      Address sender,
      boolean succeeded,
      BigInteger block,
      List<Event> events,
      @Nullable BigInteger gasUsed,
      @Nullable BigInteger fee) {
    /** Copies the events. */
    public Receipt {
      events = List.copyOf(events);
    }

    /** Returns a receipt that does not say what the transaction cost. */
    public Receipt(
        String transaction,
        Address sender,
        boolean succeeded,
        BigInteger block,
        List<Event> events,
        @Nullable BigInteger gasUsed) {
      this(transaction, sender, succeeded, block, events, gasUsed, null);
    }

    /** Returns a receipt that does not say how much gas was used. */
    public Receipt(
        String transaction,
        Address sender,
        boolean succeeded,
        BigInteger block,
        List<Event> events) {
      this(transaction, sender, succeeded, block, events, null);
    }
  }

  /**
   * An event.
   *
   * @param contract who emitted it
   * @param topics each {@code 0x} and 64 lower-case hex digits
   * @param data in hex
   * @param transaction the hash of the transaction
   */
  record Event(Address contract, List<String> topics, String data, String transaction) {
    /** Copies the topics. */
    public Event {
      topics = List.copyOf(topics);
    }
  }

  /**
   * A block.
   *
   * @param number its number
   * @param time its timestamp
   */
  record Head(BigInteger number, Instant time) {}

  /**
   * What {@link #newest} found.
   *
   * @param head the newest block
   * @param fees what gas costs; the amount of gas means nothing
   */
  record Newest(Head head, Quote fees) {}
}
