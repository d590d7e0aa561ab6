// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Extensions of the protocol. {@link io.github.x402j.extension.OfferReceiptVerifier} checks the
 * signed statements of {@code offer-receipt}; their formats are elsewhere, behind {@link
 * io.github.x402j.extension.TrustedSigners}.
 */
@NullMarked
package io.github.x402j.extension;

import org.jspecify.annotations.NullMarked;
