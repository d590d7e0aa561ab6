// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpRequest;
import java.time.Instant;

/**
 * A payment that was sent, or was about to be, and whose outcome is not known: with its request and
 * its secret, so that another process can send it again. Immutable.
 *
 * @param agent the agent whose wallet pays
 * @param keptAt the time when it was kept
 * @param request the request that was paid for; it does not carry the payment
 * @param payment the payment, with its signature and its secret
 */
public record PendingPayment(String agent, Instant keptAt, HttpRequest request, Payment payment) {

  /** Shows neither signature nor secret nor the headers and the query of the request. */
  @Override
  public String toString() {
    return String.format("PendingPayment[%s, %s by %s]", payment, request.method(), agent);
  }
}
