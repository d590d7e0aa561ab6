// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * The protocol's extensions that the gate speaks: {@code offer-receipt} (signed offers and receipt
 * statements) and {@code payment-identifier} (a payment that is sent again gets its answer again).
 *
 * <p>The formats of {@code offer-receipt} are where their keys are: JWS in {@code
 * io.github.x402j.receipt}, EIP-712 in {@code io.github.x402j.evm}. {@link
 * io.github.x402j.extension.OfferReceiptSigner} and {@link
 * io.github.x402j.extension.TrustedSigners} are the ports, {@link
 * io.github.x402j.extension.OfferReceiptVerifier} checks a statement.
 */
@NullMarked
package io.github.x402j.extension;

import org.jspecify.annotations.NullMarked;
