// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Recent;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The facilitators of a gate; the first that supports a payment's scheme and network handles it. If
 * it cannot look at the payment, the next that supports it does, and then settles it, too.
 */
public final class Facilitators {
  private static final int MAX_REMEMBERED = 10_000;

  private final List<Facilitator> all;
  private final boolean verifiesEveryPayment;

  /** Who has stood in for the first, so that it settles and is asked for the outcome. */
  private final Recent<SignedPayment.Id, Facilitator> standIns = new Recent<>(MAX_REMEMBERED);

  Facilitators(List<? extends Facilitator> all) {
    this(all, false);
  }

  /**
   * @param verifiesEveryPayment also those that are verified when they are settled, because
   *     something else depends on who pays
   */
  Facilitators(List<? extends Facilitator> all, boolean verifiesEveryPayment) {
    this.all = List.copyOf(all);
    this.verifiesEveryPayment = verifiesEveryPayment;
  }

  /** Lets each check the ways to pay that it may handle. */
  void start(List<PaymentRequirements> offered) {
    offered.forEach(this::of);
    for (Facilitator facilitator : all) {
      facilitator.start(
          offered.stream()
              .filter(option -> facilitator.supports(option.scheme(), option.network()))
              .toList());
    }
  }

  /** Returns whether one of them has learned from elsewhere what it supports. */
  boolean learns() {
    return all.stream().anyMatch(facilitator -> facilitator.supported().isPresent());
  }

  /** Returns whether payments of this kind in this version of the protocol can be settled. */
  boolean supports(int x402Version, String scheme, Network network) {
    return all.stream().anyMatch(each -> each.supports(x402Version, scheme, network));
  }

  /**
   * Returns why a payment may be finished, but not begun: payments of its kind can be settled in
   * the other version of the protocol alone. Empty if there is no such reason.
   */
  Optional<Verification.Invalid> objection(SignedPayment payment) {
    PaymentRequirements option = payment.requirements();
    int version = versionOf(payment);
    return !supports(version, option.scheme(), option.network())
            && supports(version == 1 ? 2 : 1, option.scheme(), option.network())
        ? Optional.of(
            new Verification.Invalid(
                ErrorReason.INVALID_X402_VERSION,
                "x402Version: the facilitator does not settle payments of this version",
                payment.payer()))
        : Optional.empty();
  }

  /** Returns what they support, for people. */
  String supported() {
    return all.stream()
        .map(facilitator -> facilitator.supported().orElse(facilitator.toString()))
        .collect(Collectors.joining("; "));
  }

  /** Returns what a seller has to know to offer payments of this kind. */
  Map<String, Object> extra(String scheme, Network network) {
    return all.stream()
        .filter(facilitator -> facilitator.supports(scheme, network))
        .findFirst()
        .map(facilitator -> facilitator.extra(scheme, network))
        .orElse(Map.of());
  }

  /** Returns whether there is one for the payment. */
  boolean handle(PaymentRequirements option) {
    return !allFor(option).isEmpty();
  }

  /** Checks without the chain; who is asked makes no difference. */
  Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return first(payload.x402Version(), requirements).check(payload, requirements);
  }

  /**
   * Returns a payment of a kind that none of them settles any more, as one of them still reads it;
   * empty if none does.
   */
  Optional<SignedPayment> recognised(PaymentPayload payload, PaymentRequirements former) {
    for (Facilitator facilitator : all) {
      try {
        Optional<SignedPayment> payment =
            FacilitatorRequest.signed(facilitator.check(payload, former));
        if (payment.isPresent()) {
          return payment;
        }
      } catch (MalformedPaymentException | FacilitatorException | IllegalStateException e) {
        // this one cannot read it
      }
    }
    return Optional.empty();
  }

  Verification verify(SignedPayment payment) throws FacilitatorException {
    FacilitatorException failure = null;
    for (Facilitator facilitator : allFor(versionOf(payment), payment.requirements())) {
      try {
        Verification verification = facilitator.verify(payment);
        remember(payment.id(), failure == null ? null : facilitator);
        return verification;
      } catch (FacilitatorException e) {
        failure = failure == null ? e : failure;
      }
    }
    throw failure == null ? new FacilitatorException("no facilitator") : failure;
  }

  /**
   * Moves the money. If a payment that is verified when it is settled never left for the first, the
   * next that verifies so settles it.
   *
   * @param later whether the caller can wait without this thread
   * @return the outcome; known by now unless {@code later}
   */
  CompletableFuture<Settlement> settle(
      SignedPayment payment, BeforeBroadcast beforeBroadcast, boolean later) {
    if (!verifiesWhenItSettles(payment)) {
      return settle(settlerOf(payment), payment, beforeBroadcast, later);
    }
    CompletableFuture<Settlement> first = null;
    for (Facilitator settler : upfrontSettlers(payment)) {
      if (first != null) {
        remember(payment.id(), settler); // it is asked for the outcome
      }
      CompletableFuture<Settlement> begun = settle(settler, payment, beforeBroadcast, later);
      if (!isNotSent(begun)) {
        return begun;
      }
      first = first == null ? begun : first;
    }
    remember(payment.id(), null);
    return Objects.requireNonNull(first, "the settler is among them");
  }

  /** Returns the settler, and those that can stand in for it where nothing was verified. */
  private List<Facilitator> upfrontSettlers(SignedPayment payment) {
    return settlerFirst(payment).stream()
        .filter(each -> verifiesWhenItSettles(each, payment))
        .toList();
  }

  private static boolean isNotSent(CompletableFuture<Settlement> begun) {
    if (!begun.isCompletedExceptionally()) {
      return false;
    }
    try {
      begun.join();
      return false;
    } catch (CompletionException e) {
      return e.getCause() instanceof FacilitatorException;
    } catch (CancellationException e) {
      return false;
    }
  }

  private static CompletableFuture<Settlement> settle(
      Facilitator settler, SignedPayment payment, BeforeBroadcast beforeBroadcast, boolean later) {
    try {
      return later
          ? settler.settleLater(payment, beforeBroadcast).toCompletableFuture()
          : CompletableFuture.completedFuture(settler.settle(payment, beforeBroadcast));
    } catch (FacilitatorException | RuntimeException | Error e) { // thrown when it is concluded
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Returns whether the payment is settled first, by one that verifies it then, and not before. */
  boolean verifiesWhenItSettles(SignedPayment payment) {
    return !verifiesEveryPayment && verifiesWhenItSettles(settlerOf(payment), payment);
  }

  static boolean verifiesWhenItSettles(Facilitator settler, SignedPayment payment) {
    return PaymentFlow.of(payment.requirements()).equals(Optional.of(PaymentFlow.UPFRONT))
        && settler.settleVerifies();
  }

  /** Returns whether who settles the payment tells its transaction before it is sent. */
  boolean tellsBeforeBroadcast(SignedPayment payment) {
    return verifiesWhenItSettles(payment)
        ? upfrontSettlers(payment).stream().allMatch(Facilitator::tellsBeforeBroadcast)
        : settlerOf(payment).tellsBeforeBroadcast();
  }

  /**
   * Asks who has settled; if that is no longer known, as after a restart, each in turn until one
   * knows. A facilitator that knows nothing of the payment does not say that it has failed.
   */
  Settlement outcome(SignedPayment payment, List<String> transactions) throws FacilitatorException {
    Settlement pending = null;
    FacilitatorException failure = null;
    for (Facilitator facilitator : settlerFirst(payment)) {
      try {
        Settlement outcome = facilitator.outcome(payment, transactions);
        if (!(outcome instanceof Settlement.Pending)) {
          return outcome;
        }
        pending = pending == null ? outcome : pending;
      } catch (FacilitatorException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (pending == null) {
      throw failure == null ? new FacilitatorException("no facilitator") : failure;
    }
    return pending;
  }

  private List<Facilitator> settlerFirst(SignedPayment payment) {
    Facilitator settler = settlerOf(payment);
    List<Facilitator> order = new ArrayList<>(allFor(versionOf(payment), payment.requirements()));
    order.remove(settler);
    order.add(0, settler);
    return order;
  }

  private Facilitator settlerOf(SignedPayment payment) {
    return standIns
        .get(payment.id())
        .orElseGet(() -> first(versionOf(payment), payment.requirements()));
  }

  /** A payment is verified only while no settlement of it is under way: who looked last settles. */
  private void remember(SignedPayment.Id payment, @Nullable Facilitator standIn) {
    if (standIn == null) {
      standIns.remove(payment);
    } else {
      standIns.put(payment, standIn);
    }
  }

  private static int versionOf(SignedPayment payment) {
    return payment.payload().x402Version();
  }

  /**
   * Returns those that support the option: those first that settle the version, and those last that
   * have an outage.
   */
  private List<Facilitator> allFor(int x402Version, PaymentRequirements option) {
    List<Facilitator> supporting = allFor(option);
    return supporting.size() < 2
        ? supporting
        : supporting.stream()
            .sorted(
                Comparator.comparing(
                    each -> !each.supports(x402Version, option.scheme(), option.network())))
            .toList();
  }

  /** Returns those that support the option, those with an outage last. */
  private List<Facilitator> allFor(PaymentRequirements option) {
    List<Facilitator> supporting =
        all.stream()
            .filter(facilitator -> facilitator.supports(option.scheme(), option.network()))
            .toList();
    return supporting.size() < 2
        ? supporting
        : supporting.stream()
            .sorted(Comparator.comparing(each -> each.outage(option).isPresent()))
            .toList();
  }

  /** Returns why nothing of what is offered can be settled now, empty if something can. */
  Optional<String> outage(List<PaymentRequirements> offered) {
    String reason = "";
    for (PaymentRequirements option : offered) {
      List<Facilitator> supporting = allFor(option);
      Optional<String> outage =
          supporting.isEmpty()
              ? Optional.of("no facilitator handles " + option.network())
              : supporting.get(0).outage(option);
      if (outage.isEmpty()) {
        return outage;
      }
      reason = reason.isEmpty() ? outage.get() : reason;
    }
    return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
  }

  /** Returns the outages of all facilitators. */
  List<String> outages() {
    return all.stream().map(Facilitator::outage).flatMap(Optional::stream).distinct().toList();
  }

  Facilitator of(PaymentRequirements option) {
    return first(2, option);
  }

  private Facilitator first(int x402Version, PaymentRequirements option) {
    return allFor(x402Version, option).stream()
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "accepts: no facilitator handles "
                        + option.scheme()
                        + " on "
                        + option.network()
                        + "; there are "
                        + all));
  }
}
