// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Pays over the HTTP clients of Spring: {@link
 * io.github.x402j.adapter.spring.PayingRequestInterceptor} for {@code RestClient} and {@code
 * RestTemplate}, {@link io.github.x402j.adapter.spring.PayingExchangeFilter} for {@code WebClient}.
 * For Spring 6.2 and 7. Which payments are allowed, and when one is sent again, is up to {@link
 * io.github.x402j.client.Payer} and {@link io.github.x402j.client.Purchase}.
 */
@NullMarked
package io.github.x402j.adapter.spring;

import org.jspecify.annotations.NullMarked;
