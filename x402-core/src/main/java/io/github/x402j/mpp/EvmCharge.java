// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import io.github.x402j.Address;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.TokenAmount;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an {@code evm} charge asks for: the {@code request} of its challenge ({@code
 * draft-evm-charge}, section "Request Schema").
 *
 * @param network the chain
 * @param amount the price
 * @param currency the token's contract
 * @param recipient who is paid
 * @param decimals of the token, for people; null where they are not said
 * @param credentialTypes in what ways it may be paid, the preferred one first; empty where that is
 *     not said
 * @param permit2Address the contract of the way {@code permit2}, or null
 * @param isSplit whether others are paid a part of it, which no authorization can do
 */
public record EvmCharge(
    Network network,
    TokenAmount amount,
    Address currency,
    Address recipient,
    @Nullable Integer decimals,
    List<String> credentialTypes,
    @Nullable Address permit2Address,
    boolean isSplit) {

  /** The credential type of EIP-3009. */
  public static final String AUTHORIZATION = "authorization";

  /** Permit2 on every chain; the draft wants it in each request, used or not. */
  private static final Address PERMIT2 =
      Address.parse("0x000000000022D473030F116dDEE9F6B43aC78BA3");

  /** Copies the types. */
  public EvmCharge {
    credentialTypes = List.copyOf(credentialTypes);
  }

  /** Returns a charge that an EIP-3009 authorization pays. */
  public static EvmCharge byAuthorization(
      Network network,
      TokenAmount amount,
      Address currency,
      Address recipient,
      @Nullable Integer decimals) {
    return new EvmCharge(
        network, amount, currency, recipient, decimals, List.of(AUTHORIZATION), PERMIT2, false);
  }

  /** Returns whether an EIP-3009 authorization may pay it. */
  public boolean takesAuthorization() {
    return credentialTypes.contains(AUTHORIZATION) && !isSplit;
  }

  /**
   * Returns the charge in a {@code request}. Unknown members are ignored.
   *
   * @throws MalformedPaymentException if it is none
   */
  public static EvmCharge parse(String request) throws MalformedPaymentException {
    Map<String, Object> members = JsonText.decode(request);
    if (!(members.get("methodDetails") instanceof Map<?, ?> details)) {
      throw new MalformedPaymentException("request.methodDetails: expected an object");
    }
    if (!(details.get("chainId") instanceof Long chainId) || chainId < 1) {
      throw new MalformedPaymentException("request.methodDetails.chainId: expected a chain id");
    }
    List<String> types =
        details.get("credentialTypes") instanceof List<?> list
            ? list.stream().filter(String.class::isInstance).map(String.class::cast).toList()
            : List.of();
    return new EvmCharge(
        new Network(chainId),
        member(members, "amount", TokenAmount::parse),
        member(members, "currency", Address::parse),
        member(members, "recipient", Address::parse),
        details.get("decimals") instanceof Long decimals ? Math.toIntExact(decimals % 256) : null,
        types,
        null,
        details.get("splits") instanceof List<?> splits && !splits.isEmpty());
  }

  private static <T> T member(Map<String, Object> members, String name, Function<String, T> parse)
      throws MalformedPaymentException {
    if (!(members.get(name) instanceof String text)) {
      throw new MalformedPaymentException("request." + name + ": expected a string");
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("request." + name + ": " + e.getMessage());
    }
  }

  /** Returns the {@code request} of a challenge: base64url of the canonical JSON. */
  public String request() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("chainId", network.chainId());
    details.put("credentialTypes", credentialTypes);
    if (decimals != null) {
      details.put("decimals", decimals);
    }
    if (permit2Address != null) {
      details.put("permit2Address", permit2Address.text());
    }
    Map<String, Object> members =
        Map.of(
            "amount", amount.toString(),
            "currency", currency.text(),
            "recipient", recipient.text(),
            "methodDetails", details);
    return JsonText.encode(members);
  }
}
