// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static io.github.x402j.evm.ChainSale.PRICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc.Mode;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.WalletBehaviour;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is called on the chain, and how; also on a node that {@code -Dx402.rpc} names. */
class Eip3009PaymentTest {
  private final TestChain chain = TestChain.fromSystemProperty();
  private ChainSale sale;
  private EvmFacilitator facilitator;
  private EvmFacilitator open;

  @BeforeEach
  void open() {
    sale = ChainSale.on(chain);
    facilitator = sale.facilitator().build();
    open = sale.facilitator().acceptContractWallets().build();
  }

  @AfterEach
  void close() {
    chain.close();
  }

  private String sentInput() throws Exception {
    return sale.transaction(sale.onlyHash()).path("input").asText();
  }

  private ExactEvmPayload signedByWallet(TestWallet owner, WalletBehaviour behaviour) {
    String wallet = chain.deployContractWallet(owner.address(), behaviour);
    sale.usdc().mint(wallet, PRICE);
    return sale.signed(sale.authorization(Address.parse(wallet)), owner);
  }

  @Test
  void sendsAPayersSignatureInThePartsThatOldTokensTake() throws Exception {
    sale.settle(facilitator, sale.pay(facilitator, sale.payer(PRICE)));

    assertThat(sentInput()).startsWith("0xe3ee160e");
    assertThat(sale.received()).isEqualTo(PRICE);
  }

  @Test
  void sendsATransactionOfTheTypeThatTheChainWants() throws Exception {
    sale.settle(facilitator, sale.pay(facilitator, sale.payer(PRICE)));

    assertThat(sale.transaction(sale.onlyHash()).path("type").asText("0x0"))
        .isEqualTo(chain instanceof LocalChain ? "0x0" : "0x2");
  }

  @Test
  void sendsAContractWalletsSignatureInTheBytesItWasAskedAbout() throws Exception {
    SignedPayment payment =
        sale.checked(open, signedByWallet(TestWallet.random(), WalletBehaviour.HONEST));

    assertThat(open.verify(payment)).isEqualTo(new Verification.Valid(payment));
    assertThat(sale.settle(open, payment)).isInstanceOf(Settlement.Settled.class);
    assertThat(sentInput()).startsWith("0xcf092995");
    assertThat(sale.received()).isEqualTo(PRICE);
  }

  @Test
  void sendsAContractWalletsLongerSignature() throws Exception {
    ExactEvmPayload owners = signedByWallet(TestWallet.random(), WalletBehaviour.HONEST);
    ExactEvmPayload longer =
        new ExactEvmPayload(owners.authorization(), owners.signature() + "00ff");

    assertThat(sale.settle(open, sale.checked(open, longer)))
        .isInstanceOf(Settlement.Settled.class);
    assertThat(sentInput()).contains(longer.signature().substring(2));
    assertThat(sale.received()).isEqualTo(PRICE);
  }

  @Test
  void asksAContractWalletWithACapOnItsGas() throws Exception {
    List<Chain.Call> calls = ChainSale.noCalls();
    EvmFacilitator watched =
        sale.facilitator(ChainSale.watching(Web3jChain.at(chain.rpcUrl()), calls))
            .acceptContractWallets()
            .build();
    ExactEvmPayload payload = signedByWallet(TestWallet.random(), WalletBehaviour.BURNS_ALL_GAS);

    assertThat(sale.check(watched, payload)).isInstanceOf(Verification.Invalid.class);
    assertThat(calls).hasSize(1);
    assertThat(calls.get(0).gas()).isEqualTo(BigInteger.valueOf(150_000));
  }

  @Test
  void refusesToMoveAnotherAmountThanWasSigned() throws Exception {
    SignedPayment payment = sale.pay(facilitator, sale.payer(50_000));
    for (long other : new long[] {PRICE - 1, PRICE + 1}) {
      PaymentRequirements asked =
          PaymentRequirements.exact(
              sale.token(), TokenAmount.of(other), sale.offer().payTo(), ChainSale.WINDOW);
      SignedPayment changed =
          new SignedPayment(
              payment.payload(),
              asked,
              payment.key(),
              payment.digest(),
              payment.validBefore(),
              payment.signed());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> sale.settle(facilitator, changed))
          .withMessageContaining("amount");
    }
    assertThat(sale.received()).isZero();
  }

  @Test
  void sendsNothingThatTheTokenWouldRevert() throws Exception {
    SignedPayment payment = sale.pay(facilitator, sale.payer(PRICE));
    sale.usdc().misbehave(Mode.PAUSED);

    assertThat(facilitator.verify(payment))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid ->
                assertThat(invalid.reason()).isEqualTo(ErrorReason.INVALID_TRANSACTION_STATE));
    assertThat(sale.settle(facilitator, payment))
        .isEqualTo(
            new Settlement.Failed(
                ErrorReason.INVALID_TRANSACTION_STATE,
                "the transfer would revert; nothing was sent"));
    assertThat(sale.recorded()).isEmpty();
  }
}
