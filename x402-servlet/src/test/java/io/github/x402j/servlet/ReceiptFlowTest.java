// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.network.LocalPaymentNetwork;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Payments that a payment network executes, shown to the seller as signed receipts. */
class ReceiptFlowTest {
  private static final Map<Stack, PaidWebapp> RUNNING = new EnumMap<>(Stack.class);
  private static final AtomicBoolean failing = new AtomicBoolean();
  private static Market market;
  private static LocalPaymentNetwork network;

  @BeforeAll
  static void startAll() {
    market = new Market(LocalChain.start(84532)); // one that version 1 has a name for
    network = LocalPaymentNetwork.start(market.usdc);
    Map<String, Handlers.Handler> handlers =
        Map.of(
            "it",
            (request, response) -> {
              if (failing.get()) {
                response.sendError(500);
                return;
              }
              response.getWriter().write(SECRET);
            });
    for (Stack stack : new Stack[] {Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW}) {
      RUNNING.put(
          stack,
          PaidWebapp.on(stack, market)
              .handlers(handlers)
              .filter(
                  filter ->
                      filter
                          .olderRequiredHeader()
                          .acceptReceipts(ReceiptVerifier.of(network.trustedBy(Market.PUBLIC_URL))))
              .start());
    }
  }

  @AfterAll
  static void stopAll() {
    RUNNING.values().forEach(PaidWebapp::close);
    network.close();
    market.close();
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }

  private static TestWallet wallet() {
    TestWallet wallet = TestWallet.random();
    market.usdc.mint(wallet.address(), 1_000_000);
    return wallet;
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void flowADescriptorInTheOlderHeaderAndReceiptInItsOwn(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    RawHttp.Response unpaid = app.get("/paid/it");
    assertThat(unpaid.status()).isEqualTo(402);
    PaymentRequired asked = PaymentCodec.decodeRequired(unpaid.header("X-Payment-Required"));
    assertThat(unpaid.header("Access-Control-Expose-Headers")).contains("X-Payment-Required");
    long before = app.earned();
    String receipt = network.pay(asked, "GET", wallet());

    RawHttp.Response paid = app.get("/paid/it", "X-Payment-Receipt: " + receipt);
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.text()).isEqualTo(SECRET);
    assertThat(paid.header("Cache-Control")).contains("private");
    assertThat(PaymentCodec.decodeSettlement(paid.header("PAYMENT-RESPONSE")).success()).isTrue();
    assertThat(app.earned()).isEqualTo(before + CENT);
    assertRefused(app.get("/paid/it", "X-Payment-Receipt: " + receipt));
    assertRefused(app.get("/paid/it", "X-Payment: " + receipt));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void flowBDescriptorInTheBodyAndReceiptAsThePayment(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    RawHttp.Response unpaid = app.get("/paid/it");
    PaymentRequired asked = PaymentCodec.decodeRequiredBody(unpaid.text());
    assertThat(unpaid.text()).contains("\"base-sepolia\"");
    String receipt = network.pay(asked, "GET", wallet());

    RawHttp.Response paid = app.get("/paid/it", "X-Payment: " + receipt);
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.text()).isEqualTo(SECRET);
    assertRefused(app.get("/paid/it", "X-Payment: " + receipt));
    assertRefused(app.get("/paid/it", "X-Payment-Receipt: " + receipt));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aReceiptIsForItsRouteMethodPriceAndOrigin(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    PaymentRequired asked = asked(app, "/paid/it");
    String good = network.pay(asked, "GET", wallet());
    String header = "X-Payment-Receipt: " + good;
    assertRefused(app.get("/cheap/it", header));
    assertRefused(app.get("/dear/it", header));
    assertRefused(app.get("/paid/it/more", header));
    assertRefused(app.request("POST", "/paid/it", header));

    PaymentRequirements option = asked.accepts().get(0);
    PaymentRequirements lower =
        PaymentRequirements.exact(
            market.token, TokenAmount.of(CENT - 1), option.payTo(), option.maxTimeout());
    PaymentRequirements more =
        PaymentRequirements.exact(
            market.token, TokenAmount.of(CENT + 1), option.payTo(), option.maxTimeout());
    PaymentRequirements toAnother =
        PaymentRequirements.exact(
            market.token,
            option.amount(),
            Address.parse(TestWallet.random().address()),
            option.maxTimeout());
    for (PaymentRequirements other : List.of(lower, more, toAnother)) {
      String receipt =
          network.pay(PaymentRequired.of(asked.resource(), List.of(other)), "GET", wallet());
      assertRefused(app.get("/paid/it", "X-Payment-Receipt: " + receipt));
    }
    String elsewhere =
        network.pay(
            PaymentRequired.of(ResourceInfo.of("https://other.example/paid/it"), asked.accepts()),
            "GET",
            wallet());
    assertRefused(app.get("/paid/it", "X-Payment-Receipt: " + elsewhere));
    assertThat(app.get("/paid/it", header).text()).isEqualTo(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void twoPaymentHeadersAre400AndUseNothing(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String receipt = network.pay(asked(app, "/paid/it"), "GET", wallet());
    String payment = market.payer().header(app.port(), "/paid/it");
    int runs = app.runs("it");
    for (String[] both :
        new String[][] {
          {"X-Payment-Receipt: " + receipt, "X-Payment: " + receipt},
          {"X-Payment-Receipt: " + receipt, payment},
          {"X-Payment: " + receipt, payment},
          {"X-Payment-Receipt: " + receipt, "X-Payment-Receipt: " + receipt},
        }) {
      RawHttp.Response response = app.get("/paid/it", both);
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.all()).doesNotContain(SECRET).doesNotContain(receipt);
    }
    assertThat(app.runs("it")).isEqualTo(runs);
    assertThat(app.get("/paid/it", "X-Payment: " + receipt).text()).isEqualTo(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aHandlerThatFailsLeavesTheReceiptGood(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String header = "X-Payment-Receipt: " + network.pay(asked(app, "/paid/it"), "GET", wallet());
    failing.set(true);
    try {
      assertThat(app.get("/paid/it", header).status()).isEqualTo(500);
    } finally {
      failing.set(false);
    }
    assertThat(app.get("/paid/it", header).text()).isEqualTo(SECRET);
    assertRefused(app.get("/paid/it", header));
  }

  private static PaymentRequired asked(PaidWebapp app, String target)
      throws IOException, MalformedPaymentException {
    return TestPayer.required(app.get(target));
  }

  private static void assertRefused(RawHttp.Response response) {
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.header("PAYMENT-REQUIRED")).isNotNull();
    assertThat(response.all()).doesNotContain(SECRET);
  }
}
