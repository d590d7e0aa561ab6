// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request with a payment or a receipt, and how far it has come. It is an attribute of the servlet
 * request while the handler runs; a client cannot put an object of this class there.
 */
final class PaidRequest {
  private static final String ATTRIBUTE = PaidRequest.class.getName();

  private final VerifiedPayment payment;
  private volatile Runnable dispatchFailed = () -> {};
  private volatile boolean held;
  private volatile boolean delivered;
  private volatile boolean leftToErrorPage;
  private volatile GatedResponse.@Nullable Answer refusal;

  PaidRequest(VerifiedPayment payment) {
    this.payment = payment;
  }

  static Optional<PaidRequest> of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof PaidRequest paid
        ? Optional.of(paid)
        : Optional.empty();
  }

  /**
   * Notes that the payment is settled and the response is not held.
   *
   * @param failed what to do when the handler fails in a later dispatch
   */
  void markStreamed(ServletRequest request, Runnable failed) {
    dispatchFailed = failed;
    request.setAttribute(ATTRIBUTE, this);
  }

  /** Ends what is not held: its handler has thrown in a dispatch of the container's. */
  void dispatchFailed() {
    dispatchFailed.run();
  }

  /** Notes that the response is held. */
  void markHeld(ServletRequest request) {
    held = true;
    request.setAttribute(ATTRIBUTE, this);
  }

  /**
   * Ends the hold. A later dispatch of the request is decided on anew, unless it is to the error
   * page of this one.
   */
  void endHold(ServletRequest request) {
    if (held && !leftToErrorPage) {
      request.removeAttribute(ATTRIBUTE);
    }
    held = false;
  }

  /** Notes that the container answers with an error page, which is part of this request. */
  void leaveToErrorPage() {
    leftToErrorPage = true;
  }

  /**
   * Returns whether the request has cost nothing: its money has not moved, or its error has given
   * the payment or the use of its receipt back.
   */
  boolean isWithoutCharge() {
    return leftToErrorPage || payment.settlement().isEmpty();
  }

  VerifiedPayment payment() {
    return payment;
  }

  /** Returns whether the payment covers one of these options: same terms, no more money. */
  boolean covers(List<PaymentRequirements> other) {
    return paid().stream()
        .anyMatch(paid -> other.stream().anyMatch(option -> isCovered(option, paid)));
  }

  /**
   * What was admitted before the terms changed is worth what the resource costs now. What was paid
   * to a recipient that an access hook chose is worth the same to the configured one.
   */
  private List<PaymentRequirements> paid() {
    List<PaymentRequirements> listed = payment.listed().accepts();
    int option = payment.required().accepts().indexOf(payment.requirements());
    if (option >= 0) {
      return List.of(listed.get(option));
    }
    return payment.receipt().isPresent() ? List.of(payment.requirements()) : listed;
  }

  static boolean isCovered(PaymentRequirements option, PaymentRequirements paid) {
    return option.network().equals(paid.network())
        && option.asset().equals(paid.asset())
        && option.payTo().equals(paid.payTo())
        && option.amount().compareTo(paid.amount()) <= 0;
  }

  /** Returns whether the response is held and can still be replaced. */
  boolean isHeld() {
    return held;
  }

  /** Notes that the payment is settled and the response goes out. */
  void delivered() {
    held = false;
    delivered = true;
  }

  /** Returns whether the response holds what was paid for, and so must reach the client. */
  boolean isDelivered() {
    return delivered;
  }

  /** Replaces the held response, for example when the handler included a dearer resource. */
  void refuseWith(GatedResponse.Answer answer) {
    refusal = answer;
  }

  Optional<GatedResponse.Answer> refusal() {
    return Optional.ofNullable(refusal);
  }
}
