// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.OddNode.Habit;
import io.github.x402j.evm.OddNode.Reply;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes as there are: what each answers in a way of its own. A sale goes through all the same. */
class NodeKindsTest {
  private static LocalChain chain;
  private static Shop shop;

  @BeforeAll
  static void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  // ---- kinds

  /** Answers a batch this way, and a single request as usual. */
  private static Habit toBatches(Habit habit) {
    return (message, node) ->
        message.isArray() ? habit.reply(message, node) : Reply.json(node.answer(message));
  }

  private static Habit always(Reply reply) {
    return (message, node) -> reply;
  }

  private static Habit eachOf(int code, String words) {
    return (message, node) -> {
      ArrayNode all = OddNode.JSON.createArrayNode();
      message.forEach(one -> all.add(OddNode.error(one.get("id"), code, words)));
      return Reply.json(all);
    };
  }

  /** Nodes that take no batches, each says so in another way. */
  private static Map<String, Habit> withoutBatches() {
    JsonNode none = OddNode.JSON.nullNode();
    Map<String, Habit> kinds = new LinkedHashMap<>();
    kinds.put("an error", always(Reply.json(OddNode.error(none, -32600, "batch not allowed"))));
    kinds.put(
        "an error with status 400",
        always(new Reply(400, OddNode.error(none, -32700, "cannot parse").toString())));
    for (int status : List.of(400, 403, 404, 413, 500, 503)) {
      kinds.put("status " + status, always(Reply.html(status)));
    }
    for (String body : List.of("", "[]", "{}", "null", "not JSON", "[null]", "[{}]")) {
      kinds.put("the body '" + body + "'", always(new Reply(200, body)));
    }
    kinds.put("one answer", (message, node) -> Reply.json(node.answer(message.get(0))));
    kinds.put("an error for each", eachOf(-32000, "we do not like this"));
    return kinds;
  }

  private static Habit reversed() {
    return (message, node) -> {
      ArrayNode reversed = OddNode.JSON.createArrayNode();
      node.answer(message).forEach(answer -> reversed.insert(0, answer));
      return Reply.json(reversed);
    };
  }

  private static Habit firstOf(int count) {
    return (message, node) -> {
      ArrayNode some = OddNode.JSON.createArrayNode();
      node.answer(message).forEach(answer -> some.add(some.size() < count ? answer : null));
      while (some.size() > count) {
        some.remove(some.size() - 1);
      }
      return Reply.json(some);
    };
  }

  private static Habit atMost(int length) {
    return (message, node) ->
        message.size() > length
            ? Reply.json(OddNode.error(OddNode.JSON.nullNode(), -32600, "batch too long"))
            : Reply.json(node.answer(message));
  }

  private static Habit idsAsText() {
    return (message, node) -> {
      JsonNode answers = node.answer(message);
      answers.forEach(one -> ((ObjectNode) one).put("id", one.path("id").asText()));
      return Reply.json(answers);
    };
  }

  /** Answers every third message this way, and the same one better when it comes again. */
  private static Supplier<Habit> everyThird(Habit habit) {
    return () -> {
      AtomicInteger messages = new AtomicInteger();
      return (message, node) ->
          messages.incrementAndGet() % 3 == 0 && !isSent(message)
              ? habit.reply(message, node)
              : Reply.json(node.answer(message));
    };
  }

  private static boolean isSent(JsonNode message) {
    return message.path("method").asText().equals("eth_sendRawTransaction");
  }

  private static Habit limited(int code) {
    return (message, node) ->
        message.isArray()
            ? eachOf(code, "slow down").reply(message, node)
            : Reply.json(OddNode.error(message.get("id"), code, "slow down"));
  }

  private static Habit errorsWithStatus(int status) {
    return (message, node) -> {
      JsonNode answer = node.answer(message);
      return new Reply(answer.has("error") ? status : 200, answer.toString());
    };
  }

  private static Habit receipts(UnaryOperator<ObjectNode> change) {
    return OddNode.changing(
        "eth_getTransactionReceipt",
        receipt -> receipt.isNull() ? receipt : change.apply((ObjectNode) receipt));
  }

  private static JsonNode likeOptimism(JsonNode block) {
    ObjectNode changed = (ObjectNode) block;
    changed.put("blobGasUsed", "0x0").put("requestsHash", "0x" + "00".repeat(32));
    changed.putArray("withdrawals").addObject().put("index", "0x1").put("what", true);
    ObjectNode deposit = changed.withArray("transactions").addObject();
    deposit.put("type", "0x7e").put("sourceHash", "0x" + "11".repeat(32)).put("mint", "0x0");
    deposit.put("isSystemTx", false).put("hash", "0x" + "22".repeat(32)).putNull("v");
    return changed;
  }

  private static Map<String, Supplier<Habit>> all() {
    Map<String, Supplier<Habit>> kinds = new LinkedHashMap<>();
    withoutBatches()
        .forEach((name, habit) -> kinds.put("batches: " + name, () -> toBatches(habit)));
    kinds.put("batches: reversed", () -> toBatches(reversed()));
    kinds.put("batches: ids as text", () -> toBatches(idsAsText()));
    for (int count : List.of(1, 2, 3)) {
      kinds.put("batches: cut to " + count, () -> toBatches(firstOf(count)));
      kinds.put("batches: at most " + count, () -> toBatches(atMost(count)));
    }
    for (int status : List.of(429, 500, 502, 503)) {
      kinds.put("every third status " + status, everyThird(always(Reply.html(status))));
    }
    kinds.put("every third HTML", everyThird(always(Reply.html(200))));
    for (int code : List.of(-32005, 429, -32603)) {
      kinds.put("every third error " + code, everyThird(limited(code)));
    }
    kinds.put("errors with 400", () -> errorsWithStatus(400));
    kinds.put("errors with 500", () -> errorsWithStatus(500));
    kinds.put("blocks of an OP chain", () -> blocks());
    kinds.put(
        "receipts without status", () -> receipts(receipt -> receipt.without(List.of("status"))));
    kinds.put("receipts with a null status", () -> receipts(receipt -> receipt.putNull("status")));
    kinds.put(
        "receipts with more fields",
        () ->
            receipts(
                receipt ->
                    receipt.put("l1Fee", "0x1").put("depositReceiptVersion", "0x1").putNull("x")));
    kinds.put("receipts that come later", NodeKindsTest::nullAtFirst);
    kinds.put("blocks that begin with a deposit", () -> deposits());
    return kinds;
  }

  private static Habit deposits() {
    return OddNode.changing(
        "eth_getTransactionByHash",
        found -> found.isNull() ? found : ((ObjectNode) found).put("type", "0x7e").putNull("v"));
  }

  private static Habit blocks() {
    return OddNode.changing("eth_getBlockByNumber", NodeKindsTest::likeOptimism);
  }

  private static Habit nullAtFirst() {
    AtomicInteger asked = new AtomicInteger();
    return OddNode.changing(
        "eth_getTransactionReceipt",
        receipt -> asked.incrementAndGet() < 4 ? OddNode.JSON.nullNode() : receipt);
  }

  // ---- sales

  @TestFactory
  Stream<DynamicTest> aSaleGoesThrough() {
    return all().entrySet().stream()
        .map(kind -> DynamicTest.dynamicTest(kind.getKey(), () -> sells(kind.getValue().get())));
  }

  private static void sells(Habit habit) throws Exception {
    try (OddNode node = OddNode.of(chain.rpcUrl(), habit)) {
      EvmFacilitator facilitator = shop.builder(node.port()).build();
      facilitator.start(List.of(shop.offer));
      long before = shop.earned();
      for (int i = 0; i < 2; i++) {
        SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
        assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
        List<String> sent = new ArrayList<>();
        Settlement settlement = facilitator.settle(payment, sent::add);
        assertThat(settlement).isInstanceOf(Settlement.Settled.class);
        assertThat(facilitator.outcome(payment, List.of(sent.get(0)))).isEqualTo(settlement);
        assertThat(facilitator.outcome(payment, List.of())).isInstanceOf(Settlement.class);
      }
      assertThat(shop.earned() - before).isEqualTo(2 * Shop.PRICE);
      SignedPayment poor = shop.payment(facilitator, shop.payer(Shop.PRICE - 1));
      assertThat(facilitator.verify(poor)).isInstanceOf(Verification.Invalid.class);
      shop.usdc.misbehave(TestUsdc.Mode.PAUSED);
      try {
        assertThat(facilitator.verify(shop.payment(facilitator, shop.payer(Shop.PRICE))))
            .isInstanceOf(Verification.Invalid.class);
      } finally {
        shop.usdc.misbehave(TestUsdc.Mode.NONE);
      }
    }
  }

  // ---- what is learned

  @TestFactory
  Stream<DynamicTest> aNodeWithoutBatchesGetsSingleRequestsFromThenOn() {
    return withoutBatches().entrySet().stream()
        .map(
            kind ->
                DynamicTest.dynamicTest(
                    kind.getKey(), () -> learns(toBatches(kind.getValue()), 0)));
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "3, 2", "20, 1", "100, 1"})
  void aNodeThatLimitsBatchesGetsShorterOnesFromThenOn(int limit, int batches) throws Exception {
    learns(toBatches(atMost(limit)), batches);
  }

  private static void learns(Habit habit, int batchesOfFour) throws Exception {
    try (OddNode node = OddNode.of(chain.rpcUrl(), habit)) {
      Web3jChain port = node.port();
      List<Chain.Call> calls =
          Collections.nCopies(
              4, Chain.Call.latest(shop.offer.asset(), Eip3009.balanceOf(shop.payTo)));
      assertThat(port.call(calls)).hasSize(4);
      for (int i = 0; i < 3; i++) {
        node.forget();
        assertThat(port.call(calls)).hasSize(4);
        assertThat(node.calls()).as("no request comes twice").isEqualTo(4);
        assertThat(node.batches()).isEqualTo(batchesOfFour);
      }
    }
  }

  // ---- fees

  private static final Habit WITH_BASE_FEE =
      OddNode.changing(
          "eth_getBlockByNumber", block -> ((ObjectNode) block).put("baseFeePerGas", "0x64"));

  private static Habit without(Habit habit, List<String> methods) {
    return (message, node) -> {
      JsonNode answers = OddNode.JSON.readTree(habit.reply(message, node).body());
      if (!message.isArray()) {
        return missing(message, methods)
            ? Reply.json(OddNode.error(message.get("id"), -32601, "no such method"))
            : Reply.json(answers);
      }
      for (int i = 0; i < message.size(); i++) {
        if (missing(message.get(i), methods)) {
          ((ArrayNode) answers)
              .set(i, OddNode.error(message.get(i).get("id"), -32601, "no such method"));
        }
      }
      return Reply.json(answers);
    };
  }

  private static boolean missing(JsonNode request, List<String> methods) {
    return methods.contains(request.path("method").asText());
  }

  @Test
  void feesAreFoundOutWithoutEthGasPrice() throws Exception {
    List<String> gasPrice = List.of("eth_gasPrice", "eth_feeHistory");
    Habit known =
        (message, node) ->
            message.path("method").asText().equals("eth_maxPriorityFeePerGas")
                ? Reply.json(
                    OddNode.JSON
                        .createObjectNode()
                        .put("id", message.path("id").asLong())
                        .put("result", "0x7"))
                : WITH_BASE_FEE.reply(message, node);
    assertFees(without(known, gasPrice), BigInteger.valueOf(100), 7);
    assertFees(
        without(WITH_BASE_FEE, List.of("eth_gasPrice", "eth_maxPriorityFeePerGas")),
        BigInteger.valueOf(100),
        10);
    assertFees(OddNode.plain(), null, 0);
    try (OddNode node = OddNode.of(chain.rpcUrl(), without(OddNode.plain(), gasPrice))) {
      assertThatExceptionOfType(FacilitatorException.class)
          .as("neither a base fee nor a gas price")
          .isThrownBy(() -> node.port().fees());
    }
  }

  private static void assertFees(Habit habit, @Nullable BigInteger baseFee, long priority)
      throws Exception {
    try (OddNode node = OddNode.of(chain.rpcUrl(), habit)) {
      Chain.Quote fees = node.port().newest().fees();
      assertThat(fees.baseFee()).isEqualTo(baseFee);
      assertThat(fees.priorityFee()).isEqualTo(BigInteger.valueOf(priority));
    }
  }

  // ---- events

  /** Refuses what searches more blocks than this. */
  private static Habit searching(long most, Habit refusal) {
    return (message, node) -> {
      boolean isTooLong = false;
      for (JsonNode one : message.isArray() ? message : List.of(message)) {
        JsonNode filter = one.path("params").path(0);
        isTooLong |=
            one.path("method").asText().equals("eth_getLogs")
                && Long.decode(filter.path("toBlock").asText())
                        - Long.decode(filter.path("fromBlock").asText())
                        + 1
                    > most;
      }
      return isTooLong ? refusal.reply(message, node) : Reply.json(node.answer(message));
    };
  }

  private static Habit refusal(String how) {
    return switch (how) {
      case "error" -> limited(-32000);
      case "limit" -> limited(-32005);
      case "parameters" -> limited(-32602);
      case "400" -> always(Reply.html(400));
      case "413" -> always(Reply.html(413));
      case "503" -> always(Reply.html(503));
      default -> always(new Reply(200, how));
    };
  }

  @ParameterizedTest
  @CsvSource({
    "10000, error",
    "2000, 413",
    "500, error",
    "500, limit",
    "100, parameters",
    "10, error",
    "10, 400",
    "10, 503",
    "10, 'not JSON'",
    "1, error",
    "1, limit",
  })
  void aUseIsFoundWhateverRangeOfBlocksTheNodeAllows(long most, String how) throws Exception {
    EvmFacilitator selling = shop.builder().build();
    SignedPayment payment = shop.payment(selling, shop.payer(Shop.PRICE));
    String transaction = shop.preempt(payment);
    for (int i = 0; i < 60; i++) {
      chain.mine();
    }
    try (OddNode node = OddNode.of(chain.rpcUrl(), searching(most, refusal(how)))) {
      EvmFacilitator facilitator = shop.builder(node.port()).build();
      for (int i = 0; i < 2; i++) {
        node.forget();
        assertThat(facilitator.outcome(payment, List.of()))
            .isEqualTo(new Settlement.Settled(transaction, payment.payer(), shop.offer.amount()));
        System.out.printf(
            "RPC: a use 60 blocks ago, %d blocks allowed (%s): %d round trips, %d requests%n",
            most, how, node.roundTrips(), node.calls());
      }
      assertThat(node.roundTrips()).as("what is allowed is remembered").isLessThanOrEqualTo(14);
    }
  }

  /** A chain of 100,000 blocks, of which one has an event. */
  private static EventLogs search(long allowed, long at, List<EventLogs.Range> asked) {
    return new EventLogs(
        (filter, ranges) -> {
          asked.addAll(ranges);
          List<List<Chain.Event>> events = new ArrayList<>();
          for (EventLogs.Range range : ranges) {
            if (range.length() > allowed) {
              throw new FacilitatorException("the chain refused eth_getLogs");
            }
            events.add(
                range.from() <= at && at <= range.to()
                    ? List.of(new Chain.Event(shop.offer.asset(), List.of(), "0x", "0x" + at))
                    : List.of());
          }
          return events;
        },
        Ticker.SYSTEM);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 9, 10, 99, 500, 2_000, 9_999, 10_000, 50_000, 100_000})
  void searchesTheNewestBlocksFirstWithABoundedNumberOfRequests(long allowed) throws Exception {
    List<EventLogs.Range> asked = new ArrayList<>();
    Chain.EventFilter filter = new Chain.EventFilter(shop.offer.asset(), List.of());
    assertThat(
            search(allowed, 99_990, asked)
                .search(filter, BigInteger.ZERO, BigInteger.valueOf(99_999)))
        .hasSize(1);
    assertThat(asked).hasSizeLessThanOrEqualTo(EventLogs.MOST_REQUESTS);
    long next = 99_999;
    for (EventLogs.Range range : asked) {
      if (range.length() <= allowed) {
        assertThat(range.to()).isEqualTo(next);
        next = range.from() - 1;
      }
    }
    asked.clear();
    EventLogs nothing = search(allowed, -1, asked);
    if (allowed >= 500) {
      assertThat(nothing.search(filter, BigInteger.ZERO, BigInteger.valueOf(99_999))).isEmpty();
    } else {
      assertThatExceptionOfType(FacilitatorException.class)
          .as("not everything was searched")
          .isThrownBy(() -> nothing.search(filter, BigInteger.ZERO, BigInteger.valueOf(99_999)));
    }
    assertThat(asked).hasSizeLessThanOrEqualTo(EventLogs.MOST_REQUESTS);
  }
}
