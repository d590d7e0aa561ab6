// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;

/**
 * What a seller signs about a delivery ({@code offer-receipt} extension, version 1).
 *
 * @param network the chain
 * @param resourceUrl what was sold
 * @param payer who paid
 * @param issuedAt when it was signed; whole seconds count
 * @param transaction the hash of the transaction, empty where it is not said
 */
public record ReceiptStatement(
    Network network, String resourceUrl, Address payer, Instant issuedAt, String transaction) {}
