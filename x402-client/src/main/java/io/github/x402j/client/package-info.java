// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Pays over HTTP: {@link io.github.x402j.client.PayingHttpClient} is a {@link
 * java.net.http.HttpClient} that answers {@code 402 Payment Required} with a payment, within limits
 * that its owner set.
 *
 * <p><b>To begin,</b> set the account ({@link io.github.x402j.evm.EvmSigner}), what may be paid
 * ({@link io.github.x402j.client.wallet.SpendingPolicy}) and in which tokens. None has a default.
 * With an {@link io.github.x402j.client.wallet.AgentWallet} instead of a signer, the limits last
 * across restarts and processes.
 *
 * <p><b>What comes back</b> is one of three:
 *
 * <ul>
 *   <li>the response, with {@link io.github.x402j.client.Payment#of Payment.of(response)} if a
 *       payment was sent;
 *   <li>{@link io.github.x402j.client.PaymentDeclinedException} if a rule does not allow the
 *       payment; nothing was signed;
 *   <li>{@link io.github.x402j.client.PaymentPendingException} if a payment was sent and its
 *       outcome is not known. It carries the payment. Send that again; do not make another.
 * </ul>
 *
 * <p><b>What a seller says</b> is not trusted. The token is recognised by chain and contract, the
 * signed message is built from the owner's {@link io.github.x402j.Token}, and the authorization
 * lasts at most {@link io.github.x402j.client.wallet.PaymentSigner#MAX_WINDOW}.
 *
 * <p><b>Receipts</b> that sellers hand out are kept in a {@link
 * io.github.x402j.client.ReceiptStore}, if one is set, and shown instead of paying again.
 *
 * <p><b>Other transports</b>, such as MCP, pay with {@link io.github.x402j.client.Payer} out of the
 * same wallets.
 *
 * <p>This package uses {@link io.github.x402j.client.wallet}, which does not use HTTP clients or
 * this package.
 */
@NullMarked
package io.github.x402j.client;

import org.jspecify.annotations.NullMarked;
