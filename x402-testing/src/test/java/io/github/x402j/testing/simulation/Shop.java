// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.SaleTransport;
import io.github.x402j.gate.VerifiedPayment;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/** A server that sells three things for one merchant. */
final class Shop implements SimulatedNetwork.Server {
  static final List<String> PATHS = List.of("/cheap", "/dear", "/stream");
  static final Duration WINDOW = Duration.ofSeconds(60);

  /** Makes what a process verifies and settles with. */
  interface Means {
    List<Facilitator> of(Baton.Process process, VirtualTime.Own clock);
  }

  final String name;
  final Address payTo;
  final VirtualTime.Own clock;
  private final World world;
  private final Means means;
  private final Supplier<LedgerStore> ledgers;
  private final boolean isDurable;
  private final Map<String, Long> prices =
      new HashMap<>(Map.of("/cheap", 10_000L, "/dear", 5_000_000L, "/stream", 10_000L));
  private final Map<String, Set<Long>> everAsked = new HashMap<>();
  private final Map<String, Challenge> challenges = new HashMap<>();

  /** One for each request. */
  private final List<Orders.Order> inHand = new ArrayList<>();

  private Baton.Process process;
  private PaymentGate gate;
  private LedgerStore ledger;
  private int broken;
  private int failing;
  private int starts;

  /**
   * @param isDurable whether the ledgers that it gets outlive its processes
   */
  Shop(
      World world,
      String name,
      Address payTo,
      Means means,
      boolean isDurable,
      Supplier<LedgerStore> ledgers) {
    this.world = world;
    this.name = name;
    this.payTo = payTo;
    this.means = means;
    this.isDurable = isDurable;
    this.ledgers = ledgers;
    this.clock = world.stage.time.new Own();
  }

  /** Starts a process, after the one before has ended. */
  void start() {
    process = new Baton.Process(name + "." + ++starts);
    ledger = ledgers.get();
    PaymentGate.Builder builder =
        PaymentGate.builder()
            .clock(clock)
            .ledger(ledger.viewOf(process))
            .listener(
                new PaymentListener() {
                  @Override
                  public void unavailable(PaymentRequired required, String what) {
                    world.trace.add(() -> name + ": " + what);
                  }
                });
    means.of(process, clock).forEach(builder::facilitator);
    gate = builder.build();
    challenges.clear();
    gate.start(PATHS.stream().map(this::offer).toList());
  }

  // ---- what befalls it

  /** The next answers that bring what is sold break off. */
  void breakNext(int answers) {
    broken += answers;
  }

  void failNext(int handlers) {
    failing += handlers;
  }

  LedgerStore ledger() {
    return ledger;
  }

  void reprice(String path, long price) {
    prices.put(path, price);
    challenges.clear();
  }

  /** The process ends in the middle of whatever it does, and another starts. */
  void kill() {
    process.kill();
    for (Orders.Order order : inHand) {
      if (ledger.isDelivered(order.nonce)) {
        order.lost = "killed between record and delivery";
      }
      order.mayRepeat = order.isServed();
    }
    forgets("its ledger in memory was lost");
    inHand.clear();
    ledger.killed();
    start();
  }

  private void forgets(String why) {
    if (!isDurable) {
      world.orders.all().stream()
          .filter(order -> order.to.equals(payTo.lowerCase()) && !order.isServed())
          .forEach(order -> order.lost = why);
    }
  }

  void recover() {
    broken = 0;
    failing = 0;
    ledger.recover();
  }

  // ---- selling

  PaymentRequirements offer(String path) {
    long price = prices.get(path);
    return PaymentRequirements.exact(world.stage.token, TokenAmount.of(price), payTo, WINDOW)
        .withFlow(path.equals("/stream") ? PaymentFlow.UPFRONT : PaymentFlow.AUTHORIZATION);
  }

  String url(String path) {
    return "https://" + name + ".example" + path;
  }

  /** Returns whether this was once the price. */
  boolean hasAsked(String path, long price) {
    return everAsked.getOrDefault(path, Set.of()).contains(price);
  }

  private Challenge challenge(String path) {
    everAsked.computeIfAbsent(path, any -> new HashSet<>()).add(prices.get(path));
    return challenges.computeIfAbsent(
        path,
        any ->
            gate.challenge(PaymentRequired.of(ResourceInfo.of(url(path)), List.of(offer(path)))));
  }

  @Override
  public SimulatedNetwork.Reply answer(SimulatedNetwork.Request request) throws IOException {
    String actor = world.baton.current();
    Optional<Orders.Order> order = world.orders.of(request, actor, this);
    return world.exchange(
        process, name + " for " + actor, () -> sell(request, actor, order.orElse(null)));
  }

  private SimulatedNetwork.Reply sell(
      SimulatedNetwork.Request request, String actor, Orders.Order order) throws IOException {
    String path = request.path();
    Function<String, List<String>> headers = header -> request.headers().allValues(header);
    Sale sale = new Sale(path, actor, order);
    if (order != null) {
      inHand.add(order);
    }
    try {
      gate.sell(challenge(path), Purchase.of("GET " + path, "GET").withFixedPrice(), headers, sale);
    } finally {
      inHand.remove(order);
    }
    return sale.reply;
  }

  /** One request: what runs, and how answers are sent. */
  private final class Sale implements SaleTransport<IOException> {
    private final String path;
    private final String actor;
    private final Orders.Order order;
    private final Baton.Process mine = process;
    private Map<String, String> headers = Map.of();
    private SimulatedNetwork.Reply reply = SimulatedNetwork.Reply.json(500, "{}");

    Sale(String path, String actor, Orders.Order order) {
      this.path = path;
      this.actor = actor;
      this.order = order;
    }

    @Override
    public void refuse(Refusal refusal) {
      world.trace.add(() -> name + " answers " + actor + " with " + refusal.status());
      if (order != null
          && refusal.status() == 402
          && actor.startsWith("payer")
          && order.isBegun
          && !order.wasRefused()) {
        order.refusedAt = world.stage.time.instant().getEpochSecond();
      }
      reply = new SimulatedNetwork.Reply(refusal.status(), refusal.headers(), refusal.body());
    }

    @Override
    public void repeat(StoredAnswer answer) {
      throw new IllegalStateException("payment identifiers are off");
    }

    @Override
    public void run(VerifiedPayment payment, Ending<IOException> ending) throws IOException {
      world.baton.call("handler");
      if (failing > 0) {
        failing--;
        ending.failed();
        return;
      }
      if (path.equals("/stream")) {
        send(payment);
      }
      ending.completed();
    }

    @Override
    public void fail(VerifiedPayment payment) {
      reply = SimulatedNetwork.Reply.json(500, "{}");
    }

    @Override
    public void addHeaders(VerifiedPayment payment, Map<String, String> newHeaders) {
      headers = newHeaders;
    }

    @Override
    public Optional<StoredAnswer> copy(long maxBytes) {
      return Optional.empty();
    }

    @Override
    public void deliver(VerifiedPayment payment) throws IOException {
      send(payment);
    }

    private void send(VerifiedPayment payment) throws IOException {
      world.baton.call("delivery");
      if (mine.isKilled()) {
        throw new Baton.Killed();
      }
      if (broken > 0) {
        broken--;
        world.trace.add(() -> name + ": the connection of " + actor + " breaks");
        if (order != null && ++order.broken >= PaymentLedger.MAX_DELIVERIES) {
          order.lost = "its deliveries broke off too often";
        }
        throw new IOException("connection reset");
      }
      long price = payment.amount().atomicUnits().longValueExact();
      world.trace.add(() -> name + " serves " + actor + " " + path);
      if (order != null) {
        for (int i = 0; i < (world.stage.servesTwice ? 2 : 1); i++) {
          order.served.add(new Orders.Served(actor, Shop.this, path, price));
        }
      }
      reply = new SimulatedNetwork.Reply(200, headers, "what is sold at " + path);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
