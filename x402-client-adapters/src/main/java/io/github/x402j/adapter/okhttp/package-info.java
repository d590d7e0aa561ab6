// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Pays over OkHttp: {@link io.github.x402j.adapter.okhttp.PayingInterceptor}. For OkHttp 4 and 5.
 * Which payments are allowed, and when one is sent again, is up to {@link
 * io.github.x402j.client.Payer} and {@link io.github.x402j.client.Purchase}.
 */
@NullMarked
package io.github.x402j.adapter.okhttp;

import org.jspecify.annotations.NullMarked;
