// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.time.Instant;

/** An amount that a wallet has reserved for one payment. Guarded by the lock of the journal. */
final class Reservation {
  private final JournalEntry allowed;
  private final Dollars dollars;
  private boolean returned;
  private boolean confirmed;

  /**
   * @param allowed the entry that allowed the payment
   */
  Reservation(JournalEntry allowed) {
    this.allowed = allowed;
    this.dollars = Dollars.parse(allowed.need("price"));
  }

  String nonce() {
    return allowed.need("nonce");
  }

  String requestId() {
    return allowed.requestId();
  }

  Instant time() {
    return allowed.time();
  }

  String host() {
    return allowed.need("host");
  }

  Dollars dollars() {
    return dollars;
  }

  Network network() {
    return Network.parse(allowed.need("network"));
  }

  Address token() {
    return Address.parse(allowed.need("token"));
  }

  /** Returns the time from which on the chain rejects the authorization. */
  Instant validBefore() {
    return Instant.parse(allowed.need("validBefore"));
  }

  boolean isReturned() {
    return returned;
  }

  void giveBack() {
    returned = true;
  }

  /** Returns whether the money moved, or the seller delivered. */
  boolean isConfirmed() {
    return confirmed;
  }

  void confirm() {
    confirmed = true;
  }
}
