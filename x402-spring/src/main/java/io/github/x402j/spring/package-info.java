// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * A Spring Boot starter: sells the endpoints of a Spring MVC webapp, set up by properties.
 *
 * <pre>
 * x402.public-url=https://api.example.com
 * x402.network=base
 * x402.pay-to=0xYourAddress
 * x402.rpc-url=https://node.example
 * x402.gas-key=${GAS_KEY}
 * x402.routes[0].pattern=/premium
 * x402.routes[0].price=$0.01
 * </pre>
 *
 * <p>{@link io.github.x402j.spring.X402Properties} lists the properties. A bean of type {@code
 * Facilitator}, {@code PaymentLedger}, {@code SalesBook}, {@code EvmSigner}, {@code ReceiptIssuer},
 * {@code ReceiptVerifier}, {@code OfferReceiptSigner}, {@code PaymentIdentifiers} or {@code
 * PathRules} takes the place of the default; every {@code PaymentListener} bean observes, every
 * {@code AccessHook} bean decides. For all else there is {@link
 * io.github.x402j.spring.PaymentFilterCustomizer}.
 *
 * <p>Runs on Boot 3.5 and Boot 4, with the servlet stack.
 */
@NullMarked
package io.github.x402j.spring;

import org.jspecify.annotations.NullMarked;
