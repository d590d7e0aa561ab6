// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.testing.MinedBlock.MinedTransaction;
import java.math.BigInteger;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.hyperledger.besu.ethereum.core.Address;
import org.hyperledger.besu.ethereum.core.Hash;
import org.hyperledger.besu.ethereum.core.Log;
import org.hyperledger.besu.ethereum.core.Transaction;
import org.hyperledger.besu.ethereum.core.Wei;
import org.hyperledger.besu.util.bytes.BytesValue;

/**
 * The chain of {@link LocalChain} without its HTTP server, in the time of any clock. It mines when
 * it is told to.
 */
public final class InProcessChain {
  private static final long CHAIN_ID = LocalChain.DEFAULT_CHAIN_ID;
  private static final TestWallet OPERATOR = TestWallet.of("c0".repeat(32));
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String USED =
      "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
  private static final String TRANSFER =
      "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

  private final ChainState chain;
  private final RpcMethods methods;
  private final Operator operator;
  private final TestUsdc usdc;
  private final List<Sent> sent = new ArrayList<>();
  private final Map<String, Object> calls = new HashMap<>();
  private String calledOn = "";

  /** An answer that is an error. */
  public static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int code;

    Refused(RpcError error) {
      super(error.text());
      code = error.code();
    }

    /** Returns the code of the error. */
    public int code() {
      return code;
    }
  }

  /** A transaction that a node was handed and took. */
  public record Sent(String hash, String sender, long nonce, String data) {}

  /** A transaction in a block. */
  public record Mined(
      String hash, String sender, String data, boolean succeeded, long time, List<Moved> moved) {
    /** Copies what it moved. */
    public Mined {
      moved = List.copyOf(moved);
    }
  }

  /** A use of an authorization that moved money. */
  public record Moved(String payer, String nonce, String to, long value) {}

  private InProcessChain(Clock clock) {
    Evm evm = Evm.of(CHAIN_ID);
    Wei wei = Wei.of(BigInteger.TEN.pow(36));
    chain =
        new ChainState(
            evm, CHAIN_ID, clock, Map.of(Address.fromHexString(OPERATOR.address()), wei));
    methods = new RpcMethods(chain, evm);
    operator = new Operator(new Node(), CHAIN_ID, OPERATOR);
    usdc =
        TestUsdc.deploy(
            operator, TestUsdc.DEFAULT_NAME, TestUsdc.DEFAULT_VERSION, TestUsdc.DEFAULT_DECIMALS);
    chain.automine(false);
  }

  /** Returns a chain with one token, in the time of this clock. */
  public static InProcessChain start(Clock clock) {
    return new InProcessChain(clock);
  }

  private final class Node implements Operator.Node {
    @Override
    public JsonNode call(String method, Object... params) {
      return methods.call(method, new Params(JSON.valueToTree(List.of(params))));
    }

    @Override
    public JsonNode mine(String signedTransaction) {
      Transaction transaction = RpcMethods.decode(BytesValue.fromHexString(signedTransaction));
      chain.mineAlone(transaction);
      return call("eth_getTransactionReceipt", transaction.getHash().toString());
    }
  }

  /** Returns the error with which a node does not take a transaction. */
  public static Refused refusal(String message) {
    return new Refused(RpcError.refused(message));
  }

  /** Returns the token. */
  public TestUsdc usdc() {
    return usdc;
  }

  /** Gives an account a coin for gas. */
  public void fund(String address) {
    operator.send(address, BigInteger.TEN.pow(20), "");
  }

  /** Returns the newest block as something to go back to. */
  public Object snapshot() {
    return chain.head().hash();
  }

  /** Goes back. */
  public void revertTo(Object snapshot) {
    chain.revertTo((Hash) snapshot);
    sent.clear();
    calls.clear();
  }

  /** Mines one block. */
  public void mine() {
    chain.mine();
  }

  /** Returns the number of the newest block. */
  public long number() {
    return chain.head().number();
  }

  /** Returns the account's next number as of the newest block. */
  public long nonce(String address) {
    return chain.nonce(Address.fromHexString(address));
  }

  /** Returns the number of the block that holds the transaction, empty if none does. */
  public Optional<Long> blockOf(String hash) {
    return chain.place(Hash.fromHexString(hash)).map(place -> place.block().number());
  }

  /** Returns what nodes were handed and took, oldest first. */
  public List<Sent> sent() {
    return List.copyOf(sent);
  }

  /**
   * Answers a JSON-RPC request.
   *
   * @throws Refused if the answer is an error
   */
  public JsonNode call(String method, JsonNode params) {
    try {
      if (method.equals("eth_sendRawTransaction")) {
        return submit(params.get(0).asText());
      }
      return method.equals("eth_call") ? called(params) : methods.call(method, new Params(params));
    } catch (RpcError e) {
      throw new Refused(e);
    }
  }

  private JsonNode submit(String raw) {
    Transaction transaction = RpcMethods.decode(BytesValue.fromHexString(raw));
    Hash hash = chain.submit(transaction);
    sent.add(
        new Sent(
            hash.toString(),
            transaction.getSender().toString(),
            transaction.getNonce(),
            transaction.getPayload().toString()));
    return RpcJson.NODES.textNode(hash.toString());
  }

  /** The same call on the same block gives the same answer, and costs a signature's recovery. */
  private synchronized JsonNode called(JsonNode params) {
    String on = chain.head().hash() + " " + chain.nextTimestamp();
    if (!on.equals(calledOn)) {
      calls.clear();
      calledOn = on;
    }
    Object known =
        calls.computeIfAbsent(
            params.toString(),
            any -> {
              try {
                return methods.call("eth_call", new Params(params));
              } catch (RpcError e) {
                return e;
              }
            });
    if (known instanceof RpcError error) {
      throw error;
    }
    return (JsonNode) known;
  }

  /** Returns the transactions in the blocks after this number, oldest first. */
  public List<Mined> minedAfter(long number) {
    List<Mined> mined = new ArrayList<>();
    for (MinedBlock block : chain.blocks(number + 1, Long.MAX_VALUE - 1)) {
      for (MinedTransaction transaction : block.transactions()) {
        mined.add(
            new Mined(
                transaction.transaction().getHash().toString(),
                transaction.transaction().getSender().toString(),
                transaction.transaction().getPayload().toString(),
                transaction.succeeded(),
                block.header().getTimestamp(),
                moved(transaction.logs())));
      }
    }
    return mined;
  }

  private static List<Moved> moved(List<Log> logs) {
    List<Moved> moved = new ArrayList<>();
    Log used = null;
    for (Log log : logs) {
      String topic = log.getTopics().isEmpty() ? "" : log.getTopics().get(0).toString();
      if (topic.equals(USED)) {
        used = log;
      } else if (topic.equals(TRANSFER) && used != null) {
        moved.add(
            new Moved(
                address(used.getTopics().get(1).toString()),
                used.getTopics().get(2).toString().toLowerCase(Locale.ROOT),
                address(log.getTopics().get(2).toString()),
                new BigInteger(log.getData().toString().substring(2), 16).longValueExact()));
        used = null;
      }
    }
    return moved;
  }

  private static String address(String topic) {
    return "0x" + topic.substring(26).toLowerCase(Locale.ROOT);
  }
}
