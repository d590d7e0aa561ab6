// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The gate decides which requests are paid, and keeps the order of steps that makes a sale safe.
 *
 * <ol>
 *   <li>{@link io.github.x402j.gate.PaymentGate#challenge} encodes the 402 for a resource.
 *   <li>{@link io.github.x402j.gate.PaymentGate#admit} reads the payment header, checks the
 *       payment, and claims its authorization in the {@link io.github.x402j.gate.PaymentLedger}.
 *   <li>The handler runs, and its output is held.
 *   <li>{@link io.github.x402j.gate.PaymentGate#settle} moves the money.
 *   <li>The delivery is recorded, and the output goes out.
 * </ol>
 *
 * <p>{@link io.github.x402j.gate.PaymentGate#sell} runs these steps in this order; a transport
 * supplies the handler and sends the answer. {@link io.github.x402j.gate.FacilitatorService} uses
 * the same engine to verify and settle for other sellers.
 *
 * <p>{@link io.github.x402j.gate.PaymentListener} observes. {@link io.github.x402j.gate.AccessHook}
 * decides: it grants, refuses or chooses the recipient. {@link
 * io.github.x402j.gate.ReceiptAcceptor} and {@link io.github.x402j.gate.ReceiptSource} are the
 * ports for receipts; {@code io.github.x402j.receipt} implements them.
 */
@NullMarked
package io.github.x402j.gate;

import org.jspecify.annotations.NullMarked;
