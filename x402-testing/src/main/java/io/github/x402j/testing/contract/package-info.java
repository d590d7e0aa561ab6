// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * What the ports of x402j (interfaces that others can implement) promise, as JUnit 5 tests. If you
 * implement a port, extend its contract in your tests. It runs the same tests on your
 * implementation as on those of x402j:
 *
 * <ul>
 *   <li>{@link io.github.x402j.testing.contract.PaymentLedgerContract} for a {@link
 *       io.github.x402j.gate.PaymentLedger},
 *   <li>{@link io.github.x402j.testing.contract.AnswerStoreContract} for an {@link
 *       io.github.x402j.extension.AnswerStore},
 *   <li>{@link io.github.x402j.testing.contract.SignInStoreContract} for a {@link
 *       io.github.x402j.gate.SignInStore},
 *   <li>{@link io.github.x402j.testing.contract.FacilitatorContract} for a {@link
 *       io.github.x402j.Facilitator},
 *   <li>{@link io.github.x402j.testing.contract.EvmSignerContract} for an {@link
 *       io.github.x402j.evm.EvmSigner},
 *   <li>{@link io.github.x402j.testing.contract.SpendJournalContract} for a {@link
 *       io.github.x402j.client.wallet.JournalStorage},
 *   <li>{@link io.github.x402j.testing.contract.ReceiptStoreContract} for a {@link
 *       io.github.x402j.client.ReceiptStore}.
 * </ul>
 *
 * <p>They need {@code junit-jupiter} and {@code assertj-core} on the test class path: x402-testing
 * names them as optional, so add both to your build. The last two need {@code x402-client}, too.
 */
@NullMarked
package io.github.x402j.testing.contract;

import org.jspecify.annotations.NullMarked;
