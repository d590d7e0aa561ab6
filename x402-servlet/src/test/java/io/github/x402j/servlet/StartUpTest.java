// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.StreamHandler;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.TestAbortedException;

/** A configuration that forgets or mistakes something does not start, and says what it is. */
class StartUpTest {
  static final String SECRET = "s3cr3t";
  private static final String PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
  @RegisterExtension static final Market MARKET = new Market();

  /** A webapp with one mistake. */
  interface Mistake {
    void make(ServletContext context, PaymentFilter.Builder good);
  }

  record Case(String message, Mistake mistake) {}

  @RequiresPayment("$0.01")
  private static class Annotated extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @RequiresPayment("0.01")
  private static final class BadlyAnnotated extends Annotated {
    private static final long serialVersionUID = 1L;
  }

  private static PaymentFilter.Builder without() {
    return PaymentFilter.builder().publicUrl("https://shop.example");
  }

  private static void routes(ServletContext context, PaymentFilter.Builder builder, Route... all) {
    PaymentFilter.register(context, builder.routes(all).build());
  }

  static Route priced(String price) {
    return Route.of("/private").price(price);
  }

  private static Token tokenAt(String contract, String name, String version) {
    return new Token(MARKET.token.network(), Address.parse(contract), 6, name, version);
  }

  private static Token withDecimals(int decimals) {
    return new Token(
        MARKET.token.network(),
        MARKET.token.contract(),
        decimals,
        MARKET.token.name(),
        MARKET.token.version());
  }

  private static final Map<String, Case> CASES = new LinkedHashMap<>();

  static {
    CASES.put(
        "no payTo",
        new Case("payTo", (ctx, b) -> routes(ctx, without().accept(MARKET.token, " "))));
    CASES.put(
        "bad checksum",
        new Case(
            "payTo: the address checksum",
            (ctx, b) ->
                routes(ctx, without().accept(MARKET.token, PAY_TO.replace("Bc6a", "bc6a")))));
    CASES.put(
        "zero payTo",
        new Case(
            "payTo: the zero address",
            (ctx, b) -> routes(ctx, b.accept(MARKET.token, "0x" + "0".repeat(40)))));
    CASES.put("zero price", new Case("price", (ctx, b) -> routes(ctx, b, priced("$0"))));
    CASES.put("zero price 2", new Case("price", (ctx, b) -> routes(ctx, b, priced("$0.000"))));
    CASES.put("negative", new Case("price", (ctx, b) -> routes(ctx, b, priced("$-1"))));
    CASES.put("bare number", new Case("price", (ctx, b) -> routes(ctx, b, priced("0.01"))));
    CASES.put("empty price", new Case("price", (ctx, b) -> routes(ctx, b, priced(""))));
    CASES.put(
        "no price",
        new Case("price(...) or free()", (ctx, b) -> routes(ctx, b, Route.of("/private"))));
    CASES.put(
        "decimals", new Case("7 decimal digits", (ctx, b) -> routes(ctx, b, priced("$0.0000001"))));
    CASES.put(
        "unknown network",
        new Case(
            "no facilitator handles exact on eip155:8453",
            (ctx, b) -> routes(ctx, b.accept(Usdc.BASE, PAY_TO), priced("$0.01"))));
    CASES.put(
        "other chain behind the URL",
        new Case(
            "network: configured eip155:8453",
            (ctx, b) ->
                routes(
                    ctx,
                    without()
                        .accept(Usdc.BASE, PAY_TO)
                        .facilitator(facilitator(Network.BASE, MARKET.chain.rpcUrl())),
                    priced("$0.01"))));
    CASES.put(
        "no chain behind the URL",
        new Case(
            "RPC URL of eip155:84532",
            (ctx, b) ->
                routes(
                    ctx,
                    without()
                        .accept(MARKET.token, PAY_TO)
                        .facilitator(
                            facilitator(
                                MARKET.token.network(),
                                URI.create("http://127.0.0.1:9/" + SECRET))),
                    priced("$0.01"))));
    CASES.put(
        "no facilitator",
        new Case(
            "facilitator: none",
            (ctx, b) -> routes(ctx, without().accept(MARKET.token, PAY_TO), priced("$0.01"))));
    CASES.put(
        "no code",
        new Case(
            "asset: there is no contract",
            (ctx, b) ->
                routes(ctx, b.accept(tokenAt(PAY_TO, "USDC", "2"), PAY_TO), priced("$0.01"))));
    CASES.put(
        "domain separator",
        new Case(
            "asset: the domain separator",
            (ctx, b) ->
                routes(
                    ctx,
                    without()
                        .accept(tokenAt(MARKET.usdc.address(), "USD Coin", "2"), PAY_TO)
                        .facilitator(MARKET.facilitator(Duration.ofSeconds(1))),
                    priced("$0.01"))));
    CASES.put(
        "decimals that are not the contract's",
        new Case(
            "has 6 decimals, and the token is configured with 8",
            (ctx, b) -> routes(ctx, b.accept(withDecimals(8), PAY_TO), priced("$0.01"))));
    CASES.put(
        "decimals of a token of one route",
        new Case(
            "has 6 decimals, and the token is configured with 18",
            (ctx, b) -> routes(ctx, b, priced("$0.01").accept(withDecimals(18), PAY_TO))));
    CASES.put(
        "no slash",
        new Case("slash", (ctx, b) -> routes(ctx, b, Route.of("api/*").price("$0.01"))));
    CASES.put("empty", new Case("slash", (ctx, b) -> routes(ctx, b, Route.of("").price("$0.01"))));
    CASES.put(
        "two rules",
        new Case(
            "two rules for the same thing",
            (ctx, b) -> routes(ctx, b, priced("$0.01"), priced("$0.02"))));
    CASES.put(
        "two rules with names",
        new Case(
            "two rules for the same thing",
            (ctx, b) ->
                routes(
                    ctx, b, Route.of("/r/{a}").price("$0.01"), Route.of("/r/{b}").price("$0.02"))));
    CASES.put(
        "annotation and rule",
        new Case(
            "two rules for the same thing",
            (ctx, b) -> {
              TestContainer.addServlet(ctx, "annotated", new Annotated(), "/annotated");
              routes(ctx, b, Route.of("/annotated").price("$0.02"));
            }));
    CASES.put(
        "bad annotation",
        new Case(
            "@RequiresPayment on servlet annotated",
            (ctx, b) -> {
              TestContainer.addServlet(ctx, "annotated", new BadlyAnnotated(), "/annotated");
              routes(ctx, b);
            }));
    CASES.put(
        "annotated and not gated",
        new Case(
            "would not be gated",
            (ctx, b) -> {
              TestContainer.addFilter(ctx, b.routes(priced("$0.01")).build());
              TestContainer.addServlet(ctx, "annotated", new Annotated(), "/annotated");
            }));
    CASES.put(
        "annotated too late",
        new Case(
            "would not be gated",
            (ctx, b) -> {
              routes(ctx, b, priced("$0.01"));
              TestContainer.addServlet(ctx, "annotated", new Annotated(), "/annotated");
            }));
    CASES.put(
        "no publicUrl",
        new Case(
            "publicUrl",
            (ctx, b) -> routes(ctx, PaymentFilter.builder().accept(MARKET.token, PAY_TO))));
    CASES.put(
        "publicUrl without a host",
        new Case("publicUrl", (ctx, b) -> routes(ctx, b.publicUrl("/shop"), priced("$0.01"))));
    CASES.put(
        "no token",
        new Case(
            "no token and payTo",
            (ctx, b) ->
                routes(
                    ctx,
                    without().facilitator(MARKET.facilitator(Duration.ofSeconds(1))),
                    priced("$0.01"))));
    CASES.put(
        "long descriptor",
        new Case(
            "shorten the description",
            (ctx, b) -> routes(ctx, b, priced("$0.01").description("x".repeat(7_000)))));
  }

  private static EvmFacilitator facilitator(Network network, URI rpcUrl) {
    return EvmFacilitator.builder(
            network,
            Web3jChain.at(rpcUrl, Duration.ofSeconds(2)),
            EvmSigner.ofPrivateKey(TestWallet.random().privateKey()))
        .build();
  }

  static Stream<Arguments> cases() {
    return Stream.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)
        .flatMap(stack -> CASES.keySet().stream().map(name -> Arguments.of(stack, name)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aMistakeFailsTheStartAndIsNamed(Stack stack, String name) {
    refuses(MARKET, stack, CASES.get(name));
  }

  static void refuses(Market market, Stack stack, Case mistaken) {
    String[] thrown = new String[1];
    String log =
        logged(
            () -> {
              Throwable failure =
                  catchThrowable(() -> startAndAsk(market, stack, mistaken, thrown));
              if (failure instanceof AssertionError served) {
                throw served;
              }
              thrown[0] = thrown[0] + messages(failure);
            });
    assertThat(thrown[0] + log).contains(mistaken.message()).doesNotContain("/" + SECRET);
  }

  /** Some containers throw; others start, log, and serve nothing of the webapp. */
  private static void startAndAsk(Market market, Stack stack, Case mistaken, String[] thrown)
      throws IOException {
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                ctx -> {
                  TestContainer.addServlet(ctx, "private", new Plain(), "/private", "/free");
                  try {
                    mistaken.mistake().make(ctx, market.filter(TestWallet.random(), SECOND));
                  } catch (RuntimeException e) {
                    thrown[0] = messages(e);
                    throw e;
                  }
                })) {
      for (String target : new String[] {"/private", "/annotated", "/free"}) {
        RawHttp.Response response = RawHttp.get(container.port(), target);
        assertThat(response.status()).as(target).isGreaterThanOrEqualTo(400);
        assertThat(response.text()).as(target).doesNotContain(SECRET);
        thrown[0] = thrown[0] + response.text();
      }
    }
  }

  static final Duration SECOND = Duration.ofSeconds(1);

  static final class Plain extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().write(SECRET);
    }
  }

  @Test
  void aGasKeyWithoutFundsIsAWarning() {
    String log =
        logged(
            () -> {
              try (TestContainer container =
                  TestContainer.on(Stack.JETTY)
                      .start(
                          ctx ->
                              routes(
                                  ctx,
                                  without()
                                      .accept(MARKET.token, PAY_TO)
                                      .facilitator(
                                          facilitator(
                                              MARKET.token.network(), MARKET.chain.rpcUrl())),
                                  priced("$0.01")))) {
                // Nothing can be settled, so nothing is offered.
                assertThat(RawHttp.get(container.port(), "/private").status()).isEqualTo(503);
              } catch (IOException e) {
                throw new TestAbortedException("no connection", e);
              }
            });
    assertThat(log).contains("gas key").contains("too little for a settlement");
  }

  @Test
  void aPriceFunctionThatFailsClosesTheGate() throws IOException {
    PaymentFilter.Builder builder = MARKET.filter(TestWallet.random(), SECOND);
    try (TestContainer container =
        TestContainer.on(Stack.JETTY)
            .start(
                ctx -> {
                  TestContainer.addServlet(
                      ctx, "private", new Plain(), "/private", "/null", "/error");
                  routes(
                      ctx,
                      builder,
                      Route.of("/private").price(StartUpTest::failing),
                      Route.of("/null").price(request -> (Price) null),
                      Route.of("/error").price(StartUpTest::erring));
                })) {
      for (String target : new String[] {"/private", "/null", "/error"}) {
        RawHttp.Response response = RawHttp.get(container.port(), target);
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.all())
            .doesNotContain(SECRET)
            .doesNotContain("Exception")
            .doesNotContain("StackOverflow");
      }
    }
  }

  private static Price erring(HttpServletRequest request) {
    throw new StackOverflowError(request.getMethod());
  }

  private static Price failing(HttpServletRequest request) {
    throw new IllegalStateException(String.valueOf(request.getMethod()));
  }

  private static String messages(Throwable failure) {
    StringBuilder all = new StringBuilder();
    for (Throwable t = failure; t != null; t = t.getCause()) {
      all.append(t).append('\n');
    }
    return all.toString();
  }

  /** Returns what is logged, by whichever way, instead of showing it. */
  static String logged(Runnable action) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream to = new PrintStream(log, true, StandardCharsets.UTF_8);
    Handler handler = new StreamHandler(to, new SimpleFormatter());
    Logger root = Logger.getLogger("");
    Handler[] usual = root.getHandlers();
    PrintStream before = System.err;
    for (Handler each : usual) {
      root.removeHandler(each);
    }
    root.addHandler(handler);
    System.setErr(to);
    try {
      action.run();
    } finally {
      System.setErr(before);
      handler.flush();
      root.removeHandler(handler);
      for (Handler each : usual) {
        root.addHandler(each);
      }
    }
    return log.toString(StandardCharsets.UTF_8);
  }
}
