// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import io.github.x402j.ErrorReason;
import io.github.x402j.JsonText;
import java.util.Map;

/** Why a credential is refused, as a problem of the scheme (RFC 9457). */
public enum PaymentProblem {
  /** The value is not the price, or the payer has too little. */
  PAYMENT_INSUFFICIENT(402, "payment-insufficient", "Payment Insufficient"),
  /** The challenge or the authorization is over. */
  PAYMENT_EXPIRED(402, "payment-expired", "Payment Expired"),
  /** The proof is not good, or the transfer did not go through. */
  VERIFICATION_FAILED(402, "verification-failed", "Verification Failed"),
  /** The challenge is not ours, is for something else, or has bought its delivery. */
  INVALID_CHALLENGE(402, "invalid-challenge", "Invalid Challenge"),
  /** The credential is not one. */
  MALFORMED_CREDENTIAL(400, "malformed-credential", "Malformed Credential"),
  /** The method or the intent is not one that was offered. */
  METHOD_UNSUPPORTED(400, "method-unsupported", "Method Unsupported");

  private static final String BASE = "https://paymentauth.org/problems/";

  /** The type of a body with a problem. */
  public static final String CONTENT_TYPE = "application/problem+json";

  private final int status;
  private final String code;
  private final String title;

  PaymentProblem(int status, String code, String title) {
    this.status = status;
    this.code = code;
    this.title = title;
  }

  /** Returns the problem that a payment is refused with for this reason. */
  public static PaymentProblem of(ErrorReason reason) {
    return switch (reason) {
      case INSUFFICIENT_FUNDS, VALUE_MISMATCH -> PAYMENT_INSUFFICIENT;
      case AUTHORIZATION_EXPIRED -> PAYMENT_EXPIRED;
      case NONCE_ALREADY_USED,
          INVALID_PAYMENT_REQUIREMENTS,
          INVALID_NETWORK,
          INVALID_SCHEME,
          UNSUPPORTED_SCHEME ->
          INVALID_CHALLENGE;
      case INVALID_PAYLOAD -> MALFORMED_CREDENTIAL;
      default -> VERIFICATION_FAILED;
    };
  }

  /** Returns the status of the answer. */
  public int status() {
    return status;
  }

  /**
   * Returns the body of the answer, JSON.
   *
   * @param detail for people; without a secret
   */
  public String body(String detail) {
    return JsonText.canonical(
        Map.of("type", BASE + code, "title", title, "status", status, "detail", detail));
  }
}
