// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Price;
import io.github.x402j.gate.AccessDecision;
import io.github.x402j.gate.AccessHook;
import io.github.x402j.gate.AccessRequest;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who gets something priced besides those who pay, through real containers and a real chain. */
class AccessTest {
  private static final String KEY = "X-Api-Key: k1";
  private static final CountDownLatch END = new CountDownLatch(1);
  private static final TestWallet SHOP = TestWallet.random();
  private static final Map<String, AccessDecision.OnPayer> PAYERS = new ConcurrentHashMap<>();

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(handlers())
                  .routes(
                      Route.of("/paid/*").price("$0.01"),
                      Route.of("/dear/*").price("$0.05"),
                      Route.of("/stream/*").price("$0.01").settleFirst(),
                      Route.of("/errors/*").price(AccessTest::noPrice),
                      Route.of("/cheap/*").pricedByHandler())
                  .filter(
                      filter ->
                          filter
                              .access(new Access())
                              .accessTimeout(Duration.ofSeconds(1))
                              .bufferLimit(1_000)));

  /** What this webapp decides; a real one has a hook for each. */
  private static final class Access implements AccessHook {
    @Override
    public AccessDecision decide(AccessRequest request) throws Exception {
      if (request.header("X-Screened").isPresent()) {
        return AccessDecision.refuse(451, "screened");
      }
      if (request.header("X-Hangs").isPresent()) {
        END.await();
      }
      if (request.header("X-Fails").isPresent()) {
        throw new IllegalStateException(SECRET);
      }
      if (request.header("X-Shop").isPresent()) {
        return AccessDecision.payTo(Address.parse(SHOP.address()));
      }
      if (request.header("X-Cheap-Only").isPresent()
          && !request.resource().getPath().startsWith("/paid/")) {
        return AccessDecision.charge();
      }
      return request.header("X-Api-Key").filter("k1"::equals).isPresent()
              || request.principal().map(Principal::getName).filter("ann"::equals).isPresent()
              || request.attribute("plan").filter("free"::equals).isPresent()
          ? AccessDecision.grant("api-key")
          : AccessDecision.charge();
    }

    @Override
    public AccessDecision.OnPayer decideOnPayer(AccessRequest request, VerifiedPayment payment) {
      return PAYERS.getOrDefault(payment.payer().toString(), AccessDecision.charge());
    }
  }

  @AfterAll
  static void letHooksEnd() {
    END.countDown();
  }

  private static Price noPrice(HttpServletRequest request) {
    throw new IllegalStateException("no price");
  }

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("secret", (request, response) -> response.getWriter().write(SECRET));
    all.put(
        "facts",
        (request, response) -> {
          response.setHeader("Cache-Control", "public, max-age=600, s-maxage=600");
          response.setHeader("PAYMENT-RESPONSE", "forged");
          response.setHeader("Paid", String.valueOf(Payments.of(request).isPresent()));
          response.getWriter().write(SECRET + Payments.grantOf(request).orElse(" none"));
        });
    all.put("long", (request, response) -> response.getWriter().write(SECRET.repeat(10_000)));
    all.put("reset", AccessTest::reset);
    all.put("error", (request, response) -> response.sendError(418));
    all.put(
        "throws",
        (request, response) -> {
          throw new ServletException("bad");
        });
    all.put("forward", (request, response) -> to(request).forward(request, response));
    all.put(
        "include",
        (request, response) -> {
          to(request).include(request, response);
          response.getWriter().write(" page");
        });
    all.put("async", AccessTest::async);
    all.put("again", AccessTest::again);
    all.put(
        "asks",
        (request, response) -> {
          Payments.require(request, "$0.01");
          response.getWriter().write(SECRET + Payments.grantOf(request).orElse(" none"));
          Payments.require(request, "$0.005");
        });
    all.put(
        "asks-more",
        (request, response) -> {
          Payments.require(request, "$0.05");
          response.getWriter().write(SECRET);
        });
    all.put(
        "login",
        (request, response) -> {
          request.setAttribute("plan", request.getHeader("Plan"));
          Principal user = () -> String.valueOf(request.getHeader("User"));
          request
              .getRequestDispatcher("/paid/secret")
              .forward(
                  new HttpServletRequestWrapper(request) {
                    @Override
                    public Principal getUserPrincipal() {
                      return user;
                    }
                  },
                  response);
        });
    return all;
  }

  private static RequestDispatcher to(HttpServletRequest request) {
    return request.getRequestDispatcher(request.getParameter("to"));
  }

  private static void reset(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader("X-Before", "1");
    response.reset();
    response.getWriter().write(SECRET);
  }

  private static void async(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext async = request.startAsync();
    async.start(
        () -> {
          try {
            HttpServletResponse later = (HttpServletResponse) async.getResponse();
            later.setHeader("Cache-Control", "public");
            later.getWriter().write(SECRET);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          async.complete();
        });
  }

  private static void again(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getDispatcherType() == DispatcherType.ASYNC) {
      response.getWriter().write(SECRET);
    } else {
      request.startAsync().dispatch();
    }
  }

  private static Stream<Arguments> cases(String... values) {
    return RUNNING.keySet().stream()
        .flatMap(stack -> Stream.of(values).map(value -> Arguments.of(stack, value)));
  }

  static Stream<Arguments> stacks() {
    return cases("");
  }

  static Stream<Arguments> granted() {
    return cases(
        "/paid/secret",
        "/stream/secret",
        "/paid/long",
        "/stream/long",
        "/paid/reset",
        "/paid/async",
        "/stream/async",
        "/paid/again",
        "/paid/forward?to=/paid/secret",
        "/paid/include?to=/paid/secret",
        "/paid/forward?to=/dear/secret",
        "/free/include?to=/paid/secret",
        "/free/forward?to=/paid/secret",
        "/cheap/asks",
        "/paid/asks",
        "/paid/asks-more",
        "/free/include?to=/cheap/asks");
  }

  @ParameterizedTest
  @MethodSource("granted")
  void onlyWhoHasAKeyGetsAllOfItForNothing(Stack stack, String target) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    long earned = app.earned();
    try (RawHttp connection = RawHttp.connect(app.port())) {
      RawHttp.Response first = connection.exchange("GET", target, KEY);
      assertThat(first.status()).isEqualTo(200);
      assertThat(first.text()).contains(SECRET);
      assertThat(first.header("Cache-Control")).contains("private").doesNotContain("public");
      assertThat(first.header("PAYMENT-RESPONSE")).isNull();
    }
    try (RawHttp connection = RawHttp.connect(app.port())) { // the same connection, without a key
      RawHttp.Response granted = connection.exchange("GET", "/paid/secret", KEY);
      assertThat(granted.status()).isEqualTo(200);
      RawHttp.Response next = connection.exchange("GET", target, "X-Api-Key: k2");
      assertThat(next.status()).isEqualTo(402);
      assertThat(next.all()).doesNotContain(SECRET);
    }
    assertThat(app.earned()).isEqualTo(earned);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aHandlerKnowsThatNothingWasPaid(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String target : Set.of("/paid/facts", "/stream/facts")) {
      RawHttp.Response granted = app.get(target, "x-api-KEY: k1");
      assertThat(granted.text()).isEqualTo(SECRET + "api-key");
      assertThat(granted.header("Paid")).isEqualTo("false");
      assertThat(granted.headers("Cache-Control")).containsExactly("private, max-age=600");
      assertThat(granted.header("PAYMENT-RESPONSE")).isNull();
      RawHttp.Response paid = app.pay(RUNNING.market().payer(), target);
      assertThat(paid.text()).isEqualTo(SECRET + " none");
      assertThat(paid.header("Paid")).isEqualTo("true");
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPaymentThatComesWithAGrantIsNotCharged(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String payment = payer.header(app.port(), "/paid/secret");
    assertThat(app.get("/paid/secret", KEY, payment).status()).isEqualTo(200);
    assertThat(payer.balance()).isEqualTo(1_000_000);
    assertThat(app.get("/paid/secret", payment).status()).isEqualTo(200);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void headIsGrantedAndRefusedAsGetIs(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    assertThat(app.request("HEAD", "/paid/secret", KEY).status()).isEqualTo(200);
    assertThat(app.request("HEAD", "/paid/secret").status()).isEqualTo(402);
    assertThat(app.request("HEAD", "/paid/secret", "X-Screened: 1").status()).isEqualTo(451);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aHookKnowsThePrincipalAndTheAttributesOfTheRequest(Stack stack, String none)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    assertThat(app.get("/free/login", "User: ann").text()).isEqualTo(SECRET);
    assertThat(app.get("/free/login", "User: bob").status()).isEqualTo(402);
    assertThat(app.get("/free/login", "User: bob", "Plan: free").text()).isEqualTo(SECRET);
  }

  static Stream<Arguments> dearer() {
    return cases("/paid/forward?to=/dear/secret", "/paid/include?to=/dear/secret");
  }

  /** The hook grants the outer resource only. */
  @ParameterizedTest
  @MethodSource("dearer")
  void aGrantCoversNothingDearer(Stack stack, String target) throws IOException {
    RawHttp.Response refused = RUNNING.get(stack).get(target, KEY, "X-Cheap-Only: 1");
    assertThat(refused.status()).isEqualTo(402);
    assertThat(refused.all()).doesNotContain(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aGrantedHandlerThatFailsIsAnsweredByTheContainer(Stack stack, String none)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String route : Set.of("/paid/", "/stream/")) {
      assertThat(app.get(route + "error", KEY).status()).isEqualTo(418);
      assertThat(app.get(route + "throws", KEY).status()).isEqualTo(500);
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void whatHasNoPriceIsNotGranted(Stack stack, String none) throws IOException {
    for (String[] headers : new String[][] {{}, {KEY}}) {
      RawHttp.Response undecided = RUNNING.get(stack).get("/errors/secret", headers);
      assertThat(undecided.status()).isEqualTo(500);
      assertThat(undecided.text()).contains("payment_undecided");
    }
  }

  static Stream<Arguments> closed() {
    return Stream.concat(
        cases("X-Screened", "X-Fails"), Stream.of(Arguments.of(Stack.JETTY, "X-Hangs")));
  }

  @ParameterizedTest
  @MethodSource("closed")
  void whoIsRefusedOrNotDecidedOnGetsNothingAndPaysNothing(Stack stack, String header)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    int status = header.equals("X-Screened") ? 451 : 503;
    Set<String> targets =
        header.equals("X-Hangs")
            ? Set.of("/paid/secret")
            : Set.of("/paid/secret", "/stream/secret", "/cheap/asks");
    for (String target : targets) {
      int runs = app.runs("secret");
      String payment = payer.header(app.port(), target);
      for (String[] headers :
          new String[][] {{header + ": 1"}, {header + ": 1", KEY}, {header + ": 1", payment}}) {
        RawHttp.Response refused = app.get(target, headers);
        assertThat(refused.status()).isEqualTo(status);
        assertThat(refused.all()).doesNotContain(SECRET);
        assertThat(refused.header("Cache-Control")).isEqualTo("no-store");
      }
      assertThat(app.runs("secret")).isEqualTo(runs);
    }
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void theChosenRecipientIsPaid(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    String shop = "X-Shop: 1";
    long earned = app.earned();
    for (String target :
        Set.of(
            "/paid/secret",
            "/stream/secret",
            "/paid/forward?to=/paid/secret",
            "/cheap/asks",
            "/paid/asks")) {
      long before = RUNNING.market().balance(SHOP);
      TestPayer payer = RUNNING.market().payer();
      String payment = payer.header(app.get(target, shop));
      assertThat(app.get(target, payment).status()).isEqualTo(402); // it has changed its mind
      assertThat(payer.balance()).isEqualTo(1_000_000);
      RawHttp.Response paid = app.get(target, shop, payment);
      assertThat(paid.status()).isEqualTo(200);
      assertThat(paid.text()).contains(SECRET);
      assertThat(RUNNING.market().balance(SHOP) - before).isEqualTo(CENT);
    }
    assertThat(app.earned()).isEqualTo(earned);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPayerIsRefusedOrSparedOnceItIsKnown(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String address = Address.parse(payer.address()).toString();
    for (String target : Set.of("/paid/secret", "/stream/secret", "/cheap/asks")) {
      String payment = payer.header(app.port(), target);
      PAYERS.put(address, AccessDecision.refuse(403, "screened"));
      RawHttp.Response refused = app.get(target, payment);
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.text()).contains("screened");
      assertThat(refused.all()).doesNotContain(SECRET);
      PAYERS.put(address, AccessDecision.grant("partner"));
      RawHttp.Response spared = app.get(target, payment);
      assertThat(spared.status()).isEqualTo(200);
      assertThat(spared.text()).contains(SECRET);
      assertThat(spared.header("PAYMENT-RESPONSE")).isNull();
    }
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }
}
