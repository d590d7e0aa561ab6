// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.gate.SalesBook;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.spring.X402Properties.PricedPath;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** Shows what is sold, for what, and what was sold in the last hour. No keys, no node URL. */
@Endpoint(id = "x402")
final class X402Endpoint {
  private static final int MOST_SALES = 20;
  private static final Duration RECENT = Duration.ofHours(1);

  private final PaymentFilter filter;
  private final X402Properties properties;
  private final @Nullable LocalMoney dev;
  private final @Nullable PricedHandlers handlers;

  X402Endpoint(
      PaymentFilter filter,
      X402Properties properties,
      @Nullable LocalMoney dev,
      @Nullable PricedHandlers handlers) {
    this.filter = filter;
    this.properties = properties;
    this.dev = dev;
    this.handlers = handlers;
  }

  @ReadOperation
  Map<String, Object> selling() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("routes", properties.routes().stream().map(X402Endpoint::route).toList());
    all.put(
        "handlers",
        handlers == null
            ? List.of()
            : handlers.all().stream()
                .sorted(Comparator.comparing(priced -> priced.handler().toString()))
                .map(X402Endpoint::handler)
                .toList());
    if (properties.network() != null || dev != null) {
      var token = FilterFactory.token(properties, dev);
      all.put(
          "accepts", Map.of("network", token.network().caip2(), "asset", token.contract().text()));
    }
    all.put("outages", filter.outages());
    all.put("recentSales", recentSales());
    return all;
  }

  private static Map<String, Object> route(PricedPath path) {
    Map<String, Object> route = new LinkedHashMap<>();
    route.put("pattern", String.valueOf(path.pattern()));
    route.put("price", path.free() ? "free" : String.valueOf(path.price()));
    if (!path.methods().isEmpty()) {
      route.put("methods", new TreeSet<>(path.methods()));
    }
    return route;
  }

  private static Map<String, Object> handler(PricedHandlers.Priced priced) {
    Map<String, Object> handler = new LinkedHashMap<>();
    handler.put("handler", priced.handler().toString());
    handler.put("price", priced.price());
    if (!priced.methods().isEmpty()) {
      handler.put("methods", new TreeSet<>(priced.methods()));
    }
    return handler;
  }

  /** Returns the last sales, the newest first. */
  private List<Map<String, Object>> recentSales() {
    Deque<SalesBook.Entry> last = new ArrayDeque<>();
    filter
        .salesBook()
        .forEach(
            SalesBook.Filter.all().from(Instant.now().minus(RECENT)),
            sale -> {
              last.addFirst(sale);
              if (last.size() > MOST_SALES) {
                last.removeLast();
              }
            });
    List<Map<String, Object>> sales = new ArrayList<>();
    last.forEach(sale -> sales.add(sale(sale)));
    return sales;
  }

  private static Map<String, Object> sale(SalesBook.Entry entry) {
    Map<String, Object> sale = new LinkedHashMap<>();
    sale.put("time", entry.time().toString());
    sale.put("state", entry.state().name());
    sale.put("route", entry.route());
    sale.put("payer", entry.payer().text());
    sale.put("network", entry.currency().network().caip2());
    sale.put("asset", entry.currency().asset().text());
    sale.put("amount", entry.amount().toString());
    if (entry.transaction() != null) {
      sale.put("transaction", entry.transaction());
    }
    if (entry.reason() != null) {
      sale.put("reason", entry.reason());
    }
    return sale;
  }
}
