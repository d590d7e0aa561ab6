// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.receipt.JwsStatements;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Serves the DID document of a seller, so that others can verify the offers and receipts that it
 * signs.
 *
 * <pre>{@code
 * JwsStatements statements = JwsStatements.at("https://shop.example", key);
 * context.addServlet("did", DidServlet.of(statements)).addMapping("/.well-known/did.json");
 * }</pre>
 *
 * <p>If the seller's URL has a path, the document is looked for at that path and {@code /did.json}:
 * map it to {@code /did.json} of the webapp there. The path must be free. Answers GET and HEAD,
 * everything else with 405. Safe for use by several threads.
 */
public final class DidServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  private final transient byte[] document;

  private DidServlet(byte[] document) {
    this.document = document;
  }

  /**
   * Returns the servlet for a seller's document.
   *
   * @throws IllegalArgumentException if the statements name their key by {@code did:jwk}, which
   *     needs no document
   */
  public static DidServlet of(JwsStatements statements) {
    if (statements.didPath().isEmpty()) {
      throw new IllegalArgumentException(
          "DidServlet: expected statements of JwsStatements.at(publicUrl, key)");
    }
    return new DidServlet(statements.didDocument().getBytes(UTF_8));
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    PublishedKeys.answer(request, response, "application/did+json", document);
  }
}
