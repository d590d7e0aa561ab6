// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.stream.Collectors.joining;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** One rule of a policy: decides from what is asked and what was spent before. Immutable. */
interface SpendingRule {
  /** Returns why the payment is declined, empty if it is allowed. */
  Optional<DeclineReason> objection(ProposedPayment payment, WalletState state, Instant now);

  /** How much of a limit is used up. */
  interface Used {
    Dollars by(ProposedPayment payment, WalletState state, Instant now);
  }

  /** Allows exactly what is left, and no more. */
  static SpendingRule atMost(String name, Dollars limit, Used used) {
    return (payment, state, now) -> {
      Dollars left = limit.minus(used.by(payment, state, now));
      return payment.price().isMoreThan(left)
          ? Optional.of(
              new DeclineReason(
                  name, limit.toString(), payment.offer().priceText(), left.toString()))
          : Optional.empty();
    };
  }

  static SpendingRule hosts(List<String> hosts) {
    List<HostPattern> allowed = HostPattern.parse("hosts", hosts);
    String limit = text(allowed);
    return (payment, state, now) ->
        allowed.stream().anyMatch(pattern -> pattern.matches(payment.host()))
            ? Optional.empty()
            : Optional.of(DeclineReason.of("hosts", limit, payment.host()));
  }

  static SpendingRule methods(List<String> methods) {
    Pattern name = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    if (!methods.stream().allMatch(method -> name.matcher(method).matches())) {
      throw new IllegalArgumentException("methods: expected names such as GET");
    }
    return oneOf("methods", methods, ProposedPayment::method);
  }

  static SpendingRule recipients(List<Address> recipients) {
    return oneOf("recipients", recipients, payment -> payment.offer().payTo());
  }

  static SpendingRule networks(List<Network> networks) {
    return oneOf("networks", networks, payment -> payment.offer().network());
  }

  static SpendingRule tokens(List<Token> tokens) {
    return oneOf(
        "tokens",
        tokens.stream().map(SpendingRule::text).toList(),
        payment -> text(payment.offer().token()));
  }

  static SpendingRule rate(int payments, Duration within) {
    if (payments < 1) {
      throw new IllegalArgumentException("rate: expected at least 1 payment, found " + payments);
    }
    if (within.isNegative() || within.isZero() || within.compareTo(WalletState.REMEMBERED) > 0) {
      throw new IllegalArgumentException(
          "rate: expected more than zero and at most " + WalletState.REMEMBERED);
    }
    return (payment, state, now) ->
        state.hasMade(payments, now.minus(within))
            ? Optional.of(
                new DeclineReason("rate", payments + " payments within " + within, "one more", "0"))
            : Optional.empty();
  }

  private static <V> SpendingRule oneOf(
      String name, List<V> allowed, Function<ProposedPayment, V> what) {
    if (allowed.isEmpty()) {
      throw new IllegalArgumentException(name + ": expected at least one");
    }
    String limit = text(allowed);
    return (payment, state, now) -> {
      V asked = what.apply(payment);
      return allowed.contains(asked)
          ? Optional.empty()
          : Optional.of(DeclineReason.of(name, limit, asked.toString()));
    };
  }

  private static String text(List<?> values) {
    return values.stream().map(Object::toString).collect(joining(", "));
  }

  private static String text(Token token) {
    return token.contract() + " on " + token.network();
  }
}
