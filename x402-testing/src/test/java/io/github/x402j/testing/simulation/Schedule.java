// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.testing.simulation.World.Arrangement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * All that a run does: an arrangement of participants, and events in their order. A seed makes a
 * schedule; a schedule always makes the same run.
 */
record Schedule(Arrangement arrangement, List<Event> events) {

  /** What can be left out, one point of the issue each. */
  enum Topic {
    /** One nonce that is signed twice. */
    TWO_AUTHORIZATIONS,
    /** Servers of one merchant that share a facilitator and no ledger. */
    SEPARATE_LEDGERS,
    /** Strangers that rebuild a request from the chain. */
    STRANGERS,
    /** Facilitators that answer as published ones do. */
    PUBLISHED_FACILITATORS,
    /** Connections that break while what was sold is on its way. */
    BROKEN_DELIVERIES,
    /** Prices that change. */
    PRICES,
    /** A payer that has less than it signs for. */
    ONE_CENT,
    /** Nodes that take a transaction, refuse it, and then do not show it. */
    CONTRADICTORY_NODES;

    private boolean covers(Arrangement arrangement) {
      return switch (arrangement) {
        case SEPARATE_LEDGERS, SEPARATE_LEDGERS_AND_CHAIN -> this == SEPARATE_LEDGERS;
        case PUBLISHED, PUBLISHED_AND_CHAIN -> this == PUBLISHED_FACILITATORS;
        default -> false;
      };
    }

    private boolean covers(Event.Kind kind) {
      return switch (kind) {
        case TWINS -> this == TWO_AUTHORIZATIONS;
        case STRANGER -> this == STRANGERS;
        case BREAK -> this == BROKEN_DELIVERIES;
        case PRICE -> this == PRICES;
        case CENT -> this == ONE_CENT;
        default -> false;
      };
    }
  }

  private static final int MOST_PURCHASES = 5;

  /** Copies the events. */
  Schedule {
    events = List.copyOf(events);
  }

  /** Returns the schedule that a seed makes, with these topics and what belongs to none. */
  static Schedule of(long seed, Set<Topic> topics) {
    return new Maker(new Random(seed * 0x9E3779B97F4A7C15L + 402), topics).make();
  }

  Schedule with(List<Event> others) {
    return new Schedule(arrangement, others);
  }

  /** Reads what {@link #toString} says. */
  static Schedule parse(String text) {
    String[] parts = text.split(":", 2);
    return new Schedule(
        Arrangement.valueOf(parts[0].trim().toUpperCase(Locale.ROOT)),
        Arrays.stream(parts[1].split(","))
            .filter(event -> !event.isBlank())
            .map(Event::parse)
            .toList());
  }

  @Override
  public String toString() {
    return arrangement.name().toLowerCase(Locale.ROOT)
        + ": "
        + events.stream().map(Event::toString).collect(Collectors.joining(", "));
  }

  private static final class Maker {
    private final Random random;
    private final Set<Topic> topics;
    private final List<Event> events = new ArrayList<>();
    private int purchases;

    Maker(Random random, Set<Topic> topics) {
      this.random = random;
      this.topics = topics;
    }

    Schedule make() {
      List<Arrangement> allowed =
          Arrays.stream(Arrangement.values())
              .filter(one -> allows(topic -> topic.covers(one)))
              .toList();
      Arrangement arrangement = allowed.get(random.nextInt(allowed.size()));
      List<Event.Kind> kinds = kinds();
      int length = 10 + random.nextInt(50);
      events.add(buy());
      while (events.size() < length) {
        events.add(random.nextInt(100) < 55 ? step() : event(kinds));
      }
      return new Schedule(arrangement, events);
    }

    private interface Covered {
      boolean by(Topic topic);
    }

    private boolean allows(Covered covered) {
      return EnumSet.allOf(Topic.class).stream().filter(covered::by).allMatch(topics::contains);
    }

    /** A run has a few kinds of trouble, not all of them. */
    private List<Event.Kind> kinds() {
      List<Event.Kind> all =
          Arrays.stream(Event.Kind.values())
              .filter(kind -> kind != Event.Kind.STEP)
              .filter(kind -> allows(topic -> topic.covers(kind)))
              .toList();
      List<Event.Kind> ofTopics =
          all.stream()
              .filter(kind -> EnumSet.allOf(Topic.class).stream().anyMatch(one -> one.covers(kind)))
              .toList();
      List<Event.Kind> some = new ArrayList<>(List.of(Event.Kind.BUY, Event.Kind.REPEAT));
      int troubles = 1 + random.nextInt(4);
      for (int i = 0; i < troubles; i++) {
        some.add(all.get(random.nextInt(all.size())));
      }
      if (!ofTopics.isEmpty() && random.nextBoolean()) {
        some.add(ofTopics.get(random.nextInt(ofTopics.size())));
      }
      return some;
    }

    private Event step() {
      int which = random.nextInt(10);
      int calls = which < 5 ? 1 + random.nextInt(4) : which < 8 ? 5 + random.nextInt(15) : 60;
      return Event.of(Event.Kind.STEP, random.nextInt(6), calls, 0);
    }

    private Event buy() {
      purchases++;
      return Event.of(
          Event.Kind.BUY, random.nextInt(4), random.nextInt(2), skewed(Shop.PATHS.size()));
    }

    private int skewed(int bound) {
      return Math.min(random.nextInt(bound), random.nextInt(bound));
    }

    private Event event(List<Event.Kind> kinds) {
      Event.Kind kind = kinds.get(random.nextInt(kinds.size()));
      int small = random.nextInt(4);
      return switch (kind) {
        case BUY -> purchases < MOST_PURCHASES ? buy() : step();
        case ADVANCE -> Event.of(kind, 1 + random.nextInt(random.nextInt(8) == 0 ? 80 : 12), 0, 0);
        case NODE -> Event.of(kind, random.nextInt(3), nodeFault().ordinal(), 1 + skewed(12));
        case LINK ->
            Event.of(kind, 0, random.nextInt(RemoteServer.Fault.values().length), 1 + skewed(4));
        case LEDGER -> Event.of(kind, small, 1 + skewed(4), 0);
        case CLOCK -> Event.of(kind, random.nextInt(6), random.nextInt(41) - 20, 0);
        case TWINS -> twins();
        case PRICE -> Event.of(kind, small, random.nextInt(3), 0);
        case CENT -> Event.of(kind, small, 3 + random.nextInt(4), 0);
        default -> Event.of(kind, small, random.nextInt(4), 0);
      };
    }

    private Node.Fault nodeFault() {
      Node.Fault[] faults = Node.Fault.values();
      Node.Fault fault = faults[random.nextInt(faults.length)];
      return fault == Node.Fault.TAKES_AND_REFUSES && !topics.contains(Topic.CONTRADICTORY_NODES)
          ? Node.Fault.TAKES_TWICE
          : fault;
    }

    private Event twins() {
      purchases++;
      return purchases < MOST_PURCHASES
          ? Event.of(Event.Kind.TWINS, random.nextInt(2), random.nextInt(2), random.nextInt(9))
          : step();
    }
  }
}
