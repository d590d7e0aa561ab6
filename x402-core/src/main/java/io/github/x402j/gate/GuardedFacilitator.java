// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps a slow or failing chain from blocking the server. A bulkhead bounds the questions at a time
 * and another one the settlements; a circuit breaker opens after several failed questions in a row.
 * A call that finds no room after a short wait, or an open circuit, fails, and its payment gets a
 * 503.
 */
final class GuardedFacilitator implements Facilitator {
  /** This many failed calls in a row open the circuit. */
  static final int FAILURES_TO_OPEN = 5;

  /** After this long one call may try again; its answer closes the circuit. */
  static final Duration OPEN_FOR = Duration.ofSeconds(5);

  /** How long a payment waits to be verified. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  /** How long a payment waits to be settled: its handler has run, and it may have to run again. */
  static final Duration LONGEST_WAIT_TO_SETTLE = Duration.ofSeconds(5);

  private static final int RESERVED_SHARE = 8;
  private static final int WAITING_TO_SETTLE_SHARE = 3;
  private static final int MAX_REMEMBERED = 10_000;

  /** Each of them keeps a held response in memory. */
  static final int MAX_ON_THEIR_WAY = 4_096;

  /**
   * How many calls run at a time. Together with those that wait they keep a thread each: by default
   * 64 and 64, and 48 and 16, which is less than the 200 threads of a container.
   *
   * @param verifications questions: verifications and outcomes
   * @param settlements settlements
   * @param longestWait how long a question waits
   */
  record Limits(int verifications, int settlements, Duration longestWait) {
    /** For settlements that nothing else holds up. */
    static Limits of(int verifications, int settlements) {
      return new Limits(verifications, settlements, LONGEST_WAIT);
    }
  }

  private final Facilitator facilitator;
  private final FairBulkhead questions;
  private final FairBulkhead settlements;
  private final CircuitBreaker circuit;
  private final AtomicInteger onTheirWay = new AtomicInteger();

  /** Payers whose money has moved. A fresh key costs nothing, and to become one of these does. */
  private final Recent<Address, Boolean> known = new Recent<>(MAX_REMEMBERED);

  GuardedFacilitator(Facilitator facilitator, Limits limits, Clock clock) {
    this.facilitator = facilitator;
    this.questions =
        new FairBulkhead(
            new FairBulkhead.Bounds(
                limits.verifications(),
                limits.verifications() / RESERVED_SHARE,
                limits.verifications(),
                limits.longestWait()),
            "too many payments are being verified; try again");
    this.settlements =
        new FairBulkhead(
            new FairBulkhead.Bounds(
                limits.settlements(),
                facilitator.settleVerifies() ? limits.settlements() / RESERVED_SHARE : 0,
                Math.max(1, limits.settlements() / WAITING_TO_SETTLE_SHARE),
                LONGEST_WAIT_TO_SETTLE),
            "too many payments are being settled; try again");
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
  public Optional<String> outage() {
    return facilitator.outage();
  }

  @Override
  public Optional<String> outage(PaymentRequirements offered) {
    return facilitator.outage(offered);
  }

  @Override
  public Set<Address> signers() {
    return facilitator.signers();
  }

  @Override
  public WalletSignatures wallets() {
    return facilitator.wallets();
  }

  @Override
  public boolean supports(String scheme, Network network) {
    return facilitator.supports(scheme, network);
  }

  @Override
  public boolean supports(int x402Version, String scheme, Network network) {
    return facilitator.supports(x402Version, scheme, network);
  }

  @Override
  public Optional<String> supported() {
    return facilitator.supported();
  }

  @Override
  public Map<String, Object> extra(String scheme, Network network) {
    return facilitator.extra(scheme, network);
  }

  /** Mostly local; a contract wallet's signature is asked for within the facilitator's deadline. */
  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return facilitator.check(payload, requirements);
  }

  /** An outage that the facilitator tells of is no failed call: the chain does answer. */
  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    Optional<String> outage = facilitator.outage(payment.requirements());
    if (outage.isPresent()) {
      throw new FacilitatorException(outage.get());
    }
    Address payer = payment.payer();
    boolean isKnown = known.get(payer).isPresent();
    Verification verification =
        questions.call(
            payer, payment.key(), isKnown, () -> answered(() -> facilitator.verify(payment)));
    if (verification instanceof Verification.Invalid invalid
        && FailureBudget.isPayersDoing(invalid.reason())) {
      known.remove(payer);
    }
    return verification;
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    return noted(
        settlements.call(
            payment.payer(),
            payment.key(),
            isTrusted(payment),
            () -> facilitator.settle(payment, beforeBroadcast)));
  }

  /** A payment has its place while the call runs; what is on its way then keeps no thread. */
  @Override
  public CompletionStage<Settlement> settleLater(
      SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    if (onTheirWay.incrementAndGet() > MAX_ON_THEIR_WAY) {
      onTheirWay.decrementAndGet();
      return CompletableFuture.failedFuture(
          new FacilitatorException("too many payments are on their way; try again"));
    }
    CompletionStage<Settlement> outcome;
    try {
      outcome =
          settlements.call(
              payment.payer(),
              payment.key(),
              isTrusted(payment),
              () -> facilitator.settleLater(payment, beforeBroadcast));
    } catch (FacilitatorException | RuntimeException | Error e) {
      outcome = CompletableFuture.failedFuture(e);
    }
    return outcome
        .whenComplete((settlement, failure) -> onTheirWay.decrementAndGet())
        .thenApply(this::noted);
  }

  /** A payment that was not verified may come from a fresh key without money. */
  private boolean isTrusted(SignedPayment payment) {
    return !Facilitators.verifiesWhenItSettles(facilitator, payment)
        || known.get(payment.payer()).isPresent();
  }

  @Override
  public boolean settleVerifies() {
    return facilitator.settleVerifies();
  }

  @Override
  public boolean tellsBeforeBroadcast() {
    return facilitator.tellsBeforeBroadcast();
  }

  /** What was begun goes first: it was verified then. */
  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions)
      throws FacilitatorException {
    return noted(
        questions.call(
            payment.payer(),
            payment.key(),
            true,
            () -> answered(() -> facilitator.outcome(payment, transactions))));
  }

  private Settlement noted(Settlement settlement) {
    if (settlement instanceof Settlement.Settled settled) {
      known.put(settled.payer(), true);
    }
    return settlement;
  }

  /** Returns whether the circuit is closed. */
  boolean isAnswering() {
    return circuit.getState() == CircuitBreaker.State.CLOSED;
  }

  /** An answer closes the circuit, whatever it says; anything thrown counts as a failed call. */
  private <T> T answered(FairBulkhead.Call<T> call) throws FacilitatorException {
    if (!circuit.tryAcquirePermission()) {
      throw new FacilitatorException("the chain has not answered lately; try again later");
    }
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
