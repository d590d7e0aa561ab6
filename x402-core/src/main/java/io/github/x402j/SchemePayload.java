// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * What a payer signed, as the scheme that owns it understands it. A payload is read once, when it
 * is checked, and travels in {@link SignedPayment} from then on. Implementations are immutable, and
 * their {@code toString} shows no signature.
 */
public interface SchemePayload {}
