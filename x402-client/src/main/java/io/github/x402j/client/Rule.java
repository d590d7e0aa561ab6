// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Instant;
import java.util.Optional;

/** Says whether a payment may be made, from what is asked and what was spent before. */
interface Rule {
  /** Returns why not, empty if it may. */
  Optional<Refusal> refusal(ProposedPayment payment, WalletBook spent, Instant now);
}
