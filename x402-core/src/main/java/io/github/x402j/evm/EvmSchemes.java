// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.PaymentRequirements;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The schemes that are settled here, in the order in which they are asked whose a payment is.
 *
 * @param all the schemes
 */
record EvmSchemes(List<EvmScheme> all) {

  /** Returns the schemes of this library. A new one is added here. */
  static EvmSchemes standard() {
    return new EvmSchemes(List.of(new Eip3009Scheme()));
  }

  boolean names(String scheme) {
    return all.stream().anyMatch(each -> each.name().equals(scheme));
  }

  Optional<EvmScheme> of(PaymentRequirements requirements) {
    return all.stream().filter(scheme -> scheme.covers(requirements)).findFirst();
  }

  /** Starts the scheme of each offer; {@code chain} is null where no chain can be read. */
  void start(List<PaymentRequirements> offered, @Nullable StartUpChecks chain) {
    for (PaymentRequirements option : offered) {
      of(option)
          .orElseThrow(
              () ->
                  new IllegalStateException(
                      "accepts: no scheme here settles "
                          + option.scheme()
                          + " with extra "
                          + option.extra()))
          .start(option, chain);
    }
  }
}
