// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.hyperledger.besu.ethereum.core.Account;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.BlockHeader;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.LogsBloomFilter;
import org.hyperledger.besu.ethereum.core.Wei;
import org.hyperledger.besu.util.bytes.BytesValue;
import org.jspecify.annotations.Nullable;

/** Executions that leave no trace: {@code eth_call} and {@code eth_estimateGas}. Thread safe. */
final class Calls {

  private static final String ERROR_SELECTOR = "08c379a0";

  private final ChainState chain;
  private final Evm evm;

  Calls(ChainState chain, Evm evm) {
    this.chain = chain;
    this.evm = evm;
  }

  BytesValue call(Params params) {
    BlockHeader header = header(params.optional(1));
    Evm.Call call = read(params.required(0));
    Evm.Outcome outcome = run(header, call);
    if (!outcome.succeeded()) {
      throw failure(outcome, call);
    }
    return outcome.output();
  }

  /** Returns the least gas with which the call succeeds, found by bisection. */
  long estimate(Params params) {
    JsonNode tag = params.optional(1);
    BlockHeader header = tag == null ? pendingHeader() : header(tag);
    Evm.Call call = read(params.required(0));
    Evm.Outcome outcome = run(header, call);
    if (!outcome.succeeded()) {
      throw failure(outcome, call);
    }
    long tooLittle = outcome.gasUsed() - 1;
    long enough = call.gas();
    long guess = outcome.gasUsed();
    while (tooLittle + 1 < enough) {
      if (run(header, call.withGas(guess)).succeeded()) {
        enough = guess;
      } else {
        tooLittle = guess;
      }
      guess = Math.min((tooLittle + enough) >>> 1, tooLittle + tooLittle / 8 + 1);
    }
    return enough;
  }

  // ---- blocks

  /** Returns the block of a tag, a number, or an object with a number or a hash. */
  Optional<MinedBlock> block(@Nullable JsonNode tag) {
    if (tag == null || tag.isNull()) {
      return Optional.of(chain.head());
    }
    if (tag.isObject()) {
      JsonNode hash = tag.get("blockHash");
      return hash == null ? block(tag.get("blockNumber")) : chain.block(Params.toHash(hash));
    }
    return switch (tag.asText()) {
      case "latest", "safe", "finalized" -> Optional.of(chain.head());
      case "earliest" -> chain.block(0);
      default -> chain.block(Params.toLong(tag));
    };
  }

  /** Returns the header under which a call on that block runs. */
  BlockHeader header(@Nullable JsonNode tag) {
    if (tag != null && tag.isTextual() && tag.textValue().equals("pending")) {
      return pendingHeader();
    }
    return block(tag).orElseThrow(() -> RpcError.refused("header not found")).header();
  }

  /**
   * Returns the header of the next block. Its state is that of the latest: waiting transactions do
   * not count.
   */
  BlockHeader pendingHeader() {
    synchronized (chain) {
      return chain
          .nextHeader()
          .stateRoot(chain.head().header().getStateRoot())
          .transactionsRoot(Hash.EMPTY_TRIE_HASH)
          .receiptsRoot(Hash.EMPTY_TRIE_HASH)
          .logsBloom(LogsBloomFilter.empty())
          .gasUsed(0)
          .buildBlockHeader();
    }
  }

  Hash stateRoot(BlockHeader header) {
    return header.getStateRoot();
  }

  // ---- calls

  private Evm.Outcome run(BlockHeader header, Evm.Call call) {
    return evm.call(stateRoot(header), header, chain::blockHash, call);
  }

  private static Evm.Call read(JsonNode json) {
    if (!json.isObject()) {
      throw RpcError.invalidParams("invalid argument 0: expected an object");
    }
    JsonNode from = present(json, "from");
    JsonNode to = present(json, "to");
    JsonNode value = present(json, "value");
    JsonNode gas = present(json, "gas");
    JsonNode gasPrice = present(json, "gasPrice");
    JsonNode data = present(json, "input");
    JsonNode olderData = present(json, "data");
    JsonNode payload = data == null ? olderData : data;
    return new Evm.Call(
        from == null ? Address.ZERO : Params.toAddress(from),
        Optional.ofNullable(to).map(Params::toAddress),
        value == null ? Wei.ZERO : Wei.of(Params.toQuantity(value)),
        Math.min(gas == null ? Long.MAX_VALUE : Params.toLong(gas), ChainState.BLOCK_GAS_LIMIT),
        gasPrice == null ? Wei.ZERO : Wei.of(Params.toQuantity(gasPrice)),
        payload == null ? BytesValue.EMPTY : Params.toBytes(payload));
  }

  private static @Nullable JsonNode present(JsonNode json, String field) {
    JsonNode value = json.get(field);
    return value == null || value.isNull() ? null : value;
  }

  private RpcError failure(Evm.Outcome outcome, Evm.Call call) {
    return switch (outcome.status()) {
      case REVERTED -> reverted(outcome.output());
      case INVALID -> RpcError.refused(invalid(outcome, call));
      default -> RpcError.refused("out of gas or invalid instruction");
    };
  }

  private String invalid(Evm.Outcome outcome, Evm.Call call) {
    Account sender = evm.account(chain.head().header().getStateRoot(), call.from());
    BigInteger balance = sender == null ? BigInteger.ZERO : Evm.toBigInteger(sender.getBalance());
    BigInteger cost =
        Evm.toBigInteger(call.gasPrice())
            .multiply(BigInteger.valueOf(call.gas()))
            .add(Evm.toBigInteger(call.value()));
    if (cost.compareTo(balance) > 0) {
      return "insufficient funds for gas * price + value: address %s have %d want %d"
          .formatted(call.from(), balance, cost);
    }
    return outcome.problem();
  }

  private static RpcError reverted(BytesValue output) {
    String reason = reason(output.toUnprefixedString());
    String message = reason.isEmpty() ? "execution reverted" : "execution reverted: " + reason;
    return new RpcError(RpcError.REVERTED, message, output.toString());
  }

  /** Returns the text of {@code Error(string)}, or an empty one if the output is something else. */
  private static String reason(String hex) {
    if (!hex.startsWith(ERROR_SELECTOR) || hex.length() < 8 + 128) {
      return "";
    }
    int length =
        new BigInteger(hex.substring(72, 136), 16).min(BigInteger.valueOf(4096)).intValue();
    int end = Math.min(136 + 2 * length, hex.length());
    byte[] text = BytesValue.fromHexString("0x" + hex.substring(136, end)).extractArray();
    return new String(text, StandardCharsets.UTF_8);
  }
}
