// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.time.Instant;
import java.util.Set;

/**
 * Remembers who has bought what that can be signed in for, and which sign-ins were used. {@link
 * InMemorySignInStore} keeps it in this process, {@code JdbcSignInStore} of {@code x402-jdbc} in a
 * database. Implementations are safe for use by several threads, and bounded. {@code
 * SignInStoreContract} of {@code x402-testing} tests one.
 *
 * <p>A method throws {@link LedgerException} if the store does not answer.
 */
public interface SignInStore {
  /** How many bytes a {@link #nonceKey} has. */
  int KEY_BYTES = 32;

  /**
   * Returns the secret by which nonces are made: the same for all servers that share the store, and
   * {@value #KEY_BYTES} random bytes.
   */
  byte[] nonceKey();

  /**
   * Something that was bought.
   *
   * @param item names what was bought, 64 hex digits
   * @param payer who has paid
   * @param network the chain that was paid on
   * @param until when the time to sign in ends
   */
  record Bought(String item, Address payer, Network network, Instant until) {}

  /** Records a purchase, in place of one of the same item, payer and network that ends earlier. */
  void record(Bought bought);

  /** Returns the chains on which the payer has bought the item, so that its time is not over. */
  Set<Network> boughtOn(String item, Address payer, Instant now);

  /**
   * Uses a nonce up. Of several callers with the same one, on whatever server, one gets true.
   *
   * @param nonce 8 to 128 letters and digits; case counts
   * @param until when it may be forgotten
   * @param now the time
   */
  boolean use(String nonce, Instant until, Instant now);
}
