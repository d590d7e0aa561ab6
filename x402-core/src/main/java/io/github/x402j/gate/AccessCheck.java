// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Credential;
import io.github.x402j.ErrorReason;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What the access hooks decide on one request, and what that makes of it. For one thread. */
final class AccessCheck implements AutoCloseable {
  private final AccessControl control;
  private final Listeners listeners;
  private final Challenge listed;
  private final AccessRequest request;
  private Challenge asked;
  private boolean refused;

  /**
   * @param listed what the request costs, to the configured recipient
   */
  AccessCheck(
      AccessControl control,
      Listeners listeners,
      Challenge listed,
      Purchase purchase,
      Function<String, List<String>> headers,
      AccessRequest.Details details) {
    this.control = control;
    this.listeners = listeners;
    this.listed = listed;
    this.asked = listed;
    this.request = new AccessRequest(listed.unsigned(), purchase, headers, details);
  }

  /** Returns what the request costs, to the recipient that a hook has chosen, if one has. */
  Challenge challenge() {
    return asked;
  }

  /** Returns what the request costs, to the configured recipient. */
  Challenge listed() {
    return listed;
  }

  /** Returns whether a hook has refused, as opposed to failed. */
  boolean hasRefused() {
    return refused;
  }

  /** Asks about the request. Returns its admission, empty if it is to be paid for. */
  Optional<Admission> onRequest(Optional<Credential> credential) {
    if (control.isEmpty()) {
      return Optional.empty();
    }
    Optional<PaymentPayload> payment =
        credential
            .filter(Credential.Payment.class::isInstance)
            .map(given -> ((Credential.Payment) given).payload());
    try {
      AccessDecision decision = control.decide(request);
      if (decision instanceof AccessDecision.PayTo other) {
        asked = listed.payingTo(other.recipient());
      }
      return admission(decision, payment.map(Payer::of));
    } catch (AccessControl.UndecidedException e) {
      return Optional.of(closed(e, payment.map(Payer::of)));
    }
  }

  /** Asks about the payer. Returns the admission, empty if the payment is to be taken. */
  Optional<Admission> onPayer(VerifiedPayment payment) {
    if (control.isEmpty()) {
      return Optional.empty();
    }
    Optional<Payer> payer = Optional.of(Payer.of(payment));
    try {
      return admission(control.decideOnPayer(request, payment), payer);
    } catch (AccessControl.UndecidedException e) {
      return Optional.of(closed(e, payer));
    }
  }

  /** Whom a refusal tells that no money has moved. */
  private record Payer(int x402Version, Network network) {
    static Payer of(PaymentPayload payload) {
      return new Payer(payload.x402Version(), payload.network());
    }

    static Payer of(VerifiedPayment payment) {
      return new Payer(payment.x402Version(), payment.requirements().network());
    }
  }

  private Optional<Admission> admission(AccessDecision decision, Optional<Payer> payer) {
    if (decision instanceof AccessDecision.Grant grant) {
      listeners.granted(listed.unsigned(), grant.reason());
      return Optional.of(new Admission.Granted(listed.unsigned(), grant.reason()));
    }
    if (decision instanceof AccessDecision.Refuse refuse) {
      refused = true;
      listeners.failed(asked.unsigned(), ErrorReason.ACCESS_REFUSED, refuse.reason());
      return Optional.of(
          new Admission.Refused(
              payer.isEmpty()
                  ? Refusals.access(refuse)
                  : Refusals.access(refuse, payer.get().x402Version(), payer.get().network())));
    }
    return Optional.empty();
  }

  /** A payer that may have paid already must make no other payment. */
  private Admission closed(AccessControl.UndecidedException why, Optional<Payer> payer) {
    listeners.unavailable(asked.unsigned(), String.valueOf(why.getMessage()));
    return new Admission.Refused(
        payer.isEmpty()
            ? Refusals.accessUndecided()
            : Refusals.unavailable(
                payer.get().x402Version(), payer.get().network(), null, Optional.empty()));
  }

  @Override
  public void close() {
    request.end();
  }
}
