// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Payments on EVM chains: scheme {@code exact} with EIP-3009 authorizations. The only package that
 * sees web3j.
 *
 * <p>{@link io.github.x402j.evm.ExactEvmFacilitator} is the entrance. It reads and writes the chain
 * through the port {@link io.github.x402j.evm.Chain}, and signs through {@link
 * io.github.x402j.evm.EvmSigner}.
 */
@NullMarked
package io.github.x402j.evm;

import org.jspecify.annotations.NullMarked;
