// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.receipt.ReceiptIssuer;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Serves the public keys of a {@link ReceiptIssuer} as a JWK set (RFC 7517), so that others can
 * verify its receipts.
 *
 * <pre>{@code
 * context.addServlet("keys", JwksServlet.of(issuer)).addMapping("/.well-known/jwks.json");
 * }</pre>
 *
 * <p>Answers GET and HEAD, everything else with 405. Caches may keep the answer for {@value
 * #MAX_AGE_SECONDS} seconds: publish a new key that much earlier than it signs. Safe for use by
 * several threads.
 */
public final class JwksServlet extends HttpServlet {
  /** How long caches may keep the keys. */
  public static final int MAX_AGE_SECONDS = 300;

  private static final long serialVersionUID = 1L;

  private final transient ReceiptIssuer issuer;

  private JwksServlet(ReceiptIssuer issuer) {
    this.issuer = issuer;
  }

  /** Returns the servlet for an issuer's keys. */
  public static JwksServlet of(ReceiptIssuer issuer) {
    return new JwksServlet(issuer);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    PublishedKeys.answer(
        request, response, "application/jwk-set+json", issuer.jwks().getBytes(UTF_8));
  }
}
