// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Facilitator;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A started webapp with the real filter. Handlers are found by the last segment of the path, under
 * {@code /paid/*} ($0.01), {@code /dear/*} ($0.05), {@code /cheap/*} ($0.01, no error is
 * delivered), {@code /stream/*} ($0.01, settled first), {@code /errors/*} ($0.01, errors are
 * delivered) and {@code /free/*}.
 */
final class PaidWebapp implements AutoCloseable {
  static final String SECRET = "s3cr3t";
  static final int CENT = 10_000;

  static final Route[] ROUTES = {
    Route.of("/paid/*").price("$0.01"),
    Route.of("/cheap/*").price("$0.01").deliverErrors(ErrorDelivery.NONE),
    Route.of("/dear/*").price("$0.05"),
    Route.of("/stream/*").price("$0.01").settleFirst(),
    Route.of("/errors/*").price("$0.01").deliverErrors(ErrorDelivery.ALL),
    Route.of("/free/*").free()
  };

  final Market market;
  final TestWallet seller;
  private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
  private final TestContainer container;

  private PaidWebapp(Builder builder) {
    market = builder.market;
    seller = builder.seller;
    PaymentFilter.Builder settings =
        builder.facilitator == null
            ? market.filter(seller, builder.settleTimeout)
            : market.filter(seller, builder.facilitator);
    PaymentFilter filter = builder.filter.apply(settings.routes(builder.routes)).build();
    container =
        builder.container.start(
            context -> {
              if (builder.handlerPaths.length > 0) {
                TestContainer.addServlet(
                    context,
                    "handlers",
                    new Handlers(counted(builder.handlers)),
                    builder.handlerPaths);
              }
              builder.site.configure(context);
              PaymentFilter.register(context, filter);
            });
  }

  static Builder on(Stack stack, Market market) {
    return new Builder(stack, market);
  }

  private Map<String, Handlers.Handler> counted(Map<String, Handlers.Handler> handlers) {
    Map<String, Handlers.Handler> counted = new ConcurrentHashMap<>();
    handlers.forEach(
        (name, handler) ->
            counted.put(
                name,
                (request, response) -> {
                  runs.computeIfAbsent(name, n -> new AtomicInteger()).incrementAndGet();
                  handler.handle(request, response);
                }));
    return counted;
  }

  int port() {
    return container.port();
  }

  RawHttp.Response get(String target, String... headers) throws IOException {
    return RawHttp.get(port(), target, headers);
  }

  RawHttp.Response request(String method, String target, String... headers) throws IOException {
    return RawHttp.request(port(), method, target, headers);
  }

  /** Asks, signs what is asked for, and asks again with the payment. */
  RawHttp.Response pay(TestPayer payer, String target, String... more) throws IOException {
    String[] headers = Arrays.copyOf(more, more.length + 1);
    headers[more.length] = payer.header(port(), target);
    return get(target, headers);
  }

  /** Returns how often the handler of that name has run. */
  int runs(String name) {
    AtomicInteger count = runs.get(name);
    return count == null ? 0 : count.get();
  }

  long earned() {
    return market.balance(seller);
  }

  @Override
  public void close() {
    container.close();
  }

  static final class Builder {
    private final Market market;
    final TestContainer.Builder container;
    private TestWallet seller = TestWallet.random();
    private UnaryOperator<PaymentFilter.Builder> filter = b -> b;
    private Facilitator facilitator;
    private Route[] routes = ROUTES;
    private Duration settleTimeout = Duration.ofSeconds(5);
    private Map<String, Handlers.Handler> handlers = Map.of();
    private String[] handlerPaths = {
      "/paid/*", "/cheap/*", "/dear/*", "/stream/*", "/errors/*", "/free/*"
    };
    private TestContainer.Site site = context -> {};

    private Builder(Stack stack, Market market) {
      this.market = market;
      this.container = TestContainer.on(stack);
    }

    Builder container(Consumer<TestContainer.Builder> change) {
      change.accept(container);
      return this;
    }

    /** Sells for this wallet, as another process of the same seller does. */
    Builder seller(TestWallet wallet) {
      seller = wallet;
      return this;
    }

    Builder filter(UnaryOperator<PaymentFilter.Builder> change) {
      filter = change;
      return this;
    }

    /** Verifies and settles by it. Default: by one of the market's. */
    Builder facilitator(Facilitator other) {
      facilitator = other;
      return this;
    }

    /** Sets the timeout of settlements. Default: 5 s. */
    Builder settleTimeout(Duration timeout) {
      settleTimeout = timeout;
      return this;
    }

    Builder routes(Route... all) {
      routes = all;
      return this;
    }

    Builder handlers(Map<String, Handlers.Handler> all) {
      handlers = all;
      return this;
    }

    Builder withoutHandlers() {
      handlerPaths = new String[0];
      return this;
    }

    /** Adds to the webapp, before the filter is registered. */
    Builder site(TestContainer.Site more) {
      site = more;
      return this;
    }

    PaidWebapp start() {
      return new PaidWebapp(this);
    }
  }
}
