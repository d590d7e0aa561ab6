// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
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
 * @param resource what the client says that it pays for, as the descriptor told it; null if it does
 *     not say. It may be any other resource
 * @param extensions what the client returns of the descriptor's extensions, with members of its
 *     own. JSON as JDK types, in which a member may be null; immutable
 */
public record PaymentPayload(
    int x402Version,
    String scheme,
    Network network,
    @Nullable PaymentRequirements accepted,
    Map<String, Object> payload,
    @Nullable ResourceInfo resource,
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
    extensions = JsonValues.copyOfReceived(extensions);
  }

  /** Returns a version 2 payment for the requirements that returns nothing else. */
  public static PaymentPayload v2(PaymentRequirements accepted, Map<String, Object> payload) {
    return new PaymentPayload(
        2, accepted.scheme(), accepted.network(), accepted, payload, null, Map.of());
  }

  /** Returns a version 1 payment. */
  public static PaymentPayload v1(String scheme, Network network, Map<String, Object> payload) {
    return new PaymentPayload(1, scheme, network, null, payload, null, Map.of());
  }

  /** Returns this payment with another payload, such as one without unknown members. */
  public PaymentPayload withPayload(Map<String, Object> newPayload) {
    return new PaymentPayload(
        x402Version, scheme, network, accepted, newPayload, resource, extensions);
  }

  /** Returns this payment for another resource, as its sender says; null not to say it. */
  public PaymentPayload withResource(@Nullable ResourceInfo newResource) {
    return new PaymentPayload(
        x402Version, scheme, network, accepted, payload, newResource, extensions);
  }

  /** Returns this payment with other extensions. */
  public PaymentPayload withExtensions(Map<String, Object> newExtensions) {
    return new PaymentPayload(
        x402Version, scheme, network, accepted, payload, resource, newExtensions);
  }

  /**
   * Returns this payment with what a payer returns of the descriptor that it pays for
   * (specification 5.1.2): the resource, and each extension as it was announced. Version 1 returns
   * nothing.
   */
  public PaymentPayload answering(PaymentRequired descriptor) {
    return x402Version == 1
        ? this
        : withResource(descriptor.resource()).withExtensions(descriptor.extensions());
  }

  /**
   * Returns this payment with no more of each extension than its {@code info}, which is what the
   * specification demands at least. It makes a shorter header.
   *
   * @param whole the names of those that stay as they are
   */
  public PaymentPayload withInfoAlone(String... whole) {
    Set<String> kept = Set.of(whole);
    Map<String, Object> alone = new LinkedHashMap<>();
    extensions.forEach(
        (name, entry) -> {
          Object info = members(entry).get(Extension.INFO);
          boolean isWhole = info == null || kept.contains(name);
          alone.put(name, isWhole ? entry : Map.of(Extension.INFO, info));
        });
    return withExtensions(alone);
  }

  /**
   * Returns this payment with members of the payer's own in the {@code info} of an extension. What
   * the seller has announced stays as it is (specification 5.1.2).
   *
   * @param name of the extension
   * @param members that the payer adds. JSON as JDK types
   */
  public PaymentPayload withInfo(String name, Map<String, Object> members) {
    Map<String, Object> entry = new LinkedHashMap<>(members(extensions.get(name)));
    Map<String, Object> info = new LinkedHashMap<>(members);
    info.putAll(members(entry.get(Extension.INFO)));
    entry.put(Extension.INFO, info);
    Map<String, Object> all = new LinkedHashMap<>(extensions);
    all.put(name, entry);
    return withExtensions(all);
  }

  @SuppressWarnings("unchecked") // the members of JSON objects have names
  private static Map<String, Object> members(@Nullable Object object) {
    return object instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
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
