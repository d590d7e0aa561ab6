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
 * Keeps a slow or failing chain from holding the server: at most so many looks at it at a time, and
 * none for a while after several in a row got no answer. Over either limit a look fails at once,
 * which closes the gate for that payment with a 503.
 *
 * <p>A settlement is never held up here: its payment was looked at a moment ago.
 */
final class GuardedFacilitator implements Facilitator {
  static final int DEFAULT_MAX_CONCURRENT = 64;

  /** So many looks in a row without an answer open the circuit. */
  static final int FAILURES_TO_OPEN = 5;

  /** After this long one look may try again; its answer closes the circuit. */
  static final Duration OPEN_FOR = Duration.ofSeconds(5);

  private final Facilitator facilitator;
  private final Clock clock;
  private final Semaphore looks;

  private int failuresInARow;
  private @Nullable Instant noLookBefore;

  GuardedFacilitator(Facilitator facilitator, int maxConcurrent, Clock clock) {
    this.facilitator = facilitator;
    this.clock = clock;
    this.looks = new Semaphore(maxConcurrent);
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
    return look(() -> facilitator.verify(payment));
  }

  @Override
  public Settlement settle(SignedPayment payment, Consumer<String> beforeBroadcast)
      throws FacilitatorException {
    return facilitator.settle(payment, beforeBroadcast);
  }

  @Override
  public Settlement outcome(SignedPayment payment, Optional<String> transaction)
      throws FacilitatorException {
    return look(() -> facilitator.outcome(payment, transaction));
  }

  /** Returns whether looks are let through now. */
  synchronized boolean isAnswering() {
    return noLookBefore == null;
  }

  private interface Look<T> {
    T get() throws FacilitatorException;
  }

  private <T> T look(Look<T> look) throws FacilitatorException {
    if (!looks.tryAcquire()) {
      throw new FacilitatorException("too many payments are being looked at; try again");
    }
    try {
      requireClosedCircuit();
      T answer = look.get();
      answered();
      return answer;
    } catch (FacilitatorException e) {
      failed();
      throw e;
    } finally {
      looks.release();
    }
  }

  /** Throws while the circuit is open; lets one look through when its time has come. */
  private synchronized void requireClosedCircuit() throws FacilitatorException {
    Instant now = clock.instant();
    if (noLookBefore == null) {
      return;
    }
    if (now.isBefore(noLookBefore)) {
      throw new FacilitatorException("the chain has not answered lately; try again later");
    }
    noLookBefore = now.plus(OPEN_FOR); // this look is the trial, the others go on waiting
  }

  private synchronized void answered() {
    failuresInARow = 0;
    noLookBefore = null;
  }

  private synchronized void failed() {
    if (failuresInARow < FAILURES_TO_OPEN) {
      failuresInARow++;
    }
    if (failuresInARow >= FAILURES_TO_OPEN && noLookBefore == null) {
      noLookBefore = clock.instant().plus(OPEN_FOR);
    }
  }
}
