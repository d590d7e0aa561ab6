// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.extension.SignInMessage;
import io.github.x402j.extension.SignInWithX;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sign-in that a 402 offers to payers that have bought the resource before. */
final class SignInOffer {
  private static final Logger log = LoggerFactory.getLogger(PayingHttpClient.class);

  private SignInOffer() {}

  /** Returns whether the 402 has one, readable or not. */
  static boolean isIn(PaymentDemand demand) {
    return demand.x402Version() == 2
        && demand.required().extensions().containsKey(SignInWithX.EXTENSION);
  }

  /**
   * Returns the message to sign; empty if none is offered on these chains, it cannot be read, or it
   * is not for the server that was asked: its signature could then be used at another.
   *
   * @param requested the URL that the 402 came from
   * @param networks the chains of the wallet, the preferred one first
   */
  static Optional<SignInMessage> message(
      URI requested, PaymentDemand demand, Address wallet, List<Network> networks) {
    Object entry = demand.required().extensions().get(SignInWithX.EXTENSION);
    if (!(entry instanceof Map<?, ?> offer) || !(offer.get("info") instanceof Map<?, ?> info)) {
      return Optional.empty();
    }
    Optional<Network> network =
        networks.stream().filter(each -> isOffered(each, offer.get("supportedChains"))).findFirst();
    if (network.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Object> members = new LinkedHashMap<>();
    info.forEach((name, value) -> members.put(String.valueOf(name), value));
    try {
      SignInMessage message = SignInMessage.asked(members, wallet, network.get());
      if (message.isFor(requested)) {
        return Optional.of(message);
      }
      log.warn(
          "{} asks for a sign-in to another server; it is not signed",
          SignInMessage.domainOf(requested));
    } catch (MalformedPaymentException e) {
      log.debug("a sign-in cannot be read: {}", e.getMessage());
    }
    return Optional.empty();
  }

  private static boolean isOffered(Network network, @Nullable Object chains) {
    return chains instanceof List<?> list
        && list.stream()
            .anyMatch(
                each ->
                    each instanceof Map<?, ?> chain
                        && network.caip2().equals(chain.get("chainId"))
                        && SignInMessage.TYPE.equals(chain.get("type")));
  }
}
