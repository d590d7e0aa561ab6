// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JWSAlgorithm;

/**
 * How a receipt is signed. Public keys only: with a shared secret whoever can check a receipt could
 * make one.
 */
public enum ReceiptAlgorithm {
  /** ECDSA over P-256 with SHA-256; the default. */
  ES256(JWSAlgorithm.ES256),
  /** ECDSA over secp256k1 with SHA-256, through Bouncy Castle. */
  ES256K(JWSAlgorithm.ES256K),
  /** Ed25519, through the JDK. */
  EDDSA(JWSAlgorithm.EdDSA),
  /** RSA PKCS #1 with SHA-256; keys of 2,048 bits and more. */
  RS256(JWSAlgorithm.RS256);

  private final JWSAlgorithm jws;

  ReceiptAlgorithm(JWSAlgorithm jws) {
    this.jws = jws;
  }

  /** Returns the name as it stands in the {@code alg} header. */
  public String wireName() {
    return jws.getName();
  }

  JWSAlgorithm jws() {
    return jws;
  }
}
