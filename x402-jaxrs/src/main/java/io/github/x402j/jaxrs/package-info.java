// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * Prices on JAX-RS resources: {@link io.github.x402j.servlet.RequiresPayment} on a resource class
 * or on one of its methods.
 *
 * <pre>{@code
 * @Path("/quotes")
 * public class Quotes {
 *   @GET
 *   @RequiresPayment("$0.01")
 *   public String list() { ... }
 * }
 * }</pre>
 *
 * <p>It takes this module on the class path and a {@link io.github.x402j.servlet.PaymentFilter}:
 * the JAX-RS implementation finds {@link io.github.x402j.jaxrs.PaidResources} by itself (Jakarta
 * RESTful Web Services 3.1). The price is decided on the method that the implementation has chosen,
 * after its request filters and before the method and its arguments.
 *
 * <p>The boundary: JAX-RS runs no filter for a sub-resource locator. So an annotation on a locator
 * fails the start, and the annotation of a class with locators is looked up when a method of a
 * sub-resource is called.
 */
@NullMarked
package io.github.x402j.jaxrs;

import org.jspecify.annotations.NullMarked;
