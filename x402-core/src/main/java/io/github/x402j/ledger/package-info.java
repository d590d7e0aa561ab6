// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/** Where it is remembered which authorizations are used: implementations of the ledger. */
@NullMarked
package io.github.x402j.ledger;

import org.jspecify.annotations.NullMarked;

