// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A payment of one's own and a receipt that name one transaction never buy two answers. */
class OneTransactionTest {
  private static final String URL = "https://shop.example/a";
  private static final Duration WINDOW = Duration.ofHours(1);
  private static final AtomicInteger IDS = new AtomicInteger();
  private static LocalChain chain;
  private static Shop shop;
  private static PaymentRequirements offer;
  private static ReceiptIssuer network;

  /** Whether the seller looks receipts up or believes their issuer. */
  enum Trust {
    LOOKED_UP,
    BELIEVED
  }

  @BeforeAll
  static void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
    offer = PaymentRequirements.exact(shop.token, shop.offer.amount(), shop.payTo, WINDOW);
    network =
        ReceiptIssuer.builder("https://pay.example", "https://shop.example")
            .key(SigningKey.generated(ReceiptAlgorithm.ES256))
            .build();
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  @AfterEach
  void mend() {
    chain.faults().clear();
  }

  private final TestWallet payer = shop.payer(Shop.PRICE);
  private final ExactEvmPayload authorization = sign();

  private ExactEvmPayload sign() {
    Instant now = shop.clock.instant();
    TransferAuthorization terms =
        TransferAuthorization.between(
            Address.parse(payer.address()),
            shop.payTo,
            offer.amount(),
            now.minusSeconds(60),
            now.plus(WINDOW),
            Sale.nonce(System.nanoTime()));
    return shop.sign(terms, payer);
  }

  private static PaymentGate gate(Trust trust, Duration maxAge) {
    return gate(trust, maxAge, Duration.ofSeconds(15));
  }

  private static PaymentGate gate(Trust trust, Duration maxAge, Duration settleTimeout) {
    Web3jChain node = Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(10));
    TrustedIssuer.Builder trusted =
        TrustedIssuer.builder("https://pay.example", "https://shop.example", ReceiptAlgorithm.ES256)
            .jwks(network.jwks());
    if (trust == Trust.LOOKED_UP) {
      trusted.confirmOnChain(OnChainTransfers.of(node, 1, maxAge, shop.clock));
    }
    return PaymentGate.builder()
        .ledger(InMemoryPaymentLedger.withCapacity(100, shop.clock))
        .facilitator(shop.builder(node).settleTimeout(settleTimeout).build())
        .acceptReceipts(ReceiptVerifier.of(List.of(trusted.build()), shop.clock))
        .clock(shop.clock)
        .build();
  }

  private static Admission admit(PaymentGate gate, Function<String, List<String>> headers) {
    PaymentRequired required = PaymentRequired.of(ResourceInfo.of(URL), List.of(offer));
    return gate.admit(gate.challenge(required), Purchase.of("GET /a", "GET"), headers);
  }

  private Admission pay(PaymentGate gate) {
    return admit(gate, Sale.headers(PaymentPayload.v2(offer, authorization.toMap())));
  }

  private String transferByTheNetwork() {
    TransferAuthorization a = authorization.authorization();
    return shop.usdc.transferWithAuthorization(
        TestWallet.random(),
        a.from().text(),
        a.to().text(),
        a.value().atomicUnits(),
        a.validAfter(),
        a.validBefore(),
        a.nonce(),
        authorization.signature());
  }

  private String receiptFor(String transaction, Duration lifetime) {
    Instant now = shop.clock.instant();
    return network.sign(
        new Receipt(
            "https://pay.example",
            "https://shop.example",
            Address.parse(payer.address()),
            "r" + IDS.incrementAndGet(),
            now,
            now.plus(lifetime),
            transaction,
            offer.network(),
            offer.asset(),
            offer.amount(),
            offer.payTo(),
            URL,
            "GET",
            false,
            OptionalLong.empty()));
  }

  private static Admission show(PaymentGate gate, String receipt) {
    return admit(gate, Sale.headers("X-PAYMENT", receipt));
  }

  private static VerifiedPayment admitted(Admission admission) {
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).payment();
  }

  private static void assertRefused(Admission admission, String code) {
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    assertThat(((Admission.Refused) admission).refusal().status()).isEqualTo(402);
    assertThat(((Admission.Refused) admission).refusal().body()).contains(code);
  }

  /** Buys with the payment and returns its transaction. */
  private String buy(PaymentGate gate) {
    VerifiedPayment payment = admitted(pay(gate));
    Settlement settlement = gate.settle(payment);
    assertThat(settlement).isInstanceOf(Settlement.Settled.class);
    gate.delivered(payment);
    return ((Settlement.Settled) settlement).transaction();
  }

  @ParameterizedTest
  @EnumSource
  void noReceiptCountsForATransactionThatThisGateSettled(Trust trust) {
    PaymentGate gate = gate(trust, Duration.ofDays(1));
    String transaction = buy(gate);
    String early = receiptFor(transaction, Duration.ofHours(20));
    assertRefused(show(gate, early), "receipt_already_used");

    // By now the ledger has forgotten the authorization, and the receipt is still good.
    chain.advanceTime(Duration.ofHours(19));
    assertRefused(show(gate, early), "receipt_already_used");
    assertRefused(
        show(gate, receiptFor(transaction, Duration.ofMinutes(5))), "receipt_already_used");
    assertRefused(pay(gate), "valid_before");
  }

  @Test
  void theLookBackMayBeLongerThanAnythingElse() {
    PaymentGate gate = gate(Trust.LOOKED_UP, Duration.ofDays(30));
    String transaction = buy(gate);
    chain.advanceTime(Duration.ofDays(30).minusSeconds(60));
    assertRefused(
        show(gate, receiptFor(transaction, Duration.ofMinutes(5))), "receipt_already_used");
    chain.advanceTime(Duration.ofSeconds(60)); // exactly a look-back later it is too old
    assertRefused(
        show(gate, receiptFor(transaction, Duration.ofMinutes(5))), "invalid_transaction_state");
  }

  @ParameterizedTest
  @EnumSource
  void noReceiptCountsWhereItsTransactionWasQuickerThanOurs(Trust trust) {
    PaymentGate gate = gate(trust, Duration.ofDays(1));
    VerifiedPayment payment = admitted(pay(gate));
    String transaction = transferByTheNetwork();
    assertThat(gate.settle(payment))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(transaction));
    gate.delivered(payment);
    assertRefused(show(gate, receiptFor(transaction, Duration.ofHours(1))), "receipt_already_used");
  }

  @ParameterizedTest
  @EnumSource
  void noPaymentCountsForATransactionOfAReceipt(Trust trust) {
    PaymentGate gate = gate(trust, Duration.ofDays(1));
    VerifiedPayment payment = admitted(pay(gate)); // and before it is settled:
    VerifiedPayment shown =
        admitted(show(gate, receiptFor(transferByTheNetwork(), Duration.ofHours(1))));
    gate.delivered(shown);
    assertThat(gate.settle(payment)).isInstanceOf(Settlement.Failed.class);
    assertRefused(pay(gate), "nonce_already_used");
  }

  /** The outcome of a payment can come when the receipt, and its look-back, are long over. */
  @ParameterizedTest
  @EnumSource
  void noPaymentWhoseOutcomeComesLateCountsForATransactionOfAReceipt(Trust trust) {
    PaymentGate gate = gate(trust, Duration.ofMinutes(2), Duration.ofSeconds(1));
    VerifiedPayment payment = admitted(pay(gate));
    chain.faults().swallowTransactions();
    assertThat(gate.settle(payment)).isInstanceOf(Settlement.Pending.class);
    chain.faults().clear();
    String receipt = receiptFor(transferByTheNetwork(), Duration.ofMinutes(1));
    gate.delivered(admitted(show(gate, receipt)));

    chain.advanceTime(Duration.ofMinutes(40));
    Admission late = pay(gate);
    assertThat(late).isInstanceOf(Admission.Refused.class);
    chain.advanceTime(Duration.ofMinutes(29)); // the payment is kept for ten after its window
    assertThat(pay(gate)).isInstanceOf(Admission.Refused.class);
  }

  @ParameterizedTest
  @EnumSource
  void aReceiptWhoseHandlerFailedIsGoodForItsTransactionAgain(Trust trust) {
    PaymentGate gate = gate(trust, Duration.ofDays(1));
    String receipt = receiptFor(transferByTheNetwork(), Duration.ofHours(1));
    gate.release(admitted(show(gate, receipt)));
    gate.delivered(admitted(show(gate, receipt)));
    assertRefused(show(gate, receipt), "receipt_already_used");
  }
}
