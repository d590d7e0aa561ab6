// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.VerifiedPayment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request that may be answered.
 *
 * @param route the rule that prices it
 * @param challenge what it costs
 * @param payment what was brought for it: a payment, or a receipt of one
 * @param more headers for who has paid, besides the gate's
 */
record Sale(Route route, Challenge challenge, VerifiedPayment payment, Map<String, String> more) {

  /** Returns what tells the payer that it is paid, and what it has bought. */
  Map<String, String> headers(PaymentGate gate) {
    Map<String, String> headers = new LinkedHashMap<>(gate.receipt(payment));
    headers.putAll(more);
    return headers;
  }
}
