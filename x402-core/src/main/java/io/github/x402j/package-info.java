// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The x402 protocol: its values, its codec, its headers and the ports that others implement. This
 * package imports no package below it.
 *
 * <ul>
 *   <li>What is for sale: {@link io.github.x402j.PaymentRequired} (the descriptor) offers {@link
 *       io.github.x402j.PaymentRequirements}, in {@link io.github.x402j.TokenAmount}s of a {@link
 *       io.github.x402j.Token} on a {@link io.github.x402j.Network}.
 *   <li>What the payer sends: a {@link io.github.x402j.PaymentPayload}, well formed and untrusted.
 *       A {@link io.github.x402j.SignedPayment} has passed the checks that need no chain.
 *   <li>How it travels: {@link io.github.x402j.PaymentHeader} and {@link
 *       io.github.x402j.PaymentCodec}, in both versions of the protocol; {@link
 *       io.github.x402j.FacilitatorMessages} between a seller and a facilitator.
 *   <li>Who moves the money: a {@link io.github.x402j.Facilitator}. It answers with a {@link
 *       io.github.x402j.Verification} and a {@link io.github.x402j.Settlement}, which has three
 *       outcomes.
 * </ul>
 *
 * <p>The packages below it, by subject:
 *
 * <ul>
 *   <li>{@code gate}: who is let in; the order of steps that keeps the money safe.
 *   <li>{@code facilitator}: the remote facilitator over HTTP.
 *   <li>{@code evm}: schemes, chain access, gas and signatures on EVM chains.
 *   <li>{@code receipt}: receipts and passes, which are JWTs.
 *   <li>{@code extension}: the protocol's extensions.
 *   <li>{@code http}: HTTP calls with limits; internal.
 * </ul>
 *
 * <p>A refusal is a value with an {@link io.github.x402j.ErrorReason}. Two exceptions exist: {@link
 * io.github.x402j.MalformedPaymentException} for input that is not the protocol, and {@link
 * io.github.x402j.FacilitatorException} for a facilitator that could not be asked.
 *
 * <p>Public signatures name types of the JDK and of this library only. Values are immutable and
 * safe for use by several threads.
 */
@NullMarked
package io.github.x402j;

import org.jspecify.annotations.NullMarked;
