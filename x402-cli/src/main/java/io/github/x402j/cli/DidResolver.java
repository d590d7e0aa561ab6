// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.extension.TrustedSigners;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.receipt.DidUrl;
import io.github.x402j.receipt.JwsStatements;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Finds the keys that signed offers name by a DID. The seller chooses the DID, so the URL of its
 * document is fetched within bounds, and shown. Not safe for use by several threads.
 */
final class DidResolver {
  /** A descriptor can name any number of hosts. */
  private static final int MAX_DOCUMENTS = 4;

  private static final int MAX_BYTES = 64 * 1024;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final BoundedHttp http = new BoundedHttp(CONNECT_TIMEOUT, MAX_BYTES);
  private final Map<URI, Fetched> documents = new LinkedHashMap<>();

  /** A document, or why there is none. */
  private record Fetched(String document, String problem) {}

  /** Returns the URLs that were asked, in this order. */
  Set<URI> fetched() {
    return documents.keySet();
  }

  /**
   * Returns trust in what the key of the DID signs.
   *
   * @throws IllegalArgumentException if the key cannot be found; the message tells why
   */
  TrustedSigners keyOf(DidUrl signer) {
    if (signer.document().isEmpty()) {
      return JwsStatements.trusting(signer);
    }
    URI url = signer.document().get();
    if (!documents.containsKey(url) && documents.size() == MAX_DOCUMENTS) {
      throw new IllegalArgumentException(
          "its document was not fetched, as there are more than " + MAX_DOCUMENTS);
    }
    Fetched fetched = documents.computeIfAbsent(url, this::fetch);
    if (!fetched.problem.isEmpty()) {
      throw new IllegalArgumentException(fetched.problem);
    }
    return JwsStatements.trusting(signer, fetched.document);
  }

  private Fetched fetch(URI url) {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("Accept", "application/did+json, application/json")
            .build();
    try {
      HttpResponse<byte[]> answer = http.send(request, DEADLINE);
      return answer.statusCode() == 200
          ? new Fetched(new String(answer.body(), UTF_8), "")
          : new Fetched("", "its document was not found: HTTP status " + answer.statusCode());
    } catch (IOException e) {
      return new Fetched("", "its document was not found: " + e.getMessage());
    }
  }
}
