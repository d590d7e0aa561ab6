// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.servlet.PaymentFilter;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds out whether what is priced can be sold: node, gas account, facilitator, ledger. */
final class SellingHealth {
  private static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);

  /** No payment has it. */
  private static final PaymentKey NONE =
      new PaymentKey(
          Network.BASE,
          Address.parse("0x" + "0".repeat(40)),
          Address.parse("0x" + "0".repeat(40)),
          "0x" + "0".repeat(64));

  private final PaymentFilter filter;
  private final @Nullable Web3jChain node;
  private final @Nullable PaymentLedger ledger;

  private SellingHealth(
      PaymentFilter filter, @Nullable Web3jChain node, @Nullable PaymentLedger ledger) {
    this.filter = filter;
    this.node = node;
    this.ledger = ledger;
  }

  static SellingHealth of(
      PaymentFilter filter,
      X402Properties properties,
      @Nullable LocalMoney dev,
      @Nullable PaymentLedger ledger) {
    Optional<URI> url =
        dev != null
            ? Optional.of(dev.rpcUrl())
            : Optional.ofNullable(properties.rpcUrl())
                .filter(text -> !text.isBlank())
                .map(text -> Setting.convert("x402.rpc-url", text.strip(), URI::create));
    return new SellingHealth(
        filter, url.map(node -> Web3jChain.at(node, NODE_TIMEOUT)).orElse(null), ledger);
  }

  /**
   * What was found.
   *
   * @param details with no secret
   */
  record Found(boolean isUp, Map<String, Object> details) {}

  /** Asks the node and the ledger now. */
  Found check() {
    Map<String, Object> details = new LinkedHashMap<>();
    List<String> outages = filter.outages();
    boolean isUp = outages.isEmpty();
    details.put("facilitator", isUp ? "settles" : String.join("; ", outages));
    if (node != null) {
      Optional<String> trouble = trouble(node);
      details.put("node", trouble.orElse("answers"));
      isUp &= trouble.isEmpty();
    }
    if (ledger == null || ledger instanceof InMemoryPaymentLedger) {
      details.put("ledger", "in memory");
    } else {
      Optional<String> trouble = trouble(ledger);
      details.put("ledger", trouble.orElse("answers"));
      isUp &= trouble.isEmpty();
    }
    return new Found(isUp, details);
  }

  private static Optional<String> trouble(Web3jChain node) {
    try {
      node.chainId();
      return Optional.empty();
    } catch (FacilitatorException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** A message of a database may hold its URL. */
  private static Optional<String> trouble(PaymentLedger ledger) {
    try {
      ledger.find(NONE);
      return Optional.empty();
    } catch (LedgerException e) {
      return Optional.of("does not answer");
    }
  }
}
