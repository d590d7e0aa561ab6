// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import org.bouncycastle.crypto.digests.KeccakDigest;

/** The hash of Ethereum (original Keccak padding, not SHA3-256). */
final class Keccak {
  private Keccak() {}

  static byte[] hash256(byte[] input) {
    KeccakDigest digest = new KeccakDigest(256);
    digest.update(input, 0, input.length);
    byte[] hash = new byte[32];
    digest.doFinal(hash, 0);
    return hash;
  }
}
