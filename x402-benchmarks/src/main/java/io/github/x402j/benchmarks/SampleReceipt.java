// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.testing.TestWallet;
import java.time.Instant;
import java.util.OptionalLong;

/** The receipt for a payment that was never made. */
final class SampleReceipt {
  /** Issuer and audience. */
  static final String ORIGIN = "http://127.0.0.1:8402";

  private SampleReceipt() {}

  /** Returns a receipt for {@code GET /pass}, valid for an hour. */
  static Receipt of(Token token, boolean isPass) {
    Instant now = Instant.now();
    return new Receipt(
        ORIGIN,
        ORIGIN,
        Address.parse(TestWallet.random().address()),
        "measured",
        now,
        now.plusSeconds(3600),
        "0x" + "5a".repeat(32),
        token.network(),
        token.contract(),
        TokenAmount.of(10_000),
        Address.parse(TestWallet.random().address()),
        "/pass",
        "GET",
        isPass,
        OptionalLong.empty());
  }
}
