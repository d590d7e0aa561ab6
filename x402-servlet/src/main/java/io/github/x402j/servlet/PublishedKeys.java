// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Answers a request for public keys: to everyone, by GET and HEAD. */
final class PublishedKeys {
  private PublishedKeys() {}

  static void answer(
      HttpServletRequest request, HttpServletResponse response, String type, byte[] keys)
      throws IOException {
    String method = request.getMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      response.setStatus(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
      response.setHeader("Allow", "GET, HEAD");
      return;
    }
    response.setContentType(type);
    response.setHeader("Cache-Control", "public, max-age=" + JwksServlet.MAX_AGE_SECONDS);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setContentLength(keys.length);
    if (method.equals("GET")) {
      response.getOutputStream().write(keys);
    }
  }
}
