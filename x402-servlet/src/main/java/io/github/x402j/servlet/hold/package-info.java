// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * The response that is held back until its payment is settled. Internal to {@code PaymentFilter}:
 * the public types are public only for the filter, and may change in any release.
 *
 * <p>{@link io.github.x402j.servlet.hold.HeldRun#start} runs the rest of the filter chain with a
 * held request and a {@link io.github.x402j.servlet.hold.HeldResponse}. Nothing that the handler
 * does reaches the client: body, headers, cookies, status, redirects, errors, trailers, flushes and
 * asynchronous processing all end in memory, or in a temporary file. When the handler is done, the
 * completion decides: {@link io.github.x402j.servlet.hold.HeldResponse#commitTo} lets the response
 * out, {@link io.github.x402j.servlet.hold.HeldResponse#discard} throws it away.
 *
 * <p>The parts, from the handler to the container:
 *
 * <ul>
 *   <li>{@code HeldRequest} and {@code HeldAsyncContext} are what the handler sees of the request.
 *       Every way from them to a response leads to the held one.
 *   <li>{@code HeldResponse} is the wrapper that the handler sees. Inside it is {@code
 *       HeldOutputResponse}, which sends nothing.
 *   <li>{@code HeldHeadResponse}, its base class, keeps the head: status, {@code HeldHeaders} and
 *       {@code HeldContentType}. {@code HeldOutput} keeps the {@code HeldBody}.
 *   <li>{@link io.github.x402j.servlet.hold.HeldLimits} says how much is held; more is an {@link
 *       io.github.x402j.servlet.hold.HeldLimits.OverflowException}. {@link
 *       io.github.x402j.servlet.hold.ReservedHeaders} names the headers that no handler sets.
 * </ul>
 *
 * <p>If a container might refuse to send a value, it is refused when the handler sets it: after the
 * settlement it would be too late. The package has no code for prices, payments and paths, and does
 * not use {@code io.github.x402j.servlet}.
 */
@NullMarked
package io.github.x402j.servlet.hold;

import org.jspecify.annotations.NullMarked;
