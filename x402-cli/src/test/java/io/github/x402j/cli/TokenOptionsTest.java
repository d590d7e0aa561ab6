// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Eurc;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.testing.LocalChain;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenOptionsTest {
  @Test
  void aTokenThatIsKnownAlreadyIsReadFromItsChain() throws Exception {
    Token known = Usdc.BASE_SEPOLIA;
    try (LocalChain chain = LocalChain.start(known.network().chainId())) {
      chain.placeUsdc(known.contract().text(), "USD Coin", "7");
      TokenOptions options = new TokenOptions();
      options.token = known.contract();
      options.rpcUrl = chain.rpcUrl();
      List<Token> tokens = options.known();
      assertThat(tokens).hasSameSizeAs(Stablecoin.dollars()).doesNotContain(known);
      assertThat(tokens)
          .containsAll(Usdc.all().subList(2, 9))
          .doesNotContainAnyElementsOf(Eurc.all());
      assertThat(tokens.get(0).contract()).isEqualTo(known.contract());
      assertThat(tokens.get(0).version()).isEqualTo("7");
    }
  }
}
