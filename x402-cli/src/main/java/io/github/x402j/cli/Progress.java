// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Prints on the error stream what the command waits for, if that takes longer than a second. */
final class Progress implements AutoCloseable {
  /** When a line is printed; after that, every half minute. */
  private static final List<Integer> SECONDS = List.of(1, 3, 6, 10, 15, 20, 30);

  private final ScheduledExecutorService timer;

  private Progress(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /** Starts to wait, for "an answer of api.example.com" for example. */
  static Progress waitingFor(Terminal terminal, String what) {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "progress");
              thread.setDaemon(true);
              return thread;
            });
    long start = System.nanoTime();
    Runnable say =
        () -> {
          long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
          terminal.err().println("waiting for " + what + " (" + seconds + " s)");
        };
    for (int second : SECONDS) {
      timer.schedule(say, second, TimeUnit.SECONDS);
    }
    timer.scheduleAtFixedRate(say, 60, 30, TimeUnit.SECONDS);
    return new Progress(timer);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
