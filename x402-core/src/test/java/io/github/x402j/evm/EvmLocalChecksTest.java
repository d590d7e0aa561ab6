// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.Verification;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a seller checks beside a remote facilitator; {@link LyingFacilitatorTest} has the rest. */
class EvmLocalChecksTest {
  private final Shop shop = Shop.on(LocalChain.start());

  @AfterEach
  void close() {
    shop.close();
  }

  private Verification check(EvmLocalChecks checks, TestWallet payer, TestWallet signer)
      throws Exception {
    return checks.check(
        PaymentPayload.v2(
            shop.offer, shop.sign(shop.authorization(payer.address()), signer).toMap()),
        shop.offer);
  }

  @Test
  void checksTermsAndSignatureWithoutAChain() throws Exception {
    EvmLocalChecks checks = EvmLocalChecks.builder().clock(shop.clock).build();
    TestWallet payer = TestWallet.random();

    Verification good = check(checks, payer, payer);
    assertThat(good).isInstanceOf(Verification.Valid.class);
    assertThat(check(checks, payer, TestWallet.random()))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.INVALID_SIGNATURE));
    SignedPayment payment = ((Verification.Valid) good).payment();
    assertThat(checks.outcome(payment, List.of(), Set.of())).isEmpty();
  }

  @Test
  void readsTheOutcomeFromTheChainOfTheNetwork() throws Exception {
    EvmLocalChecks checks =
        EvmLocalChecks.builder().clock(shop.clock).chain(shop.network(), shop.rpc).build();
    TestWallet payer = shop.payer(Shop.PRICE);
    SignedPayment payment = ((Verification.Valid) check(checks, payer, payer)).payment();
    assertThat(checks.outcome(payment, List.of(), Set.of())).contains(new Settlement.Pending(null));

    String transaction = shop.preempt(payment);

    assertThat(checks.outcome(payment, List.of(), Set.of()))
        .contains(new Settlement.Settled(transaction, payment.payer(), shop.offer.amount()));
  }

  @Test
  void refusesANodeOnAnotherChain() {
    EvmLocalChecks elsewhere =
        EvmLocalChecks.builder().chain(new Network(84532), onAnotherChain()).build();
    assertThatThrownBy(() -> elsewhere.start(List.of(shop.offer)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("network");
  }

  private Chain onAnotherChain() {
    return new DelegatingChain(shop.rpc) {
      @Override
      public long chainId() {
        return 1;
      }
    };
  }

  @Test
  void comparesNamesOfUsdcWithTheKnownDeploymentsWhereThereIsNoChainToAsk() {
    Token misnamed =
        new Token(
            Network.BASE_SEPOLIA,
            Address.parse("0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
            6,
            "USD Coin",
            "2");
    assertThatThrownBy(() -> EvmLocalChecks.withoutChain().start(shop.offering(misnamed)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("\"USDC\"");
  }

  @Test
  void asksNoContractWalletWithoutAChain() {
    assertThatThrownBy(() -> EvmLocalChecks.builder().acceptContractWallets().build())
        .hasMessageContaining("acceptContractWallets");
  }
}
