// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.util.Map;

/**
 * A complete HTTP answer that lets nothing out: status, headers and a JSON body.
 *
 * @param status 400, 402, 409, 429 or 503, or what an {@link AccessHook} refuses with
 * @param headers by name; the values are single and safe to send. {@code WWW-Authenticate} goes
 *     beside those of others
 * @param body JSON text, to be sent as UTF-8; its type is {@code application/json} unless the
 *     headers name another
 */
public record Refusal(int status, Map<String, String> headers, String body) {
  static final String CONTENT_TYPE = "Content-Type";

  /** Copies the headers. */
  public Refusal {
    headers = Map.copyOf(headers);
  }
}
