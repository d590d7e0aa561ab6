// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The x402 protocol without a transport: what is sold, what was claimed, and the gate that decides.
 *
 * <p>The path of a payment through this package:
 *
 * <ol>
 *   <li>{@link io.github.x402j.PaymentRequired} says what a resource costs; {@link
 *       io.github.x402j.PaymentGate#challenge} encodes it once for both protocol versions.
 *   <li>{@link io.github.x402j.PaymentCodec} turns a header into a {@link
 *       io.github.x402j.PaymentPayload}: well formed and still untrusted.
 *   <li>A {@link io.github.x402j.Facilitator} checks it, first without and then with the chain.
 *   <li>A {@link io.github.x402j.PaymentLedger} makes sure that one authorization buys one
 *       delivery.
 *   <li>{@link io.github.x402j.PaymentGate#settle} moves the money, with three outcomes: {@link
 *       io.github.x402j.Settlement}.
 * </ol>
 *
 * <p>Signatures in this package name JDK types only. Values are immutable and safe for use by
 * several threads.
 */
@NullMarked
package io.github.x402j;

import org.jspecify.annotations.NullMarked;
