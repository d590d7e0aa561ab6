// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.testing.simulation.Schedule.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Runs seeds, and makes the schedule of one that fails as short as it can be. */
final class Search {
  private static final int MOST_RUNS = 1_500;

  private final Stage stage = new Stage();
  private final Set<Topic> topics;

  Search(Set<Topic> topics) {
    this.topics = topics;
  }

  /** Lets shops serve twice what they serve: the search must find that. */
  Search withShopsThatServeTwice() {
    stage.servesTwice = true;
    return this;
  }

  /**
   * A seed whose run violates something.
   *
   * @param kind the violation's first words, by which the same fault is known again
   */
  record Find(long seed, String kind, Schedule schedule, Schedule shrunk, List<String> violations) {
    @Override
    public String toString() {
      return "seed %d: %s%n  in short: %s%n  whole: %s"
          .formatted(seed, String.join("; ", violations), shrunk, schedule);
    }
  }

  Simulation.Result run(long seed) {
    return Simulation.run(stage, Schedule.of(seed, topics));
  }

  Simulation.Result run(Schedule schedule) {
    return Simulation.run(stage, schedule);
  }

  Simulation.Result traced(Schedule schedule) {
    return Simulation.traced(stage, schedule);
  }

  /** Makes the schedule of a seed that failed short. */
  Find find(long seed, Simulation.Result result) {
    Schedule schedule = Schedule.of(seed, topics);
    String kind = kindOf(result);
    Schedule shrunk = shrink(schedule, kind);
    Simulation.Result shortest = run(shrunk);
    return new Find(
        seed,
        kind,
        schedule,
        shrunk,
        shortest.isGood() ? result.violations() : shortest.violations());
  }

  static String kindOf(Simulation.Result result) {
    String first = result.violations().get(0);
    int colon = first.indexOf(':');
    return (colon < 0 ? first : first.substring(0, colon)).replaceAll("[0-9a-fx]{6,}|[0-9]+", "#");
  }

  /** Leaves out what the violation does not need, and makes numbers small. */
  Schedule shrink(Schedule schedule, String kind) {
    int[] runs = {0};
    Predicate<List<Event>> fails =
        events -> {
          if (++runs[0] > MOST_RUNS) {
            return false;
          }
          Simulation.Result result = run(schedule.with(events));
          return !result.isGood() && kindOf(result).equals(kind);
        };
    List<Event> events = new ArrayList<>(schedule.events());
    for (int before = -1; before != events.size() && runs[0] < MOST_RUNS; ) {
      before = events.size();
      for (int length = Math.max(1, events.size() / 2); length > 0; length /= 2) {
        events = without(events, length, fails);
      }
    }
    return schedule.with(smaller(events, fails));
  }

  private static List<Event> without(List<Event> events, int length, Predicate<List<Event>> fails) {
    List<Event> left = events;
    for (int from = 0; from + length <= left.size(); ) {
      List<Event> fewer = new ArrayList<>(left.subList(0, from));
      fewer.addAll(left.subList(from + length, left.size()));
      if (fails.test(fewer)) {
        left = fewer;
      } else {
        from += length;
      }
    }
    return left;
  }

  private static List<Event> smaller(List<Event> events, Predicate<List<Event>> fails) {
    List<Event> left = new ArrayList<>(events);
    for (int i = 0; i < left.size(); i++) {
      Event event = left.get(i);
      for (Event simpler :
          List.of(
              new Event(event.kind(), 0, event.y(), event.z()),
              new Event(event.kind(), event.x(), event.y(), Math.min(1, event.z())))) {
        List<Event> other = new ArrayList<>(left);
        other.set(i, simpler);
        if (!simpler.equals(left.get(i)) && fails.test(other)) {
          left = other;
        }
      }
    }
    return left;
  }
}
