// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Token;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.core.SpringVersion;

/** Each adapter buys from a real seller: the filter on Jetty, and a market.chain. */
@Timeout(60)
class AdaptersTest {
  private static Shop market;
  private static TestUsdc usdc;
  private static Token token;
  private static URI shop;

  @BeforeAll
  static void open() throws Exception {
    market = Shop.open();
    usdc = market.usdc;
    token = market.token;
    shop = market.url;
  }

  @AfterAll
  static void close() throws Exception {
    market.close();
  }

  private static Agent agent(TestWallet account, String limit) {
    usdc.mint(account.address(), 1_000_000);
    return Agent.with(EvmSigner.ofPrivateKey(account.privateKey()), token, limit);
  }

  @ParameterizedTest
  @EnumSource
  void buysOnceForEachRequest(Shopper shopper) throws Exception {
    TestWallet account = TestWallet.random();
    Agent agent = agent(account, "$1");
    assertThat(shopper.get(agent.payer(), shop.resolve("/sold")).body()).startsWith("GET ");
    Shopper.Answer posted = shopper.post(agent.payer(), shop.resolve("/sold"), "the question");
    assertThat(posted.status()).isEqualTo(200);
    assertThat(posted.body()).startsWith("POST text/plain").endsWith(" the question");
    assertThat(posted.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(usdc.balanceOf(account.address())).isEqualTo(980_000);
    assertThat(agent.wallet().remaining()).isEqualTo(Dollars.parse("$0.98"));
    assertThat(agent.events())
        .containsExactly(
            "ASKED", "ALLOWED", "SIGNED", "SETTLED", "ASKED", "ALLOWED", "SIGNED", "SETTLED");
  }

  @ParameterizedTest
  @EnumSource
  void leavesAloneWhatCostsNothing(Shopper shopper) throws Exception {
    Agent agent = agent(TestWallet.random(), "$1");
    assertThat(shopper.post(agent.payer(), shop.resolve("/free"), "a").body()).endsWith(" a");
    assertThat(agent.events()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void staysWithinTheLimit(Shopper shopper) throws Exception {
    TestWallet account = TestWallet.random();
    Agent agent = agent(account, "$0.015");
    shopper.get(agent.payer(), shop.resolve("/sold"));
    Throwable failure =
        org.assertj.core.api.Assertions.catchThrowable(
            () -> shopper.get(agent.payer(), shop.resolve("/sold")));
    assertThat(failure).isInstanceOf(PaymentDeclinedException.class);
    assertThat(((PaymentDeclinedException) failure).rule()).isEqualTo("limit");
    assertThat(usdc.balanceOf(account.address())).isEqualTo(990_000);
  }

  @Test
  void runsOnTheSpringThatTheBuildNames() {
    assertThat(SpringVersion.getVersion()).startsWith(System.getProperty("x402.spring", "6.2."));
  }
}
