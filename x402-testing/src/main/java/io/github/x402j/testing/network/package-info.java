// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A payment network for tests and demos. {@link
 * io.github.x402j.testing.network.LocalPaymentNetwork} pays a 402 on a test chain and issues the
 * receipt that opens the route. It needs no test library.
 */
@NullMarked
package io.github.x402j.testing.network;

import org.jspecify.annotations.NullMarked;
