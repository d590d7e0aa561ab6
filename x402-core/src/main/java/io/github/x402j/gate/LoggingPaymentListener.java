// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes payments to the SLF4J logger {@code io.github.x402j.gate.PaymentGate}: resource, payer,
 * amount, transaction, code. No signature, header, key or URL of a chain.
 *
 * <p>What costs its sender nothing does not fill the log: of the refusals with one code, and of the
 * payments that could not be handled for one reason, one a minute is written, with the number of
 * those that were left out. At level DEBUG all of them are.
 */
public final class LoggingPaymentListener implements PaymentListener {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private final LogRate rate;

  /** Creates the listener. */
  public LoggingPaymentListener() {
    this(Clock.systemUTC());
  }

  LoggingPaymentListener(Clock clock) {
    rate = new LogRate(clock);
  }

  @Override
  public void offered(PaymentRequired required) {
    log.debug("payment required for {}", required.resource().url());
  }

  @Override
  public void granted(PaymentRequired required, String reason) {
    log.debug("access granted to {}: {}", required.resource().url(), reason);
  }

  @Override
  public void verified(VerifiedPayment payment) {
    log.debug("payment verified for {}: {}", payment.required().resource().url(), payment);
  }

  @Override
  public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
    log.info(
        "payment settled for {}: {} in {}",
        payment.required().resource().url(),
        payment,
        settlement.transaction());
  }

  /** Of the facilitator's words the status and a code, where they are no more than names. */
  @Override
  public void extensionResponses(VerifiedPayment payment, Map<String, Object> responses) {
    String url = payment.required().resource().url();
    responses.forEach(
        (name, response) -> {
          String said = shown(name) + ": " + status(response);
          OptionalLong left = rate.next(said);
          if (left.isPresent()) {
            log.info("the facilitator answers for {}: extension {}{}", url, said, more(left));
          } else {
            log.debug("the facilitator answers for {}: extension {}", url, said);
          }
        });
  }

  private static String status(Object response) {
    if (!(response instanceof Map<?, ?> members)) {
      return "?";
    }
    return Stream.of("status", "rejectedReason", "reason", "code")
        .map(members::get)
        .filter(Objects::nonNull)
        .map(LoggingPaymentListener::shown)
        .collect(Collectors.joining(", "));
  }

  private static String shown(Object text) {
    return HARMLESS.matcher(String.valueOf(text)).matches() ? String.valueOf(text) : "?";
  }

  @Override
  public void pending(VerifiedPayment payment, Settlement.Pending settlement) {
    log.warn(
        "payment pending for {}: {} in {}",
        payment.required().resource().url(),
        payment,
        settlement.transaction().orElse("no known transaction"));
  }

  @Override
  public void failed(PaymentRequired required, ErrorReason reason, String detail) {
    String url = required.resource().url();
    OptionalLong left = rate.next(reason.wireCode());
    if (left.isPresent()) {
      log.info("payment refused for {}: {}: {}{}", url, reason.wireCode(), detail, more(left));
    } else {
      log.debug("payment refused for {}: {}: {}", url, reason.wireCode(), detail);
    }
  }

  @Override
  public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
    log.warn(
        "payment settled in {} and not delivered for {}: {}; the same payment may be sent again",
        settlement.transaction(),
        payment.required().resource().url(),
        payment);
  }

  @Override
  public void unavailable(PaymentRequired required, String what) {
    String url = required.resource().url();
    OptionalLong left = rate.next(what);
    if (left.isPresent()) {
      log.warn("payment for {} could not be handled: {}{}", url, what, more(left));
    } else {
      log.debug("payment for {} could not be handled: {}", url, what);
    }
  }

  private static String more(OptionalLong left) {
    return left.getAsLong() == 0
        ? ""
        : " (and " + left.getAsLong() + " more since the last such line)";
  }
}
