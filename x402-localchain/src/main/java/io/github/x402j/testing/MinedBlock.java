// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.util.List;
import java.util.Optional;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.BlockHeaderBuilder;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.core.TransactionReceipt;
import org.hyperledger.besu.ethereum.mainnet.BodyValidation;

/** A block with what its transactions did. */
record MinedBlock(BlockHeader header, List<MinedTransaction> transactions) {

  MinedBlock {
    transactions = List.copyOf(transactions);
  }

  /** Returns the block of a header that says all but what the transactions add up to. */
  static MinedBlock seal(BlockHeaderBuilder header, List<MinedTransaction> mined) {
    List<TransactionReceipt> receipts =
        mined.stream()
            .map(
                tx ->
                    new TransactionReceipt(
                        tx.succeeded() ? 1 : 0,
                        tx.cumulativeGasUsed(),
                        tx.logs(),
                        Optional.empty()))
            .toList();
    BlockHeader sealed =
        header
            .transactionsRoot(
                BodyValidation.transactionsRoot(
                    mined.stream().map(MinedTransaction::transaction).toList()))
            .receiptsRoot(BodyValidation.receiptsRoot(receipts))
            .logsBloom(BodyValidation.logsBloom(receipts))
            .buildBlockHeader();
    return new MinedBlock(sealed, mined);
  }

  long number() {
    return header.getNumber();
  }

  Hash hash() {
    return header.getHash();
  }

  /**
   * A transaction in a block. {@code firstLogIndex} is the place of its first log among those of
   * the block.
   */
  record MinedTransaction(
      Transaction transaction,
      int index,
      long gasUsed,
      long cumulativeGasUsed,
      boolean succeeded,
      List<Log> logs,
      int firstLogIndex) {

    MinedTransaction {
      logs = List.copyOf(logs);
    }
  }
}
