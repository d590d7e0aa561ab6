// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Payments on EVM chains: scheme {@code exact} with EIP-3009 authorizations. The only package that
 * sees web3j.
 *
 * <p>{@link io.github.x402j.evm.EvmFacilitator} verifies and settles. It reads and writes the chain
 * through the port {@link io.github.x402j.evm.Chain}, which {@link io.github.x402j.evm.Web3jChain}
 * is over JSON-RPC, and pays the gas with an {@link io.github.x402j.evm.EvmSigner}. {@link
 * io.github.x402j.evm.EvmLocalChecks} are what is left of it beside a remote facilitator, which
 * settles.
 *
 * <p>A payer signs a {@link io.github.x402j.evm.TransferAuthorization}, and sends it as an {@link
 * io.github.x402j.evm.ExactEvmPayload}. {@link io.github.x402j.evm.OnChainToken} asks a token about
 * itself, {@link io.github.x402j.evm.OnChainTransfers} confirms that a receipt's transfer was made,
 * {@link io.github.x402j.evm.Eip712Statements} signs offers and deliveries.
 */
@NullMarked
package io.github.x402j.evm;

import org.jspecify.annotations.NullMarked;
