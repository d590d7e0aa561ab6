// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a token says whose signature is good.
 *
 * @param receipt the claims that make a receipt
 * @param notBefore from when it is good ({@code nbf}), null where it does not say
 */
record SignedClaims(Receipt receipt, @Nullable Instant notBefore) {}
