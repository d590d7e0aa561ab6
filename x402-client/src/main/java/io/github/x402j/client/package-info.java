// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The paying side: {@link io.github.x402j.client.PayingHttpClient}, a {@link
 * java.net.http.HttpClient} that answers {@code 402 Payment Required} with a payment, within a
 * limit that its owner set.
 *
 * <p>What the owner says: whose key ({@link io.github.x402j.evm.EvmSigner}), how much one request
 * may cost, and in which tokens. None has a default. What a seller says is never believed beyond
 * that: the token is recognised by chain and contract, what is signed is built from the owner's
 * {@link io.github.x402j.Token}, and the window is cut to {@link
 * io.github.x402j.client.PayingHttpClient#MAX_WINDOW}.
 *
 * <p>What comes back:
 *
 * <ul>
 *   <li>the response, with {@link io.github.x402j.client.Payment#of Payment.of(response)} if a
 *       payment was sent;
 *   <li>{@link io.github.x402j.client.PaymentDeclinedException} if a rule forbids the payment;
 *       nothing was signed;
 *   <li>{@link io.github.x402j.client.PaymentPendingException} if a payment was sent and nobody
 *       says what became of it. It carries the payment, to be sent again and not to be made again.
 * </ul>
 *
 * <p>What is asked over another transport, by a tool of an MCP server, say, is paid by {@link
 * io.github.x402j.client.Payer}, out of the same wallets.
 */
@NullMarked
package io.github.x402j.client;

import org.jspecify.annotations.NullMarked;
