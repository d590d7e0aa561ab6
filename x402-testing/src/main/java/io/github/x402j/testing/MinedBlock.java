// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.util.List;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.Transaction;

/** A block with what its transactions did. */
record MinedBlock(BlockHeader header, List<MinedTransaction> transactions) {

  MinedBlock {
    transactions = List.copyOf(transactions);
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
