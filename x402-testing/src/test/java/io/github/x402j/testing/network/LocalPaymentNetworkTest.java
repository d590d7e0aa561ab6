// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the payment network of tests and examples does, and what it says that it has done. */
class LocalPaymentNetworkTest {
  private static final String SHOP = "https://shop.example";
  private static final TestWallet PAYEE = TestWallet.random();

  private static LocalChain chain;
  private static TestUsdc usdc;
  private static LocalPaymentNetwork network;

  @BeforeAll
  static void start() {
    chain = LocalChain.start();
    usdc = chain.deployUsdc();
    network = LocalPaymentNetwork.start(usdc);
  }

  @AfterAll
  static void stop() {
    network.close();
    chain.close();
  }

  private static PaymentRequirements in(Token token, long amount) {
    return PaymentRequirements.exact(
        token, TokenAmount.of(amount), Address.parse(PAYEE.address()), Duration.ofMinutes(1));
  }

  private static Token itsToken() {
    return new Token(
        new Network(chain.chainId()),
        Address.parse(usdc.address()),
        usdc.decimals(),
        usdc.name(),
        usdc.version());
  }

  private static PaymentRequired asked(PaymentRequirements... accepts) {
    return PaymentRequired.of(ResourceInfo.of(SHOP + "/data?day=1"), List.of(accepts));
  }

  private static TestWallet wallet(long holding) {
    TestWallet wallet = TestWallet.random();
    if (holding > 0) {
      usdc.mint(wallet.address(), holding);
    }
    return wallet;
  }

  @Test
  void paysTheWayThatIsInItsTokenAndSignsWhatWasPaid() throws Exception {
    TestWallet payer = wallet(1_000);
    BigInteger before = usdc.balanceOf(PAYEE.address());

    String token = network.pay(asked(in(Usdc.BASE, 7), in(itsToken(), 300)), "POST", payer);

    assertThat(usdc.balanceOf(payer.address())).isEqualTo(700);
    assertThat(usdc.balanceOf(PAYEE.address()).subtract(before)).isEqualTo(300);
    try (ReceiptVerifier verifier = ReceiptVerifier.of(network.trustedBy(SHOP))) {
      Receipt receipt = ((Verdict.Genuine) verifier.verify(token)).receipt();
      assertThat(receipt.issuer()).isEqualTo(network.issuer());
      assertThat(receipt.audience()).isEqualTo(SHOP);
      assertThat(receipt.route()).isEqualTo(SHOP + "/data?day=1");
      assertThat(receipt.method()).isEqualTo("POST");
      assertThat(receipt.payer()).isEqualTo(Address.parse(payer.address()));
      assertThat(receipt.payTo()).isEqualTo(Address.parse(PAYEE.address()));
      assertThat(receipt.asset()).isEqualTo(Address.parse(usdc.address()));
      assertThat(receipt.network()).isEqualTo(new Network(chain.chainId()));
      assertThat(receipt.amount()).isEqualTo(TokenAmount.of(300));
      assertThat(chain.mined(receipt.transaction())).isTrue();
    }
  }

  @Test
  void paysNothingWhereItsTokenIsNotTaken() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> network.pay(asked(in(Usdc.BASE, 7)), "GET", wallet(1_000)))
        .withMessageContaining(usdc.address());
  }

  @Test
  void signsNothingForAPayerWithoutFunds() {
    assertThatIllegalStateException()
        .isThrownBy(() -> network.pay(asked(in(itsToken(), 300)), "GET", wallet(299)));
  }
}
