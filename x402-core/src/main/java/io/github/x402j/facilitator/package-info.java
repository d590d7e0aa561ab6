// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A remote facilitator, reached over HTTP (specification, section 7).
 *
 * <p>{@link io.github.x402j.facilitator.HttpFacilitator} asks it to verify and settle. {@link
 * io.github.x402j.facilitator.LocalChecks} are what the seller checks by itself, so that a
 * facilitator that lies cannot open the gate with a bad signature.
 */
@NullMarked
package io.github.x402j.facilitator;

import org.jspecify.annotations.NullMarked;
