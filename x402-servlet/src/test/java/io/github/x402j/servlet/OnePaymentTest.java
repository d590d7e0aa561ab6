// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentCodec;
import io.github.x402j.gate.VerifiedPayment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One authorization buys one delivery, in either version of the protocol. */
class OnePaymentTest {
  private static final int AT_ONCE = 64;

  /** The one handler that runs is not done before all other requests are. */
  private static volatile CountDownLatch othersAnswered = new CountDownLatch(0);

  private static final Map<String, Handlers.Handler> HANDLERS =
      Map.of(
          "secret", (request, response) -> response.getWriter().write(SECRET),
          "slow",
              (request, response) -> {
                assertThat(othersAnswered.await(20, TimeUnit.SECONDS)).isTrue();
                response.getWriter().write(SECRET);
              },
          "told",
              (request, response) -> {
                VerifiedPayment payment = Payments.of(request).orElseThrow();
                response
                    .getWriter()
                    .write(
                        payment.payer()
                            + " "
                            + payment.amount()
                            + " "
                            + payment.settlement().map(s -> s.transaction()).orElse("unsettled"));
              },
          "none", (request, response) -> response.getWriter().print(Payments.of(request)));

  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(app -> app.handlers(HANDLERS));

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void oneHeaderSentManyTimesAtOnceBuysOneDelivery(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/paid/slow");
    long sent = RUNNING.market().chain.requests("eth_sendRawTransaction");
    ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
    CountDownLatch start = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(AT_ONCE - 1);
    othersAnswered = answered;
    List<Future<RawHttp.Response>> answers = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      answers.add(
          pool.submit(
              () -> {
                start.await();
                RawHttp.Response response = app.get("/paid/slow", header);
                answered.countDown();
                return response;
              }));
    }
    start.countDown();
    List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
    int delivered = 0;
    for (Future<RawHttp.Response> answer : answers) {
      RawHttp.Response response = answer.get();
      statuses.add(response.status());
      delivered += response.all().contains(SECRET) ? 1 : 0;
    }
    pool.shutdown();
    assertThat(delivered).isEqualTo(1);
    assertThat(statuses).containsOnlyOnce(200).allMatch(s -> s == 200 || s == 503 || s == 402);
    assertThat(app.runs("slow")).isEqualTo(1);
    assertThat(RUNNING.market().chain.requests("eth_sendRawTransaction") - sent).isEqualTo(1);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void bothVersionsPayTheSameUrl(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/secret");
    assertThat(PaymentCodec.decodeRequiredBody(unpaid.text()).accepts()).hasSize(1);

    RawHttp.Response v1 = app.get("/paid/secret", payer.headerV1(unpaid));
    assertThat(v1.text()).isEqualTo(SECRET);
    assertThat(v1.header("PAYMENT-RESPONSE")).isNull();
    String v1Told = decoded(Objects.requireNonNull(v1.header("X-PAYMENT-RESPONSE")));
    assertThat(v1Told).contains("\"network\":\"base-sepolia\"").contains("\"success\":true");

    RawHttp.Response v2 = app.get("/paid/secret", payer.header(unpaid));
    assertThat(v2.text()).isEqualTo(SECRET);
    assertThat(v2.header("X-PAYMENT-RESPONSE")).isNull();
    String v2Told = decoded(Objects.requireNonNull(v2.header("PAYMENT-RESPONSE")));
    assertThat(v2Told).contains("\"network\":\"eip155:84532\"").contains(payer.address());
    assertThat(payer.balance()).isEqualTo(1_000_000 - 2 * CENT);
  }

  private static String decoded(String header) {
    return new String(Base64.getDecoder().decode(header), UTF_8);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void twoPaymentsInOneRequestAreOneTooMany(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/secret");
    String v2 = payer.header(unpaid);
    String lower = "payment-signature" + v2.substring("PAYMENT-SIGNATURE".length());
    String comma = v2 + "," + v2.substring("PAYMENT-SIGNATURE: ".length());
    assertThat(app.get("/paid/secret", v2, payer.headerV1(unpaid)).status()).isEqualTo(400);
    assertThat(app.get("/paid/secret", v2, v2).status()).isEqualTo(400);
    assertThat(app.get("/paid/secret", v2, lower).status()).isEqualTo(400);
    assertThat(app.get("/paid/secret", comma).status()).isEqualTo(400);
    assertThat(payer.balance()).isEqualTo(1_000_000);
    assertThat(app.get("/paid/secret", lower).text()).isEqualTo(SECRET);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPaymentIsGoodForOneRequestHoweverItIsWritten(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/secret");
    String header = payer.header(unpaid);
    assertThat(app.get("/paid/secret", header).status()).isEqualTo(200);
    String text = header.substring("PAYMENT-SIGNATURE: ".length());
    String json = decoded(text);
    List<String> again =
        List.of(
            header,
            "Payment-Signature: " + text.replace("=", ""),
            "PAYMENT-SIGNATURE: " + base64(json.replace(":", " :\n ").replace("0x : ", "0x")),
            "PAYMENT-SIGNATURE: " + base64(lowerCaseAddresses(json, payer)));
    for (String line : again) {
      RawHttp.Response response = app.get("/paid/secret", line);
      assertThat(response.status()).as(line).isIn(402, 400);
      assertThat(response.all()).doesNotContain(SECRET);
    }
    // Neither for another page at the same price, nor for another query of the same page.
    String other = payer.header(unpaid);
    assertThat(app.get("/paid/secret?a=1", other).status()).isEqualTo(200);
    assertThat(app.get("/paid/secret?a=2", other).status()).isEqualTo(402);
    assertThat(app.get("/cheap/secret", other).status()).isEqualTo(402);
    assertThat(payer.balance()).isEqualTo(1_000_000 - 2 * CENT);
  }

  private static String lowerCaseAddresses(String json, TestPayer payer) {
    String lower = payer.address().toLowerCase(Locale.ROOT);
    return json.replace(payer.address(), lower);
  }

  private static String base64(String json) {
    return Base64.getEncoder().encodeToString(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aCheapPaymentDoesNotBuyWhatIsDearer(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.get("/dear/secret", payer.header(app.get("/paid/secret")));
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET);
    RawHttp.Response v1 = app.get("/dear/secret", payer.headerV1(app.get("/paid/secret")));
    assertThat(v1.status()).isEqualTo(402);
    assertThat(TestPayer.required(v1).error())
        .isEqualTo("invalid_exact_evm_payload_authorization_value_mismatch");
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aHandlerIsToldWhoPaid(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    assertThat(app.pay(payer, "/paid/told").text()).isEqualTo(payer.address() + " 10000 unsettled");
    assertThat(app.pay(payer, "/stream/told").text())
        .matches(payer.address() + " 10000 0x[0-9a-f]{64}");
    assertThat(app.get("/free/none").text()).isEqualTo("Optional.empty");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void anOverdrawnAccountGetsNothing(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    payer.goBroke();
    RawHttp.Response response = app.pay(payer, "/paid/secret");
    assertThat(response.status()).isEqualTo(402);
    assertThat(TestPayer.required(response).error()).isEqualTo("insufficient_funds");
    assertThat(response.header("PAYMENT-RESPONSE")).isNotNull();
  }
}
