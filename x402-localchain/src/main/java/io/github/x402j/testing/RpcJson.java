// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.testing.MinedBlock.MinedTransaction;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.LogsBloomFilter;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.rlp.RLP;

/** Writes blocks, transactions, receipts and logs as nodes do. */
final class RpcJson {

  static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private RpcJson() {}

  static String quantity(long value) {
    return "0x" + Long.toHexString(value);
  }

  static String quantity(BigInteger value) {
    return "0x" + value.toString(16);
  }

  static ObjectNode block(MinedBlock block, boolean withTransactions) {
    BlockHeader header = block.header();
    ObjectNode json = header(header);
    json.put("hash", block.hash().toString());
    json.put("nonce", "0x%016x".formatted(header.getNonce()));
    json.put("stateRoot", header.getStateRoot().toString());
    json.put("transactionsRoot", header.getTransactionsRoot().toString());
    json.put("receiptsRoot", header.getReceiptsRoot().toString());
    json.put("logsBloom", header.getLogsBloom().toString());
    json.put("gasUsed", quantity(header.getGasUsed()));
    json.put("totalDifficulty", quantity(header.getNumber() + 1));
    json.put("size", quantity(size(block)));
    ArrayNode transactions = json.putArray("transactions");
    for (MinedTransaction mined : block.transactions()) {
      if (withTransactions) {
        transactions.add(transaction(mined.transaction(), Optional.of(block), mined.index()));
      } else {
        transactions.add(mined.transaction().getHash().toString());
      }
    }
    return json;
  }

  /** Writes the block that is not there yet: it has no hash. */
  static ObjectNode pendingBlock(BlockHeader header) {
    ObjectNode json = header(header);
    json.putNull("hash");
    json.putNull("nonce");
    json.put("gasUsed", quantity(0));
    json.putArray("transactions");
    return json;
  }

  private static ObjectNode header(BlockHeader header) {
    ObjectNode json = NODES.objectNode();
    json.put("number", quantity(header.getNumber()));
    json.put("parentHash", header.getParentHash().toString());
    json.put("mixHash", header.getMixHash().toString());
    json.put("sha3Uncles", header.getOmmersHash().toString());
    json.put("miner", header.getCoinbase().toString());
    json.put("difficulty", quantity(1));
    json.put("extraData", "0x");
    json.put("gasLimit", quantity(header.getGasLimit()));
    json.put("timestamp", quantity(header.getTimestamp()));
    json.putArray("uncles");
    return json;
  }

  private static long size(MinedBlock block) {
    long size = RLP.encode(block.header()::writeTo).size();
    for (MinedTransaction mined : block.transactions()) {
      size += RLP.encode(mined.transaction()::writeTo).size();
    }
    return size;
  }

  static ObjectNode transaction(Transaction transaction, Optional<MinedBlock> block, int index) {
    ObjectNode json = NODES.objectNode();
    json.put("hash", transaction.getHash().toString());
    json.put("type", "0x0");
    json.put("nonce", quantity(transaction.getNonce()));
    json.put("from", transaction.getSender().toString());
    json.put("to", transaction.getTo().map(Object::toString).orElse(null));
    json.put("value", quantity(Evm.toBigInteger(transaction.getValue())));
    json.put("gas", quantity(transaction.getGasLimit()));
    json.put("gasPrice", quantity(Evm.toBigInteger(transaction.getGasPrice())));
    json.put("input", transaction.getPayload().toString());
    json.put("v", quantity(transaction.getV()));
    json.put("r", quantity(transaction.getR()));
    json.put("s", quantity(transaction.getS()));
    transaction.getChainId().ifPresent(id -> json.put("chainId", quantity(id)));
    json.put("blockHash", block.map(b -> b.hash().toString()).orElse(null));
    json.put("blockNumber", block.map(b -> quantity(b.number())).orElse(null));
    json.put("transactionIndex", block.map(b -> quantity(index)).orElse(null));
    return json;
  }

  static ObjectNode receipt(MinedBlock block, MinedTransaction mined) {
    Transaction transaction = mined.transaction();
    ObjectNode json = NODES.objectNode();
    json.put("transactionHash", transaction.getHash().toString());
    json.put("transactionIndex", quantity(mined.index()));
    json.put("blockHash", block.hash().toString());
    json.put("blockNumber", quantity(block.number()));
    json.put("from", transaction.getSender().toString());
    json.put("to", transaction.getTo().map(Object::toString).orElse(null));
    json.put("cumulativeGasUsed", quantity(mined.cumulativeGasUsed()));
    json.put("gasUsed", quantity(mined.gasUsed()));
    json.put("effectiveGasPrice", quantity(Evm.toBigInteger(transaction.getGasPrice())));
    json.put("contractAddress", transaction.contractAddress().map(Object::toString).orElse(null));
    json.put("status", mined.succeeded() ? "0x1" : "0x0");
    json.put("type", "0x0");
    json.put("logsBloom", LogsBloomFilter.compute(mined.logs()).toString());
    json.set("logs", logs(block, mined));
    return json;
  }

  private static ArrayNode logs(MinedBlock block, MinedTransaction mined) {
    ArrayNode json = NODES.arrayNode();
    List<Log> logs = mined.logs();
    for (int i = 0; i < logs.size(); i++) {
      json.add(log(block, mined, i));
    }
    return json;
  }

  static ObjectNode log(MinedBlock block, MinedTransaction mined, int place) {
    Log log = mined.logs().get(place);
    ObjectNode json = NODES.objectNode();
    json.put("address", log.getLogger().toString());
    ArrayNode topics = json.putArray("topics");
    log.getTopics().forEach(topic -> topics.add(topic.toString()));
    json.put("data", log.getData().toString());
    json.put("blockNumber", quantity(block.number()));
    json.put("blockHash", block.hash().toString());
    json.put("transactionHash", mined.transaction().getHash().toString());
    json.put("transactionIndex", quantity(mined.index()));
    json.put("logIndex", quantity((long) mined.firstLogIndex() + place));
    json.put("removed", false);
    return json;
  }
}
