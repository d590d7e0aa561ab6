// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;

/**
 * The facilitators of a gate; the first that supports a payment's scheme and network handles it.
 */
final class Facilitators {
  private final List<Facilitator> all;

  Facilitators(List<Facilitator> all) {
    this.all = List.copyOf(all);
  }

  /** Lets each check the ways to pay that it will handle. */
  void start(List<PaymentRequirements> offered) {
    offered.forEach(this::of);
    for (Facilitator facilitator : all) {
      facilitator.start(offered.stream().filter(option -> of(option) == facilitator).toList());
    }
  }

  Facilitator of(PaymentRequirements option) {
    return all.stream()
        .filter(facilitator -> facilitator.supports(option.scheme(), option.network()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "accepts: no facilitator handles "
                        + option.scheme()
                        + " on "
                        + option.network()));
  }
}
