// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.client.Asking;
import io.github.x402j.client.Payment;
import io.github.x402j.client.Purse;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the chain says of payments whose outcome is unknown. */
class ReconciliationTest {
  @Test
  void whatExpiredUnusedIsFreeAgainAndWhatWasTakenIsSpent() throws Exception {
    try (LocalChain local = LocalChain.start()) {
      TestUsdc usdc = local.deployUsdc("USDC", "2");
      TestWallet payer = TestWallet.random();
      usdc.mint(payer.address(), 1000);
      Token token =
          new Token(new Network(local.chainId()), Address.parse(usdc.address()), 6, "USDC", "2");
      Web3jChain chain = Web3jChain.at(local.rpcUrl());
      AgentWallet wallet =
          AgentWallet.provision(
                  "a", EvmSigner.ofPrivateKey(payer.privateKey()), SpendJournal.inMemory())
              .limit("$0.000100", BillingPeriod.EVER)
              .allowedDomains("shop.example")
              .clock(local.clock())
              .create();
      Purse purse = new Purse(wallet, local.clock());
      assertThat(wallet.balance(chain, token)).isEqualTo(TokenAmount.of(1000));

      String url = "https://shop.example/";
      Payment taken = purse.pay(url, "GET", Purse.offer(token, Asking.SELLER, 40));
      Payment untouched = purse.pay(url, "GET", Purse.offer(token, Asking.SELLER, 60));
      purse.pending(taken);
      purse.pending(untouched);
      collect(usdc, taken);
      assertThat(wallet.reconcile(chain)).as("not expired yet").isEqualTo(Dollars.ZERO);
      assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);

      local.advanceTime(Duration.ofMinutes(2));
      local.mine();
      assertThat(wallet.reconcile(chain)).isEqualTo(Dollars.parse("$0.000060"));
      assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.000060"));
      assertThat(wallet.status().reserved()).isEqualTo(Dollars.ZERO);
      assertThat(wallet.reconcile(chain)).isEqualTo(Dollars.ZERO);
      assertThat(wallet.balance(chain, token)).isEqualTo(TokenAmount.of(960));
    }
  }

  /** Takes the money of a payment that the seller says it did not take. */
  private static void collect(TestUsdc usdc, Payment payment) throws Exception {
    ExactEvmPayload payload =
        ExactEvmPayload.parse(PaymentCodec.decodePayload(payment.secretHeaderValue(), 2).payload());
    var authorization = payload.authorization();
    usdc.transferWithAuthorization(
        TestWallet.random(),
        authorization.from().text(),
        authorization.to().text(),
        authorization.value().atomicUnits(),
        authorization.validAfter(),
        authorization.validBefore(),
        authorization.nonce(),
        payload.signature());
  }
}
