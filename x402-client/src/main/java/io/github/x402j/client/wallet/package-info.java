// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Decides what may be spent, and remembers it: {@link io.github.x402j.client.wallet.AgentWallet}, a
 * wallet with a hard limit, {@link io.github.x402j.client.wallet.SpendingPolicy}, a set of rules,
 * and {@link io.github.x402j.client.wallet.SpendJournal}, where each decision is written.
 *
 * <p><b>How a payment is made.</b> {@link io.github.x402j.client.wallet.PaymentSigner} is the only
 * way to a signature. First the rules of the wallet and of all policies decide. If a policy asks
 * for it, a person approves. Then the amount is reserved in the journal, durably, and the
 * authorization is signed. It leaves only if the wallet was not revoked in the meantime.
 *
 * <p><b>When an amount is free again.</b> A reserved amount counts as spent until the payment can
 * no longer be settled: it was not signed, it never left the process, or {@link
 * io.github.x402j.client.wallet.AgentWallet#reconcile} reads from the chain that the authorization
 * expired unused. A seller's word frees nothing, unless the owner says so.
 *
 * <p><b>Where it is kept.</b> A journal is in memory, in a file or in a database; {@link
 * io.github.x402j.client.wallet.JournalStorage} is the port for others. Wallets in any number of
 * threads and processes share one. It can be read as entries, daily sums, JSON lines and CSV.
 *
 * <p>Amounts are {@link io.github.x402j.client.wallet.Dollars}; one token counts as one dollar.
 * This package does not use {@code io.github.x402j.client}.
 */
@NullMarked
package io.github.x402j.client.wallet;

import org.jspecify.annotations.NullMarked;
