// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.TokenAmount;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.InProcessChain.Mined;
import io.github.x402j.testing.InProcessChain.Moved;
import io.github.x402j.testing.InProcessChain.Sent;
import io.github.x402j.testing.simulation.Orders.Order;
import io.github.x402j.testing.simulation.Orders.Served;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must be true when the faults have ended, held against the chain. */
final class Invariants {
  private final World world;
  private final long beginning;
  private final List<String> violations = new ArrayList<>();
  private List<Mined> mined = List.of();

  Invariants(World world) {
    this.world = world;
    this.beginning = world.stage.chain.number();
  }

  List<String> violations() {
    mined = world.stage.chain.minedAfter(beginning);
    nobodyIsServedMoreThanWasPaidFor();
    whoWasChargedWasServed();
    booksCountWhatSellersHold();
    gasIsBoundedByPayments();
    noNumberIsMissing();
    everybodyCanBuy();
    return violations;
  }

  Simulation.Figures figures() {
    List<Order> orders = world.orders.all();
    return new Simulation.Figures(
        orders.size(),
        (int) orders.stream().filter(this::isCharged).count(),
        orders.stream().mapToInt(order -> order.served.size()).sum(),
        (int) orders.stream().filter(order -> !order.lost.isEmpty()).count(),
        (int) mined.stream().filter(transaction -> !transaction.succeeded()).count(),
        (int) orders.stream().filter(order -> isCharged(order) && isExcused(order)).count());
  }

  private List<Moved> moved() {
    return mined.stream().flatMap(transaction -> transaction.moved().stream()).toList();
  }

  private boolean isCharged(Order order) {
    return moved().stream()
        .anyMatch(
            one ->
                one.payer().equals(order.payer)
                    && one.nonce().equals(order.nonce)
                    && one.to().equals(order.to)
                    && one.value() == order.value);
  }

  private void nobodyIsServedMoreThanWasPaidFor() {
    for (Order order : world.orders.all()) {
      int paid = isCharged(order) ? 1 : 0;
      if (order.served.size() > paid && !(order.mayRepeat && order.served.size() == paid + 1)) {
        violations.add(
            "served %d times and paid %d times: %s %s"
                .formatted(order.served.size(), paid, order, order.served));
      }
      for (Served served : order.served) {
        boolean wasAsked =
            world.ofMerchantOf(served.shop()).stream()
                .anyMatch(shop -> shop.hasAsked(served.path(), order.value));
        if (served.price() != order.value || !wasAsked) {
          violations.add("served at a price that was not asked: %s %s".formatted(order, served));
        }
        if (!served.shop().payTo.lowerCase().equals(order.to)) {
          violations.add("served by another merchant: %s %s".formatted(order, served));
        }
      }
    }
  }

  private void whoWasChargedWasServed() {
    for (Order order : world.orders.all()) {
      if (order.isHonest && isCharged(order) && !order.isServed() && !isExcused(order)) {
        violations.add(
            "charged and not served%s: %s"
                .formatted(order.wasTaken() ? ", a stranger was" : "", order));
      }
    }
  }

  /**
   * A facilitator that remembers nothing does not say what became of a payment whose answer was
   * lost; where no chain can be read, only the end of its window ends the wait. Until then its
   * payer must not be asked for another.
   */
  private boolean isExcused(Order order) {
    boolean cannotBeKnown =
        world.arrangement == World.Arrangement.PUBLISHED && !order.wasRefusedEarly();
    return !order.isServed() && (!order.lost.isEmpty() || cannotBeKnown);
  }

  private void booksCountWhatSellersHold() {
    for (int i = 0; i < Payers.OURS; i++) {
      String payer = world.stage.payers.get(i).address().lowerCase();
      long held =
          moved().stream().filter(one -> one.payer().equals(payer)).mapToLong(Moved::value).sum();
      Dollars counted = world.payers.spent(i);
      if (Dollars.of(TokenAmount.of(held), world.stage.token).isMoreThan(counted)) {
        violations.add(
            "the book of payer%d counts %s, sellers hold %d units".formatted(i, counted, held));
      }
    }
  }

  /**
   * A payer can make a gas account pay for a transaction that is reverted once for each payment
   * that it made, once more for each server that it deals with, and once for each request to settle
   * that the network brought late. One that came too late for its window is the node's fault.
   */
  private void gasIsBoundedByPayments() {
    Map<String, Integer> reverted = new HashMap<>();
    Map<String, Integer> allowed = new HashMap<>();
    for (Mined transaction : mined) {
      TransferData.of(transaction.data()).stream()
          .filter(data -> !isMoved(data, transaction) && isInTime(data, transaction))
          .forEach(data -> reverted.merge(data.payer(), 1, Integer::sum));
    }
    moved().forEach(one -> allowed.merge(one.payer(), 1, Integer::sum));
    world.orders.all().forEach(order -> allowed.merge(order.payer, order.late, Integer::sum));
    Map<String, Set<Shop>> dealtWith = new HashMap<>();
    world
        .orders
        .all()
        .forEach(
            order ->
                dealtWith.computeIfAbsent(order.payer, any -> new HashSet<>()).add(order.shop));
    reverted.forEach(
        (payer, times) -> {
          int most =
              allowed.getOrDefault(payer, 0) + dealtWith.getOrDefault(payer, Set.of()).size();
          if (times > most) {
            violations.add(
                "%d transactions reverted for payer %s, %d at most".formatted(times, payer, most));
          }
        });
  }

  /** A transaction of several payments succeeds though one of its calls fails. */
  private static boolean isMoved(TransferData data, Mined transaction) {
    return transaction.moved().stream()
        .anyMatch(one -> one.payer().equals(data.payer()) && one.nonce().equals(data.nonce()));
  }

  private static boolean isInTime(TransferData data, Mined transaction) {
    return data.payload().authorization().validBefore().longValueExact() > transaction.time();
  }

  private void noNumberIsMissing() {
    violations.addAll(missingNumbers());
  }

  /**
   * Returns which transactions wait for one before them. A gas account that only stands in has no
   * next sale that would take the number.
   */
  List<String> missingNumbers() {
    List<String> missing = new ArrayList<>();
    if (world.arrangement == World.Arrangement.STAND_IN) {
      return missing;
    }
    for (EvmSigner account : world.stage.gas) {
      String address = account.address().lowerCase();
      long next = world.stage.chain.nonce(account.address().text());
      for (Sent sent : world.stage.chain.sent()) {
        if (sent.sender().equals(address) && sent.nonce() >= next) {
          missing.add(
              "transaction %d of gas account %s waits for number %d"
                  .formatted(sent.nonce(), address, next));
        }
      }
    }
    return missing;
  }

  private void everybodyCanBuy() {
    for (Shop shop : world.shops) {
      boolean sold = world.orders.last(shop).stream().anyMatch(Order::isServed);
      if (!sold) {
        violations.add("%s sells nothing after the faults have ended".formatted(shop));
      }
    }
  }
}
