// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.TransferMethod;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.gate.AccessHook;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.gate.SignInStore;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.servlet.PathRules;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.spring.X402Properties.TokenContract;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/** Builds the filter of the properties and the beans. */
final class FilterFactory {
  private static final String NETWORKS = "eip155:8453, or a name such as base or base-sepolia";

  private final X402Properties properties;
  private final Environment environment;
  private final @Nullable LocalMoney dev;

  FilterFactory(X402Properties properties, Environment environment, @Nullable LocalMoney dev) {
    this.properties = properties;
    this.environment = environment;
    this.dev = dev;
  }

  /** Returns the network of the property, or another where it is not set. */
  static Network network(X402Properties properties, Network otherwise) {
    return properties.network() == null
        ? otherwise
        : Setting.convert("x402.network", properties.network(), Network::named);
  }

  /** Returns the token that is accepted. */
  static Token token(X402Properties properties, @Nullable LocalMoney dev) {
    if (dev != null) {
      return dev.token();
    }
    String named = Setting.require("x402.network", properties.network(), NETWORKS, "base");
    Network network = Setting.convert("x402.network", named, Network::named);
    TokenContract token = properties.token();
    return token == null
        ? Stablecoin.dollarOn(network)
            .orElseThrow(
                () ->
                    StartFailedException.missing(
                        "x402.token.contract",
                        "the token's address, as no stablecoin is known on " + network,
                        "0x..."))
        : Setting.convert("x402.token", token, given -> token(network, given));
  }

  private static Token token(Network network, TokenContract token) {
    String contract =
        Setting.require("x402.token.contract", token.contract(), "the token's address", "0x...");
    if (token.method() == TransferMethod.PERMIT2) {
      return Token.erc20(network, Address.parse(contract), token.decimals());
    }
    String name =
        Setting.require(
            "x402.token.name", token.name(), "the name in its EIP-712 domain", "USD Coin");
    return new Token(network, Address.parse(contract), token.decimals(), name, token.version());
  }

  /**
   * Returns the filter.
   *
   * @throws StartFailedException if a property is missing or wrong; the message names it
   */
  PaymentFilter build(BeanFactory beans) {
    if (dev == null) {
      RequiredProperties.check(properties, beans);
    }
    PaymentFilter.Builder filter = PaymentFilter.builder();
    List<String> urls = publicUrls();
    if (!urls.isEmpty()) {
      Setting.apply("x402.public-url", urls, all -> filter.publicUrls(new ArrayList<>(all)));
    }
    Setting.apply("x402.pay-to", payTo(), payTo -> filter.accept(token(properties, dev), payTo));
    settings(filter);
    beans(filter, beans);
    routes(filter);
    beans
        .getBeanProvider(PaymentFilterCustomizer.class)
        .orderedStream()
        .forEach(customizer -> customizer.customize(filter));
    try {
      return filter.build();
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new StartFailedException(
          String.valueOf(e.getMessage()), "Correct the x402 properties or the rules.", e);
    }
  }

  private List<String> publicUrls() {
    return properties.publicUrl().isEmpty() && dev != null
        ? List.of(ownUrl(environment))
        : properties.publicUrl();
  }

  /** Returns the URL of this webapp on this machine, as far as it is known before the start. */
  static String ownUrl(Environment environment) {
    String port = environment.getProperty("local.server.port", "");
    if (port.isEmpty()) {
      port = environment.getProperty("server.port", "8080");
    }
    return "http://localhost"
        + (port.equals("0") ? "" : ":" + port)
        + environment.getProperty("server.servlet.context-path", "").replaceFirst("/$", "");
  }

  private @Nullable String payTo() {
    return properties.payTo() == null && dev != null ? dev.payTo() : properties.payTo();
  }

  private void settings(PaymentFilter.Builder filter) {
    Setting.apply("x402.max-timeout", properties.maxTimeout(), filter::maxTimeout);
    Setting.apply("x402.deliver-errors", properties.deliverErrors(), filter::deliverErrors);
    Setting.apply(
        "x402.header-limit",
        bytes(properties.headerLimit()),
        bytes -> filter.headerLimit(Math.toIntExact(Math.min(bytes, Integer.MAX_VALUE))));
    requestHeaderLimit(filter);
    Setting.apply("x402.service-name", properties.serviceName(), filter::serviceName);
    Setting.apply("x402.icon-url", properties.iconUrl(), filter::iconUrl);
    Setting.apply("x402.sign-in-statement", properties.signInStatement(), filter::signInStatement);
    Setting.apply(
        "x402.buffer-limit", bytes(properties.bufferLimit()), bytes -> filter.bufferLimit(bytes));
    Setting.apply(
        "x402.spill-above",
        bytes(properties.spillAbove()),
        bytes -> filter.spillAbove(Math.toIntExact(Math.min(bytes, Integer.MAX_VALUE))));
    Setting.apply(
        "x402.max-concurrent-verifications",
        properties.maxConcurrentVerifications(),
        filter::maxConcurrentVerifications);
    Setting.apply(
        "x402.max-concurrent-settlements",
        properties.maxConcurrentSettlements(),
        filter::maxConcurrentSettlements);
    Setting.apply(
        "x402.failures-per-minute", properties.failuresPerMinute(), filter::failuresPerMinute);
    Setting.apply("x402.access-timeout", properties.accessTimeout(), filter::accessTimeout);
    Setting.apply("x402.stop-timeout", properties.stopTimeout(), filter::stopTimeout);
    if (properties.olderRequiredHeader()) {
      filter.olderRequiredHeader();
    }
    Setting.apply(
        "x402.mpp",
        properties.mpp(),
        mpp -> filter.mpp(mpp.secret(), mpp.formerSecrets().toArray(new String[0])));
    if (properties.publishOffers()) {
      filter.publishOffers();
    }
    if (properties.waitInThread()) {
      filter.waitInThread();
    }
    if (properties.startWithoutNode()) {
      filter.startWithoutNode();
    }
  }

  /** What the container reads is known where it is configured. */
  private void requestHeaderLimit(PaymentFilter.Builder filter) {
    String container = environment.getProperty("server.max-http-request-header-size", "");
    DataSize size = properties.requestHeaderLimit();
    if (size != null) {
      int bytes = Math.toIntExact(Math.min(size.toBytes(), Integer.MAX_VALUE));
      Setting.apply("x402.request-header-limit", bytes, filter::requestHeaderLimit);
    } else if (!container.isEmpty()) {
      long bytes = DataSize.parse(container).toBytes();
      int read = (int) Math.min(bytes, PaymentFilter.MAX_REQUEST_HEADER_LIMIT);
      Setting.apply("server.max-http-request-header-size", read, filter::requestHeaderLimit);
    }
  }

  private static @Nullable Long bytes(@Nullable DataSize size) {
    return size == null ? null : size.toBytes();
  }

  private void beans(PaymentFilter.Builder filter, BeanFactory beans) {
    if (properties.routes().stream().anyMatch(path -> path.signIn() != null)) {
      beans.getBeanProvider(SignInStore.class).ifAvailable(filter::signInStore);
    }
    beans.getBeanProvider(Facilitator.class).orderedStream().forEach(filter::facilitator);
    beans.getBeanProvider(PaymentListener.class).orderedStream().forEach(filter::listener);
    beans.getBeanProvider(AccessHook.class).orderedStream().forEach(filter::access);
    beans.getBeanProvider(PaymentLedger.class).ifAvailable(filter::ledger);
    beans.getBeanProvider(SalesBook.class).ifAvailable(filter::salesBook);
    beans.getBeanProvider(PathRules.class).ifAvailable(filter::pathRules);
    beans.getBeanProvider(ReceiptIssuer.class).ifAvailable(filter::receipts);
    beans.getBeanProvider(ReceiptVerifier.class).ifAvailable(filter::acceptReceipts);
    beans.getBeanProvider(OfferReceiptSigner.class).ifAvailable(filter::signOffers);
    beans.getBeanProvider(PaymentIdentifiers.class).ifAvailable(filter::paymentIdentifiers);
  }

  /** Adds the rules; the page of errors is free, as it is part of what went wrong. */
  private void routes(PaymentFilter.Builder filter) {
    List<Route> rules = new ArrayList<>(PropertyRoutes.of(properties.routes()));
    String errorPage =
        environment.getProperty(
            "server.error.path",
            environment.getProperty(
                "spring.web.error.path", environment.getProperty("error.path", "/error")));
    boolean hasPrefix = rules.stream().anyMatch(rule -> rule.pattern().endsWith("*"));
    if (hasPrefix && rules.stream().noneMatch(rule -> rule.pattern().equals(errorPage))) {
      rules.add(Route.of(errorPage).free());
    }
    Setting.apply("x402.routes", rules, filter::routes);
  }
}
