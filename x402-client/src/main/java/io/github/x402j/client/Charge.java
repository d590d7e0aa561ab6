// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.time.Instant;

/** An amount that a wallet has set aside for one payment. Guarded by the lock of its journal. */
final class Charge {
  private final JournalEntry allowed;
  private final Dollars dollars;
  private boolean returned;
  private boolean confirmed;

  /** Reads the entry that allowed the payment. */
  Charge(JournalEntry allowed) {
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

  /** Returns from when on the chain does not take the authorization. */
  Instant validBefore() {
    return Instant.parse(allowed.need("validBefore"));
  }

  boolean isReturned() {
    return returned;
  }

  void giveBack() {
    returned = true;
  }

  /** Returns whether the money has gone, or what it was for has come. */
  boolean isConfirmed() {
    return confirmed;
  }

  void confirm() {
    confirmed = true;
  }
}
