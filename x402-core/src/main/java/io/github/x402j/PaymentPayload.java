// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The client's claim to have paid, as decoded: well formed, and nothing in it is to be trusted
 * (specification 5.2, {@code PaymentPayload}).
 *
 * @param x402Version the protocol version it is written in, 1 or 2
 * @param scheme the scheme it claims to follow
 * @param network the chain it claims to pay on
 * @param accepted the requirements it claims to meet; null in version 1, which does not send them
 * @param payload what the scheme defines; for {@code exact} the authorization and its signature.
 *     JSON as JDK types, immutable
 * @param extensions what the client answers to the descriptor's extensions. JSON as JDK types,
 *     immutable
 */
public record PaymentPayload(
    int x402Version,
    String scheme,
    Network network,
    @Nullable PaymentRequirements accepted,
    Map<String, Object> payload,
    Map<String, Object> extensions) {

  /** Checks that version and {@code accepted} fit, and copies the objects. */
  public PaymentPayload {
    if (x402Version != 1 && x402Version != 2) {
      throw new IllegalArgumentException("x402Version: expected 1 or 2, found " + x402Version);
    }
    if ((x402Version == 2) != (accepted != null)) {
      throw new IllegalArgumentException("accepted: expected in version 2 and in no other");
    }
    payload = JsonValues.copyOf(payload);
    extensions = JsonValues.copyOf(extensions);
  }

  /** Returns a version 2 payment for the requirements. */
  public static PaymentPayload v2(PaymentRequirements accepted, Map<String, Object> payload) {
    return new PaymentPayload(
        2, accepted.scheme(), accepted.network(), accepted, payload, Map.of());
  }

  /** Returns a version 1 payment. */
  public static PaymentPayload v1(String scheme, Network network, Map<String, Object> payload) {
    return new PaymentPayload(1, scheme, network, null, payload, Map.of());
  }

  /** Returns this payment with another payload, such as one without unknown members. */
  public PaymentPayload withPayload(Map<String, Object> newPayload) {
    return new PaymentPayload(x402Version, scheme, network, accepted, newPayload, extensions);
  }

  /** Does not show the payload, whose signature is as good as the money it moves. */
  @Override
  public String toString() {
    return "PaymentPayload[x402Version="
        + x402Version
        + ", scheme="
        + scheme
        + ", network="
        + network
        + ", payload redacted]";
  }
}
