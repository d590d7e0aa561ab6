// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads a JWK set from where a person says it is, and from nowhere that a token names. */
final class KeySet {
  private static final int MAX_BYTES = 64 * 1024;
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private KeySet() {}

  /**
   * Returns the text of the JWK set, null if none is named.
   *
   * @param where a file, or a URL: HTTPS, or of this machine
   * @throws IllegalArgumentException if keys from there could be anybody's
   * @throws IOException if it cannot be read
   */
  static @Nullable String read(@Nullable String where) throws IOException, InterruptedException {
    if (where == null) {
      return null;
    }
    String scheme = where.toLowerCase(Locale.ROOT);
    boolean url = scheme.startsWith("http://") || scheme.startsWith("https://");
    try (InputStream keys = url ? get(where) : Files.newInputStream(Path.of(where))) {
      return text(keys);
    }
  }

  private static String text(InputStream keys) throws IOException {
    byte[] bytes = keys.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new IOException("--jwks: longer than 64 KiB");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static InputStream get(String text) throws IOException, InterruptedException {
    URI url = URI.create(text);
    String host = String.valueOf(url.getHost());
    boolean here = host.equals("127.0.0.1") || host.equals("localhost") || host.equals("[::1]");
    if (!here && !"https".equalsIgnoreCase(url.getScheme())) {
      throw new IllegalArgumentException(
          "--jwks: expected a file, or https:// (http:// on this machine only)");
    }
    HttpRequest request = HttpRequest.newBuilder(url).timeout(DEADLINE).build();
    HttpResponse<InputStream> answer =
        HttpClient.newHttpClient().send(request, Bodies.within(DEADLINE));
    if (answer.statusCode() != 200) {
      answer.body().close();
      throw new IOException("--jwks: HTTP status " + answer.statusCode());
    }
    return answer.body();
  }
}
