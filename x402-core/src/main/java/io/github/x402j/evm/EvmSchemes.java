// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.UnreachableException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The schemes that are settled here. The first that covers the requirements reads the payment.
 *
 * @param all the schemes
 */
record EvmSchemes(List<EvmScheme> all) {

  /** Returns the schemes of this library. A new one is added here. */
  static EvmSchemes standard() {
    return new EvmSchemes(List.of(new Eip3009Scheme(), new Permit2Scheme()));
  }

  boolean names(String scheme) {
    return all.stream().anyMatch(each -> each.name().equals(scheme));
  }

  Optional<EvmScheme> of(PaymentRequirements requirements) {
    return all.stream().filter(scheme -> scheme.covers(requirements)).findFirst();
  }

  /**
   * Checks each offer with its scheme.
   *
   * @param chain null where no chain can be read
   * @throws IllegalStateException if a payment of one could not be settled
   */
  void start(List<PaymentRequirements> offered, @Nullable Chain chain) {
    for (PaymentRequirements option : offered) {
      EvmScheme scheme =
          of(option)
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "accepts: no scheme here settles "
                              + option.scheme()
                              + " with extra "
                              + option.extra()));
      try {
        scheme.start(option, chain);
      } catch (FacilitatorException e) {
        throw unreachable(option.network(), e);
      }
    }
  }

  /**
   * Checks that the node is on the network.
   *
   * @throws UnreachableException if it does not answer
   * @throws IllegalStateException if it is on another
   */
  static void requireChain(Chain chain, Network network) {
    long chainId;
    try {
      chainId = chain.chainId();
    } catch (FacilitatorException e) {
      throw unreachable(network, e);
    }
    if (chainId != network.chainId()) {
      throw new IllegalStateException(
          "network: configured "
              + network
              + ", but the node behind the RPC URL is on eip155:"
              + chainId);
    }
  }

  static UnreachableException unreachable(Network network, FacilitatorException e) {
    return new UnreachableException("RPC URL of " + network + ": " + e.getMessage(), e);
  }
}
