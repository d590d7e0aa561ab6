// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Response bodies with a deadline and a size. The timeout of a {@code java.net.http} request ends
 * with the headers; a server could send one byte a minute after that.
 */
final class TimedBody {
  private TimedBody() {}

  /** Returns a handler whose stream is closed when the time is over. */
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

  /**
   * Reads a stream to its end.
   *
   * @param name what is read, for the message
   * @throws IOException if it is longer than the limit, or cannot be read
   */
  static String text(InputStream body, int maxBytes, String name) throws IOException {
    byte[] bytes = body.readNBytes(maxBytes + 1);
    if (bytes.length > maxBytes) {
      throw new IOException(name + ": longer than " + maxBytes / 1024 + " KiB");
    }
    return new String(bytes, UTF_8);
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // The next read fails.
    }
  }
}
