// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts: signed JWTs that prove a payment and are checked without a network call. Only this
 * package uses Nimbus.
 *
 * <pre>{@code
 * ReceiptVerifier verifier =
 *     ReceiptVerifier.of(
 *         TrustedIssuer.builder("https://pay.example", "https://shop.example", ReceiptAlgorithm.ES256)
 *             .jwks(jwksText)
 *             .build());
 * if (verifier.verify(token) instanceof ReceiptVerifier.Verdict.Genuine genuine) {
 *   genuine.receipt().payer();
 * }
 * }</pre>
 *
 * <p>{@link io.github.x402j.receipt.ReceiptIssuer} issues them, {@link
 * io.github.x402j.receipt.ReceiptVerifier} checks them; both plug into {@link
 * io.github.x402j.gate.PaymentGate}, and work without it, too. {@link
 * io.github.x402j.receipt.JwsStatements} signs the statements of the {@code offer-receipt}
 * extension with the same kind of key.
 */
@NullMarked
package io.github.x402j.receipt;

import org.jspecify.annotations.NullMarked;
