// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.testing.InProcessChain;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A node, or a proxy with several replicas behind it, that is not always right. */
final class Node implements SimulatedNetwork.Server {

  /** What a node does wrong. Each applies to a number of requests. */
  enum Fault {
    /** The request does not arrive. */
    LOST,
    /** The answer does not arrive. */
    ANSWER_LOST,
    /** An answer of a load balancer. */
    TOO_MANY_REQUESTS,
    /** A replica that is one block behind answers. */
    LAGS,
    /** A replica that does not have the transaction answers. */
    DOES_NOT_SHOW,
    /** The transaction is taken much later, and no answer arrives. */
    TAKES_LATE,
    /** The transaction is handed on twice; the second answer is given. */
    TAKES_TWICE,
    /** The transaction is taken, and another replica refuses it. */
    TAKES_AND_REFUSES,
    /** The transaction is answered as taken, and dropped. */
    DROPS
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GAS = "0x186a0";
  private static final Duration NO_ANSWER = Duration.ofSeconds(2);
  private static final Duration LATE = Duration.ofSeconds(9);
  private static final String SEND = "eth_sendRawTransaction";
  private static final Set<String> SHOWS =
      Set.of("eth_getTransactionReceipt", "eth_getTransactionByHash");
  private static final List<String> REFUSALS =
      List.of(
          "nonce too low",
          "replacement transaction underpriced",
          "insufficient funds for gas * price + value",
          "txpool is full");

  private record Late(String raw, long due) {}

  private final String name;
  private final InProcessChain chain;
  private final VirtualTime time;
  private final Baton baton;
  private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
  private final List<Late> late = new ArrayList<>();
  private int refusals;

  Node(String name, InProcessChain chain, VirtualTime time, Baton baton) {
    this.name = name;
    this.chain = chain;
    this.time = time;
    this.baton = baton;
    time.watch(() -> takeLate(time.now()));
  }

  void fault(Fault fault, int requests) {
    faults.merge(fault, requests, Integer::sum);
  }

  /** Ends the faults; what comes late comes now. */
  void recover() {
    faults.clear();
    takeLate(Long.MAX_VALUE);
  }

  private void takeLate(long until) {
    for (Iterator<Late> each = late.iterator(); each.hasNext(); ) {
      Late one = each.next();
      if (one.due <= until) {
        each.remove();
        tolerant(one.raw);
      }
    }
  }

  private void tolerant(String raw) {
    try {
      chain.call(SEND, JSON.createArrayNode().add(raw));
    } catch (InProcessChain.Refused e) {
      // It was taken before, or its number was.
    }
  }

  private boolean takes(Fault fault) {
    Integer left = faults.get(fault);
    if (left == null || baton.isBetweenTurns()) {
      return false;
    }
    if (left == 1) {
      faults.remove(fault);
    } else {
      faults.put(fault, left - 1);
    }
    return true;
  }

  @Override
  public SimulatedNetwork.Reply answer(SimulatedNetwork.Request request) throws IOException {
    JsonNode message = JSON.readTree(request.body());
    String what = message.isArray() ? "batch" : message.path("method").asText();
    baton.call(name + " " + what);
    if (takes(Fault.LOST)) {
      throw noAnswer();
    }
    if (takes(Fault.TOO_MANY_REQUESTS)) {
      return new SimulatedNetwork.Reply(429, Map.of(), "<html>slow down</html>");
    }
    boolean lags = takes(Fault.LAGS);
    JsonNode answer;
    if (message.isArray()) {
      ArrayNode answers = JSON.createArrayNode();
      for (JsonNode one : message) {
        answers.add(single(one, lags));
      }
      answer = answers;
    } else {
      answer = single(message, lags);
    }
    if (takes(Fault.ANSWER_LOST)) {
      throw noAnswer();
    }
    if (what.equals(SEND)) {
      baton.call(name + " has it");
    }
    return SimulatedNetwork.Reply.json(200, answer.toString());
  }

  private IOException noAnswer() {
    time.advance(NO_ANSWER);
    return new HttpTimeoutException("no answer");
  }

  private ObjectNode single(JsonNode request, boolean lags) throws IOException {
    ObjectNode answer = JSON.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", request.get("id"));
    try {
      answer.set("result", result(request.path("method").asText(), request.path("params"), lags));
    } catch (InProcessChain.Refused e) {
      answer.putObject("error").put("code", e.code()).put("message", e.getMessage());
    }
    return answer;
  }

  private JsonNode result(String method, JsonNode params, boolean lags) throws IOException {
    if (method.equals(SEND)) {
      return send(params);
    }
    if (SHOWS.contains(method) && (takes(Fault.DOES_NOT_SHOW) || (lags && isNewest(params)))) {
      return JSON.nullNode();
    }
    JsonNode asked = lags ? aBlockBehind(method, params) : params;
    if (method.equals("eth_estimateGas")) {
      chain.call("eth_call", asked);
      return JSON.getNodeFactory().textNode(GAS);
    }
    return chain.call(method, asked);
  }

  private JsonNode send(JsonNode params) throws IOException {
    String raw = params.get(0).asText();
    if (takes(Fault.TAKES_LATE)) {
      late.add(new Late(raw, time.now() + LATE.toMillis()));
      throw noAnswer();
    }
    if (takes(Fault.DROPS)) {
      return JSON.getNodeFactory().textNode("0x" + "00".repeat(32));
    }
    if (takes(Fault.TAKES_TWICE)) {
      tolerant(raw);
    } else if (takes(Fault.TAKES_AND_REFUSES)) {
      chain.call(SEND, params);
      throw InProcessChain.refusal(REFUSALS.get(refusals++ % REFUSALS.size()));
    }
    return chain.call(SEND, params);
  }

  // ---- a block behind

  private long behind() {
    return Math.max(0, chain.number() - 1);
  }

  private boolean isNewest(JsonNode params) {
    Optional<Long> block = chain.blockOf(params.get(0).asText());
    return block.isEmpty() || block.get() > behind();
  }

  private boolean isNewer(String text) {
    return text.startsWith("0x")
        && text.length() <= 2 + 16
        && Long.parseUnsignedLong(text.substring(2), 16) > behind();
  }

  private JsonNode aBlockBehind(String method, JsonNode params) {
    ArrayNode changed = params.deepCopy();
    String number = "0x" + Long.toHexString(behind());
    if (method.equals("eth_getLogs")) {
      ((ObjectNode) changed.get(0)).put("toBlock", number);
      String from = changed.get(0).path("fromBlock").asText();
      if (from.startsWith("0x") && Long.parseLong(from.substring(2), 16) > behind()) {
        ((ObjectNode) changed.get(0)).put("fromBlock", number);
      }
      return changed;
    }
    for (int i = 0; i < changed.size(); i++) {
      String text = changed.get(i).asText();
      if (text.equals("latest") || text.equals("pending")) {
        changed.set(i, changed.textNode(number));
      } else if (isNewer(text)) {
        throw InProcessChain.refusal("header not found");
      }
    }
    return changed;
  }

  @Override
  public String toString() {
    return name + " " + faults;
  }
}
