// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells every listener, and keeps what a listener throws away from the payment. */
final class Listeners implements PaymentListener {
  private static final Logger log = LoggerFactory.getLogger(PaymentListener.class);

  private final List<PaymentListener> listeners;

  Listeners(List<PaymentListener> listeners) {
    this.listeners = List.copyOf(listeners);
  }

  @Override
  public Step admitting(Purchase purchase) {
    return all(listener -> listener.admitting(purchase));
  }

  @Override
  public Step settling(VerifiedPayment payment) {
    return all(listener -> listener.settling(payment));
  }

  private Step all(Function<PaymentListener, Step> begin) {
    List<Step> steps = new ArrayList<>(0);
    each(
        listener -> {
          Step step = begin.apply(listener);
          if (step != Step.NONE) {
            steps.add(step);
          }
        });
    return steps.isEmpty() ? Step.NONE : outcome -> end(steps, outcome);
  }

  private static void end(List<Step> steps, String outcome) {
    for (Step step : steps) {
      try {
        step.ended(outcome);
      } catch (RuntimeException e) {
        log.warn("a step of a payment listener failed: {}", step.getClass().getName(), e);
      }
    }
  }

  @Override
  public void offered(PaymentRequired required) {
    each(listener -> listener.offered(required));
  }

  @Override
  public void granted(PaymentRequired required, String reason) {
    each(listener -> listener.granted(required, reason));
  }

  @Override
  public void verified(VerifiedPayment payment) {
    each(listener -> listener.verified(payment));
  }

  @Override
  public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
    each(listener -> listener.settled(payment, settlement));
  }

  @Override
  public void extensionResponses(VerifiedPayment payment, Map<String, Object> responses) {
    each(listener -> listener.extensionResponses(payment, responses));
  }

  @Override
  public void pending(VerifiedPayment payment, Settlement.Pending settlement) {
    each(listener -> listener.pending(payment, settlement));
  }

  @Override
  public void failed(PaymentRequired required, ErrorReason reason, String detail) {
    each(listener -> listener.failed(required, reason, detail));
  }

  @Override
  public void failed(VerifiedPayment payment, ErrorReason reason, String detail) {
    each(listener -> listener.failed(payment, reason, detail));
  }

  @Override
  public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
    each(listener -> listener.undelivered(payment, settlement));
  }

  @Override
  public void unavailable(PaymentRequired required, String what) {
    each(listener -> listener.unavailable(required, what));
  }

  private void each(Consumer<PaymentListener> event) {
    for (PaymentListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        log.warn("a payment listener failed: {}", listener.getClass().getName(), e);
      }
    }
  }
}
