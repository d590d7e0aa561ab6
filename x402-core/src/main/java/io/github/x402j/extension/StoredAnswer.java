// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A paid answer as it went out, kept for a payer that asks for it again under the same payment
 * identifier. Immutable.
 */
public final class StoredAnswer {
  private final int status;
  private final Map<String, List<String>> headers;
  private final byte[] body;

  private StoredAnswer(int status, Map<String, List<String>> headers, byte[] body) {
    this.status = status;
    Map<String, List<String>> copy = new LinkedHashMap<>();
    headers.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    this.headers = Collections.unmodifiableMap(copy);
    this.body = body.clone();
  }

  /**
   * Returns the answer with these parts, copied.
   *
   * @param headers by name, those of the payment included
   */
  public static StoredAnswer of(int status, Map<String, List<String>> headers, byte[] body) {
    return new StoredAnswer(status, headers, body);
  }

  /** Returns the status. */
  public int status() {
    return status;
  }

  /** Returns the headers by name. */
  public Map<String, List<String>> headers() {
    return headers;
  }

  /** Returns a copy of the body. */
  public byte[] body() {
    return body.clone();
  }

  /** Returns about how much memory it takes, in bytes. */
  long size() {
    List<String> texts = new ArrayList<>(headers.keySet());
    headers.values().forEach(texts::addAll);
    return 200L + body.length + 2 * texts.stream().mapToLong(String::length).sum();
  }

  /** Shows the status; the rest was paid for. */
  @Override
  public String toString() {
    return "StoredAnswer[" + status + "]";
  }
}
