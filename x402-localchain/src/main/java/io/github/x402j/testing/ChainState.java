// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import io.github.x402j.testing.MinedBlock.MinedTransaction;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.BlockHeaderBuilder;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.LogsBloomFilter;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.core.Wei;
import org.hyperledger.besu.ethereum.mainnet.MainnetBlockHeaderFunctions;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.hyperledger.besu.util.uint.UInt256;

/**
 * The blocks, the waiting transactions and the time of one chain. Thread safe: one lock over all of
 * it.
 */
final class ChainState {

  static final long BLOCK_GAS_LIMIT = 30_000_000;

  /** Who gets the fees. */
  private static final Address COINBASE =
      Address.fromHexString("0x000000000000000000000000000000000000c01b");

  /** What has code from the first block on. */
  private static final Map<Address, BytesValue> CODES =
      PlacedContracts.CODES.entrySet().stream()
          .collect(
              Collectors.toUnmodifiableMap(
                  placed -> Address.fromHexString(placed.getKey()),
                  placed -> BytesValue.fromHexString(placed.getValue())));

  /** Where a mined transaction is. */
  record Place(MinedBlock block, MinedTransaction transaction) {}

  private final Evm evm;
  private final long chainId;
  private final Clock clock;
  private final TransactionPool pool;
  private final List<MinedBlock> blocks = new ArrayList<>();
  private final Map<Hash, MinedBlock> byHash = new HashMap<>();
  private final Map<Hash, Place> places = new HashMap<>();
  private Duration offset = Duration.ZERO;
  private boolean automine = true;
  private BigInteger gasPrice = BigInteger.valueOf(1_000_000_000);

  ChainState(Evm evm, long chainId, Clock clock, Map<Address, Wei> balances) {
    this.evm = evm;
    this.chainId = chainId;
    this.clock = clock;
    this.pool = new TransactionPool(evm, chainId);
    BlockHeader genesis =
        header(Hash.ZERO, 0, clock.instant().getEpochSecond())
            .stateRoot(evm.genesis(balances, CODES))
            .transactionsRoot(Hash.EMPTY_TRIE_HASH)
            .receiptsRoot(Hash.EMPTY_TRIE_HASH)
            .logsBloom(LogsBloomFilter.empty())
            .gasUsed(0)
            .buildBlockHeader();
    append(new MinedBlock(genesis, List.of()));
  }

  long chainId() {
    return chainId;
  }

  // ---- time

  synchronized void advanceTime(Duration by) {
    offset = offset.plus(by);
  }

  /** Returns the time that the next block will carry, in seconds since 1970. */
  synchronized long nextTimestamp() {
    long now = clock.instant().plus(offset).getEpochSecond();
    return Math.max(now, head().header().getTimestamp());
  }

  Instant now() {
    return Instant.ofEpochSecond(nextTimestamp());
  }

  // ---- blocks

  synchronized MinedBlock head() {
    return blocks.get(blocks.size() - 1);
  }

  synchronized Optional<MinedBlock> block(long number) {
    return number < 0 || number >= blocks.size()
        ? Optional.empty()
        : Optional.of(blocks.get((int) number));
  }

  synchronized Optional<MinedBlock> block(Hash hash) {
    return Optional.ofNullable(byHash.get(hash));
  }

  /** Returns the blocks from one number to another, both included. */
  synchronized List<MinedBlock> blocks(long from, long to) {
    int first = (int) Math.max(0, from);
    int end = (int) Math.min(blocks.size(), to + 1);
    return first >= end ? List.of() : List.copyOf(blocks.subList(first, end));
  }

  synchronized Optional<Place> place(Hash transaction) {
    return Optional.ofNullable(places.get(transaction));
  }

  Hash blockHash(long number) {
    return block(number).map(MinedBlock::hash).orElse(Hash.ZERO);
  }

  /** Returns the header under which a transaction would be executed now. */
  synchronized BlockHeaderBuilder nextHeader() {
    return header(head().hash(), head().number() + 1, nextTimestamp());
  }

  /** Goes back to a block that is in the chain: what came after it, and what waited, is gone. */
  synchronized void revertTo(Hash hash) {
    MinedBlock target =
        block(hash).orElseThrow(() -> new IllegalArgumentException("no block " + hash));
    while (head().number() > target.number()) {
      MinedBlock gone = blocks.remove(blocks.size() - 1);
      byHash.remove(gone.hash());
      gone.transactions().forEach(tx -> places.remove(tx.transaction().getHash()));
    }
    pool.clear();
  }

  // ---- transactions

  synchronized BigInteger gasPrice() {
    return gasPrice;
  }

  synchronized void gasPrice(BigInteger wei) {
    gasPrice = wei;
  }

  synchronized long nonce(Address address) {
    Account account = evm.account(head().header().getStateRoot(), address);
    return account == null ? 0 : account.getNonce();
  }

  synchronized long pendingNonce(Address address) {
    return pool.nextNonce(address, nonce(address));
  }

  synchronized Optional<Transaction> waiting(Hash transaction) {
    return pool.find(transaction);
  }

  /**
   * Takes a transaction as a node does: mined at once, or kept until its turn.
   *
   * @throws RpcError with geth's message if a node would not take it
   */
  synchronized Hash submit(Transaction transaction) {
    check(transaction);
    pool.put(transaction);
    if (automine) {
      mineWaiting();
    }
    return transaction.getHash();
  }

  /** Mines one transaction in a block of its own, before all that wait. */
  synchronized void mineAlone(Transaction transaction) {
    check(transaction);
    mineBlock(List.of(transaction));
    if (automine) {
      mineWaiting();
    }
  }

  synchronized void automine(boolean on) {
    automine = on;
    if (on) {
      mineWaiting();
    }
  }

  /**
   * Mines one block with every waiting transaction whose turn it is and that fits; it may be empty.
   */
  synchronized void mine() {
    Map<Address, Long> nonces = new HashMap<>();
    List<Transaction> chosen = new ArrayList<>();
    long gas = 0;
    for (Optional<Transaction> next = next(nonces); next.isPresent(); next = next(nonces)) {
      Transaction transaction = next.get();
      gas += transaction.getGasLimit();
      if (gas > BLOCK_GAS_LIMIT) {
        break;
      }
      chosen.add(transaction);
      nonces.merge(transaction.getSender(), 1L, Long::sum);
    }
    mineBlock(chosen);
  }

  /** Puts code at an address, in a block without transactions. */
  synchronized void place(Address address, BytesValue code) {
    BlockHeaderBuilder header = nextHeader();
    Evm.Execution execution = execution(header);
    execution.place(address, code);
    append(MinedBlock.seal(header.gasUsed(0).stateRoot(execution.finish()), List.of()));
  }

  private Evm.Execution execution(BlockHeaderBuilder header) {
    return evm.on(
        head().header().getStateRoot(), header.buildProcessableBlockHeader(), this::blockHash);
  }

  /** Returns a waiting transaction whose turn it is once those counted in the nonces are mined. */
  private Optional<Transaction> next(Map<Address, Long> nonces) {
    return pool.next(sender -> nonces.computeIfAbsent(sender, this::nonce));
  }

  private void mineWaiting() {
    for (var next = pool.next(this::nonce); next.isPresent(); next = pool.next(this::nonce)) {
      mineBlock(List.of(next.get()));
    }
  }

  /** Mines a block of these transactions, without those that can no longer be executed. */
  private void mineBlock(List<Transaction> transactions) {
    BlockHeaderBuilder header = nextHeader();
    Evm.Execution execution = execution(header);
    List<MinedTransaction> mined = new ArrayList<>();
    long gasUsed = 0;
    int logs = 0;
    for (Transaction transaction : transactions) {
      Evm.Outcome outcome = execution.execute(transaction);
      pool.remove(transaction);
      if (outcome.status() == Evm.Outcome.Status.INVALID) {
        continue;
      }
      gasUsed += outcome.gasUsed();
      mined.add(
          new MinedTransaction(
              transaction,
              mined.size(),
              outcome.gasUsed(),
              gasUsed,
              outcome.succeeded(),
              outcome.logs(),
              logs));
      logs += outcome.logs().size();
    }
    append(MinedBlock.seal(header.gasUsed(gasUsed).stateRoot(execution.finish()), mined));
    transactions.forEach(tx -> pool.removeBelow(tx.getSender(), nonce(tx.getSender())));
  }

  private void append(MinedBlock block) {
    blocks.add(block);
    byHash.put(block.hash(), block);
    block
        .transactions()
        .forEach(tx -> places.put(tx.transaction().getHash(), new Place(block, tx)));
  }

  private static BlockHeaderBuilder header(Hash parent, long number, long timestamp) {
    return BlockHeaderBuilder.create()
        .parentHash(parent)
        .ommersHash(Hash.EMPTY_LIST_HASH)
        .coinbase(COINBASE)
        .difficulty(UInt256.ONE)
        .number(number)
        .gasLimit(BLOCK_GAS_LIMIT)
        .timestamp(timestamp)
        .extraData(BytesValue.EMPTY)
        .mixHash(Hash.ZERO)
        .nonce(0)
        .blockHeaderFunctions(new MainnetBlockHeaderFunctions());
  }

  private void check(Transaction transaction) {
    pool.check(transaction, gasPrice, head().header().getStateRoot());
  }
}
