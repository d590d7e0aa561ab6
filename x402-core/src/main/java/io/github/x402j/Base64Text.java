// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;

/** Text in base64, as the headers carry it. */
final class Base64Text {
  private Base64Text() {}

  static String encode(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** Decodes standard base64 and base64url, padded or not; the bytes must be UTF-8. */
  static String decode(String base64) throws MalformedPaymentException {
    boolean urlAlphabet = base64.indexOf('-') >= 0 || base64.indexOf('_') >= 0;
    try {
      byte[] bytes = (urlAlphabet ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(base64);
      // A new decoder reports what is not UTF-8; String's constructor would replace it.
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException("the header is not base64");
    } catch (CharacterCodingException e) {
      throw new MalformedPaymentException("the header is not base64 of UTF-8 text");
    }
  }
}
