// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A request that a seller asks a payment for, as rules and the journal see it. Immutable.
 *
 * @param id what the journal calls the request
 * @param method the method
 * @param url the URL with its query, which may hold secrets of the caller; its host is what rules
 *     see
 * @param fingerprint tells this request from others: a hash of all that it asks for. Two requests
 *     with the same one ask for the same. Null if the caller cannot tell
 */
public record RequestToPay(String id, String method, URI url, @Nullable String fingerprint) {
  /** Does not show the query. */
  @Override
  public String toString() {
    return String.format("RequestToPay[%s, %s %s]", id, method, url.getHost());
  }
}
