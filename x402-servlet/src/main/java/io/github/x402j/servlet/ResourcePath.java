// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.gate.PaymentGate;
import jakarta.servlet.http.HttpServletRequest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Writes paths into URLs, and names requests. */
final class ResourcePath {
  private static final String UNESCAPED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";

  /** Longer names are kept as their hash, so that a ledger's entries stay small. */
  private static final int MAX_NAME_LENGTH = 200;

  /** The longest path that is sold, escaped; a descriptor that names it fits into its header. */
  static final int MAX_PATH_LENGTH = 2048;

  private ResourcePath() {}

  static boolean isTooLong(String path) {
    return path.length() > MAX_PATH_LENGTH || encode(path).length() > MAX_PATH_LENGTH;
  }

  /** Escapes a decoded path for a URL (RFC 3986, pchar). */
  static String encode(String path) {
    StringBuilder encoded = new StringBuilder(path.length() + 16);
    for (byte b : path.getBytes(UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 0x80 && UNESCAPED.indexOf(c) >= 0) {
        encoded.append(c);
      } else {
        encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      }
    }
    return encoded.toString();
  }

  /**
   * Names the request that a payment is for: method, resource and query. See {@link
   * PaymentGate#admit}.
   */
  static String requestName(HttpServletRequest request, String resourceUrl) {
    String query = request.getQueryString();
    String name = request.getMethod() + " " + resourceUrl + (query == null ? "" : "?" + query);
    return name.length() <= MAX_NAME_LENGTH ? name : "sha256:" + sha256(name);
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
