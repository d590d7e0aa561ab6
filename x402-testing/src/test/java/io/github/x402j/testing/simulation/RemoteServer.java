// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A facilitator behind a network that is not always there. */
abstract class RemoteServer implements SimulatedNetwork.Server {

  /** What becomes of a request on its way. */
  enum Fault {
    /** No connection comes about. */
    UNREACHABLE,
    /** The request is lost. */
    LOST,
    /** The answer is lost. */
    ANSWER_LOST,
    /** The request arrives when nobody waits for its answer any more. */
    LATE,
    /** The request arrives twice at the same time. */
    TWICE,
    /** A proxy answers. */
    BAD_GATEWAY
  }

  final World world;
  final VirtualTime.Own clock;
  private final String name;
  private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
  private Baton.Process process;
  private int starts;

  RemoteServer(World world, String name) {
    this.world = world;
    this.name = name;
    this.clock = world.stage.time.new Own();
  }

  String host() {
    return name + ".example";
  }

  final void start() {
    process = new Baton.Process(name + "." + ++starts);
    open(process);
  }

  /** Ends the process in the middle of whatever it does, and starts another. */
  final void kill() {
    process.kill();
    closed();
    start();
  }

  abstract void open(Baton.Process newProcess);

  abstract void closed();

  /** Returns whether it gives one payment one answer. Others may send a second transaction. */
  abstract boolean isIdempotent();

  abstract SimulatedNetwork.Reply handle(SimulatedNetwork.Request request);

  final void fault(Fault fault, int requests) {
    faults.merge(fault, requests, Integer::sum);
  }

  void recover() {
    faults.clear();
  }

  private boolean befalls(Fault fault) {
    Integer left = faults.get(fault);
    if (left == null || world.baton.isBetweenTurns()) {
      return false;
    }
    if (left == 1) {
      faults.remove(fault);
    } else {
      faults.put(fault, left - 1);
    }
    return true;
  }

  @Override
  public final SimulatedNetwork.Reply answer(SimulatedNetwork.Request request) throws IOException {
    String task = name + request.path() + " for " + world.baton.current();
    if (befalls(Fault.UNREACHABLE)) {
      throw new ConnectException("connection refused");
    }
    List<Orders.Order> asked =
        request.path().equals("/settle") ? world.orders.in(request.body()) : List.of();
    asked.forEach(order -> order.isBegun = true);
    if (befalls(Fault.LOST)) {
      throw noAnswer();
    }
    if (befalls(Fault.BAD_GATEWAY)) {
      return new SimulatedNetwork.Reply(502, Map.of(), "<html>bad gateway</html>");
    }
    if (befalls(Fault.LATE)) {
      asked.forEach(order -> order.late++);
      world.baton.begin(task + " late", process, () -> handle(request));
      throw noAnswer();
    }
    if (befalls(Fault.TWICE) && isIdempotent()) {
      world.baton.begin(task + " again", process, () -> handle(request));
    }
    SimulatedNetwork.Reply reply = world.exchange(process, task, () -> handle(request));
    if (befalls(Fault.ANSWER_LOST)) {
      throw noAnswer();
    }
    return reply;
  }

  private IOException noAnswer() {
    world.stage.time.advance(Duration.ofSeconds(2));
    return new HttpTimeoutException("no answer");
  }

  @Override
  public String toString() {
    return name;
  }
}
