// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.MemoryTransport;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names of payments whose payer is a contract: only the contract can say who signed. */
class ContractWalletNameTest {
  private static final String ID = "purchase-000000001";
  private static LocalChain chain;
  private static Shop shop;

  private final TestWallet owner = TestWallet.random();
  private PaymentGate gate;
  private TransferAuthorization authorization;

  @BeforeAll
  static void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  @BeforeEach
  void deploy() {
    String wallet = shop.chain.deployContractWallet(owner.address());
    shop.usdc.mint(wallet, Shop.PRICE);
    authorization = shop.authorization(wallet);
    gate =
        PaymentGate.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(100, shop.clock))
            .facilitator(
                shop.builder(Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(2)))
                    .acceptContractWallets()
                    .build())
            .paymentIdentifiers(PaymentIdentifiers.optional())
            .clock(shop.clock)
            .build();
  }

  @AfterEach
  void mend() {
    chain.faults().clear();
  }

  private Challenge challenge() {
    return gate.challenge(
        PaymentRequired.of(ResourceInfo.of("https://shop.example/a"), List.of(shop.offer)));
  }

  private Admission named(ExactEvmPayload exact) {
    return gate.admit(challenge(), Sale.purchase("GET /a"), Sale.headers(payment(exact)));
  }

  private PaymentPayload payment(ExactEvmPayload exact) {
    PaymentPayload plain = PaymentPayload.v2(shop.offer, exact.toMap());
    return plain.withInfo(PaymentIdentifiers.EXTENSION, Map.of("required", false, "id", ID));
  }

  private static int status(Admission admission) {
    assertThat(admission).isInstanceOf(Admission.Refused.class);
    return ((Admission.Refused) admission).refusal().status();
  }

  private void buy() {
    MemoryTransport sold =
        MemoryTransport.answering(StoredAnswer.of(200, Map.of(), "paid".getBytes(UTF_8)));
    gate.sell(
        challenge(),
        Sale.purchase("GET /a"),
        Sale.headers(payment(shop.sign(authorization, owner))),
        sold);
    assertThat(sold.calls).containsExactly("run", "headers", "copy", "deliver");
  }

  @Test
  void aStrangerTakesNoNameOfAContract() {
    assertThat(status(named(shop.sign(authorization, TestWallet.random())))).isEqualTo(402);
    TransferAuthorization another = shop.authorization(authorization.from().text());
    assertThat(status(named(shop.sign(another, TestWallet.random())))).isEqualTo(402);

    buy(); // under the same name: no other payment has it
    assertThat(named(shop.sign(authorization, owner))).isInstanceOf(Admission.Answered.class);
  }

  @Test
  void aStrangerGetsNoStoredAnswerOfAContract() {
    buy();
    assertThat(status(named(shop.sign(authorization, TestWallet.random())))).isEqualTo(402);
    assertThat(status(named(new ExactEvmPayload(authorization, "0x")))).isEqualTo(402);
    assertThat(status(named(new ExactEvmPayload(authorization, "0x" + "11".repeat(97)))))
        .isEqualTo(402);
  }

  @Test
  void whileTheContractCannotBeAskedNoNameIsTakenOrLookedUp() {
    chain.faults().error("eth_call", -32000, "no");
    chain.faults().error("eth_getCode", -32000, "no");
    assertThat(status(named(shop.sign(authorization, TestWallet.random())))).isEqualTo(503);
    chain.faults().clear();
    buy();
    chain.faults().error("eth_call", -32000, "no");
    assertThat(status(named(shop.sign(authorization, TestWallet.random())))).isEqualTo(503);
  }
}
