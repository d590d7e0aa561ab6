// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Map;

/** Signs the tokens by which facilitators know who asks (RFC 7519), with the JDK alone. */
final class Jwt {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Jwt() {}

  /** Returns the {@code alg} of tokens that this key signs. */
  static String algorithmOf(PrivateKey key) {
    return key.getAlgorithm().equals(PastedKey.EC) ? "ES256" : "EdDSA";
  }

  /**
   * Returns the token; members keep their order.
   *
   * @throws IllegalStateException if the JDK cannot sign with the key
   */
  static String sign(Map<String, Object> header, Map<String, Object> claims, PrivateKey key) {
    String signed = part(header) + "." + part(claims);
    try {
      Signature signature =
          Signature.getInstance(
              key.getAlgorithm().equals(PastedKey.EC)
                  ? "SHA256withECDSAinP1363Format"
                  : PastedKey.ED25519);
      signature.initSign(key);
      signature.update(signed.getBytes(UTF_8));
      return signed + "." + base64Url(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key cannot sign here");
    }
  }

  private static String part(Map<String, Object> members) {
    try {
      return base64Url(JSON.writeValueAsBytes(members));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a token could not be written");
    }
  }

  private static String base64Url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
