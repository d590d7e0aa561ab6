// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The x402 protocol without a transport: what is sold, what was claimed, and the gate that decides.
 *
 * <p>The path of a payment through this package:
 *
 * <ol>
 *   <li>{@link io.github.x402j.PaymentRequired} says what a resource costs; {@link
 *       io.github.x402j.gate.PaymentGate#challenge} encodes it once for both protocol versions.
 *   <li>{@link io.github.x402j.PaymentCodec} turns a header into a {@link
 *       io.github.x402j.PaymentPayload}: well formed and still untrusted.
 *   <li>A {@link io.github.x402j.Facilitator} checks it, first without and then with the chain.
 *   <li>A {@link io.github.x402j.gate.PaymentLedger} makes sure that one authorization buys one
 *       delivery.
 *   <li>{@link io.github.x402j.gate.PaymentGate#settle} moves the money, with three outcomes:
 *       {@link io.github.x402j.Settlement}.
 * </ol>
 *
 * <p>Around that path:
 *
 * <ul>
 *   <li>Facilitators: {@link io.github.x402j.evm.EvmFacilitator} looks at the chain itself; {@link
 *       io.github.x402j.facilitator.HttpFacilitator} asks a remote one, which {@link
 *       io.github.x402j.facilitator.LocalChecks} hold to account; {@link
 *       io.github.x402j.gate.FacilitatorService} answers the sellers of others.
 *   <li>Receipts: a {@link io.github.x402j.gate.ReceiptSource} issues them, and a {@link
 *       io.github.x402j.gate.ReceiptAcceptor} tells whether one pays for a {@link
 *       io.github.x402j.gate.Purchase}; a {@link io.github.x402j.gate.Pass} is what a receipt opens
 *       again. The JWTs are in {@link io.github.x402j.receipt}.
 *   <li>Extensions: {@link io.github.x402j.extension.OfferReceiptSigner} signs offers and
 *       deliveries, {@link io.github.x402j.extension.PaymentIdentifiers} gives a payment that has a
 *       name its answer again.
 *   <li>{@link io.github.x402j.gate.PaymentListener} observes.
 * </ul>
 *
 * <p>What is refused is a value with an {@link io.github.x402j.ErrorReason}: {@link
 * io.github.x402j.Verification}, {@link io.github.x402j.Settlement}, {@link
 * io.github.x402j.gate.Admission}. The two exceptions are {@link
 * io.github.x402j.MalformedPaymentException}, for what is not the protocol, and {@link
 * io.github.x402j.FacilitatorException}, for what could not be looked at.
 *
 * <p>Signatures in this package name JDK types only. Values are immutable and safe for use by
 * several threads.
 */
@NullMarked
package io.github.x402j;

import org.jspecify.annotations.NullMarked;
