// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps a slow or failing chain from blocking the server: a bulkhead bounds the calls at a time,
 * and a circuit breaker opens after several failed calls in a row. A call over either limit fails
 * at once, and its payment gets a 503.
 *
 * <p>A settlement is never refused here: its payment was verified a moment ago.
 */
final class GuardedFacilitator implements Facilitator {
  /** This many failed calls in a row open the circuit. */
  static final int FAILURES_TO_OPEN = 5;

  /** After this long one call may try again; its answer closes the circuit. */
  static final Duration OPEN_FOR = Duration.ofSeconds(5);

  private final Facilitator facilitator;
  private final Bulkhead bulkhead;
  private final CircuitBreaker circuit;

  GuardedFacilitator(Facilitator facilitator, int maxConcurrent, Clock clock) {
    this.facilitator = facilitator;
    this.bulkhead =
        Bulkhead.of(
            "x402",
            BulkheadConfig.custom()
                .maxConcurrentCalls(maxConcurrent)
                .maxWaitDuration(Duration.ZERO)
                .build());
    this.circuit =
        CircuitBreaker.of(
            "x402",
            CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(FAILURES_TO_OPEN)
                .minimumNumberOfCalls(FAILURES_TO_OPEN)
                .failureRateThreshold(100)
                .waitDurationInOpenState(OPEN_FOR.minusNanos(1)) // it waits for longer than this
                .permittedNumberOfCallsInHalfOpenState(1)
                .clock(clock)
                .build());
  }

  @Override
  public void start(List<PaymentRequirements> offered) {
    facilitator.start(offered);
  }

  @Override
  public Set<Address> signers() {
    return facilitator.signers();
  }

  @Override
  public boolean supports(String scheme, Network network) {
    return facilitator.supports(scheme, network);
  }

  /** Mostly local; a contract wallet's signature is asked for within the facilitator's deadline. */
  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return facilitator.check(payload, requirements);
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    return call(() -> facilitator.verify(payment));
  }

  @Override
  public Settlement settle(SignedPayment payment, Consumer<String> beforeBroadcast)
      throws FacilitatorException {
    return facilitator.settle(payment, beforeBroadcast);
  }

  @Override
  public Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    return call(() -> facilitator.outcome(payment, transaction));
  }

  /** Returns whether the circuit is closed. */
  boolean isAnswering() {
    return circuit.getState() == CircuitBreaker.State.CLOSED;
  }

  private interface Call<T> {
    T get() throws FacilitatorException;
  }

  private <T> T call(Call<T> call) throws FacilitatorException {
    if (!bulkhead.tryAcquirePermission()) {
      throw new FacilitatorException("too many payments are being verified; try again");
    }
    try {
      if (!circuit.tryAcquirePermission()) {
        throw new FacilitatorException("the chain has not answered lately; try again later");
      }
      return counted(call);
    } finally {
      bulkhead.onComplete();
    }
  }

  /** An answer closes the circuit, whatever it says; anything thrown counts as a failed call. */
  private <T> T counted(Call<T> call) throws FacilitatorException {
    try {
      T answer = call.get();
      circuit.onSuccess(0, TimeUnit.NANOSECONDS);
      return answer;
    } catch (FacilitatorException | RuntimeException | Error e) {
      circuit.onError(0, TimeUnit.NANOSECONDS, e);
      throw e;
    }
  }

  @Override
  public String toString() {
    return facilitator.toString();
  }
}
