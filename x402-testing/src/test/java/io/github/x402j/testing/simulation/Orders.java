// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What payers have signed and sent, and what they were served for it: the truth of a run. */
final class Orders {

  /** One payment and where it was sent first. */
  static final class Order {
    final int number;
    final String payer;
    final String nonce;
    final String to;
    final long value;
    final long validBefore;
    final String actor;
    final Shop shop;
    final SimulatedNetwork.Request request;

    /** Whether its payer signed its nonce once, and is owed something for it. */
    boolean isHonest;

    /** Whether it was made after the faults had ended. */
    boolean isLast;

    /**
     * Whether a facilitator was asked to settle it. Before that a refusal costs nobody anything.
     */
    boolean isBegun;

    /**
     * When its payer was first asked for another payment after it was begun, in seconds since 1970;
     * 0 if never.
     */
    long refusedAt;

    /** How often a request to settle it arrived when nobody waited for its answer any more. */
    int late;

    /** How often its delivery broke off. */
    int broken;

    /** By which documented limit what it bought may be lost; empty if by none. */
    String lost = "";

    /** Whether a process was killed after it had sent a stream and before it could say so. */
    boolean mayRepeat;

    final List<Served> served = new ArrayList<>();

    private Order(
        int number, Map<?, ?> authorization, String actor, Shop shop, SimulatedNetwork.Request of) {
      this.number = number;
      this.payer = lower(authorization.get("from"));
      this.nonce = lower(authorization.get("nonce"));
      this.to = lower(authorization.get("to"));
      this.value = Long.parseLong(String.valueOf(authorization.get("value")));
      this.validBefore = Long.parseLong(String.valueOf(authorization.get("validBefore")));
      this.actor = actor;
      this.shop = shop;
      this.request = of;
    }

    boolean isServed() {
      return served.stream().anyMatch(one -> !one.actor.startsWith("stranger"));
    }

    boolean wasRefused() {
      return refusedAt > 0;
    }

    /** Returns whether its payer was asked for another payment while this one could be used. */
    boolean wasRefusedEarly() {
      return wasRefused() && refusedAt < validBefore;
    }

    boolean wasTaken() {
      return served.stream().anyMatch(one -> one.actor.startsWith("stranger"));
    }

    @Override
    public String toString() {
      return "payment %d of %s (%d to %s, nonce %s) for %s %s"
          .formatted(number, actor, value, to, nonce.substring(58), shop, request.path());
    }
  }

  /** A complete delivery. */
  record Served(String actor, Shop shop, String path, long price) {}

  private final Map<String, Order> orders = new LinkedHashMap<>();

  List<Order> all() {
    return List.copyOf(orders.values());
  }

  /** Returns those after the first. */
  List<Order> since(int first) {
    return all().subList(first, orders.size());
  }

  /** Returns what a message to a facilitator asks to settle. */
  List<Order> in(String message) {
    String lower = lower(message);
    return orders.values().stream().filter(order -> lower.contains(order.nonce)).toList();
  }

  /** Returns what was bought from a shop after the faults had ended. */
  List<Order> last(Shop shop) {
    return orders.values().stream().filter(order -> order.isLast && order.shop == shop).toList();
  }

  /** Returns the payment that a request brings, noted when it is seen first. */
  Optional<Order> of(SimulatedNetwork.Request request, String actor, Shop shop) {
    Optional<Map<?, ?>> authorization = authorization(request);
    if (authorization.isEmpty()) {
      return Optional.empty();
    }
    Order seen = new Order(orders.size(), authorization.get(), actor, shop, request);
    String key =
        String.join(" ", seen.payer, seen.nonce, seen.to, "" + seen.value, "" + seen.validBefore);
    Order known = orders.get(key);
    if (known != null) {
      // Whoever sends one payment for two things gets the first that is settled.
      known.isHonest &= known.request.path().equals(request.path());
      return Optional.of(known);
    }
    seen.isHonest =
        orders.values().stream()
            .noneMatch(other -> other.payer.equals(seen.payer) && other.nonce.equals(seen.nonce));
    orders.values().stream()
        .filter(other -> other.payer.equals(seen.payer) && other.nonce.equals(seen.nonce))
        .forEach(twin -> twin.isHonest = false);
    orders.put(key, seen);
    return Optional.of(seen);
  }

  private static Optional<Map<?, ?>> authorization(SimulatedNetwork.Request request) {
    Optional<String> v2 = request.header(PaymentHeader.PAYMENT_SIGNATURE);
    Optional<String> header = v2.or(() -> request.header(PaymentHeader.X_PAYMENT));
    if (header.isEmpty()) {
      return Optional.empty();
    }
    try {
      PaymentPayload payload = PaymentCodec.decodePayload(header.get(), v2.isPresent() ? 2 : 1);
      return payload.payload().get("authorization") instanceof Map<?, ?> members
          ? Optional.of(members)
          : Optional.empty();
    } catch (MalformedPaymentException e) {
      return Optional.empty();
    }
  }

  private static String lower(Object text) {
    return String.valueOf(text).toLowerCase(Locale.ROOT);
  }
}
