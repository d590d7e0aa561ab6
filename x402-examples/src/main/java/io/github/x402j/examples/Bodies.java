// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Bodies of strangers, who may send one byte a minute: a request's timeout ends with headers. */
final class Bodies {
  private Bodies() {}

  /** Handles a body as a stream, of which nothing can be read any more when the time is over. */
  static BodyHandler<InputStream> within(Duration time) {
    return info ->
        BodySubscribers.mapping(
            BodySubscribers.ofInputStream(),
            body -> {
              CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
                  .execute(() -> close(body));
              return body;
            });
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // Whoever reads from it learns of it.
    }
  }
}
