// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way from one resource to another: gated for where it leads, charged once. */
class DispatchTest {
  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEveryStack(
          app ->
              app.container(c -> c.errorPage(418, "/paid/errorpage"))
                  .handlers(handlers())
                  .site(DispatchTest::addNamed));

  /** Reached by its name only, and by its URL. */
  @RequiresPayment("$0.01")
  private static final class Named extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, SECRET);
    }
  }

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("secret", (request, response) -> write(response, SECRET));
    all.put(
        "refuse",
        (request, response) -> {
          response.setStatus(409);
          write(response, SECRET);
        });
    all.put(
        "errorpage",
        (request, response) -> {
          if (request.getParameter("ok") != null) {
            response.setStatus(200);
          }
          write(response, SECRET);
        });
    all.put("forward", (request, response) -> dispatcher(request).forward(request, response));
    all.put(
        "forward-after-writer",
        (request, response) -> {
          response.getWriter().write("page ");
          dispatcher(request).forward(request, response);
        });
    all.put(
        "include",
        (request, response) -> {
          dispatcher(request).include(request, response);
          write(response, " page");
        });
    all.put(
        "include-twice",
        (request, response) -> {
          dispatcher(request).include(request, response);
          dispatcher(request).include(request, response);
        });
    all.put(
        "include-dearer",
        (request, response) -> {
          dispatcher(request).include(request, response);
          request.getRequestDispatcher("/dear/dearer").include(request, response);
        });
    all.put("dearer", (request, response) -> write(response, "dearer"));
    all.put("async", (request, response) -> request.startAsync().dispatch(to(request)));
    all.put(
        "again",
        (request, response) -> {
          if (request.getDispatcherType() == DispatcherType.ASYNC) {
            write(response, SECRET);
          } else {
            request.startAsync().dispatch();
          }
        });
    all.put(
        "named-forward",
        (request, response) ->
            request.getServletContext().getNamedDispatcher("named").forward(request, response));
    all.put(
        "named-include",
        (request, response) ->
            request.getServletContext().getNamedDispatcher("named").include(request, response));
    all.put("error", (request, response) -> response.sendError(418));
    all.put(
        "attributes",
        (request, response) -> {
          request.setAttribute(PaidRequest.class.getName(), "paid");
          request.setAttribute(HeldRun.class.getName(), Map.of("paid", true));
          request.setAttribute(GatedResponse.class.getName() + ".page", "own");
          dispatcher(request).forward(request, response);
        });
    return all;
  }

  private static RequestDispatcher dispatcher(HttpServletRequest request) {
    return request.getRequestDispatcher(to(request));
  }

  private static String to(HttpServletRequest request) {
    return request.getParameter("to");
  }

  private static void write(HttpServletResponse response, String text) throws IOException {
    try {
      response.getWriter().write(text);
    } catch (IllegalStateException streamInUse) {
      response.getOutputStream().print(text);
    }
  }

  private static void addNamed(ServletContext context) {
    TestContainer.addServlet(context, "named", new Named(), "/named");
  }

  /** Free pages that lead to a paid resource. */
  static Stream<Arguments> fromFree() {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                Stream.of(
                        "/free/forward?to=/paid/secret",
                        "/free/forward?to=/free/forward%3Fto=/paid/secret",
                        "/free/forward?to=/stream/secret",
                        "/free/forward?to=/named",
                        "/free/forward-after-writer?to=/paid/secret",
                        "/free/include?to=/paid/secret",
                        "/free/include-twice?to=/paid/secret",
                        "/free/include?to=/named",
                        "/free/async?to=/paid/secret",
                        "/free/async?to=/stream/secret",
                        "/free/async?to=/named",
                        "/free/named-forward",
                        "/free/named-include",
                        "/free/attributes?to=/paid/secret")
                    .map(target -> Arguments.of(stack, target)));
  }

  @ParameterizedTest
  @MethodSource("fromFree")
  void aDispatchToAPaidResourceIsRefusedWithoutPayment(Stack stack, String target)
      throws IOException {
    RawHttp.Response response = RUNNING.get(stack).get(target);
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET);
    assertThat(TestPayer.required(response).accepts()).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("fromFree")
  void aDispatchToAPaidResourceIsDeliveredAndChargedOnce(Stack stack, String target)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, target);
    assertThat(response.status()).as(response.all()).isEqualTo(200);
    assertThat(response.text()).contains(SECRET);
    assertThat(response.headers("PAYMENT-RESPONSE")).hasSize(1);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  /** Paid pages that lead to something that costs as much, or nothing. */
  static Stream<Arguments> fromPaid() {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                Stream.of(
                        "/paid/forward?to=/cheap/secret",
                        "/paid/forward?to=/paid/secret",
                        "/paid/forward?to=/free/secret",
                        "/paid/forward?to=/named",
                        "/paid/include?to=/cheap/secret",
                        "/paid/include-twice?to=/cheap/secret",
                        "/paid/async?to=/cheap/secret",
                        "/paid/async?to=/paid/again",
                        "/paid/again",
                        "/paid/named-forward",
                        "/paid/named-include",
                        "/dear/forward?to=/cheap/secret",
                        "/stream/forward?to=/cheap/secret",
                        "/stream/include-twice?to=/cheap/secret",
                        "/stream/again")
                    .map(target -> Arguments.of(stack, target)));
  }

  @ParameterizedTest
  @MethodSource("fromPaid")
  void onePaymentIsEnoughForAllThatCostsNoMore(Stack stack, String target) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    long price = target.startsWith("/dear") ? 5 * CENT : CENT;
    RawHttp.Response response = app.pay(payer, target);
    assertThat(response.status()).as(response.all()).isEqualTo(200);
    assertThat(response.text()).contains(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - price);
  }

  /** Paid pages that lead to something dearer. */
  static Stream<Arguments> toDearer() {
    return Stream.of(Stack.values())
        .flatMap(
            stack ->
                Stream.of(
                        "/paid/forward?to=/dear/secret",
                        "/paid/include?to=/dear/secret",
                        "/paid/async?to=/dear/secret",
                        "/errors/forward?to=/dear/secret",
                        "/errors/include?to=/dear/secret",
                        "/errors/async?to=/dear/secret")
                    .map(target -> Arguments.of(stack, target)));
  }

  @ParameterizedTest
  @MethodSource("toDearer")
  void whatCostsMoreIsNotReachedByACheaperPayment(Stack stack, String target) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, target);
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET).doesNotContain(" page");
    assertThat(TestPayer.required(response).accepts().get(0).amount()).hasToString("50000");
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  /** What was charged arrives, although the page goes on to reach for more. */
  @ParameterizedTest
  @EnumSource
  void aPageKeepsThePartThatWasPaidForAndGoesWithoutADearerOne(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response page = app.pay(payer, "/free/include-dearer?to=/paid/secret");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.text()).isEqualTo(SECRET);
    assertThat(page.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @ParameterizedTest
  @EnumSource
  void aPaidErrorPageIsNotShown(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response unpaid = app.get("/free/error");
    assertThat(unpaid.all()).doesNotContain(SECRET);
    assertThat(unpaid.status()).isBetween(400, 499);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response paid = app.get("/free/error", payer.header(app.port(), "/paid/errorpage"));
    // Its status is the error's, and an error costs nothing, so it brings nothing either.
    assertThat(paid.all()).doesNotContain(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource
  void aPaidErrorPageThatSaysItIsFineIsChargedOnce(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/free/error?ok=yes");
    assertThat(unpaid.status()).isEqualTo(402);
    RawHttp.Response paid = app.get("/free/error?ok=yes", payer.header(unpaid));
    assertThat(paid.text()).contains(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @ParameterizedTest
  @EnumSource
  void anIncludedErrorIsNotShownAndCostsNothing(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, "/free/include?to=/errors/refuse");
    assertThat(response.status()).isEqualTo(409);
    assertThat(response.all()).doesNotContain(SECRET).doesNotContain(" page");
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource
  void theErrorPageOfAPaidRequestIsNotChargedAgain(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, "/paid/error");
    assertThat(response.status()).isEqualTo(418);
    assertThat(response.all()).as("a page that has a price").doesNotContain(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource
  void theMarkOfAPaidRequestCannotBeForged(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    String name = PaidRequest.class.getName();
    RawHttp.Response response =
        app.get(
            "/paid/secret?" + name + "=paid&" + HeldRun.class.getName() + "=x",
            name + ": paid",
            "PAYMENT-RESPONSE: eyJzdWNjZXNzIjp0cnVlfQ==",
            "X-PAYMENT-RESPONSE: eyJzdWNjZXNzIjp0cnVlfQ==",
            "X-TEST: 1",
            "Cookie: " + name + "=paid");
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET);
  }
}
