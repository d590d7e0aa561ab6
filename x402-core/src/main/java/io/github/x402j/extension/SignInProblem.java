// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.util.Locale;

/** Why a sign-in was refused, in the codes of the {@code sign-in-with-x} extension. */
public enum SignInProblem {
  /** The header cannot be read; not a code of the published packages. */
  MALFORMED_HEADER,
  /** {@code domain} is not the host of this seller. */
  DOMAIN_MISMATCH,
  /** {@code uri} has another origin. */
  URI_MISMATCH,
  /** {@code issuedAt} is no time. */
  ISSUED_AT,
  /** It was issued more than five minutes ago. */
  ISSUED_AT_TOO_OLD,
  /** It is not issued yet. */
  ISSUED_AT_IN_FUTURE,
  /** {@code expirationTime} is no time. */
  EXPIRATION_TIME,
  /** {@code expirationTime} is past. */
  EXPIRED,
  /** {@code notBefore} is no time. */
  NOT_BEFORE,
  /** {@code notBefore} is not reached. */
  NOT_YET_VALID,
  /** The nonce is not of this seller and resource, or was used. */
  NONCE,
  /** {@code chainId} is no chain. */
  CHAIN_ID,
  /** The chain is not one that was offered. */
  UNSUPPORTED_CHAIN,
  /** The signature is not of the form that it has to be. */
  MALFORMED_SIGNATURE,
  /** The signature is not the wallet's. */
  SIGNATURE;

  /** Returns the code as it stands in messages. */
  public String wireCode() {
    return "invalid_siwx_" + name().toLowerCase(Locale.ROOT);
  }
}
