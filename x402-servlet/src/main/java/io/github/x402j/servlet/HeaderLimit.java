// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.gate.Refusal;
import java.util.Map;

/**
 * How long the head of a 402 and of a paid response may be, and who gets which part of it. A proxy
 * keeps a whole head in one buffer, and answers 502 in place of a longer one.
 *
 * @param bytes the whole head
 * @param requestBytes the whole head of a request that pays
 * @param paid what the gate may add to a paid response, without URLs
 * @param tenthsOfUrl how often that holds the URL, encoded
 */
record HeaderLimit(int bytes, int requestBytes, int paid, int tenthsOfUrl) {
  /** What stock nginx keeps: one page of memory. */
  static final int DEFAULT = 4096;

  /** What the containers read unless they are told otherwise. */
  static final int DEFAULT_REQUEST = 8192;

  /** A request line, and what clients and proxies send besides a payment. */
  private static final int AROUND_PAYMENT = 1024;

  static final int LARGEST_REQUEST = PaymentCodec.MAX_HEADER_LENGTH + AROUND_PAYMENT;

  /** An authorization and its signature, as part of a payment header. */
  private static final int SIGNED = 768;

  private static final int SMALLEST = 2048;
  private static final int LARGEST = 16 * 1024;

  /** For the status line, what the container adds, and a few headers of filters in front. */
  private static final int AROUND = 512;

  /** The payment response, of any outcome. */
  private static final int OUTCOME = 448;

  private static final int RECEIPT = 1024;
  private static final int IDENTIFIER = 256;

  /** A JWS with the {@code did:jwk} of a P-256 key, and the schema. */
  private static final int STATEMENT = 1280;

  private static final int URL_IN_RECEIPT = 14;
  private static final int URL_IN_STATEMENT = 19;

  /** What a handler needs at least: type, cookies, ETag. */
  private static final int LEAST_FOR_HANDLER = 512;

  /** A refusal repeats the descriptor with a code in it. */
  private static final int ERROR = 128;

  /** Returns a limit with what every paid response has. */
  static HeaderLimit of(int bytes, int requestBytes) {
    return new HeaderLimit(bytes, requestBytes, OUTCOME, 0);
  }

  /**
   * Returns the limit.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  static int require(int bytes) {
    if (bytes < SMALLEST || bytes > LARGEST) {
      throw new IllegalArgumentException(
          "headerLimit: expected %d to %d bytes, found %d".formatted(SMALLEST, LARGEST, bytes));
    }
    return bytes;
  }

  /**
   * Returns the limit of a request.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  static int requireForRequest(int bytes) {
    if (bytes < SMALLEST || bytes > LARGEST_REQUEST) {
      throw new IllegalArgumentException(
          "requestHeaderLimit: expected %d to %d bytes, found %d"
              .formatted(SMALLEST, LARGEST_REQUEST, bytes));
    }
    return bytes;
  }

  HeaderLimit withReceipts() {
    return with(RECEIPT, URL_IN_RECEIPT);
  }

  HeaderLimit withPasses() {
    return with(PassTerms.COVERS.length() + PassTerms.MAX_COVERS_LENGTH, 0);
  }

  HeaderLimit withIdentifiers() {
    return with(IDENTIFIER, 0);
  }

  HeaderLimit withStatements() {
    return with(STATEMENT, URL_IN_STATEMENT);
  }

  private HeaderLimit with(int more, int moreOfUrl) {
    return new HeaderLimit(bytes, requestBytes, paid + more, tenthsOfUrl + moreOfUrl);
  }

  /** Returns whether a rule fits whose longest URL has this length. */
  boolean fits(Refusal refusal, int urlLength) {
    return length(refusal) <= bytes && leftForHandler(urlLength) >= LEAST_FOR_HANDLER;
  }

  /** Returns whether a payment fits that returns all that the descriptor announces. */
  boolean fitsPayment(PaymentRequired required) {
    return paymentLength(required) <= requestBytes;
  }

  private static int paymentLength(PaymentRequired required) {
    return required.accepts().stream()
        .map(option -> PaymentPayload.v2(option, Map.of()).answering(required))
        .mapToInt(payment -> PaymentCodec.encodePayload(payment).length() + SIGNED + AROUND_PAYMENT)
        .max()
        .orElse(0);
  }

  /** Returns what is wrong with a rule that is paid for by too long a request, and what to do. */
  String problemOfPayment(PaymentRequired required) {
    return """
        a payment returns what the descriptor announces, and may need %d bytes of request headers; \
        requestHeaderLimit is %d. Announce less, or let the container and the proxy in front read \
        more and raise requestHeaderLimit"""
        .formatted(paymentLength(required), requestBytes);
  }

  /** Returns the length of the head of a 402, also in answer to a payment that is refused. */
  private static int length(Refusal refusal) {
    int length = AROUND + OUTCOME + PaidResponseHeaders.SHARED_LENGTH + ERROR;
    if (refusal.headers().containsKey(PaymentHeader.WWW_AUTHENTICATE)) {
      length += PaidResponseHeaders.CHALLENGED_LENGTH;
    }
    for (Map.Entry<String, String> header : refusal.headers().entrySet()) {
      length += header.getKey().length() + header.getValue().length() + 4;
    }
    return length;
  }

  /** Returns how long the headers of a handler may be in a response that is paid for. */
  int leftForHandler(int urlLength) {
    return bytes - AROUND - PaidResponseHeaders.SHARED_LENGTH - paid - urlLength * tenthsOfUrl / 10;
  }

  /** Returns what is wrong with a rule that does not fit, and what to do. */
  String problem(Refusal refusal, int urlLength) {
    return """
        a 402 may need %d bytes of headers, and a paid response leaves %d to its handler, which \
        needs %d; headerLimit is %d. Offer fewer tokens, shorten the description, or raise \
        headerLimit and the buffer of the proxy in front (nginx: proxy_buffer_size)"""
        .formatted(length(refusal), leftForHandler(urlLength), LEAST_FOR_HANDLER, bytes);
  }
}
