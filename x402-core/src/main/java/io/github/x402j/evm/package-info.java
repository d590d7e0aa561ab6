// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Payments on EVM chains: scheme {@code exact} with EIP-3009 authorizations. The only package that
 * uses web3j.
 *
 * <p>{@link io.github.x402j.evm.EvmFacilitator} verifies and settles. It reaches the chain through
 * the port {@link io.github.x402j.evm.Chain}, which {@link io.github.x402j.evm.Web3jChain}
 * implements over JSON-RPC, and pays the gas with an {@link io.github.x402j.evm.EvmSigner}. Where a
 * remote facilitator settles, {@link io.github.x402j.evm.EvmLocalChecks} checks on the seller's
 * side.
 *
 * <p>A payer signs a {@link io.github.x402j.evm.TransferAuthorization} and sends it as an {@link
 * io.github.x402j.evm.ExactEvmPayload}. {@link io.github.x402j.evm.OnChainToken} reads what a token
 * says of itself, {@link io.github.x402j.evm.OnChainTransfers} confirms a receipt's transfer,
 * {@link io.github.x402j.evm.Eip712Statements} signs offer and receipt statements.
 *
 * <p>Internally, a way to pay is an {@code EvmScheme}. It reads a payload into an {@code
 * EvmPayment}, which names the checks, the call that moves the money, and the proof that it moved.
 * A new scheme is its own files and one line in {@code EvmSchemes}.
 */
@NullMarked
package io.github.x402j.evm;

import org.jspecify.annotations.NullMarked;
