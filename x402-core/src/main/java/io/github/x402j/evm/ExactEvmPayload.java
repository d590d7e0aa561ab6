// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The {@code payload} of scheme {@code exact} on EVM: an authorization and its signature
 * (specification {@code scheme_exact_evm}, section 1).
 *
 * @param authorization what was signed
 * @param signature {@code 0x} and an even number of hex digits; not verified yet
 */
public record ExactEvmPayload(TransferAuthorization authorization, String signature) {
  /** Members of the scheme's other transfer methods. */
  private static final List<String> OTHER_METHODS =
      List.of("permit2Authorization", "delegationManager", "permissionContext", "transaction");

  private static final String PATH = "payload.authorization";
  private static final int MAX_SIGNATURE_LENGTH = 4096;

  /** Checks that the signature is hex. */
  public ExactEvmPayload {
    requireSignature(signature);
  }

  static void requireSignature(String signature) {
    if (signature.length() > MAX_SIGNATURE_LENGTH || !Hex.isBytes(signature)) {
      throw new IllegalArgumentException("signature: expected 0x and an even number of hex digits");
    }
  }

  /**
   * Returns the payload in these members.
   *
   * @throws MalformedPaymentException if one is missing or mistyped, or the payload is one of
   *     another transfer method
   */
  public static ExactEvmPayload parse(Map<String, Object> payload)
      throws MalformedPaymentException {
    for (String other : OTHER_METHODS) {
      if (payload.containsKey(other)) {
        throw new MalformedPaymentException(
            "payload." + other + ": only EIP-3009 authorizations are accepted");
      }
    }
    if (!(payload.get("authorization") instanceof Map<?, ?> members)) {
      throw new MalformedPaymentException("payload.authorization: expected an object");
    }
    try {
      return new ExactEvmPayload(
          new TransferAuthorization(
              member(members, PATH, "from", Address::parse),
              member(members, PATH, "to", Address::parse),
              member(members, PATH, "value", TokenAmount::parse),
              member(members, PATH, "validAfter", TokenAmount::parse).atomicUnits(),
              member(members, PATH, "validBefore", TokenAmount::parse).atomicUnits(),
              member(members, PATH, "nonce", Function.identity())),
          text(payload.get("signature"), "payload.signature"));
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("payload: " + e.getMessage());
    }
  }

  /** Returns the payload that the signer makes of the authorization. */
  public static ExactEvmPayload sign(
      Token token, TransferAuthorization authorization, EvmSigner signer) {
    byte[] digest = Eip712.digest(Eip712.domainSeparator(token), authorization);
    return new ExactEvmPayload(authorization, signer.sign(digest).toHex());
  }

  /** Returns the members as they are in the message. */
  public Map<String, Object> toMap() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("from", authorization.from().text());
    members.put("to", authorization.to().text());
    members.put("value", authorization.value().toString());
    members.put("validAfter", authorization.validAfter().toString());
    members.put("validBefore", authorization.validBefore().toString());
    members.put("nonce", authorization.nonce());
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("signature", signature);
    payload.put("authorization", members);
    return payload;
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return "ExactEvmPayload[" + authorization + ", signature redacted]";
  }

  static <T> T member(Map<?, ?> members, String parent, String name, Function<String, T> parse)
      throws MalformedPaymentException {
    String path = parent + "." + name;
    String text = text(members.get(name), path);
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException(path + ": " + e.getMessage());
    }
  }

  static String text(@Nullable Object value, String path) throws MalformedPaymentException {
    if (value instanceof String text) {
      return text;
    }
    throw new MalformedPaymentException(path + ": expected a string");
  }
}
