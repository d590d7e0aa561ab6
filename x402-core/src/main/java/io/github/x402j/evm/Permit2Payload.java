// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.TokenAmount;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The {@code payload} of scheme {@code exact} by Permit2: an authorization and its signature
 * (specification {@code scheme_exact_evm}, section 2).
 *
 * @param authorization what was signed
 * @param signature {@code 0x} and an even number of hex digits; not verified yet
 */
public record Permit2Payload(Permit2Authorization authorization, String signature) {
  private static final String PATH = "payload.permit2Authorization";

  /** Checks that the signature is hex. */
  public Permit2Payload {
    ExactEvmPayload.requireSignature(signature);
  }

  /**
   * Returns the payload in these members.
   *
   * @throws MalformedPaymentException if one is missing or mistyped, or the payload is one of
   *     another transfer method, or of two
   */
  public static Permit2Payload parse(Map<String, Object> payload) throws MalformedPaymentException {
    if (payload.containsKey("authorization")) {
      throw new MalformedPaymentException(
          "payload.authorization: only authorizations of Permit2 are accepted");
    }
    Map<?, ?> members = object(payload, "permit2Authorization", PATH);
    Map<?, ?> permitted = object(members, "permitted", PATH + ".permitted");
    Map<?, ?> witness = object(members, "witness", PATH + ".witness");
    try {
      return new Permit2Payload(
          new Permit2Authorization(
              member(members, "from", Address::parse),
              member(permitted, "token", Address::parse),
              member(permitted, "amount", TokenAmount::parse),
              member(members, "spender", Address::parse),
              member(members, "nonce", Permit2Payload::number),
              member(members, "deadline", Permit2Payload::number),
              member(witness, "to", Address::parse),
              member(witness, "validAfter", Permit2Payload::number)),
          ExactEvmPayload.text(payload.get("signature"), "payload.signature"));
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("payload: " + e.getMessage());
    }
  }

  /** Returns the payload that the signer makes of the authorization on this network. */
  public static Permit2Payload sign(
      Network network, Permit2Authorization authorization, EvmSigner signer) {
    byte[] digest =
        Eip712.digest(Permit2.domainSeparator(network), Permit2.structHash(authorization));
    return new Permit2Payload(authorization, signer.sign(digest).toHex());
  }

  /** Returns the members as they are in the message. */
  public Map<String, Object> toMap() {
    Map<String, Object> permitted = new LinkedHashMap<>();
    permitted.put("token", authorization.token().text());
    permitted.put("amount", authorization.amount().toString());
    Map<String, Object> witness = new LinkedHashMap<>();
    witness.put("to", authorization.to().text());
    witness.put("validAfter", authorization.validAfter().toString());
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("from", authorization.from().text());
    members.put("permitted", permitted);
    members.put("spender", authorization.spender().text());
    members.put("nonce", authorization.nonce().toString());
    members.put("deadline", authorization.deadline().toString());
    members.put("witness", witness);
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("signature", signature);
    payload.put("permit2Authorization", members);
    return payload;
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return "Permit2Payload[" + authorization + ", signature redacted]";
  }

  private static Map<?, ?> object(Map<?, ?> members, String name, String path)
      throws MalformedPaymentException {
    if (members.get(name) instanceof Map<?, ?> object) {
      return object;
    }
    throw new MalformedPaymentException(path + ": expected an object");
  }

  private static <T> T member(Map<?, ?> members, String name, Function<String, T> parse)
      throws MalformedPaymentException {
    return ExactEvmPayload.member(members, PATH, name, parse);
  }

  private static BigInteger number(String text) {
    return TokenAmount.parse(text).atomicUnits();
  }
}
