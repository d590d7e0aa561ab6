// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.stream.Collectors.joining;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The rules that policies and wallets are made of. */
final class Rules {
  private static final Pattern HOST =
      Pattern.compile(
          "\\*(\\.[a-z0-9_-]+){2,}|[a-z0-9_-]+(\\.[a-z0-9_-]+)*|\\[[0-9a-f:.]+]",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern METHOD = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /** How much of a limit is used up. */
  interface Used {
    Dollars by(ProposedPayment payment, WalletBook spent, Instant now);
  }

  private Rules() {}

  /** Exactly what is left may still be paid. */
  static Rule atMost(String name, Dollars limit, Used used) {
    return (payment, spent, now) -> {
      Dollars left = limit.minus(used.by(payment, spent, now));
      return payment.price().isMoreThan(left)
          ? Optional.of(
              new Refusal(name, limit.toString(), asked(payment.offer()), left.toString()))
          : Optional.empty();
    };
  }

  static Rule hosts(String name, List<String> patterns) {
    List<String> allowed = patterns.stream().map(pattern -> hostPattern(name, pattern)).toList();
    requireSome(name, allowed);
    return (payment, spent, now) -> {
      String host = payment.host();
      return allowed.stream().anyMatch(pattern -> matches(pattern, host))
          ? Optional.empty()
          : Optional.of(Refusal.of(name, String.join(", ", allowed), host));
    };
  }

  static Rule methods(List<String> methods) {
    requireSome("methods", methods);
    methods.forEach(
        method -> {
          if (!METHOD.matcher(method).matches()) {
            throw new IllegalArgumentException("methods: expected names such as GET");
          }
        });
    return oneOf("methods", methods, ProposedPayment::method);
  }

  static Rule recipients(List<Address> recipients) {
    return oneOf("recipients", recipients, payment -> payment.offer().payTo());
  }

  static Rule networks(List<Network> networks) {
    return oneOf("networks", networks, payment -> payment.offer().network());
  }

  static Rule tokens(List<Token> tokens) {
    requireSome("tokens", tokens);
    List<String> allowed = tokens.stream().map(Rules::text).toList();
    return oneOf("tokens", allowed, payment -> text(payment.offer().token()));
  }

  static Rule rate(int payments, Duration within) {
    if (payments < 1) {
      throw new IllegalArgumentException("rate: expected at least 1 payment, found " + payments);
    }
    if (within.isNegative() || within.isZero() || within.compareTo(WalletBook.REMEMBERED) > 0) {
      throw new IllegalArgumentException(
          "rate: expected more than no time and at most " + WalletBook.REMEMBERED);
    }
    return (payment, spent, now) ->
        spent.hasMade(payments, now.minus(within))
            ? Optional.of(
                new Refusal("rate", payments + " payments within " + within, "one more", "0"))
            : Optional.empty();
  }

  /** Returns the price for people, exact where prices are rounded to read. */
  static String asked(Offer offer) {
    return String.format(
        "%s (%s atomic units of %s on %s)",
        offer.price(), offer.amount(), offer.token().contract(), offer.network());
  }

  static String hostPattern(String name, String pattern) {
    if (!HOST.matcher(pattern).matches()) {
      throw new IllegalArgumentException(
          name
              + ": expected a host such as api.example.com or *.example.com, without scheme, port"
              + " and path; found \""
              + pattern
              + "\"");
    }
    return pattern.toLowerCase(Locale.ROOT);
  }

  /** {@code *.example.com} is each host below {@code example.com}, and not that one itself. */
  static boolean matches(String pattern, String host) {
    return pattern.startsWith("*.")
        ? host.endsWith(pattern.substring(1)) && host.length() > pattern.length() - 1
        : host.equals(pattern);
  }

  private static <V> Rule oneOf(String name, List<V> allowed, Function<ProposedPayment, V> what) {
    requireSome(name, allowed);
    List<V> copy = List.copyOf(allowed);
    String limit = copy.stream().map(Object::toString).collect(joining(", "));
    return (payment, spent, now) -> {
      V asked = what.apply(payment);
      return copy.contains(asked)
          ? Optional.empty()
          : Optional.of(Refusal.of(name, limit, asked.toString()));
    };
  }

  private static String text(Token token) {
    return token.contract() + " on " + token.network();
  }

  private static void requireSome(String name, Collection<?> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException(name + ": expected at least one");
    }
  }
}
