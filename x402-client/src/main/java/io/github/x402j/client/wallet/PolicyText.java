// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules of a policy as text: one a line, its name and its values, with spaces between. The
 * journal keeps this; {@link PolicyFile} brings YAML to the same names and values.
 */
final class PolicyText {
  /** The rules that have one value. */
  static final Set<String> OF_ONE_VALUE =
      Set.of(
          "maxPerPayment",
          "maxPerHost",
          "maxPerHour",
          "maxPerDay",
          "maxTotal",
          "maxUndelivered",
          "unresolvedFor");

  /** The rules that have a list of values. */
  static final Set<String> OF_A_LIST = Set.of("hosts", "methods", "recipients", "networks");

  /** What switches a rule off that is on by default. */
  static final String OFF = "off";

  private PolicyText() {}

  /** Returns the rules that can be kept: all but approvals by code of this process. */
  static String of(SpendingPolicy policy) {
    return policy.rules().stream()
        .map(rule -> rule.name() + " " + String.join(" ", rule.values()))
        .collect(Collectors.joining("\n"));
  }

  /**
   * Returns the policy that the text spells.
   *
   * @throws IllegalArgumentException if a line is no rule of this version
   */
  static SpendingPolicy parse(String text) {
    SpendingPolicy policy = SpendingPolicy.empty();
    if (text.isEmpty()) {
      return policy;
    }
    for (String line : text.split("\n")) {
      String[] parts = line.split(" ");
      policy = add(policy, parts[0], List.of(parts).subList(1, parts.length));
    }
    return policy;
  }

  /**
   * Returns the policy with one more rule.
   *
   * @throws IllegalArgumentException if there is no such rule, or a value is not one of it
   */
  static SpendingPolicy add(SpendingPolicy policy, String name, List<String> values) {
    String[] all = values.toArray(String[]::new);
    return switch (name) {
      case "maxPerPayment" -> policy.maxPerPayment(one(values));
      case "maxPerHost" -> policy.maxPerHost(one(values));
      case "maxPerHour" -> policy.maxPerHour(one(values));
      case "maxPerDay" -> policy.maxPerDay(one(values));
      case "maxTotal" -> policy.maxTotal(one(values));
      case "hosts" -> policy.hosts(all);
      case "methods" -> policy.methods(all);
      case "recipients" ->
          policy.recipients(values.stream().map(Address::parse).toArray(Address[]::new));
      case "networks" ->
          policy.networks(values.stream().map(Network::parse).toArray(Network[]::new));
      case "tokens" -> policy.tokensNamed(values.stream().map(PolicyText::token).toList());
      case "rate" -> policy.rate(number(two(values).get(0)), duration(values.get(1)));
      case "approval" -> approval(policy, two(values).get(0), duration(values.get(1)));
      case "maxUndelivered" ->
          one(values).equals(OFF)
              ? policy.allowUndelivered()
              : policy.maxUndelivered(number(one(values)));
      case "unresolvedFor" ->
          one(values).equals(OFF)
              ? policy.allowUnresolved()
              : policy.unresolvedFor(duration(one(values)));
      default -> throw new IllegalArgumentException("expected a rule, found \"" + name + "\"");
    };
  }

  /** Returns the text of a token, such as {@code eip155:8453/0x8335...}. */
  static String token(Network network, Address contract) {
    return network.caip2() + "/" + contract.text();
  }

  private static String token(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("expected network and contract of a token");
    }
    return token(Network.parse(text.substring(0, slash)), Address.parse(text.substring(slash + 1)));
  }

  private static SpendingPolicy approval(SpendingPolicy policy, String above, Duration within) {
    return above.equals("$0")
        ? policy.approvalAlways(within)
        : policy.approvalAbove(Price.parse(above), within);
  }

  private static String one(List<String> values) {
    if (values.size() != 1) {
      throw new IllegalArgumentException("expected one value, found " + values.size());
    }
    return values.get(0);
  }

  private static List<String> two(List<String> values) {
    if (values.size() != 2) {
      throw new IllegalArgumentException("expected two values, found " + values.size());
    }
    return values;
  }

  private static int number(String text) {
    if (!text.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException("expected a whole number, found \"" + text + "\"");
    }
    return Integer.parseInt(text);
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "expected a duration such as PT1H or P1D, found \"" + text + "\"");
    }
  }
}
