// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.extension.PaymentIdentifiers;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A payer that names its payment gets the answer again that it bought. */
class PaymentIdentifierTest {
  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.routes(Route.of("/paid/*").price("$0.01"))
                  .handlers(handlers())
                  .filter(filter -> filter.paymentIdentifiers(PaymentIdentifiers.optional())));

  private static final AtomicInteger runs = new AtomicInteger();
  private static final AtomicInteger names = new AtomicInteger();

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> handlers =
        Map.of(
            "once",
            (request, response) -> {
              int run = runs.incrementAndGet();
              response.setStatus(203);
              response.setContentType("text/plain;charset=UTF-8");
              response.addHeader("X-Many", "one");
              response.addHeader("X-Many", "two");
              response.addHeader("Set-Cookie", "a=b");
              response.getWriter().write("gr\u00fc\u00dfe " + run);
            },
            "large",
            (request, response) -> response.getOutputStream().write(new byte[300_000]));
    return handlers;
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }

  private static String id() {
    return "purchase-number-" + names.incrementAndGet();
  }

  private static String named(PaymentPayload plain, String id) {
    PaymentPayload named =
        plain.withInfo(PaymentIdentifiers.EXTENSION, Map.of("required", false, "id", id));
    return PaymentHeader.PAYMENT_SIGNATURE + ": " + PaymentCodec.encodePayload(named);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void givesTheAnswerAgainWithoutTheHandlerOrTheChain(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/once");
    assertThat(TestPayer.required(unpaid).extensions()).containsKey("payment-identifier");
    String header = named(payer.payload(unpaid), id());
    RawHttp.Response paid = app.get("/paid/once", header);
    assertThat(paid.status()).isEqualTo(203);
    int before = runs.get();
    long asked = RUNNING.market().chain.requests();

    RawHttp.Response again = app.get("/paid/once", header);

    assertThat(again.status()).isEqualTo(203);
    assertThat(again.text()).isEqualTo(paid.text()).startsWith("gr\u00fc\u00dfe ");
    for (String name : new String[] {"PAYMENT-RESPONSE", "X-Many", "Content-Type", "Vary"}) {
      assertThat(again.headers(name)).as(name).isEqualTo(paid.headers(name)).isNotEmpty();
    }
    assertThat(again.header("Cache-Control")).isEqualTo("private");
    assertThat(again.header("Set-Cookie")).isNull();
    assertThat(runs).hasValue(before);
    assertThat(RUNNING.market().chain.requests()).isEqualTo(asked);
    assertThat(payer.balance()).isEqualTo(1_000_000 - PaidWebapp.CENT);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void refusesAnotherPaymentUnderTheNameAndServesAnotherPayerUnderIt(Stack stack)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String id = id();
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/once");
    String first = app.get("/paid/once", named(payer.payload(unpaid), id)).text();

    assertThat(app.get("/paid/once", named(payer.payload(unpaid), id)).status()).isEqualTo(409);
    RawHttp.Response others =
        app.get("/paid/once", named(RUNNING.market().payer().payload(unpaid), id));
    assertThat(others.status()).isEqualTo(203);
    assertThat(others.text()).isNotEqualTo(first);
    assertThat(app.get("/paid/once", named(payer.payload(unpaid), "short")).status())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void refusesAsUsedWhatIsTooLargeToKeep(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String header = named(RUNNING.market().payer().payload(app.get("/paid/large")), id());
    assertThat(app.get("/paid/large", header).body()).hasSize(300_000);
    RawHttp.Response again = app.get("/paid/large", header);
    assertThat(again.status()).isEqualTo(402);
  }
}
