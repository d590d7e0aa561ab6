// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.Facilitator;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.SimulatedEvm;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.facilitator.SimulatedFacilitator;
import io.github.x402j.testing.simulation.Orders.Order;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The participants of one run, in one of a few arrangements. */
final class World {

  /** Who sells to whom through what. */
  enum Arrangement {
    /** One server with a gas key. */
    OWN_KEY,
    /** Two servers of one merchant, each with a gas key, and one ledger. */
    SHARED_LEDGER,
    /** Two merchants, each with a gas key and a ledger in memory. */
    IN_MEMORY,
    /** Two merchants with a facilitator of ours. */
    REMOTE,
    /** The same; they read the chain. */
    REMOTE_AND_CHAIN,
    /** One server with a gas key and one with a facilitator of ours, and one ledger. */
    MIXED,
    /** A facilitator of ours, and a gas key for when it does not answer. */
    STAND_IN,
    /** Two servers of one merchant with a facilitator of ours, each with a ledger of its own. */
    SEPARATE_LEDGERS,
    /** The same; they read the chain. */
    SEPARATE_LEDGERS_AND_CHAIN,
    /** A facilitator that answers as published ones do. */
    PUBLISHED,
    /** The same; the server reads the chain. */
    PUBLISHED_AND_CHAIN
  }

  private static final Duration RPC_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration SETTLE_TIMEOUT = Duration.ofSeconds(4);
  private static final int NODES = 3;

  final Stage stage;
  final Arrangement arrangement;
  final Trace trace;
  final Baton baton;
  final SimulatedNetwork network = new SimulatedNetwork();
  final Orders orders = new Orders();
  final List<Node> nodes = new ArrayList<>();
  final List<Shop> shops = new ArrayList<>();
  final List<RemoteServer> facilitators = new ArrayList<>();
  final Payers payers;

  World(Stage stage, Arrangement arrangement, Trace trace) {
    this.stage = stage;
    this.arrangement = arrangement;
    this.trace = trace;
    baton = new Baton(stage.time, trace);
    stage.reset();
    mineEachTwoSeconds();
    for (int i = 0; i < NODES; i++) {
      Node node = new Node("node" + i, stage.chain, stage.time, baton);
      nodes.add(node);
      network.serve("node" + i + ".example", node);
    }
    build();
    shops.forEach(shop -> network.serve(shop.name + ".example", shop));
    facilitators.forEach(RemoteServer::start);
    shops.forEach(Shop::start);
    payers = new Payers(this);
  }

  private void mineEachTwoSeconds() {
    long[] mined = {0};
    stage.time.watch(
        () -> {
          long due = stage.time.now() / 2_000;
          if (due > mined[0]) {
            mined[0] = due;
            stage.chain.mine();
          }
        });
  }

  private void build() {
    Supplier<LedgerStore> one = durable();
    switch (arrangement) {
      case OWN_KEY -> shop(0, own(0), true, one);
      case SHARED_LEDGER -> {
        shop(0, own(0), true, one);
        shop(0, own(1), true, one);
      }
      case IN_MEMORY -> {
        shop(0, own(0), false, () -> new LedgerStore(stage.time, baton));
        shop(1, own(1), false, () -> new LedgerStore(stage.time, baton));
      }
      case REMOTE, REMOTE_AND_CHAIN -> {
        Shop.Means means = ours(arrangement == Arrangement.REMOTE_AND_CHAIN);
        shop(0, means, true, durable());
        shop(1, means, true, durable());
      }
      case MIXED -> {
        shop(0, own(0), true, one);
        shop(0, ours(false), true, one);
      }
      case STAND_IN -> {
        Shop.Means remote = ours(false);
        Shop.Means own = own(0);
        Shop.Means both =
            (process, clock) -> {
              List<Facilitator> all = new ArrayList<>(remote.of(process, clock));
              all.addAll(own.of(process, clock));
              return all;
            };
        shop(0, both, true, one);
      }
      case SEPARATE_LEDGERS, SEPARATE_LEDGERS_AND_CHAIN -> {
        Shop.Means means = ours(arrangement == Arrangement.SEPARATE_LEDGERS_AND_CHAIN);
        shop(0, means, true, durable());
        shop(0, means, true, durable());
      }
      case PUBLISHED, PUBLISHED_AND_CHAIN ->
          shop(0, published(arrangement == Arrangement.PUBLISHED_AND_CHAIN), true, one);
    }
  }

  private void shop(int merchant, Shop.Means means, boolean durable, Supplier<LedgerStore> ledger) {
    String name = "shop" + shops.size();
    shops.add(new Shop(this, name, stage.merchants.get(merchant), means, durable, ledger));
  }

  private Supplier<LedgerStore> durable() {
    LedgerStore store = new LedgerStore(stage.time, baton);
    return () -> store;
  }

  Web3jChain chain(int node) {
    URI url = URI.create("https://node" + node + ".example");
    return SimulatedEvm.chain(url, RPC_TIMEOUT, network, baton);
  }

  EvmFacilitator evm(int node, EvmSigner gas, Clock clock) {
    return SimulatedEvm.pausing(
            EvmFacilitator.builder(stage.token.network(), chain(node), gas)
                .clock(clock)
                .settleTimeout(SETTLE_TIMEOUT),
            baton)
        .build();
  }

  private Shop.Means own(int number) {
    return (process, clock) -> List.of(evm(number, stage.gas.get(number), clock));
  }

  private Shop.Means ours(boolean readsChain) {
    OurFacilitator service = new OurFacilitator(this, stage.gas.get(2), durable().get());
    facilitators.add(service);
    return remote(service, readsChain, true);
  }

  private Shop.Means published(boolean readsChain) {
    PublishedFacilitator service = new PublishedFacilitator(this, stage.gas.get(3));
    facilitators.add(service);
    return remote(service, readsChain, false);
  }

  private Shop.Means remote(RemoteServer service, boolean readsChain, boolean idempotent) {
    network.serve(service.host(), service);
    return (process, clock) -> {
      EvmLocalChecks.Builder local = EvmLocalChecks.builder().clock(clock);
      if (readsChain) {
        local.chain(stage.token.network(), chain(0));
      }
      HttpFacilitator.Builder builder =
          HttpFacilitator.builder(URI.create("https://" + service.host()), local.build())
              .clock(clock)
              .settleTimeout(Duration.ofSeconds(8))
              .refreshInterval(Duration.ofDays(1000));
      if (idempotent) {
        builder.settleIsIdempotent();
      }
      return List.of(SimulatedFacilitator.over(builder, network, baton).build());
    };
  }

  /** What a server does for a request. */
  interface Answer {
    SimulatedNetwork.Reply get() throws IOException;
  }

  /** Lets a process answer in a task of its own, and waits for that. */
  SimulatedNetwork.Reply exchange(Baton.Process process, String name, Answer answer)
      throws IOException {
    if (baton.isBetweenTurns()) {
      return answer.get();
    }
    baton.call("request to " + process.name);
    Exchange exchange = new Exchange(answer);
    Baton.Task task = baton.begin(name, process, exchange::run);
    baton.await(() -> task.isDone() || process.isKilled());
    return exchange.result(process);
  }

  private static final class Exchange {
    private final Answer answer;
    private volatile SimulatedNetwork.Reply reply;
    private volatile IOException failure;

    Exchange(Answer answer) {
      this.answer = answer;
    }

    void run() {
      try {
        reply = answer.get();
      } catch (IOException e) {
        failure = e;
      }
    }

    SimulatedNetwork.Reply result(Baton.Process process) throws IOException {
      if (failure != null) {
        throw new IOException("the connection broke", failure);
      }
      if (reply == null) {
        throw new IOException("connection reset by " + process.name);
      }
      return reply;
    }
  }

  /** Ends all faults. */
  void recover() {
    nodes.forEach(Node::recover);
    shops.forEach(Shop::recover);
    facilitators.forEach(RemoteServer::recover);
  }

  /** Returns the servers of the merchant of this one, which is the first. */
  List<Shop> ofMerchantOf(Shop shop) {
    List<Shop> all = new ArrayList<>(List.of(shop));
    for (Shop other : shops) {
      if (other != shop && other.payTo.equals(shop.payTo)) {
        all.add(other);
      }
    }
    return all;
  }

  /** Returns the honest payments that were not served yet. */
  List<Order> unserved() {
    return orders.all().stream().filter(order -> order.isHonest && !order.isServed()).toList();
  }
}
