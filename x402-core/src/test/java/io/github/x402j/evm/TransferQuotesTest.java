// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Gas as earlier transfers used it, on a real chain. */
class TransferQuotesTest {
  private static final String ESTIMATE = "eth_estimateGas";

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final EvmFacilitator facilitator = shop.builder().build();

  @AfterEach
  void close() {
    shop.close();
  }

  private long gasLimitOf(Settlement settlement) throws Exception {
    String hash = ((Settlement.Settled) settlement).transaction();
    return Long.decode(ChainSale.rpc(chain, "eth_getTransactionByHash", hash).path("gas").asText());
  }

  private Settlement settle(SignedPayment payment) throws Exception {
    return facilitator.settle(payment, hash -> {});
  }

  @Test
  void onlyTheFirstTransferOfATokenIsEstimated() throws Exception {
    for (int i = 0; i < 5; i++) {
      Settlement settlement = settle(shop.payment(facilitator, shop.payer(Shop.PRICE)));
      assertThat(settlement).isInstanceOf(Settlement.Settled.class);
      assertThat(gasLimitOf(settlement))
          .isBetween(60_000L, EvmFacilitator.DEFAULT_GAS_LIMIT.longValueExact());
    }
    System.out.printf("RPC: %d estimates for 5 payments%n", chain.requests(ESTIMATE));
    assertThat(chain.requests(ESTIMATE)).isEqualTo(1);
  }

  /** As a token does that became dearer: one more estimate finds what is needed. */
  @Test
  void aTransferThatNeedsMoreThanTheEarlierOnesIsEstimatedAndSent() throws Exception {
    AtomicBoolean isDear = new AtomicBoolean();
    Chain dear =
        new DelegatingChain(shop.rpc) {
          @Override
          public List<CallResult> call(List<Call> calls) throws FacilitatorException {
            List<CallResult> results = new ArrayList<>(super.call(calls));
            for (int i = 0; isDear.get() && i < calls.size(); i++) {
              BigInteger gas = calls.get(i).gas();
              if (gas != null && gas.compareTo(BigInteger.valueOf(140_000)) < 0) {
                results.set(i, new CallResult.Reverted("out of gas"));
              }
            }
            return results;
          }

          @Override
          public Quote quote(Call call) throws FacilitatorException {
            Quote real = super.quote(call);
            BigInteger gas = isDear.get() ? BigInteger.valueOf(120_000) : real.gas();
            return new Quote(gas, real.reverted(), null, real.priorityFee(), real.gasPrice());
          }
        };
    EvmFacilitator selling = shop.builder(dear).build();
    assertThat(selling.settle(shop.payment(selling, shop.payer(Shop.PRICE)), hash -> {}))
        .isInstanceOf(Settlement.Settled.class);
    isDear.set(true);
    for (int i = 0; i < 3; i++) {
      Settlement settlement =
          selling.settle(shop.payment(selling, shop.payer(Shop.PRICE)), hash -> {});
      assertThat(gasLimitOf(settlement)).isEqualTo(144_000);
    }
    assertThat(chain.requests(ESTIMATE)).isEqualTo(2);
  }

  @Test
  void remembersTheMostThatATransferUsed() throws Exception {
    ChainPulse pulse = new ChainPulse(shop.rpc, Ticker.SYSTEM);
    TransferQuotes quotes = new TransferQuotes(shop.rpc, pulse);
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    Chain.Call transfer =
        OfflineChecks.Checked.of(payment)
            .payment()
            .transfer(
                Address.parse(shop.gas.address()),
                OfflineChecks.Checked.of(payment).owner(),
                shop.offer.amount());
    Chain.Quote first = quotes.of(payment, transfer);
    assertThat(quotes.of(payment, transfer).gas()).isEqualTo(first.gas());
    quotes.used(payment, receipt(100_000));
    assertThat(quotes.of(payment, transfer).gas()).isEqualTo(BigInteger.valueOf(122_000));
    assertThat(quotes.of(payment, transfer.withGas(BigInteger.valueOf(90_000))).gas())
        .as("never above the limit")
        .isEqualTo(BigInteger.valueOf(90_000));
    quotes.used(payment, receipt(50_000));
    assertThat(quotes.of(payment, transfer).gas())
        .as("one that needs less changes nothing")
        .isEqualTo(BigInteger.valueOf(122_000));
    assertThat(chain.requests(ESTIMATE)).isEqualTo(1);
  }

  private Chain.Receipt receipt(long gas) {
    return new Chain.Receipt(
        "0x" + "ab".repeat(32),
        shop.payTo,
        true,
        BigInteger.ONE,
        List.of(),
        BigInteger.valueOf(gas));
  }
}
