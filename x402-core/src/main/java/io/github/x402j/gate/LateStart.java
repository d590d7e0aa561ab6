// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.UnreachableException;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A facilitator that may be unreachable at the start. It stays closed, and nothing is sold through
 * it, until the checks of the start have succeeded. While it is closed, a caller makes them again,
 * at most every {@link #TRIED_EVERY}; the others are refused at once.
 */
final class LateStart implements Facilitator {
  static final Duration TRIED_EVERY = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  private final Facilitator facilitator;
  private final boolean mayBeLate;
  private final Clock clock;
  private final AtomicBoolean trying = new AtomicBoolean();
  private volatile @Nullable Closed closed;

  /** It did not answer before its start, and is not asked again until then. */
  private volatile boolean isAway;

  /**
   * @param mayBeLate whether an unreachable facilitator is started later, rather than fails the
   *     start
   */
  LateStart(Facilitator facilitator, boolean mayBeLate, Clock clock) {
    this.facilitator = facilitator;
    this.mayBeLate = mayBeLate;
    this.clock = clock;
  }

  /**
   * It has not started.
   *
   * @param offered what it may have to settle
   * @param reason why, for people
   */
  private record Closed(List<PaymentRequirements> offered, String reason, Instant tryAgainAt) {}

  @Override
  public void start(List<PaymentRequirements> offered) {
    isAway = false;
    try {
      facilitator.start(offered);
    } catch (UnreachableException e) {
      if (!mayBeLate) {
        throw e;
      }
      log.warn("{}; nothing is sold through it until it answers", e.getMessage());
      close(offered, e);
    }
  }

  private void close(List<PaymentRequirements> offered, IllegalStateException e) {
    closed =
        new Closed(
            List.copyOf(offered),
            String.valueOf(e.getMessage()),
            clock.instant().plus(TRIED_EVERY));
  }

  /** Returns whether its start has succeeded; if not, it is tried again when that is due. */
  boolean isOpen() {
    Closed now = closed;
    if (now != null
        && !clock.instant().isBefore(now.tryAgainAt())
        && trying.compareAndSet(false, true)) {
      try {
        tryAgain(now);
      } finally {
        trying.set(false);
      }
    }
    return closed == null;
  }

  private void tryAgain(Closed now) {
    try {
      List<PaymentRequirements> own =
          now.offered().stream()
              .filter(option -> facilitator.supports(option.scheme(), option.network()))
              .toList();
      facilitator.start(
          own.isEmpty() ? now.offered() : own); // it says itself what it cannot settle
      closed = null;
      log.info("{} answers now: its payments are accepted", facilitator);
    } catch (UnreachableException e) {
      close(now.offered(), e);
    } catch (IllegalStateException e) {
      if (!String.valueOf(e.getMessage()).equals(now.reason())) {
        log.error("{}; nothing is sold through it", e.getMessage());
      }
      close(now.offered(), e);
    }
  }

  private Facilitator open() throws FacilitatorException {
    isOpen();
    Closed now = closed;
    if (now != null) {
      throw new FacilitatorException("not started: " + now.reason());
    }
    return facilitator;
  }

  /** What is closed may support all that it was to start with: its network may not be known. */
  @Override
  public boolean supports(String scheme, Network network) {
    return supports(scheme, network, () -> facilitator.supports(scheme, network));
  }

  @Override
  public boolean supports(int x402Version, String scheme, Network network) {
    return supports(scheme, network, () -> facilitator.supports(x402Version, scheme, network));
  }

  private boolean supports(String scheme, Network network, BooleanSupplier whenOpen) {
    Closed now = closed;
    if (now != null) {
      return now.offered().stream()
          .anyMatch(option -> option.scheme().equals(scheme) && option.network().equals(network));
    }
    return learned(whenOpen::getAsBoolean, true);
  }

  private <T> T learned(Supplier<T> whenAnswered, T whenAway) {
    if (isAway) {
      return whenAway;
    }
    try {
      return whenAnswered.get();
    } catch (UnreachableException e) {
      if (!mayBeLate) {
        throw e;
      }
      isAway = true;
      return whenAway;
    }
  }

  @Override
  public Optional<String> supported() {
    return closed == null
        ? learned(facilitator::supported, Optional.of(facilitator + " has not answered yet"))
        : Optional.of(facilitator + " has not answered yet");
  }

  @Override
  public Map<String, Object> extra(String scheme, Network network) {
    return closed == null ? learned(() -> facilitator.extra(scheme, network), Map.of()) : Map.of();
  }

  @Override
  public Optional<String> outage() {
    return outage(facilitator.outage());
  }

  @Override
  public Optional<String> outage(PaymentRequirements offered) {
    return outage(facilitator.outage(offered));
  }

  private Optional<String> outage(Optional<String> whenOpen) {
    isOpen();
    Closed now = closed;
    return now == null ? whenOpen : Optional.of("not started: " + now.reason());
  }

  @Override
  public Set<Address> signers() {
    return facilitator.signers();
  }

  @Override
  public boolean settleVerifies() {
    return facilitator.settleVerifies();
  }

  @Override
  public WalletSignatures wallets() {
    return facilitator.wallets();
  }

  @Override
  public boolean tellsBeforeBroadcast() {
    return facilitator.tellsBeforeBroadcast();
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return open().check(payload, requirements);
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    return open().verify(payment);
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    return open().settle(payment, beforeBroadcast);
  }

  @Override
  public CompletionStage<Settlement> settleLater(
      SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    try {
      return open().settleLater(payment, beforeBroadcast);
    } catch (FacilitatorException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions)
      throws FacilitatorException {
    return open().outcome(payment, transactions);
  }

  @Override
  public String toString() {
    return facilitator.toString();
  }
}
