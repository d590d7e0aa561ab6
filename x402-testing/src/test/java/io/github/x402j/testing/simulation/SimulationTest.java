// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.x402j.testing.simulation.Schedule.Topic;
import io.github.x402j.testing.simulation.Search.Find;
import io.github.x402j.testing.simulation.Simulation.Figures;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sells and buys under faults that a seed draws, and holds what must be true against the chain.
 *
 * <pre>
 * -Dx402.simulation.seeds=1000 -Dx402.simulation.from=5000  runs these seeds
 * -Dx402.simulation.topics=prices,one_cent                  with these topics, and no others
 * -Dx402.simulation.schedule="own_key: buy 0 0 0"           prints every step of a schedule
 * </pre>
 */
class SimulationTest {
  private static final String SETTINGS = "x402.simulation.";
  private static final long SEEDS = 200;
  private static final int MOST_FINDS = 5;

  @Test
  void nobodyHonestLosesWhateverTheSeed() throws Exception {
    long from = Long.getLong(SETTINGS + "from", 0);
    long end = from + Long.getLong(SETTINGS + "seeds", SEEDS);
    AtomicLong next = new AtomicLong(from);
    int workers = Runtime.getRuntime().availableProcessors();
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    List<Find> finds = new ArrayList<>();
    Figures figures = Figures.NONE;
    try {
      List<Future<Worker>> running = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        running.add(threads.submit(() -> new Worker().run(next, end)));
      }
      for (Future<Worker> each : running) {
        finds.addAll(each.get().finds);
        figures = figures.plus(each.get().figures);
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } finally {
      threads.shutdownNow();
    }
    System.out.println("simulation: seeds " + from + " to " + (end - 1) + ", " + figures);
    assertThat(finds).isEmpty();
    assertThat(figures.served()).isPositive();
  }

  /** One of several threads, each with a chain of its own. */
  private static final class Worker {
    private final List<Find> finds = new ArrayList<>();
    private Figures figures = Figures.NONE;

    Worker run(AtomicLong next, long end) {
      Search search = new Search(topics());
      for (long seed = next.getAndIncrement();
          seed < end && finds.size() < MOST_FINDS;
          seed = next.getAndIncrement()) {
        Simulation.Result result = search.run(seed);
        figures = figures.plus(result.figures());
        if (!result.isGood()) {
          finds.add(search.find(seed, result));
        }
      }
      return this;
    }
  }

  private static Set<Topic> topics() {
    String named = System.getProperty(SETTINGS + "topics");
    if (named == null) {
      return EnumSet.allOf(Topic.class);
    }
    Set<Topic> topics = EnumSet.noneOf(Topic.class);
    for (String name : named.split(",")) {
      if (!name.isBlank()) {
        topics.add(Topic.valueOf(name.trim().toUpperCase(Locale.ROOT)));
      }
    }
    return topics;
  }

  /** What was found once stays found: each was red before it was mended. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "shared_ledger: buy 0 1 0, step 1 60 0, step 4 2 0, step 1 3 0, step 2 60 0, step 0 4 0,"
            + " break 3 2 0, step 0 4 0",
        "published: buy 3 0 1, step 4 14 0, step 3 17 0, link 0 3 1, step 1 2 0, step 1 11 0",
        "published: node 2 1 3, node 2 5 1, buy 0 1 0, step 2 60 0, step 1 60 0, step 2 8 0,"
            + " repeat 3 2 0",
        "mixed: cent 2 4 0",
        "remote: twins 0 1 4",
        "separate_ledgers: buy 1 1 0, step 4 3 0, step 0 3 0, step 1 4 0, copy 1 1 0",
        "separate_ledgers_and_chain: buy 2 0 0, step 3 1 0, copy 3 3 0",
        "separate_ledgers_and_chain: buy 3 0 1, step 3 7 0, copy 1 2 0, step 3 60 0, step 2 12 0,"
            + " copy 2 0 0, step 0 3 0, step 2 4 0, step 5 5 0, step 1 12 0, step 1 60 0,"
            + " step 4 17 0, step 4 3 0, step 3 13 0, link 0 3 1, step 4 18 0, link 0 0 1",
        "own_key: break 2 0 0, buy 2 0 0, step 1 2 0, step 2 3 0, price 2 1 0",
        "shared_ledger: cent 2 3 0, cent 3 3 0",
        "own_key: buy 2 0 0, node 0 7 1, node 0 4 1",
        "remote: node 1 0 2, buy 0 1 0, twins 0 1 1, node 1 5 4",
        "separate_ledgers_and_chain: buy 2 0 0, step 3 60 0, step 1 9 0, copy 2 1 0, step 0 60 0,"
            + " step 5 4 0, step 2 60 0, step 2 3 0, step 2 13 0, step 0 60 0, copy 1 3 0,"
            + " step 2 2 0, step 2 13 0, step 4 60 0, step 5 2 0, step 5 14 0, step 1 3 0,"
            + " step 5 18 0, step 1 60 0",
        "separate_ledgers_and_chain: buy 2 1 1, step 0 60 0, copy 3 0 0, step 3 12 0, step 4 3 0,"
            + " step 5 2 0, step 2 4 0, step 1 60 0, step 1 60 0, step 0 5 0, step 3 11 0,"
            + " step 4 14 0, link 0 2 4, front_run 3 0 0",
      })
  void whatWasFoundOnceStaysMended(String schedule) {
    assertThat(new Search(Set.of()).run(Schedule.parse(schedule)).violations()).isEmpty();
  }

  @Test
  void aSeedAlwaysMakesTheSameRun() {
    Search search = new Search(EnumSet.allOf(Topic.class));
    for (long seed = 0; seed < 20; seed++) {
      Schedule schedule = Schedule.of(seed, EnumSet.allOf(Topic.class));
      assertThat(Schedule.parse(schedule.toString())).isEqualTo(schedule);
      assertThat(search.traced(schedule).trace())
          .as("seed %d", seed)
          .isEqualTo(search.traced(schedule).trace());
    }
  }

  /** A search that finds nothing could be one that cannot find anything. */
  @Test
  void aViolationIsFoundAndItsScheduleMadeShort() {
    Search search = new Search(Set.of()).withShopsThatServeTwice();
    Simulation.Result result = search.run(3);
    assertThat(result.violations()).isNotEmpty();
    Find find = search.find(3, result);
    assertThat(find.shrunk().events()).hasSizeLessThan(3);
    assertThat(find.toString()).contains("seed 3: served 2 times and paid 1 times");
  }

  @Test
  void printsAScheduleStepByStep() {
    String schedule = System.getProperty(SETTINGS + "schedule", "");
    assumeTrue(!schedule.isEmpty(), "no schedule was given");
    Simulation.Result result = new Search(Set.of()).traced(Schedule.parse(schedule));
    result.trace().forEach(System.out::println);
    assertThat(result.violations()).isEmpty();
  }
}
