// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import jakarta.servlet.http.HttpServlet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JwksServletTest {
  private static final SigningKey KEY = SigningKey.generated(ReceiptAlgorithm.ES256);

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void servesThePublicKeysAndNothingElse(Stack stack) throws Exception {
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL).key(KEY).build();
    serves(stack, JwksServlet.of(issuer), issuer.jwks(), "application/jwk-set+json");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void servesTheDocumentOfTheSellersDid(Stack stack) throws Exception {
    JwsStatements statements = JwsStatements.at(Market.PUBLIC_URL, KEY);
    assertThat(statements.didDocument()).contains("\"id\":\"" + statements.kid() + "\"");
    serves(stack, DidServlet.of(statements), statements.didDocument(), "application/did+json");
  }

  @Test
  void servesNoDocumentWhereTheNameHoldsTheKey() {
    assertThatThrownBy(() -> DidServlet.of(JwsStatements.of(KEY)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("JwsStatements.at(publicUrl, key)");
  }

  private static void serves(Stack stack, HttpServlet servlet, String text, String type)
      throws Exception {
    try (TestContainer container =
        TestContainer.on(stack)
            .start(context -> TestContainer.addServlet(context, "keys", servlet, "/keys"))) {
      RawHttp.Response keys = RawHttp.get(container.port(), "/keys");
      assertThat(keys.status()).isEqualTo(200);
      assertThat(keys.text()).isEqualTo(text).contains("\"x\"").doesNotContain("\"d\"");
      assertThat(keys.header("Content-Type")).startsWith(type);
      assertThat(keys.header("Cache-Control")).isEqualTo("public, max-age=300");

      RawHttp.Response head = RawHttp.request(container.port(), "HEAD", "/keys");
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo(keys.header("Content-Length"));
      for (String method : new String[] {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
        RawHttp.Response other = RawHttp.request(container.port(), method, "/keys");
        assertThat(other.status()).as(method).isEqualTo(405);
        assertThat(other.header("Allow")).isEqualTo("GET, HEAD");
        assertThat(other.text()).doesNotContain("\"x\"");
      }
    }
  }
}
