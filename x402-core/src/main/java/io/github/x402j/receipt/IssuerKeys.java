// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JWSVerifier;
import io.github.x402j.FacilitatorException;
import java.util.Map;

/** The public keys of an issuer, at present. Nothing in a token has an influence on them. */
interface IssuerKeys {
  /**
   * Returns what verifies, by {@code kid}.
   *
   * @throws FacilitatorException if they are not known at present
   */
  Map<String, JWSVerifier> byKid() throws FacilitatorException;
}
