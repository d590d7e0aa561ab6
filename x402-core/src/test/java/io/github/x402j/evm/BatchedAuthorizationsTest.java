// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TokenAmount;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A contract of the payer's uses several authorizations in one transaction: each has to have moved
 * the money of its own payment.
 */
class BatchedAuthorizationsTest {
  private Shop shop;
  private Batches batches;
  private EvmFacilitator facilitator;

  @BeforeEach
  void open() {
    shop = Shop.on(LocalChain.start());
    batches = new Batches(shop.rpc);
    facilitator = shop.builder(batches).build();
  }

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void oneTransferPaysForOnePaymentOnly() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment honest = shop.payment(facilitator, payer);
    SignedPayment diverted = shop.payment(facilitator, payer);
    String first = shop.preempt(honest);
    String second = divert(diverted, payer);
    batches.inOne(first, second);

    assertThat(facilitator.settle(honest, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.settle(diverted, hash -> {})).isInstanceOf(Settlement.Failed.class);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void theOrderWithinTheTransactionDoesNotMatter() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment honest = shop.payment(facilitator, payer);
    SignedPayment diverted = shop.payment(facilitator, payer);
    String first = divert(diverted, payer);
    String second = shop.preempt(honest);
    batches.inOne(first, second);

    assertThat(facilitator.settle(diverted, hash -> {})).isInstanceOf(Settlement.Failed.class);
    assertThat(facilitator.settle(honest, hash -> {})).isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void twoPaymentsInOneTransactionArePaidBoth() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment one = shop.payment(facilitator, payer);
    SignedPayment other = shop.payment(facilitator, payer);
    batches.inOne(shop.preempt(one), shop.preempt(other));

    assertThat(facilitator.settle(one, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.settle(other, hash -> {})).isInstanceOf(Settlement.Settled.class);
  }

  /** The payer signs the payment's nonce once more, for a transfer to another account. */
  private String divert(SignedPayment payment, TestWallet payer) throws Exception {
    TransferAuthorization a = ExactEvmPayload.parse(payment.payload().payload()).authorization();
    TransferAuthorization elsewhere =
        new TransferAuthorization(
            a.from(),
            Address.parse(TestWallet.random().address()),
            TokenAmount.of(1),
            a.validAfter(),
            a.validBefore(),
            a.nonce());
    return shop.usdc.transferWithAuthorization(
        TestWallet.random(),
        elsewhere.from().text(),
        elsewhere.to().text(),
        elsewhere.value().atomicUnits(),
        elsewhere.validAfter(),
        elsewhere.validBefore(),
        elsewhere.nonce(),
        shop.sign(elsewhere, payer).signature());
  }

  /** Shows some transactions as one, as if a contract had made both calls. */
  private static final class Batches extends DelegatingChain {
    private final Map<String, List<String>> batches = new HashMap<>();

    Batches(Chain chain) {
      super(chain);
    }

    void inOne(String first, String second) {
      batches.put(first, List.of(first, second));
      batches.put(second, List.of(first, second));
    }

    @Override
    public Optional<Receipt> receipt(String transaction) throws FacilitatorException {
      List<Event> events = new ArrayList<>();
      for (String part : batches.getOrDefault(transaction, List.of(transaction))) {
        super.receipt(part).ifPresent(receipt -> events.addAll(receipt.events()));
      }
      return super.receipt(transaction)
          .map(r -> new Receipt(r.transaction(), r.sender(), r.succeeded(), r.block(), events));
    }
  }
}
