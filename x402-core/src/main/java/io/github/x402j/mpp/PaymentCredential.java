// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a payer sends in {@code Authorization: Payment}: the challenge as it came, and the proof of
 * the payment ({@code draft-httpauth-payment}, section "Credentials"). Nothing in it is to be
 * trusted.
 *
 * @param challenge the challenge
 * @param payload what the method defines. JSON as JDK types, immutable
 * @param source who pays, as a DID; null where it is not said
 */
public record PaymentCredential(
    PaymentChallenge challenge, Map<String, Object> payload, @Nullable String source) {
  private static final Pattern BASE64_URL = Pattern.compile("[A-Za-z0-9_-]+");

  /** Copies the payload. */
  public PaymentCredential {
    payload = Collections.unmodifiableMap(new LinkedHashMap<>(payload));
  }

  /**
   * Returns the credential in the token of the header.
   *
   * @throws MalformedPaymentException if it is not unpadded base64url of one, or too long
   */
  public static PaymentCredential decode(String token) throws MalformedPaymentException {
    if (!BASE64_URL.matcher(token).matches()) {
      throw new MalformedPaymentException("credential: expected base64url without padding");
    }
    Map<String, Object> members = JsonText.decode(token);
    PaymentChallenge challenge =
        PaymentChallenge.of(object(members, "challenge"))
            .orElseThrow(
                () ->
                    new MalformedPaymentException(
                        "challenge: expected id, realm, method, intent and request, all strings"));
    if (members.containsKey("source") && !(members.get("source") instanceof String)) {
      throw new MalformedPaymentException("source: expected a string");
    }
    return new PaymentCredential(
        challenge, object(members, "payload"), (String) members.get("source"));
  }

  @SuppressWarnings("unchecked") // an object as it was decoded
  private static Map<String, Object> object(Map<String, Object> members, String name)
      throws MalformedPaymentException {
    if (members.get(name) instanceof Map<?, ?> object) {
      return (Map<String, Object>) object;
    }
    throw new MalformedPaymentException(name + ": expected an object");
  }

  /** Returns the value of the {@code Authorization} header. */
  public String header() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("challenge", challenge.parameters());
    members.put("payload", payload);
    if (source != null) {
      members.put("source", source);
    }
    return PaymentHeader.PAYMENT_SCHEME + JsonText.encode(members);
  }

  /** Does not show the payload, whose signature is as good as the money it moves. */
  @Override
  public String toString() {
    return "PaymentCredential[" + challenge.id() + ", payload redacted]";
  }
}
