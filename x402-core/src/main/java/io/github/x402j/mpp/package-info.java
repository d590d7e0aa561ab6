// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * The messages of the {@code Payment} HTTP authentication scheme (MPP) with its {@code evm} charge,
 * as values: challenges in {@code WWW-Authenticate}, credentials in {@code Authorization}, receipts
 * in {@code Payment-Receipt}, and the problems that refusals are. An authorization of this scheme
 * is the transfer by EIP-3009 that x402's {@code exact} uses, with a nonce that names its
 * challenge; so the gate sells for it as for any other.
 *
 * <p>The formats are those of the drafts {@code draft-httpauth-payment} and {@code
 * draft-evm-charge}.
 */
@NullMarked
package io.github.x402j.mpp;

import org.jspecify.annotations.NullMarked;
