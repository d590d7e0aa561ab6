// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The names of the headers, and the payment that a request brings in them. */
public final class PaymentHeader {
  /** Carries the version 2 descriptor in a 402. */
  public static final String PAYMENT_REQUIRED = "PAYMENT-REQUIRED";

  /** Carries a version 2 payment. */
  public static final String PAYMENT_SIGNATURE = "PAYMENT-SIGNATURE";

  /** Carries the outcome of a version 2 payment. */
  public static final String PAYMENT_RESPONSE = "PAYMENT-RESPONSE";

  /** Carries a version 1 payment. */
  public static final String X_PAYMENT = "X-PAYMENT";

  /** Carries the outcome of a version 1 payment. */
  public static final String X_PAYMENT_RESPONSE = "X-PAYMENT-RESPONSE";

  /**
   * Carries a secret of the payer's with its payment: {@value #SECRET_LENGTH} characters of
   * base64url, 32 random bytes, the same each time that the payment is sent. A payment that was
   * begun with a secret is resumed with it alone: what the chain shows of a payment is not enough.
   */
  public static final String X_PAYMENT_SECRET = "X-Payment-Secret";

  /** How long a secret is. */
  public static final int SECRET_LENGTH = 43;

  /** Carries a receipt: in a request to present it, in a response to hand it out. */
  public static final String X_PAYMENT_RECEIPT = "X-Payment-Receipt";

  /** Tells how many uses a receipt has left, a whole number or {@code unlimited}. */
  public static final String X_PAYMENT_RECEIPT_REMAINING = "X-Payment-Receipt-Remaining";

  /** Carries a sign-in of a payer that has bought this before (extension sign-in-with-x). */
  public static final String SIGN_IN_WITH_X = "SIGN-IN-WITH-X";

  /** Carries the descriptor for agents that read an older name; off unless switched on. */
  public static final String X_PAYMENT_REQUIRED = "X-Payment-Required";

  /** Carries the challenges of the {@code Payment} HTTP scheme in a 402, beside others. */
  public static final String WWW_AUTHENTICATE = "WWW-Authenticate";

  /** Carries the credential of the {@code Payment} HTTP scheme, or of another one. */
  public static final String AUTHORIZATION = "Authorization";

  /** Says in a request by which methods and intents of that scheme the client pays. */
  public static final String ACCEPT_PAYMENT = "Accept-Payment";

  /** Carries the receipt of the {@code Payment} HTTP scheme. */
  public static final String PAYMENT_RECEIPT = "Payment-Receipt";

  /** The name of the {@code Payment} HTTP scheme and the space after it. */
  public static final String PAYMENT_SCHEME = "Payment ";

  private static final List<String> REQUEST_NAMES =
      List.of(PAYMENT_SIGNATURE, X_PAYMENT, X_PAYMENT_RECEIPT);

  private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9_-]{" + SECRET_LENGTH + "}");

  private PaymentHeader() {}

  /** Returns the secret that comes with the payment, empty if none does. */
  public static Optional<String> secret(Function<String, List<String>> headers)
      throws MalformedPaymentException {
    Optional<String> secret = single(headers, X_PAYMENT_SECRET);
    if (secret.isPresent() && !SECRET.matcher(secret.get()).matches()) {
      throw new MalformedPaymentException(
          X_PAYMENT_SECRET + ": expected " + SECRET_LENGTH + " characters of base64url");
    }
    return secret;
  }

  /** Returns the name of the response header that answers a payment of this version. */
  public static String responseName(int x402Version) {
    return x402Version == 1 ? X_PAYMENT_RESPONSE : PAYMENT_RESPONSE;
  }

  /**
   * Returns the value of a header without the spaces and tabs around it, which are all that may
   * stand there (RFC 9110, section 5.5). {@link String#trim} and {@link String#strip} take more.
   */
  public static String trim(String value) {
    int begin = 0;
    int end = value.length();
    while (begin < end && isPadding(value.charAt(begin))) {
      begin++;
    }
    while (end > begin && isPadding(value.charAt(end - 1))) {
      end--;
    }
    return value.substring(begin, end);
  }

  private static boolean isPadding(char c) {
    return c == ' ' || c == '\t';
  }

  /** Returns what the request brings, empty if nothing; an empty header is none. */
  public static Optional<Credential> read(Function<String, List<String>> headers)
      throws MalformedPaymentException {
    String found = null;
    String value = "";
    for (String name : REQUEST_NAMES) {
      Optional<String> single = single(headers, name);
      if (single.isEmpty()) {
        continue;
      }
      if (found != null) {
        throw new MalformedPaymentException(
            "expected one payment header, found " + found + " and " + name);
      }
      found = name;
      value = single.get();
    }
    return found == null ? Optional.empty() : Optional.of(presented(found, value));
  }

  /**
   * Returns what the request brings, {@code Authorization: Payment} included; a credential of
   * another scheme there is none of ours.
   */
  public static Optional<Credential> readWithAuthorization(Function<String, List<String>> headers)
      throws MalformedPaymentException {
    List<String> tokens =
        headers.apply(AUTHORIZATION).stream()
            .map(PaymentHeader::trim)
            .filter(PaymentHeader::isOfPaymentScheme)
            .map(value -> trim(value.substring(PAYMENT_SCHEME.length())))
            .toList();
    Optional<Credential> other = read(headers);
    if (tokens.isEmpty()) {
      return other;
    }
    if (tokens.size() > 1 || other.isPresent()) {
      throw new MalformedPaymentException(
          "expected one payment, found Authorization: Payment and another");
    }
    PaymentCodec.requireLength(tokens.get(0));
    return Optional.of(new Credential.Authorization(tokens.get(0)));
  }

  /** Returns whether a challenge or credential is of the {@code Payment} scheme, in any case. */
  private static boolean isOfPaymentScheme(String value) {
    return value.regionMatches(true, 0, PAYMENT_SCHEME, 0, PAYMENT_SCHEME.length());
  }

  private static Credential presented(String name, String value) throws MalformedPaymentException {
    PaymentCodec.requireLength(value);
    // A compact JWT has dots between its parts, and base64 has no dots.
    if (name.equals(X_PAYMENT_RECEIPT) || (name.equals(X_PAYMENT) && value.indexOf('.') >= 0)) {
      return new Credential.ReceiptToken(value);
    }
    return new Credential.Payment(
        PaymentCodec.decodePayload(value, name.equals(PAYMENT_SIGNATURE) ? 2 : 1));
  }

  private static Optional<String> single(Function<String, List<String>> headers, String name)
      throws MalformedPaymentException {
    List<String> values = headers.apply(name);
    if (values.size() > 1) {
      throw new MalformedPaymentException("expected one " + name + " header, found several");
    }
    String value = values.isEmpty() ? "" : trim(values.get(0));
    return value.isEmpty() ? Optional.empty() : Optional.of(value);
  }
}
