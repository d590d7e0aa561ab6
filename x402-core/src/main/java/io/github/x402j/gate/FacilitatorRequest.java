// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TransferMethod;
import io.github.x402j.Verification;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a seller brings to a facilitator, compared with what is settled there. The token's EIP-712
 * domain is the facilitator's own, whatever the request says.
 *
 * @param payload the payer's claim
 * @param requirements the seller's, with the domain of the token as it is known here
 * @param refused why it is refused unseen, or null
 */
record FacilitatorRequest(
    PaymentPayload payload,
    PaymentRequirements requirements,
    Verification.@Nullable Invalid refused) {
  private static final ResourceInfo RESOURCE = ResourceInfo.of("urn:x402:facilitator");

  /**
   * Compares a request with what is settled here.
   *
   * @param longestWindow of a payment, whatever the seller allows
   */
  static FacilitatorRequest of(
      FacilitatorMessages.Request request, List<Token> tokens, Duration longestWindow) {
    PaymentRequirements asked = request.requirements();
    Optional<Token> token =
        tokens.stream()
            .filter(known -> known.network().equals(asked.network()))
            .filter(known -> known.contract().equals(asked.asset()))
            .filter(known -> TransferMethod.of(asked).equals(Optional.of(known.method())))
            .findFirst();
    if (!asked.scheme().equals(PaymentRequirements.EXACT)) {
      return refuse(request, ErrorReason.UNSUPPORTED_SCHEME, "scheme: expected exact");
    }
    if (tokens.stream().noneMatch(known -> known.network().equals(asked.network()))) {
      return refuse(request, ErrorReason.INVALID_NETWORK, "network: not one that is settled here");
    }
    if (token.isEmpty()) {
      return refuse(
          request,
          "paymentRequirements.asset: not a token that is settled here by this transfer method");
    }
    if (token.get().hasDomain()
        && (isOther(asked, "name", token.get().name())
            || isOther(asked, "version", token.get().version()))) {
      return refuse(request, "paymentRequirements.extra: not the EIP-712 domain of the token");
    }
    if (asked.amount().isZero() || asked.payTo().isZero()) {
      return refuse(
          request, "paymentRequirements: expected an amount and a payTo that are not zero");
    }
    if (!isAccepted(request.payload().accepted(), asked)) {
      return refuse(request, "paymentPayload.accepted: is not paymentRequirements");
    }
    return new FacilitatorRequest(request.payload(), with(asked, token.get(), longestWindow), null);
  }

  Optional<Verification> refusal() {
    return Optional.ofNullable(refused);
  }

  /** For listeners: a facilitator does not know what is sold. */
  PaymentRequired required() {
    return PaymentRequired.of(RESOURCE, List.of(requirements));
  }

  /** Returns the payment of a check that found it good, or good but for the time. */
  static Optional<SignedPayment> signed(Verification checked) {
    if (checked instanceof Verification.Valid valid) {
      return Optional.of(valid.payment());
    }
    return checked instanceof Verification.Expired expired
        ? Optional.of(expired.payment())
        : Optional.empty();
  }

  /** Returns the refusal of what is not valid. */
  static Verification.Invalid invalid(Verification checked) {
    if (checked instanceof Verification.Expired expired) {
      return PaymentEngine.expired(expired.payment());
    }
    return (Verification.Invalid) checked;
  }

  private static FacilitatorRequest refuse(FacilitatorMessages.Request request, String detail) {
    return refuse(request, ErrorReason.INVALID_PAYMENT_REQUIREMENTS, detail);
  }

  private static FacilitatorRequest refuse(
      FacilitatorMessages.Request request, ErrorReason reason, String detail) {
    return new FacilitatorRequest(
        request.payload(), request.requirements(), new Verification.Invalid(reason, detail, null));
  }

  private static boolean isOther(PaymentRequirements asked, String name, String known) {
    Object said = asked.extra().get(name);
    return said != null && !said.equals(known);
  }

  /** Everything but {@code extra}, which is the token's own here. Version 1 sends none. */
  private static boolean isAccepted(
      @Nullable PaymentRequirements accepted, PaymentRequirements asked) {
    return accepted == null
        || withExtra(accepted, accepted.maxTimeout(), Map.of())
            .equals(withExtra(asked, asked.maxTimeout(), Map.of()));
  }

  private static PaymentRequirements with(
      PaymentRequirements asked, Token token, Duration longest) {
    Duration window = asked.maxTimeout().compareTo(longest) > 0 ? longest : asked.maxTimeout();
    return withExtra(asked, window, token.extra());
  }

  private static PaymentRequirements withExtra(
      PaymentRequirements asked, Duration window, Map<String, Object> extra) {
    return new PaymentRequirements(
        asked.scheme(),
        asked.network(),
        asked.amount(),
        asked.asset(),
        asked.payTo(),
        window,
        extra);
  }
}
