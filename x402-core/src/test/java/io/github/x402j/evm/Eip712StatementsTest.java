// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The constants of the offer-receipt extension. */
class Eip712StatementsTest {
  @Test
  void hasTheDomainSeparatorsOfTheExtension() {
    assertThat(Hex.text(Eip712Statements.offerDomain()))
        .isEqualTo("0x5dc92544087ab60aa57c539b9543f9282416b0dcf2c2ae0d4d0051052a9e61b6");
    assertThat(Hex.text(Eip712Statements.receiptDomain()))
        .isEqualTo("0xfd7f8c81cdd24b25c99ba22e191cee41d8809abbc12e8fdbd42fddfa5bb9e406");
  }
}
