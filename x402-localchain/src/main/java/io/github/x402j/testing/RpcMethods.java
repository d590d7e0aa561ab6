// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static io.github.x402j.testing.RpcJson.NODES;
import static io.github.x402j.testing.RpcJson.quantity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.github.x402j.testing.MinedBlock.MinedTransaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.rlp.RLP;
import org.hyperledger.besu.ethereum.rlp.RLPException;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.hyperledger.besu.util.uint.UInt256;
import org.jspecify.annotations.Nullable;

/** The JSON-RPC methods over one chain. Thread safe. */
final class RpcMethods {

  private final ChainState chain;
  private final Calls calls;
  private final Evm evm;

  RpcMethods(ChainState chain, Evm evm) {
    this.chain = chain;
    this.evm = evm;
    this.calls = new Calls(chain, evm);
  }

  /**
   * Returns the result of a method.
   *
   * @throws RpcError if there is no such method, its parameters are wrong or it fails
   */
  JsonNode call(String method, Params params) {
    return switch (method) {
      case "web3_clientVersion" -> text("x402j-LocalChain/istanbul");
      case "net_version" -> text(Long.toString(chain.chainId()));
      case "eth_chainId" -> text(quantity(chain.chainId()));
      case "eth_syncing" -> NODES.booleanNode(false);
      case "eth_accounts" -> NODES.arrayNode();
      case "eth_blockNumber" -> text(quantity(chain.head().number()));
      case "eth_gasPrice" -> text(quantity(chain.gasPrice()));
      case "eth_getBlockByNumber" -> blockByNumber(params);
      case "eth_getBlockByHash" -> blockByHash(params);
      case "eth_getBalance" -> balance(params);
      case "eth_getCode" -> code(params);
      case "eth_getStorageAt" -> storage(params);
      case "eth_getTransactionCount" -> transactionCount(params);
      case "eth_call" -> text(calls.call(params).toString());
      case "eth_estimateGas" -> text(quantity(calls.estimate(params)));
      case "eth_sendRawTransaction" -> text(send(params));
      case "eth_getTransactionByHash" -> transaction(params);
      case "eth_getTransactionReceipt" -> receipt(params);
      case "eth_getLogs" -> logs(params);
      default ->
          throw new RpcError(
              RpcError.METHOD_NOT_FOUND,
              "the method " + method + " does not exist/is not available");
    };
  }

  private static JsonNode text(String value) {
    return NODES.textNode(value);
  }

  // ---- blocks

  private JsonNode blockByNumber(Params params) {
    boolean full = params.required(1).booleanValue();
    JsonNode tag = params.required(0);
    if (tag.isTextual() && tag.textValue().equals("pending")) {
      return RpcJson.pendingBlock(calls.pendingHeader());
    }
    return blockOrNull(calls.block(tag), full);
  }

  private JsonNode blockByHash(Params params) {
    boolean full = params.required(1).booleanValue();
    return blockOrNull(chain.block(params.hash(0)), full);
  }

  private static JsonNode blockOrNull(Optional<MinedBlock> block, boolean full) {
    return block.<JsonNode>map(found -> RpcJson.block(found, full)).orElse(NODES.nullNode());
  }

  // ---- accounts

  private JsonNode balance(Params params) {
    Account account = account(params, 1);
    return text(account == null ? "0x0" : quantity(Evm.toBigInteger(account.getBalance())));
  }

  private JsonNode code(Params params) {
    Account account = account(params, 1);
    return text(account == null ? "0x" : account.getCode().toString());
  }

  private JsonNode storage(Params params) {
    UInt256 slot = UInt256.of(params.quantity(1));
    Account account = account(params, 2);
    UInt256 value = account == null ? UInt256.ZERO : account.getStorageValue(slot);
    return text(value.getBytes().toString());
  }

  private JsonNode transactionCount(Params params) {
    JsonNode tag = params.optional(1);
    if (tag != null && tag.isTextual() && tag.textValue().equals("pending")) {
      return text(quantity(chain.pendingNonce(params.address(0))));
    }
    Account account = account(params, 1);
    return text(quantity(account == null ? 0 : account.getNonce()));
  }

  private @Nullable Account account(Params params, int blockIndex) {
    BlockHeader header = calls.header(params.optional(blockIndex));
    return evm.account(calls.stateRoot(header), params.address(0));
  }

  // ---- transactions

  private String send(Params params) {
    return chain.submit(decode(params.bytes(0))).toString();
  }

  /** Reads a signed transaction as it goes over the wire. */
  static Transaction decode(BytesValue raw) {
    if (raw.size() > 0 && (raw.get(0) & 0xff) < 0x80) {
      throw RpcError.refused("transaction type not supported");
    }
    try {
      return Transaction.readFrom(RLP.input(raw));
    } catch (RLPException | IllegalArgumentException e) {
      throw RpcError.refused("rlp: " + e.getMessage());
    }
  }

  private JsonNode transaction(Params params) {
    Hash hash = params.hash(0);
    Optional<ChainState.Place> place = chain.place(hash);
    if (place.isPresent()) {
      MinedTransaction mined = place.get().transaction();
      return RpcJson.transaction(
          mined.transaction(), Optional.of(place.get().block()), mined.index());
    }
    return chain
        .waiting(hash)
        .<JsonNode>map(waiting -> RpcJson.transaction(waiting, Optional.empty(), 0))
        .orElse(NODES.nullNode());
  }

  private JsonNode receipt(Params params) {
    return chain
        .place(params.hash(0))
        .<JsonNode>map(place -> RpcJson.receipt(place.block(), place.transaction()))
        .orElse(NODES.nullNode());
  }

  // ---- logs

  private JsonNode logs(Params params) {
    JsonNode query = params.required(0);
    LogFilter filter = LogFilter.of(query);
    ArrayNode json = NODES.arrayNode();
    for (MinedBlock block : searched(query)) {
      for (MinedTransaction mined : block.transactions()) {
        addMatches(json, filter, block, mined);
      }
    }
    return json;
  }

  private List<MinedBlock> searched(JsonNode query) {
    JsonNode hash = query.get("blockHash");
    if (hash != null && !hash.isNull()) {
      MinedBlock block =
          chain.block(Params.toHash(hash)).orElseThrow(() -> RpcError.refused("unknown block"));
      return List.of(block);
    }
    long from = calls.header(query.get("fromBlock")).getNumber();
    long to = calls.header(query.get("toBlock")).getNumber();
    if (from > to) {
      throw RpcError.invalidParams("invalid block range params");
    }
    return chain.blocks(from, to);
  }

  private static void addMatches(
      ArrayNode json, LogFilter filter, MinedBlock block, MinedTransaction mined) {
    for (int i = 0; i < mined.logs().size(); i++) {
      if (filter.matches(mined.logs().get(i))) {
        json.add(RpcJson.log(block, mined, i));
      }
    }
  }

  /**
   * Which logs {@code eth_getLogs} asks for. An empty set of addresses, or of topics at one place,
   * means any.
   *
   * @param topics per place, the topics of which a log must have one
   */
  private record LogFilter(Set<Address> addresses, List<Set<BytesValue>> topics) {

    LogFilter {
      addresses = Set.copyOf(addresses);
      topics = List.copyOf(topics);
    }

    static LogFilter of(JsonNode filter) {
      Set<Address> addresses =
          alternatives(filter.get("address")).stream()
              .map(Params::toAddress)
              .collect(Collectors.toSet());
      List<Set<BytesValue>> topics = new ArrayList<>();
      for (JsonNode place : alternatives(filter.get("topics"))) {
        topics.add(
            alternatives(place).stream()
                .<BytesValue>map(Params::toHash)
                .collect(Collectors.toSet()));
      }
      return new LogFilter(addresses, topics);
    }

    private static List<JsonNode> alternatives(@Nullable JsonNode value) {
      if (value == null || value.isNull()) {
        return List.of();
      }
      return value.isArray()
          ? StreamSupport.stream(value.spliterator(), false).toList()
          : List.of(value);
    }

    boolean matches(Log log) {
      if (!addresses.isEmpty() && !addresses.contains(log.getLogger())) {
        return false;
      }
      if (topics.size() > log.getTopics().size()) {
        return false;
      }
      for (int i = 0; i < topics.size(); i++) {
        Set<BytesValue> wanted = topics.get(i);
        if (!wanted.isEmpty() && wanted.stream().noneMatch(log.getTopics().get(i)::equals)) {
          return false;
        }
      }
      return true;
    }
  }
}
