// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ReceiptKey;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.TransferConfirmation.Answer;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Receipts held against a real chain. */
class OnChainTransfersTest {
  private static final Duration MAX_AGE = Duration.ofHours(1);
  private static LocalChain chain;
  private static TestUsdc usdc;
  private static PaymentRequirements offer;
  private static final TestWallet PAYER = TestWallet.random();
  private static final TestWallet SELLER = TestWallet.random();
  private static int nonces;

  @BeforeAll
  static void start() {
    chain = LocalChain.start();
    usdc = chain.deployUsdc("USDC", "2");
    usdc.mint(PAYER.address(), 1_000_000);
    Token token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    offer =
        PaymentRequirements.exact(
            token, TokenAmount.of(10_000), Address.parse(SELLER.address()), Duration.ofSeconds(60));
  }

  @AfterEach
  void mend() {
    chain.faults().clear();
  }

  @AfterAll
  static void stop() {
    chain.close();
  }

  private static String pay(TestWallet payer, TestWallet to, long amount) {
    BigInteger value = BigInteger.valueOf(amount);
    BigInteger before = BigInteger.valueOf(chain.now().plusSeconds(600).getEpochSecond());
    String nonce = String.format("0x%064x", ++nonces);
    return usdc.transferWithAuthorization(
        PAYER,
        payer.address(),
        to.address(),
        value,
        BigInteger.ZERO,
        before,
        nonce,
        usdc.signTransfer(payer, to.address(), value, BigInteger.ZERO, before, nonce));
  }

  private static AcceptedReceipt receipt(String transaction) {
    return new AcceptedReceipt(
        new ReceiptKey("https://pay.example", "1"),
        Address.parse(PAYER.address()),
        offer,
        transaction,
        false,
        OptionalLong.of(1),
        chain.now().plusSeconds(600));
  }

  private static OnChainTransfers transfers(int confirmations) {
    return OnChainTransfers.of(
        Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(2)),
        confirmations,
        MAX_AGE,
        chain.clock());
  }

  @Test
  void confirmsATransferAndAsksTheNodeOnce() throws Exception {
    OnChainTransfers transfers = transfers(1);
    AcceptedReceipt receipt = receipt(pay(PAYER, SELLER, 10_000));
    assertThat(transfers.confirm(receipt)).isInstanceOf(Answer.Confirmed.class);
    long requests = chain.requests();
    assertThat(transfers.confirm(receipt)).isInstanceOf(Answer.Confirmed.class);
    assertThat(chain.requests()).isEqualTo(requests);
  }

  @Test
  void takesMoreThanThePrice() throws Exception {
    assertThat(transfers(1).confirm(receipt(pay(PAYER, SELLER, 10_001))))
        .isInstanceOf(Answer.Confirmed.class);
  }

  @Test
  void refutesWhatIsNotThisTransfer() throws Exception {
    TestWallet other = TestWallet.random();
    usdc.mint(other.address(), 100_000);
    for (String transaction :
        new String[] {
          pay(PAYER, SELLER, 9_999), // too little
          pay(PAYER, other, 10_000), // to another
          pay(other, SELLER, 10_000), // by another
        }) {
      assertThat(transfers(1).confirm(receipt(transaction))).isInstanceOf(Answer.Refuted.class);
    }
  }

  @Test
  void refutesATransferOfAnotherToken() throws Exception {
    TestUsdc real = usdc;
    TestUsdc fake = chain.deployUsdc("USDC", "2");
    fake.mint(PAYER.address(), 100_000);
    try {
      usdc = fake;
      assertThat(transfers(1).confirm(receipt(pay(PAYER, SELLER, 10_000))))
          .isInstanceOf(Answer.Refuted.class);
    } finally {
      usdc = real;
    }
  }

  @Test
  void refutesATransactionThatWasReverted() throws Exception {
    Chain reverted =
        new DelegatingChain(Web3jChain.at(chain.rpcUrl())) {
          @Override
          public Optional<Receipt> receipt(String transaction) throws FacilitatorException {
            return super.receipt(transaction)
                .map(r -> new Receipt(r.transaction(), r.sender(), false, r.block(), r.events()));
          }
        };
    assertThat(
            OnChainTransfers.of(reverted, 1, MAX_AGE, chain.clock())
                .confirm(receipt(pay(PAYER, SELLER, 10_000))))
        .isInstanceOf(Answer.Refuted.class);
  }

  @Test
  void waitsForConfirmations() throws Exception {
    OnChainTransfers transfers = transfers(3);
    AcceptedReceipt receipt = receipt(pay(PAYER, SELLER, 10_000));
    chain.mine();
    assertThatThrownBy(() -> transfers.confirm(receipt)).isInstanceOf(FacilitatorException.class);
    chain.mine();
    assertThat(transfers.confirm(receipt)).isInstanceOf(Answer.Confirmed.class);
  }

  @Test
  void refutesATransactionThatIsTooOldAlsoWhereItIsRemembered() throws Exception {
    OnChainTransfers transfers = transfers(1);
    AcceptedReceipt receipt = receipt(pay(PAYER, SELLER, 10_000));
    assertThat(transfers.confirm(receipt)).isInstanceOf(Answer.Confirmed.class);
    chain.advanceTime(MAX_AGE.plusSeconds(1));
    assertThat(transfers.confirm(receipt)).isInstanceOf(Answer.Refuted.class);
    assertThat(transfers(1).confirm(receipt)).isInstanceOf(Answer.Refuted.class);
  }

  @Test
  void doesNotDecideWhenTheNodeDoesNotAnswer() {
    AcceptedReceipt receipt = receipt(pay(PAYER, SELLER, 10_000));
    chain.faults().error("eth_getTransactionReceipt", -32000, "no");
    assertThatThrownBy(() -> transfers(1).confirm(receipt))
        .isInstanceOf(FacilitatorException.class);
    chain.faults().clear();
    assertThatThrownBy(() -> transfers(1).confirm(receipt("0x" + "12".repeat(32))))
        .isInstanceOf(FacilitatorException.class); // it may come yet
  }
}
