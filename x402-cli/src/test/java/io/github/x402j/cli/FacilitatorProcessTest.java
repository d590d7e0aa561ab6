// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Usdc;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code x402 facilitator}, and {@code x402 serve --facilitator}, as processes of their own. */
class FacilitatorProcessTest {

  @Test
  void settlesForASellerThatHasNoKeyAndStopsOnSigterm() throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      TestUsdc usdc = chain.deployUsdc();
      TestWallet payer = TestWallet.random();
      TestWallet seller = TestWallet.random();
      TestWallet one = TestWallet.random();
      TestWallet two = TestWallet.random();
      usdc.mint(payer.address(), 1_000_000);
      chain.fund(one.address(), BigInteger.TEN.pow(18));
      chain.fund(two.address(), BigInteger.TEN.pow(18));
      String rpcUrl = chain.rpcUrl().toString();
      try (Running402 facilitator =
              Running402.start(
                  Map.of("GAS_ONE", one.privateKey(), "GAS_TWO", two.privateKey()),
                  List.of(
                      "facilitator",
                      "--port",
                      "0",
                      "--rpc-url",
                      rpcUrl,
                      "--gas-key-env",
                      "GAS_ONE,GAS_TWO",
                      "--token",
                      usdc.address()));
          Running402 server =
              Running402.start(
                  Map.of(),
                  List.of(
                      "serve",
                      "--port",
                      "0",
                      "--facilitator",
                      facilitator.awaitReady(),
                      "--rpc-url",
                      rpcUrl,
                      "--token",
                      usdc.address(),
                      "--pay-to",
                      seller.address()))) {
        Invocation paid =
            Invocation.of(
                Map.of("PAYER", payer.privateKey()),
                "pay",
                server.awaitReady() + "/premium",
                "--rpc-url",
                rpcUrl,
                "--token",
                usdc.address(),
                "--key-env",
                "PAYER",
                "--max",
                "$0.05");
        assertThat(paid.out()).startsWith("status     200").contains("settled in 0x");
        assertThat(usdc.balanceOf(seller.address())).isEqualTo(BigInteger.valueOf(10_000));
        assertThat(server.terminate()).isEqualTo(143);
        assertThat(facilitator.terminate()).isEqualTo(143);
        assertThat(facilitator.output() + server.output())
            .doesNotContain("\tat ", "Exception", one.privateKey().substring(2));
      }
    }
  }

  @Test
  void saysWhatIsMissing() {
    Invocation both =
        Invocation.of(
            Map.of(),
            "serve",
            "--facilitator",
            "http://127.0.0.1:1",
            "--gas-key-env",
            "GAS",
            "--port",
            "0");
    assertThat(both.status()).isEqualTo(ExitCode.USAGE);
    assertThat(both.err()).contains("--facilitator").contains("--gas-key-env");

    Invocation unknown =
        Invocation.of(
            Map.of(),
            "serve",
            "--facilitator",
            "http://127.0.0.1:1",
            "--token",
            TestWallet.random().address(),
            "--pay-to",
            TestWallet.random().address(),
            "--port",
            "0");
    assertThat(unknown.status()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("--rpc-url");
  }

  @ParameterizedTest
  @CsvSource({
    "cdp, --facilitator, CDP key id",
    "payai, --facilitator, PayAI key id",
    "another, --facilitator, expected cdp or payai",
    "cdp, --public-url, needs --facilitator"
  })
  void saysWhatIsMissingOfAnApiKey(String kind, String option, String message) {
    Invocation keyless =
        Invocation.of(
            Map.of(),
            "serve",
            option,
            "http://127.0.0.1:1",
            "--facilitator-key",
            kind,
            "--token",
            Usdc.BASE.contract().text(),
            "--pay-to",
            TestWallet.random().address(),
            "--port",
            "0");
    assertThat(keyless.status()).isEqualTo(ExitCode.USAGE);
    assertThat(keyless.err()).contains(message);
  }
}
