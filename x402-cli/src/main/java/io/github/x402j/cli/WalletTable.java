// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.client.wallet.WalletStatus;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Wallets, for a person as a table and for programs as JSON. */
final class WalletTable {
  private final PrintStream out;
  private final @Nullable Balances balances;

  /**
   * @param balances what the accounts have, null to leave that out
   */
  WalletTable(PrintStream out, @Nullable Balances balances) {
    this.out = out;
    this.balances = balances;
  }

  /** Prints one wallet; as JSON it is an object. */
  void print(WalletStatus wallet, boolean json) throws FacilitatorException {
    if (json) {
      out.println(json(wallet));
    } else {
      print(List.of(wallet), false);
    }
  }

  /** Prints wallets; as JSON they are an array. */
  void print(List<WalletStatus> wallets, boolean json) throws FacilitatorException {
    if (json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      for (WalletStatus wallet : wallets) {
        all.add(json(wallet));
      }
      out.println(all);
      return;
    }
    out.printf(
        "%-20s %-42s %10s %10s %10s %s %s%n",
        "agent",
        "address",
        "limit",
        "spent",
        "left",
        balances == null ? "" : "balance   ",
        "state");
    for (WalletStatus wallet : wallets) {
      out.printf(
          "%-20s %-42s %10s %10s %10s %s %s%n",
          Display.harmless(wallet.agent()),
          wallet.address(),
          wallet.limit().map(Object::toString).orElse("none"),
          wallet.spent(),
          wallet.remaining().map(Object::toString).orElse("any"),
          balancesOf(wallet),
          wallet
              .revokedFor()
              .map(why -> "revoked: " + Display.harmless(why))
              .orElse("pays, per " + wallet.period()));
      wallet
          .policy()
          .ifPresent(
              rules ->
                  rules
                      .lines()
                      .forEach(
                          rule -> out.println("  policy " + wallet.policyVersion() + ": " + rule)));
    }
  }

  private String balancesOf(WalletStatus wallet) throws FacilitatorException {
    return balances == null
        ? ""
        : balances.of(wallet.address()).entrySet().stream()
            .map(each -> Display.price(each.getValue(), each.getKey()))
            .collect(Collectors.joining(" + "));
  }

  private ObjectNode json(WalletStatus wallet) throws FacilitatorException {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("agent", wallet.agent())
            .put("address", wallet.address().text())
            .put("limit", wallet.limit().map(Object::toString).orElse(null))
            .put("period", wallet.period().name())
            .put("spent", wallet.spent().toString())
            .put("reserved", wallet.reserved().toString())
            .put("remaining", wallet.remaining().map(Object::toString).orElse(null))
            .put("expires", wallet.expires().map(Object::toString).orElse(null))
            .put("revoked", wallet.revoked())
            .put("revokedFor", wallet.revokedFor().orElse(null))
            .put("policyVersion", wallet.policyVersion())
            .put("policy", wallet.policy().orElse(null));
    wallet.domains().forEach(json.withArray("domains")::add);
    if (balances != null) {
      for (Map.Entry<Token, TokenAmount> each : balances.of(wallet.address()).entrySet()) {
        json.withArray("balances")
            .addObject()
            .put("token", each.getKey().contract().text())
            .put("network", each.getKey().network().caip2())
            .put("amount", each.getValue().toString());
      }
    }
    return json;
  }
}
