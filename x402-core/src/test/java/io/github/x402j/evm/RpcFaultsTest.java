// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.testing.Faults;
import io.github.x402j.testing.LocalChain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each method of the node fails in each way while a payment is verified and settled: whatever is
 * said to be settled has moved, whatever is said to have failed has not, and once the node is well
 * the chain's answer is had.
 */
class RpcFaultsTest {
  private static final Duration RPC_TIMEOUT = Duration.ofMillis(150);
  private static final List<String> METHODS =
      List.of(
          "eth_call",
          "eth_estimateGas",
          "eth_getBlockByNumber",
          "eth_gasPrice",
          "eth_getTransactionCount",
          "eth_sendRawTransaction",
          "eth_getTransactionReceipt",
          "eth_getLogs",
          Faults.ANY_METHOD);

  /** Nonsense in place of these answers; the other methods are read by the same code. */
  private static final List<String> ANSWERED_WITH_NONSENSE =
      List.of("eth_call", "eth_gasPrice", "eth_sendRawTransaction", "eth_getTransactionReceipt");

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

  private static Map<String, BiConsumer<Faults, String>> faults() {
    Map<String, BiConsumer<Faults, String>> faults = new LinkedHashMap<>();
    faults.put("delayed", (f, m) -> f.delay(m, RPC_TIMEOUT.multipliedBy(2)));
    faults.put("dropped", Faults::drop);
    faults.put("answer dropped", Faults::dropAnswer);
    faults.put("status 500", (f, m) -> f.status(m, 500));
    faults.put("status 429", (f, m) -> f.status(m, 429));
    faults.put("status 302", (f, m) -> f.status(m, 302));
    faults.put("internal error", (f, m) -> f.error(m, -32603, "internal error"));
    faults.put("rate limit", (f, m) -> f.error(m, -32005, "limit exceeded"));
    faults.put("unknown type", (f, m) -> f.error(m, -32000, "unknown transaction type"));
    for (String body :
        List.of(
            "",
            "null",
            "[]",
            "{}",
            "[null]",
            "true",
            "\"x\"",
            "<html>502</html>",
            "{\"id\":",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"nonsense\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"status\":\"0x1\"}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{}]}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"text\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":3,\"message\":null}}")) {
      faults.put("answers " + body, (f, m) -> f.garbage(m, body));
    }
    return faults;
  }

  @TestFactory
  Stream<DynamicTest> neverSaysMoreThanTheChainKnows() {
    List<DynamicTest> tests = new ArrayList<>();
    faults()
        .forEach(
            (name, fault) -> {
              for (String method : name.startsWith("answers") ? ANSWERED_WITH_NONSENSE : METHODS) {
                tests.add(DynamicTest.dynamicTest(method + " " + name, () -> holds(fault, method)));
              }
            });
    return tests.stream();
  }

  private static void holds(BiConsumer<Faults, String> fault, String method) throws Exception {
    DelegatingChain port = new DelegatingChain(Web3jChain.at(chain.rpcUrl(), RPC_TIMEOUT));
    EvmFacilitator facilitator = shop.builder(port).settleTimeout(Duration.ofMillis(60)).build();
    SignedPayment payment = shop.payment(facilitator, shop.payer(10_000));
    List<String> recorded = new ArrayList<>();
    Settlement settlement = null;
    try {
      fault.accept(chain.faults(), method);
      try {
        assertThat(facilitator.verify(payment)).isInstanceOf(Verification.class);
      } catch (FacilitatorException e) {
        assertThat(e).hasMessageNotContaining(chain.rpcUrl().getAuthority());
      }
      try {
        settlement = facilitator.settle(payment, recorded::add);
      } catch (FacilitatorException e) {
        assertThat(shop.isUsed(payment)).as("nothing was sent").isFalse();
      }
    } finally {
      chain.faults().clear();
    }
    port.become(Web3jChain.at(chain.rpcUrl())); // patient: a slow machine is not a fault
    assertHonest(settlement, payment);
    afterwards(facilitator, payment, settlement, recorded);
  }

  private static void assertHonest(Settlement settlement, SignedPayment payment) {
    if (settlement instanceof Settlement.Settled) {
      assertThat(shop.balance(payment.payer())).isZero();
    }
    if (settlement instanceof Settlement.Failed) {
      assertThat(shop.balance(payment.payer())).isEqualTo(10_000);
    }
  }

  /**
   * A delayed transaction may come in just now and take the number of this one. Only then, and with
   * nothing sent of this one, it may be tried once more.
   */
  private static Settlement settled(
      EvmFacilitator facilitator, SignedPayment payment, SignedPayment delayed) throws Exception {
    try {
      return facilitator.settle(payment, hash -> {});
    } catch (FacilitatorException e) {
      assertThat(shop.isUsed(delayed)).as("refused without a delayed transaction: " + e).isTrue();
      assertThat(shop.isUsed(payment)).as("nothing was sent").isFalse();
      return facilitator.settle(payment, hash -> {});
    }
  }

  /** The node is well again: the outcome is what the token says, and others can still pay. */
  private static void afterwards(
      EvmFacilitator facilitator,
      SignedPayment payment,
      Settlement settlement,
      List<String> recorded)
      throws Exception {
    if (settlement instanceof Settlement.Pending pending) {
      assertThat(pending.transaction()).hasValue(recorded.get(recorded.size() - 1));
      boolean usedBefore = shop.isUsed(payment); // a delayed transaction may come in just now
      Settlement outcome = facilitator.outcome(payment, pending.transaction().stream().toList());
      boolean usedAfter = shop.isUsed(payment);
      assertThat(outcome instanceof Settlement.Settled).isIn(usedBefore, usedAfter);
      assertThat(outcome).isNotInstanceOf(Settlement.Failed.class);
    }
    SignedPayment next = shop.payment(facilitator, shop.payer(10_000));
    Settlement nextOutcome = settled(facilitator, next, payment);
    for (int i = 0; i < 50 && nextOutcome instanceof Settlement.Pending pending; i++) {
      Thread.sleep(100); // on a slow machine
      nextOutcome = facilitator.outcome(next, pending.transaction().stream().toList());
    }
    assertThat(nextOutcome).isInstanceOf(Settlement.Settled.class);
  }
}
