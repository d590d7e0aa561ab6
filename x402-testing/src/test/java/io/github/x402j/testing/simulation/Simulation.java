// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.testing.InProcessChain;
import io.github.x402j.testing.simulation.Orders.Order;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One run of a schedule: the events, the end of all faults, and what must be true then. */
final class Simulation {
  /** No run needs as many turns; one that does waits for something that does not come. */
  private static final int MOST_TURNS = 20_000;

  /** As many as transactions can have been dropped, and some. */
  private static final int MOST_LAST_PURCHASES = 6;

  /** When payers send again what is pending: soon, and when the windows are over. */
  private static final List<Duration> REPEATS =
      List.of(
          Duration.ZERO,
          Duration.ofSeconds(6),
          Duration.ofSeconds(12),
          Duration.ofSeconds(90),
          Duration.ofSeconds(6));

  /**
   * What came of a run.
   *
   * @param violations what must not be and was, in plain words; empty if all is well
   * @param trace every call to the outside, if it was kept
   * @param figures what happened
   */
  record Result(List<String> violations, List<String> trace, Figures figures) {
    boolean isGood() {
      return violations.isEmpty();
    }
  }

  /** Counts. */
  record Figures(int payments, int charged, int served, int lost, int reverted, int excused) {
    static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0);

    Figures plus(Figures more) {
      return new Figures(
          payments + more.payments,
          charged + more.charged,
          served + more.served,
          lost + more.lost,
          reverted + more.reverted,
          excused + more.excused);
    }
  }

  private final Stage stage;
  private final Schedule schedule;
  private final Trace trace;
  private World world;

  private Simulation(Stage stage, Schedule schedule, boolean isTraced) {
    this.stage = stage;
    this.schedule = schedule;
    this.trace = new Trace(isTraced);
  }

  static Result run(Stage stage, Schedule schedule) {
    return new Simulation(stage, schedule, false).run();
  }

  static Result traced(Stage stage, Schedule schedule) {
    return new Simulation(stage, schedule, true).run();
  }

  private Result run() {
    List<String> violations = new ArrayList<>();
    Invariants invariants = null;
    try {
      world = new World(stage, schedule.arrangement(), trace);
      invariants = new Invariants(world);
      for (Event event : schedule.events()) {
        trace.add(() -> "-- " + event);
        happen(event);
      }
      trace.add("-- what was begun ends");
      world.baton.finish(MOST_TURNS);
      trace.add("-- the faults end");
      world.recover();
      world.baton.finish(MOST_TURNS);
      repeatWhatIsPending();
      buyOnceMore(invariants);
    } catch (IllegalStateException e) {
      violations.add("the run broke off: " + shown(e));
    }
    if (world != null) {
      world.baton.failures().forEach(failure -> violations.add("a task threw " + shown(failure)));
    }
    if (invariants != null && violations.isEmpty()) {
      violations.addAll(invariants.violations());
    }
    return new Result(
        violations, trace.lines(), invariants == null ? Figures.NONE : invariants.figures());
  }

  private static String shown(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return failure
        + ", because of "
        + cause
        + " at "
        + List.of(cause.getStackTrace()).subList(0, Math.min(4, cause.getStackTrace().length));
  }

  // ---- the end

  private void repeatWhatIsPending() {
    for (int round = 0; round < REPEATS.size(); round++) {
      stage.time.advance(REPEATS.get(round));
      for (Order order : world.unserved()) {
        List<Shop> alike = world.ofMerchantOf(order.shop);
        world.payers.repeat(order, alike.get(round % alike.size()));
      }
      world.baton.finish(MOST_TURNS);
    }
  }

  /** After all, everybody can buy. */
  private void buyOnceMore(Invariants invariants) {
    stage.time.advance(Duration.ofSeconds(60));
    int before = world.orders.all().size();
    for (Shop shop : world.shops) {
      shop.clock.set(Duration.ZERO);
    }
    world.facilitators.forEach(each -> each.clock.set(Duration.ZERO));
    for (int i = 0; i < Payers.OURS; i++) {
      world.payers.skew(i, Duration.ZERO);
    }
    // A transaction that was dropped leaves its number to the next.
    for (int i = 0; i < MOST_LAST_PURCHASES; i++) {
      for (Shop shop : world.shops) {
        if (!invariants.missingNumbers().isEmpty()
            || world.orders.last(shop).stream().noneMatch(Order::isServed)) {
          world.payers.buy(0, shop, "/cheap");
        }
      }
      world.baton.finish(MOST_TURNS);
      stage.time.advance(Duration.ofSeconds(10));
      for (Order order : world.orders.since(before)) {
        order.isLast = true;
        if (!order.isServed()) {
          world.payers.repeat(order, order.shop);
        }
      }
      world.baton.finish(MOST_TURNS);
    }
  }

  // ---- the events

  private void happen(Event event) {
    switch (event.kind()) {
      case STEP -> world.baton.step(event.x(), event.y());
      case ADVANCE -> stage.time.advance(Duration.ofSeconds(event.x()));
      case BUY -> world.payers.buy(event.x(), shop(event.y()), path(event.z()));
      case REPEAT ->
          pick(world.unserved(), event.x())
              .ifPresent(order -> world.payers.repeat(order, order.shop));
      case COPY -> pick(world.orders.all(), event.x()).ifPresent(this::copy);
      case NODE ->
          world
              .nodes
              .get(event.x() % world.nodes.size())
              .fault(Node.Fault.values()[event.y()], event.z());
      case LINK ->
          world.facilitators.forEach(
              each -> each.fault(RemoteServer.Fault.values()[event.y()], event.z()));
      case LEDGER -> shop(event.x()).ledger().fail(event.y());
      case HANDLER -> shop(event.x()).failNext(1);
      case CLOCK -> setClock(event.x(), Duration.ofSeconds(event.y()));
      case KILL -> shop(event.x()).kill();
      case KILL_FACILITATOR -> world.facilitators.forEach(RemoteServer::kill);
      case FRONT_RUN -> pick(seen(), event.x()).ifPresent(data -> world.payers.sendEarly(data));
      case TWINS ->
          world.payers.twins(
              shop(event.x()), path(event.z()), shop(event.y()), path(event.z() / 3));
      case STRANGER -> pick(seen(), event.x()).ifPresent(this::rebuild);
      case BREAK -> shop(event.x()).breakNext(1);
      case PRICE -> reprice(shop(event.x()), event.y());
      case CENT -> world.payers.spendOneCentOften(shop(event.x()), event.y());
    }
  }

  private Shop shop(int number) {
    return world.shops.get(number % world.shops.size());
  }

  private static String path(int number) {
    return Shop.PATHS.get(number % Shop.PATHS.size());
  }

  private static <T> Optional<T> pick(List<T> all, int which) {
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(which % all.size()));
  }

  private void copy(Order order) {
    for (Shop other : world.shops) {
      if (other != order.shop && other.payTo.equals(order.shop.payTo)) {
        world.payers.repeat(order, other);
        return;
      }
    }
    world.payers.repeat(order, order.shop);
  }

  /** What strangers see, newest first. */
  private List<TransferData> seen() {
    List<TransferData> seen = new ArrayList<>();
    for (InProcessChain.Sent sent : stage.chain.sent()) {
      TransferData.of(sent.data()).forEach(data -> seen.add(0, data));
    }
    return seen;
  }

  /** Published clients send no secret: strangers are left to what ours send. */
  private void rebuild(TransferData data) {
    world.orders.all().stream()
        .filter(order -> order.payer.equals(data.payer()) && order.nonce.equals(data.nonce()))
        .filter(Payers::isOfOurs)
        .findFirst()
        .ifPresent(order -> world.payers.rebuild(order, data));
  }

  private void setClock(int participant, Duration ahead) {
    if (participant < Payers.OURS) {
      world.payers.skew(participant, ahead);
    } else if (participant == Payers.OURS && !world.facilitators.isEmpty()) {
      world.facilitators.get(0).clock.set(ahead);
    } else {
      shop(participant).clock.set(ahead);
    }
  }

  private void reprice(Shop shop, int how) {
    switch (how) {
      case 0 -> shop.reprice("/cheap", 20_000);
      case 1 -> shop.reprice("/cheap", 5_000);
      default -> {
        shop.reprice("/dear", 4_000_000);
        shop.reprice("/stream", 30_000);
      }
    }
  }
}
