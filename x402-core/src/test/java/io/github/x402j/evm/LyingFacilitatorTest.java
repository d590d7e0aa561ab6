// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A facilitator that says yes to everything, and a seller who looks for itself. */
class LyingFacilitatorTest {
  private static final String NOWHERE = "0x" + "ab".repeat(32);

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final TestWallet liarsKey = TestWallet.random();
  private HttpServer server;
  private URI url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    answers.put(
        "/supported",
        "{\"kinds\":[{\"x402Version\":2,\"scheme\":\"exact\",\"network\":\"eip155:84532\"}],"
            + "\"signers\":{\"eip155:*\":[\""
            + liarsKey.address()
            + "\"]}}");
    answers.put("/verify", "{\"isValid\":true}");
    answers.put("/settle", success(NOWHERE));
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          if (!path.equals("/supported")) {
            asked.incrementAndGet();
          }
          byte[] body = answers.get(path).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    shop.close();
  }

  private static String success(String transaction) {
    return "{\"success\":true,\"network\":\"eip155:84532\",\"transaction\":\""
        + transaction
        + "\"}";
  }

  private HttpFacilitator facilitator(boolean readsChain) {
    EvmLocalChecks.Builder checks = EvmLocalChecks.builder().clock(shop.clock);
    if (readsChain) {
      checks.chain(shop.network(), shop.rpc);
    }
    return HttpFacilitator.builder(url, checks.build())
        .settleTimeout(Duration.ofSeconds(2))
        .build();
  }

  private SignedPayment payment(Facilitator facilitator) throws Exception {
    TestWallet payer = shop.payer(Shop.PRICE);
    var checked =
        facilitator.check(
            PaymentPayload.v2(
                shop.offer, shop.sign(shop.authorization(payer.address()), payer).toMap()),
            shop.offer);
    return ((Verification.Valid) checked).payment();
  }

  @Test
  void cannotOpenTheGateWithABadSignatureAndIsNotEvenAsked() {
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(10))
            .facilitator(facilitator(false))
            .clock(shop.clock)
            .build();
    gate.start(List.of(shop.offer));
    Challenge challenge =
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer)));
    TestWallet payer = shop.payer(Shop.PRICE);
    TransferAuthorization authorization = shop.authorization(payer.address());
    PaymentPayload forged =
        PaymentPayload.v2(shop.offer, shop.sign(authorization, TestWallet.random()).toMap());
    assertThat(gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(forged)))
        .isInstanceOf(Admission.Refused.class);
    assertThat(asked).hasValue(0);

    PaymentPayload good = PaymentPayload.v2(shop.offer, shop.sign(authorization, payer).toMap());
    assertThat(gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(good)))
        .isInstanceOf(Admission.Admitted.class);
    assertThat(asked).hasValue(1);
  }

  @Test
  void saysSuccessAndNoMoneyHasMoved() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    facilitator.start(List.of(shop.offer));
    SignedPayment payment = payment(facilitator);
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(NOWHERE));
    assertThat(facilitator.outcome(payment, List.of(NOWHERE)))
        .isInstanceOf(Settlement.Pending.class);
    chain.advanceTime(Duration.ofMinutes(2));
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(NOWHERE)))
        .isInstanceOf(Settlement.Failed.class);
  }

  @Test
  void saysSuccessOfATransactionThatPaidForSomethingElse() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    String another = shop.preempt(payment(facilitator));
    answers.put("/settle", success(another));
    assertThat(facilitator.settle(payment(facilitator), hash -> {}))
        .isNotInstanceOf(Settlement.Settled.class);
  }

  @Test
  void isBelievedWhenTheChainSaysSoToo() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    SignedPayment payment = payment(facilitator);
    String transaction = shop.preempt(payment);
    answers.put("/settle", success(transaction));
    assertThat(facilitator.settle(payment, hash -> {}))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(transaction));
  }

  /** The answer is lost; the chain has it. */
  @Test
  void readsFromTheChainWhatTheFacilitatorDoesNotSay() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    SignedPayment payment = payment(facilitator);
    String transaction = shop.preempt(payment);
    answers.put("/settle", "<html>");
    assertThat(facilitator.settle(payment, hash -> {}))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(transaction));
  }

  /** E08: a stranger's early transaction pays us; E07: the facilitator's own paid for another. */
  @Test
  void usedByAStrangerIsPaidAndUsedByTheFacilitatorIsNot() throws Exception {
    answers.put(
        "/settle", "{\"success\":false,\"errorReason\":\"invalid_exact_evm_nonce_already_used\"}");
    HttpFacilitator facilitator = facilitator(true);
    facilitator.start(List.of(shop.offer));
    SignedPayment byStranger = payment(facilitator);
    shop.preempt(byStranger);
    assertThat(facilitator.settle(byStranger, hash -> {})).isInstanceOf(Settlement.Settled.class);

    chain.fund(liarsKey.address(), BigInteger.TEN.pow(18));
    SignedPayment byFacilitator = payment(facilitator);
    shop.preempt(byFacilitator, liarsKey);
    assertThat(facilitator.settle(byFacilitator, hash -> {})).isInstanceOf(Settlement.Failed.class);
  }

  private static String failure(String reason, String transaction) {
    return "{\"success\":false,\"network\":\"eip155:84532\",\"errorReason\":\""
        + reason
        + "\",\"transaction\":\""
        + transaction
        + "\"}";
  }

  /** It says failed of a transfer that comes a moment later: the same payment gets the result. */
  @Test
  void saysFailedOfATransferThatIsOnItsWay() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    for (String reason :
        List.of("invalid_exact_evm_transaction_failed", "invalid_transaction_state", "who_knows")) {
      answers.put("/settle", failure(reason, ""));
      SignedPayment payment = payment(facilitator);
      assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
      assertThat(facilitator.outcome(payment, List.of())).isEqualTo(new Settlement.Pending(null));
      String transaction = shop.preempt(payment, liarsKey());
      assertThat(facilitator.outcome(payment, List.of()))
          .isInstanceOfSatisfying(
              Settlement.Settled.class,
              settled -> assertThat(settled.transaction()).isEqualTo(transaction));
    }
  }

  /** It says so when the transfer is on the chain: the chain is asked before anything is failed. */
  @Test
  void saysFailedOfATransferThatIsOnTheChain() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    for (String reason : List.of("invalid_exact_evm_transaction_failed", "insufficient_funds")) {
      answers.put("/settle", failure(reason, ""));
      SignedPayment payment = payment(facilitator);
      shop.preempt(payment);
      assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    }
  }

  @Test
  void isBelievedWhereNothingCanHaveBeenSent() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    answers.put("/settle", failure("insufficient_funds", ""));
    assertThat(facilitator.settle(payment(facilitator), hash -> {}))
        .isInstanceOf(Settlement.Failed.class);
  }

  /** A transaction that moved nothing is named, and the one that pays comes later. */
  @Test
  void saysSuccessOfAnotherTransactionThanTheOneThatPays() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    String another = shop.preempt(payment(facilitator));
    answers.put("/settle", success(another));
    SignedPayment payment = payment(facilitator);
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
    String transaction = shop.preempt(payment, liarsKey());
    assertThat(facilitator.outcome(payment, List.of()))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(transaction));
  }

  /** The node that says "unused" may be behind the one that tells the time. */
  @Test
  void hasFailedOnlySomeTimeAfterTheWindow() throws Exception {
    HttpFacilitator facilitator = facilitator(true);
    answers.put("/settle", failure("invalid_exact_evm_transaction_failed", ""));
    SignedPayment payment = payment(facilitator);
    Duration toTheEnd = Duration.between(shop.clock.instant(), payment.validBefore());
    chain.advanceTime(toTheEnd.plusSeconds(5));
    chain.mine();
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(new Settlement.Pending(null));
    chain.advanceTime(EvmLocalChecks.MARGIN);
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of()))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED));
  }

  private TestWallet liarsKey() {
    chain.fund(liarsKey.address(), BigInteger.TEN.pow(18));
    return liarsKey;
  }
}
