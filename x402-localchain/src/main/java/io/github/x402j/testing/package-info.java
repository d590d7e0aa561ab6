// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A chain for tests and demos: an EVM in this JVM with a USDC-like token, wallets, and faults to
 * inject.
 *
 * <p>{@link io.github.x402j.testing.LocalChain} starts with nothing installed and answers JSON-RPC
 * on 127.0.0.1. It mines each transaction at once, moves its clock on request, goes back to a
 * snapshot, and {@link io.github.x402j.testing.Faults} make its endpoint slow, silent or wrong.
 * {@link io.github.x402j.testing.TestUsdc} takes EIP-3009 authorizations with the events and revert
 * strings of USDC, {@link io.github.x402j.testing.TestToken} is any other ERC-20 token, and every
 * test chain has Permit2 and the proxies of {@code exact} and {@code upto}. {@link
 * io.github.x402j.testing.LocalChainExtension} does the starting and closing for JUnit 5. {@link
 * io.github.x402j.testing.MutableClock} stands still until a test moves it.
 *
 * <p>A suite written against {@link io.github.x402j.testing.TestChain} also runs on a development
 * node such as {@code anvil}: {@code -Dx402.rpc=URL} names it.
 *
 * <p>LocalChain is for tests only. It follows the rules of the Istanbul fork, so it has no EIP-1559
 * transactions, no base fee and no {@code PUSH0}. Its pending state is the state of the latest
 * block, with the time of the next one. Everything is in memory and is lost when it closes. Its EVM
 * comes in the jar of {@code web3j-evm}, which also holds a {@code log4j2.xml}: an application that
 * logs through Log4j has to name its own configuration file.
 */
@NullMarked
package io.github.x402j.testing;

import org.jspecify.annotations.NullMarked;
