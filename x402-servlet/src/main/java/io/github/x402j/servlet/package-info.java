// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The gate for servlet containers: {@link io.github.x402j.servlet.PaymentFilter} and the rules that
 * say what costs what.
 *
 * <p>{@link io.github.x402j.servlet.Route} prices paths, {@link
 * io.github.x402j.servlet.RequiresPayment} prices servlets, {@link
 * io.github.x402j.servlet.Payments} tells a handler who paid. Paths are decided on as the container
 * dispatches them ({@link io.github.x402j.servlet.CanonicalPath}); the output of a paid handler is
 * held until the money has moved.
 *
 * <p>The way of a request through the package: {@code PaymentFilter} finds the rule and asks the
 * {@link io.github.x402j.gate.PaymentGate}; {@code Delivery} runs the handler in a {@code Capture},
 * whose {@code BufferedResponse} holds what it sends, and lets that out once it is paid; {@code
 * StreamedDelivery} is for rules that settle first; {@code Answers} are the filter's own words.
 *
 * <p>{@link io.github.x402j.servlet.FacilitatorServlet} and {@link
 * io.github.x402j.servlet.JwksServlet} stand beside the gate: they settle for other sellers, and
 * publish the keys of a receipt issuer.
 *
 * <p>What a filter cannot do: a handler that keeps a reference to the container's own response from
 * before the filter, or writes to the socket itself, is not held back. Put the filter in front of
 * everything that writes.
 */
@NullMarked
package io.github.x402j.servlet;

import org.jspecify.annotations.NullMarked;
