// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

/**
 * Every meter of this module. Their labels have few values: none names a payer, a URL or a text.
 */
public enum PaymentMeter {
  /** Counts requests without a payment that were told how to pay. Label: {@code route}. */
  OFFERED("x402.payments.offered", "Requests that were told how to pay"),
  /** Counts requests that an access hook let in. Labels: {@code reason}, {@code route}. */
  GRANTED("x402.payments.granted", "Requests that an access hook let in without a payment"),
  /**
   * Counts payments that were found good. Labels: {@code network}, {@code token}, {@code route}.
   */
  VERIFIED("x402.payments.verified", "Payments that were found good"),
  /** Counts payments whose money moved. Labels: {@code network}, {@code token}, {@code route}. */
  SETTLED("x402.payments.settled", "Payments whose money moved"),
  /**
   * Sums what was settled, in the smallest units of the token. Labels: {@code network}, {@code
   * token}, {@code route}.
   */
  AMOUNT("x402.payments.amount", "What was settled, in the smallest units of the token"),
  /** Counts outcomes that were not known. Labels: {@code network}, {@code token}, {@code route}. */
  PENDING("x402.payments.pending", "Payments whose outcome was not known when they were answered"),
  /**
   * Counts deliveries that failed after the money moved. Labels: {@code network}, {@code token},
   * {@code route}.
   */
  UNDELIVERED("x402.payments.undelivered", "Settled payments whose delivery failed"),
  /** Counts refused payments and failed settlements. Labels: {@code reason}, {@code route}. */
  FAILED("x402.payments.failed", "Payments that were refused, or failed to settle"),
  /** Counts requests that got 503: chain, facilitator, ledger or an access hook did not answer. */
  UNAVAILABLE("x402.payments.unavailable", "Requests that could not be handled"),
  /** Times decisions on requests. Labels: {@code route}, {@code outcome}. */
  ADMIT("x402.admit", "From a request to the decision on it"),
  /** Times settlements. Labels: {@code network}, {@code route}, {@code outcome}. */
  SETTLE("x402.settle", "From an admitted payment to its outcome"),
  /** Times messages to the node. Labels: {@code network}, {@code method}, {@code outcome}. */
  RPC("x402.rpc", "Messages to the node"),
  /** Sums what transactions cost, in wei. Label: {@code network}. */
  GAS_SPENT("x402.gas.spent", "What transactions of the gas accounts cost"),
  /** Counts mined transactions. Labels: {@code network}, {@code outcome}. */
  GAS_TRANSACTIONS("x402.gas.transactions", "Transactions of the gas accounts in a block"),
  /** Tells how many payments wait to be sent. Label: {@code network}. */
  QUEUE("x402.settlement.waiting", "Payments that wait to be sent"),
  /** Tells how many transactions are not yet in a block. Label: {@code network}. */
  SENT("x402.settlement.sent", "Transactions that are sent and not yet in a block"),
  /** Tells how many entries the ledger remembers, where it knows. */
  LEDGER("x402.ledger.entries", "Entries that the ledger remembers");

  private final String meterName;
  private final String description;

  PaymentMeter(String meterName, String description) {
    this.meterName = meterName;
    this.description = description;
  }

  /** Returns the name, as Micrometer takes it. */
  public String meterName() {
    return meterName;
  }

  String description() {
    return description;
  }
}
