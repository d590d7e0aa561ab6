// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One authorization buys one delivery: the gate with a real facilitator, ledger and chain. */
class ReplayTest {
  private static final String SEND = "eth_sendRawTransaction";

  private LocalChain chain;
  private Shop shop;
  private PaymentGate gate;
  private Challenge challenge;
  private String json;

  @BeforeEach
  void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
    gate =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(1000, chain.clock()))
            .facilitator(shop.builder().settleTimeout(Duration.ofSeconds(10)).build())
            .clock(chain.clock())
            .build();
    gate.start(List.of(shop.offer));
    challenge = gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer)));
    json = PaymentCodec.payloadJson(payment(shop.payer(100_000)));
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private PaymentPayload payment(TestWallet payer) {
    return PaymentPayload.v2(
        shop.offer, shop.sign(shop.authorization(payer.address()), payer).toMap());
  }

  private Admission admit(String request, String header) {
    return gate.admit(challenge, Sale.purchase(request), Sale.headers("PAYMENT-SIGNATURE", header));
  }

  /** Returns the status of the answer; 200 is a delivery. */
  private int exchange(String request, String header) {
    Admission admission = admit(request, header);
    if (admission instanceof Admission.Admitted admitted) {
      Settlement settlement = gate.settle(admitted.payment());
      if (settlement instanceof Settlement.Settled) {
        gate.delivered(admitted.payment());
        return 200;
      }
      return gate.refuse(challenge, admitted.payment(), settlement).status();
    }
    return status(admission);
  }

  static Stream<Arguments> spellings() {
    Base64.Encoder standard = Base64.getEncoder();
    Base64.Encoder url = Base64.getUrlEncoder();
    return Stream.of(
        spelling("the same bytes", json -> encode(standard, json)),
        spelling("without padding", json -> encode(standard.withoutPadding(), json)),
        spelling("base64url", json -> encode(url, json)),
        spelling("white space around", json -> "  " + encode(standard, json) + " "),
        spelling("white space inside", json -> encode(standard, json.replace(",", " ,\n\t"))),
        spelling("unknown member", json -> encode(standard, "{\"x\":1," + json.substring(1))),
        spelling("unknown extension", json -> encode(standard, extended(json))),
        spelling("turned around", json -> encode(standard, turned(json))),
        spelling("escaped letters", json -> encode(standard, json.replace("exact", "\\u0065xact"))),
        spelling("lower-case hex", json -> encode(standard, lowerHex(json))),
        spelling("upper-case hex", json -> encode(standard, upperHex(json))),
        spelling("v of 0 or 1", json -> encode(standard, shortV(json))));
  }

  private interface Spelling {
    String of(String json);
  }

  private static Arguments spelling(String name, Spelling spelling) {
    return Arguments.of(name, spelling);
  }

  private static String encode(Base64.Encoder encoder, String json) {
    return encoder.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String extended(String json) {
    return json.substring(0, json.length() - 1) + ",\"extensions\":{\"e\":{\"info\":{\"i\":1}}}}";
  }

  /** Puts the last member of the message first. */
  private static String turned(String json) {
    int payload = json.indexOf("\"payload\":");
    return "{"
        + json.substring(payload, json.length() - 1)
        + ","
        + json.substring(1, payload - 1)
        + "}";
  }

  private static String lowerHex(String json) {
    return hex(json, text -> text.toLowerCase(Locale.ROOT));
  }

  private static String upperHex(String json) {
    return hex(json, text -> "0x" + text.substring(2).toUpperCase(Locale.ROOT));
  }

  private static String hex(String json, UnaryOperator<String> change) {
    return Pattern.compile("0x[0-9a-fA-F]{40,}")
        .matcher(json)
        .replaceAll(match -> change.apply(match.group()));
  }

  private static String shortV(String json) {
    return json.replaceFirst("1b\",\"authorization", "00\",\"authorization")
        .replaceFirst("1c\",\"authorization", "01\",\"authorization");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("spellings")
  void refusesTheSameAuthorizationInAnotherSpelling(String name, Spelling spelling) {
    String again = spelling.of(json);
    assertThat(exchange(Sale.REQUEST, Sale.base64(json))).isEqualTo(200);
    long sent = chain.requests(SEND);

    Refusal refusal = ((Admission.Refused) admit(Sale.REQUEST, again)).refusal();
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(refusal.body()).contains(ErrorReason.NONCE_ALREADY_USED.wireCode());
    assertThat(chain.requests(SEND)).isEqualTo(sent);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("spellings")
  void takesEachSpellingForAPaymentWhenItIsTheFirst(String name, Spelling spelling) {
    assertThat(exchange(Sale.REQUEST, spelling.of(json))).isEqualTo(200);
    assertThat(exchange(Sale.REQUEST, Sale.base64(json))).isEqualTo(402);
  }

  @Test
  void refusesForAnotherRequestWhatWasDelivered() {
    assertThat(exchange("GET /a", Sale.base64(json))).isEqualTo(200);
    assertThat(exchange("GET /b", Sale.base64(json))).isEqualTo(402);
    assertThat(exchange("POST /a", Sale.base64(json))).isEqualTo(402);
  }

  @Test
  void refusesAfterARestartBecauseTheChainKnows() {
    assertThat(exchange(Sale.REQUEST, Sale.base64(json))).isEqualTo(200);
    PaymentGate restarted =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(10, chain.clock()))
            .facilitator(shop.builder().build())
            .build();

    Admission admission =
        restarted.admit(
            challenge,
            Sale.purchase(Sale.REQUEST),
            Sale.headers("PAYMENT-SIGNATURE", Sale.base64(json)));
    assertThat(((Admission.Refused) admission).refusal().body())
        .contains(ErrorReason.NONCE_ALREADY_USED.wireCode());
  }

  @Test
  void deliversOnceToSixtyFourThatSendOneHeaderAtOnce() throws Exception {
    long sent = chain.requests(SEND);
    String header = Sale.base64(json);

    List<Integer> statuses = atOnce(64, () -> exchange(Sale.REQUEST, header));

    assertThat(statuses).filteredOn(status -> status == 200).hasSize(1);
    assertThat(statuses).isSubsetOf(200, 402, 503);
    assertThat(chain.requests(SEND)).isEqualTo(sent + 1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void deliversOnlyWhatTheBalanceCoversThoughAllWereVerified() throws Exception {
    TestWallet payer = shop.payer(Shop.PRICE);
    List<Admission.Admitted> admitted = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      admitted.add(
          (Admission.Admitted)
              gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(payment(payer))));
    }
    List<Callable<Settlement>> settles = new ArrayList<>();
    admitted.forEach(one -> settles.add(() -> gate.settle(one.payment())));

    assertThat(allAtOnce(settles)).filteredOn(Settlement.Settled.class::isInstance).hasSize(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void givesAPendingPaymentItsDeliveryOnceAndOnlyToItsRequest() throws Exception {
    PaymentGate hasty =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(10, chain.clock()))
            .facilitator(shop.builder().settleTimeout(Duration.ofMillis(100)).build())
            .build();
    var headers = Sale.headers("PAYMENT-SIGNATURE", Sale.base64(json));
    chain.faults().withholdReceipts();
    Admission.Admitted first =
        (Admission.Admitted) hasty.admit(challenge, Sale.purchase("GET /a"), headers);
    Settlement pending = hasty.settle(first.payment());
    Refusal refusal = hasty.refuse(challenge, first.payment(), pending);
    assertThat(refusal.status()).isEqualTo(503);
    SettlementResponse told =
        PaymentCodec.decodeSettlement(String.valueOf(refusal.headers().get("PAYMENT-RESPONSE")));
    assertThat(told.success()).isFalse();
    assertThat(chain.mined(told.transaction())).isTrue();
    long sent = chain.requests(SEND);

    assertThat(status(hasty.admit(challenge, Sale.purchase("GET /a"), headers))).isEqualTo(503);
    chain.faults().clear();
    assertThat(status(hasty.admit(challenge, Sale.purchase("GET /b"), headers))).isEqualTo(402);
    Admission.Admitted resumed =
        (Admission.Admitted) hasty.admit(challenge, Sale.purchase("GET /a"), headers);
    assertThat(hasty.settle(resumed.payment()))
        .isEqualTo(
            new Settlement.Settled(
                told.transaction(), resumed.payment().payer(), shop.offer.amount()));
    hasty.delivered(resumed.payment());
    assertThat(status(hasty.admit(challenge, Sale.purchase("GET /a"), headers))).isEqualTo(402);
    assertThat(chain.requests(SEND)).isEqualTo(sent);
  }

  private static int status(Admission admission) {
    return ((Admission.Refused) admission).refusal().status();
  }

  private static <T> List<T> atOnce(int threads, Callable<T> task) throws Exception {
    return allAtOnce(Collections.nCopies(threads, task));
  }

  private static <T> List<T> allAtOnce(List<Callable<T>> tasks) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(tasks.size());
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<T>> futures = new ArrayList<>();
      for (Callable<T> task : tasks) {
        futures.add(
            pool.submit(
                () -> {
                  start.await();
                  return task.call();
                }));
      }
      start.countDown();
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get(60, TimeUnit.SECONDS));
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }
}
