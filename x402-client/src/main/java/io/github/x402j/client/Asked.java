// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Optional;

/**
 * What a 402 asks for.
 *
 * @param x402Version the version that it asks in, and that the payment is to be in
 * @param required the descriptor
 */
record Asked(int x402Version, PaymentRequired required) {
  /** As many characters of a header are looked at as bytes of a body. */
  private static final int MAX_HEADER_LENGTH = BoundedBody.MAX_BYTES;

  /**
   * Returns what the header of version 2 asks for, empty if there is none.
   *
   * @throws MalformedPaymentException if there is one, but no descriptor in it
   */
  static Optional<Asked> inHeader(HttpHeaders headers) throws MalformedPaymentException {
    List<String> values = headers.allValues(PaymentHeader.PAYMENT_REQUIRED);
    if (values.isEmpty()) {
      return Optional.empty();
    }
    if (values.size() > 1 || values.get(0).length() > MAX_HEADER_LENGTH) {
      throw new MalformedPaymentException(
          PaymentHeader.PAYMENT_REQUIRED
              + ": expected one of at most "
              + MAX_HEADER_LENGTH
              + " characters");
    }
    return Optional.of(new Asked(2, PaymentCodec.decodeRequired(values.get(0).trim())));
  }

  /**
   * Returns what the body asks for, in either version; empty if it does not speak of the protocol
   * at all.
   *
   * @throws MalformedPaymentException if it does, but is no descriptor
   */
  static Optional<Asked> inBody(byte[] body) throws MalformedPaymentException {
    Optional<String> text = utf8(body).filter(json -> json.contains("\"x402Version\""));
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int version = PaymentCodec.versionOfRequiredBody(text.get());
    return Optional.of(new Asked(version, PaymentCodec.decodeRequiredBody(text.get())));
  }

  private static Optional<String> utf8(byte[] body) {
    try {
      return Optional.of(UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
