// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.OnChainPayment;
import io.github.x402j.evm.OnChainPayment.Confirmed;
import io.github.x402j.evm.OnChainPayment.Contradicted;
import io.github.x402j.evm.OnChainPayment.NotFound;
import io.github.x402j.evm.OnChainPayment.NotMade;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sellers say of a payment, compared with a chain. */
class PaymentTest {
  private static final String NO_TRANSACTION = "0x" + "ab".repeat(32);

  private static LocalChain local;
  private static TestUsdc usdc;
  private static TestWallet payer;
  private static Token token;
  private static Web3jChain chain;
  private LocalChain.Snapshot before;
  private Purse purse;

  @BeforeAll
  static void start() throws Exception {
    local = LocalChain.start();
    usdc = local.deployUsdc("USDC", "2");
    payer = TestWallet.random();
    usdc.mint(payer.address(), 1_000_000);
    token = new Token(new Network(local.chainId()), Address.parse(usdc.address()), 6, "USDC", "2");
    chain = Web3jChain.at(local.rpcUrl());
  }

  @AfterAll
  static void stop() {
    local.close();
  }

  @BeforeEach
  void makePurse() {
    before = local.snapshot();
    AgentWallet wallet =
        AgentWallet.provision(
                "a", EvmSigner.ofPrivateKey(payer.privateKey()), SpendJournal.inMemory())
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("shop.example")
            .clock(local.clock())
            .create();
    purse = new Purse(wallet, local.clock());
  }

  @AfterEach
  void undo() {
    local.faults().clear();
    local.revertTo(before);
  }

  private Payment signed() throws Exception {
    return purse.pay("https://shop.example/", "GET", Purse.offer(token, Asking.SELLER, 40));
  }

  /** Returns the payment as it is once its seller has named a transaction. */
  private static Payment said(Payment payment, boolean success, String transaction) {
    SettlementResponse said =
        new SettlementResponse(success, transaction, payment.network(), null, null, null);
    return payment.answered(
        HttpHeaders.of(
            Map.of("PAYMENT-RESPONSE", List.of(PaymentCodec.encodeSettlement(said, 2))),
            (name, value) -> true));
  }

  private static TransferAuthorization authorization(Payment payment) throws Exception {
    return ExactEvmPayload.parse(
            PaymentCodec.decodePayload(payment.secretHeaderValue(), 2).payload())
        .authorization();
  }

  private static String collect(Payment payment) throws Exception {
    ExactEvmPayload payload =
        ExactEvmPayload.parse(PaymentCodec.decodePayload(payment.secretHeaderValue(), 2).payload());
    TransferAuthorization a = payload.authorization();
    return usdc.transferWithAuthorization(
        TestWallet.random(),
        a.from().text(),
        a.to().text(),
        a.value().atomicUnits(),
        a.validAfter(),
        a.validBefore(),
        a.nonce(),
        payload.signature());
  }

  @Test
  void confirmsThePaymentAndCountsTheBlocks() throws Exception {
    Payment payment = signed();
    String transaction = collect(payment);
    assertThat(said(payment, true, transaction).onChain(chain))
        .isEqualTo(new Confirmed(transaction, 1));
    local.mine();
    local.mine();
    String shouted = "0x" + transaction.substring(2).toUpperCase(Locale.ROOT);
    assertThat(said(payment, true, shouted).onChain(chain))
        .isEqualTo(new Confirmed(transaction, 3));
  }

  @Test
  void findsThePaymentOfASellerThatSaysNothingOrThatItWasNotPaid() throws Exception {
    Payment payment = signed();
    String transaction = collect(payment);
    assertThat(payment.onChain(chain)).isEqualTo(new Confirmed(transaction, 1));
    assertThat(said(payment, false, "").onChain(chain)).isEqualTo(new Confirmed(transaction, 1));
    assertThat(said(payment, true, "").onChain(chain)).isEqualTo(new Confirmed(transaction, 1));
  }

  @Test
  void waitsForATransactionThatIsNotThereYet() throws Exception {
    Payment payment = said(signed(), true, NO_TRANSACTION);
    assertThat(payment.settled()).isTrue();
    assertThat(payment.onChain(chain)).isEqualTo(new NotFound());
    assertThat(signed().onChain(chain)).isEqualTo(new NotFound());
  }

  @Test
  void tellsAFakeTransactionOnceThePaymentHasExpired() throws Exception {
    Payment payment = signed();
    local.advanceTime(Duration.ofMinutes(2));
    local.mine();
    OnChainPayment seen = said(payment, true, NO_TRANSACTION).onChain(chain);
    assertThat(seen).isInstanceOf(Contradicted.class);
    assertThat(((Contradicted) seen).actualTransaction()).isEmpty();
    assertThat(payment.onChain(chain)).isInstanceOf(NotMade.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x", "0xabc", "done", "0x\u0660", "https://scan.example/tx/1"})
  void whatIsNoHashIsNoTransaction(String named) throws Exception {
    Payment payment = said(signed(), true, named);
    assertThat(payment.settled()).isFalse();
    assertThat(payment.onChain(chain)).isEqualTo(new NotFound());
    assertThat(OnChainPayment.read(chain, token.contract(), authorization(payment), named))
        .isEqualTo(new Contradicted("what is named is no transaction", null));
  }

  @Test
  void tellsTheTransactionOfAnotherPaymentOfTheSameAmountBetweenTheSame() throws Exception {
    String other = collect(signed());
    assertThat(said(signed(), true, other).onChain(chain)).isInstanceOf(Contradicted.class);
  }

  @Test
  void tellsTheTransactionOfAStranger() throws Exception {
    usdc.mint(Asking.SIGNER.address().text(), 1_000);
    AgentWallet stranger = Purse.wallet(SpendJournal.inMemory(), "b", "$1", local.clock());
    String strangers =
        collect(
            new Purse(stranger, local.clock())
                .pay("https://shop.example/", "GET", Purse.offer(token, Asking.SELLER, 40)));
    assertThat(said(signed(), true, strangers).onChain(chain)).isInstanceOf(Contradicted.class);
  }

  @Test
  void tellsTheTransactionThatPaidOneUnitLess() throws Exception {
    Payment payment = signed();
    TransferAuthorization a = authorization(payment);
    BigInteger less = a.value().atomicUnits().subtract(BigInteger.ONE);
    String signature =
        usdc.signTransfer(payer, a.to().text(), less, a.validAfter(), a.validBefore(), a.nonce());
    String other =
        usdc.transferWithAuthorization(
            TestWallet.random(),
            a.from().text(),
            a.to().text(),
            less,
            a.validAfter(),
            a.validBefore(),
            a.nonce(),
            signature);
    assertThat(said(payment, true, other).onChain(chain)).isInstanceOf(Contradicted.class);
  }

  @Test
  void namesTheTransactionThatMadeThePaymentWhenTheSellerNamesAnother() throws Exception {
    String other = collect(signed());
    Payment payment = signed();
    String actual = collect(payment);
    assertThat(said(payment, true, other).onChain(chain))
        .isEqualTo(new Contradicted("another transaction made the payment", actual));
    assertThat(OnChainPayment.read(chain, token.contract(), authorization(payment), "0xabc"))
        .isEqualTo(new Contradicted("what is named is no transaction", actual));
  }

  @Test
  void aCancelledPaymentWasNotMade() throws Exception {
    Payment payment = signed();
    String cancellation = usdc.cancelAuthorization(payer, payment.nonce());
    assertThat(payment.onChain(chain)).isInstanceOf(NotMade.class);
    assertThat(said(payment, true, cancellation).onChain(chain)).isInstanceOf(Contradicted.class);
  }

  @Test
  void aTransactionThatABlockWasDroppedWithIsNotFound() throws Exception {
    Payment payment = signed();
    LocalChain.Snapshot unpaid = local.snapshot();
    Payment settled = said(payment, true, collect(payment));
    assertThat(settled.onChain(chain)).isInstanceOf(Confirmed.class);
    local.revertTo(unpaid);
    assertThat(settled.onChain(chain)).isEqualTo(new NotFound());
  }

  @Test
  void asksNoOtherChainAndSaysWhenOneDoesNotAnswer() throws Exception {
    Payment payment = signed();
    try (LocalChain other = LocalChain.start(31337)) {
      assertThatThrownBy(() -> payment.onChain(Web3jChain.at(other.rpcUrl())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected eip155:84532, found eip155:31337");
    }
    local.faults().status("eth_call", 503);
    assertThatThrownBy(() -> payment.onChain(chain)).isInstanceOf(FacilitatorException.class);
  }
}
