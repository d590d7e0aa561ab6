// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

/**
 * What a wallet says to a payment: {@link SignedPayment} if its rules allow it, {@link
 * DeclineReason} if one of them does not. Immutable.
 */
public sealed interface PaymentDecision permits SignedPayment, DeclineReason {}
