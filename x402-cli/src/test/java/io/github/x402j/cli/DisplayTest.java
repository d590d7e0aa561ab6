// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Eurc;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Amounts and chains as a person sees them. */
class DisplayTest {
  private static final String TRANSACTION = "0x" + "ab".repeat(32);

  @ParameterizedTest
  @CsvSource({
    "8453, Base (eip155:8453)",
    "42161, Arbitrum One (eip155:42161)",
    "11155111, Ethereum Sepolia (eip155:11155111)",
    "14, Flare (eip155:14)",
    "31337, a chain without a known name (eip155:31337)"
  })
  void aChainHasItsName(long chainId, String name) {
    assertThat(Display.name(new Network(chainId))).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "https://shop.example/a, 8453, https://basescan.org/tx/",
    "https://shop.example/a, 42220, https://celoscan.io/tx/",
    "https://shop.example/a, 31337, ''",
    "http://127.0.0.1:8402/a, 84532, ''",
    "http://localhost:8402/a, 84532, ''"
  })
  void aTransactionHasAPageUnlessItsChainIsForTests(URI seller, long chainId, String page) {
    assertThat(Display.page(seller, new Network(chainId), TRANSACTION).map(URI::toString))
        .isEqualTo(page.isEmpty() ? Optional.empty() : Optional.of(page + TRANSACTION));
    assertThat(Display.page(seller, new Network(chainId), "0x12/../<evil>")).isEmpty();
  }

  @Test
  void aEuroIsNoDollar() {
    TokenAmount amount = TokenAmount.of(1_500_000);
    assertThat(Display.price(amount, Usdc.BASE)).isEqualTo("$1.50");
    assertThat(Display.price(amount, Eurc.BASE)).isEqualTo("1.50 EURC");
    Token other = new Token(new Network(31337), Usdc.BASE.contract(), 0, "Coin", "1");
    assertThat(Display.price(amount, other)).isEqualTo("$1500000.00");
  }
}
