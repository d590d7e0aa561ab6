// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JwksServletTest {
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void servesThePublicKeysAndNothingElse(Stack stack) throws Exception {
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL)
            .key(SigningKey.generated(ReceiptAlgorithm.ES256))
            .build();
    try (TestContainer container =
        TestContainer.on(stack)
            .start(
                context ->
                    TestContainer.addServlet(context, "keys", JwksServlet.of(issuer), "/keys"))) {
      RawHttp.Response keys = RawHttp.get(container.port(), "/keys");
      assertThat(keys.status()).isEqualTo(200);
      assertThat(keys.text()).isEqualTo(issuer.jwks()).contains("\"x\"").doesNotContain("\"d\"");
      assertThat(keys.header("Content-Type")).startsWith("application/jwk-set+json");
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
