// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
  private final Clock clock;
  private final Semaphore calls;

  private int failuresInARow;
  private @Nullable Instant openUntil;

  GuardedFacilitator(Facilitator facilitator, int maxConcurrent, Clock clock) {
    this.facilitator = facilitator;
    this.clock = clock;
    this.calls = new Semaphore(maxConcurrent);
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
  synchronized boolean isAnswering() {
    return openUntil == null;
  }

  private interface Call<T> {
    T get() throws FacilitatorException;
  }

  private <T> T call(Call<T> call) throws FacilitatorException {
    if (!calls.tryAcquire()) {
      throw new FacilitatorException("too many payments are being verified; try again");
    }
    try {
      requireClosedCircuit();
      T answer = call.get();
      answered();
      return answer;
    } catch (FacilitatorException e) {
      failed();
      throw e;
    } finally {
      calls.release();
    }
  }

  /** Throws while the circuit is open; lets one call through when its time has come. */
  private synchronized void requireClosedCircuit() throws FacilitatorException {
    Instant now = clock.instant();
    if (openUntil == null) {
      return;
    }
    if (now.isBefore(openUntil)) {
      throw new FacilitatorException("the chain has not answered lately; try again later");
    }
    openUntil = now.plus(OPEN_FOR); // this call is the trial, the others go on waiting
  }

  private synchronized void answered() {
    failuresInARow = 0;
    openUntil = null;
  }

  private synchronized void failed() {
    if (failuresInARow < FAILURES_TO_OPEN) {
      failuresInARow++;
    }
    if (failuresInARow >= FAILURES_TO_OPEN && openUntil == null) {
      openUntil = clock.instant().plus(OPEN_FOR);
    }
  }

  @Override
  public String toString() {
    return facilitator.toString();
  }
}
