// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps the keys behind URLs fresh, by the clock alone, on one daemon thread. */
final class KeyRefresh implements AutoCloseable {
  private static final long LOOK_EVERY_SECONDS = 1;

  private final @Nullable ScheduledExecutorService thread;

  private KeyRefresh(@Nullable ScheduledExecutorService thread) {
    this.thread = thread;
  }

  /** Fetches all of them now, and again in the background. */
  static KeyRefresh of(List<JwksUrl> urls) {
    if (urls.isEmpty()) {
      return new KeyRefresh(null);
    }
    urls.forEach(JwksUrl::refreshIfDue);
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread daemon = new Thread(task, "x402-receipt-keys");
              daemon.setDaemon(true);
              return daemon;
            });
    for (JwksUrl url : urls) {
      thread.scheduleWithFixedDelay(
          url::refreshIfDue, LOOK_EVERY_SECONDS, LOOK_EVERY_SECONDS, TimeUnit.SECONDS);
    }
    return new KeyRefresh(thread);
  }

  @Override
  public void close() {
    if (thread != null) {
      thread.shutdownNow();
    }
  }
}
