// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * HTTP calls to machines that are not trusted: a URL that is safe to call, a deadline over the
 * whole exchange, a cap on the answer, no redirects, and growing pauses between attempts. Internal
 * to this library: it calls facilitators, nodes and key servers this way.
 */
@NullMarked
package io.github.x402j.http;

import org.jspecify.annotations.NullMarked;
