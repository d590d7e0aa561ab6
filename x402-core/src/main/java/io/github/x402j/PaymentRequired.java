// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor: everything that a 402 tells a client (specification 5.1, {@code
 * PaymentRequired}).
 *
 * @param resource what is sold
 * @param accepts each way to pay, in the seller's order of preference, at least one
 * @param error why payment is asked for (again), or null; a code of {@link ErrorReason} after a
 *     refusal
 * @param extensions protocol extensions by name. JSON as JDK types, in which a member may be null
 *     where they were read; immutable
 */
public record PaymentRequired(
    ResourceInfo resource,
    List<PaymentRequirements> accepts,
    @Nullable String error,
    Map<String, Object> extensions) {
  /** Longer than any window that was offered; a payment of version 1 does not say which one was. */
  private static final Duration FORMER_WINDOW = Duration.ofDays(1);

  /** Copies the collections. */
  public PaymentRequired {
    accepts = List.copyOf(accepts);
    extensions = JsonValues.copyOfReceived(extensions);
  }

  /**
   * Returns the descriptor of a resource that can be paid for in these ways.
   *
   * @throws IllegalArgumentException if there is no way to pay
   */
  public static PaymentRequired of(ResourceInfo resource, List<PaymentRequirements> accepts) {
    if (accepts.isEmpty()) {
      throw new IllegalArgumentException(
          "accepts: expected at least one way to pay for " + resource.url());
    }
    return new PaymentRequired(resource, accepts, null, Map.of());
  }

  /** Returns this descriptor for another URL. */
  public PaymentRequired at(String url) {
    return new PaymentRequired(resource.at(url), accepts, error, extensions);
  }

  /** Returns this descriptor with another recipient in every way to pay. */
  public PaymentRequired withPayTo(Address payTo) {
    List<PaymentRequirements> changed =
        accepts.stream()
            .map(option -> option.with(option.amount(), payTo, option.maxTimeout()))
            .toList();
    return new PaymentRequired(resource, changed, error, extensions);
  }

  /** Returns this descriptor with a flow that every way to pay announces. */
  public PaymentRequired withFlow(PaymentFlow flow) {
    List<PaymentRequirements> changed =
        accepts.stream().map(option -> option.withFlow(flow)).toList();
    return new PaymentRequired(resource, changed, error, extensions);
  }

  /** Returns this descriptor with another reason. */
  public PaymentRequired withError(String reason) {
    return new PaymentRequired(resource, accepts, reason, extensions);
  }

  /** Returns this descriptor with an extension, in place of one of the same name. */
  public PaymentRequired withExtension(String name, Extension extension) {
    Map<String, Object> all = new LinkedHashMap<>(extensions);
    all.put(name, extension.toMap());
    return new PaymentRequired(resource, accepts, error, all);
  }

  /**
   * Returns the offered requirements that a payment may be meant for: in version 2 the one that
   * equals {@code accepted} in every field; in version 1, which does not say, all of its scheme and
   * network.
   */
  public List<PaymentRequirements> candidates(PaymentPayload payload) {
    PaymentRequirements accepted = payload.accepted();
    if (accepted != null) {
      return accepts.stream().filter(accepted::equals).limit(1).toList();
    }
    return accepts.stream()
        .filter(option -> option.scheme().equals(payload.scheme()))
        .filter(option -> option.network().equals(payload.network()))
        .toList();
  }

  /**
   * Returns the requirements that a payment may have been made for before the offers changed: in
   * version 2 what it says that it accepted; in version 1 the offers of its scheme and network,
   * with the amount and the recipient of its authorization. They are the payer's word: only a
   * payment that is known to have been admitted may be taken by them.
   */
  public List<PaymentRequirements> formerCandidates(PaymentPayload payload) {
    PaymentRequirements accepted = payload.accepted();
    if (accepted != null) {
      return List.of(accepted);
    }
    if (!(payload.payload().get("authorization") instanceof Map<?, ?> authorization)
        || !(authorization.get("value") instanceof String value)
        || !(authorization.get("to") instanceof String to)) {
      return List.of();
    }
    try {
      TokenAmount amount = TokenAmount.parse(value);
      Address payTo = Address.parse(to);
      return candidates(payload).stream()
          .map(option -> option.with(amount, payTo, FORMER_WINDOW))
          .distinct()
          .toList();
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }

  /** Returns the refusal of a payment that has no candidate. */
  public Verification.Invalid mismatch(PaymentPayload payload) {
    if (accepts.stream().noneMatch(option -> option.scheme().equals(payload.scheme()))) {
      return new Verification.Invalid(
          ErrorReason.UNSUPPORTED_SCHEME, "scheme: not one that was offered", null);
    }
    if (accepts.stream().noneMatch(option -> option.network().equals(payload.network()))) {
      return new Verification.Invalid(
          ErrorReason.INVALID_NETWORK, "network: not one that was offered", null);
    }
    return new Verification.Invalid(
        ErrorReason.INVALID_PAYMENT_REQUIREMENTS,
        "accepted: equals none of the offered requirements in every field",
        null);
  }
}
