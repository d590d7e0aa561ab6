// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.gate.MemoryTransport;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.TestWallet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which scheme reads a payment, and how often. */
class EvmSchemesTest {
  private static Shop shop;

  private final AtomicInteger reads = new AtomicInteger();
  private PaymentGate gate;

  @BeforeAll
  static void open() {
    shop = Shop.open();
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  @BeforeEach
  void countReads() {
    EvmSchemes counted =
        new EvmSchemes(
            EvmSchemes.standard().all().stream().map(scheme -> counting(scheme, reads)).toList());
    gate =
        PaymentGate.builder()
            .facilitator(shop.builder().schemes(counted).build())
            .clock(shop.clock)
            .build();
    gate.start(List.of(shop.offer));
  }

  /** {@link EvmScheme#read} is where {@link ExactEvmPayload#parse} is called, and nowhere else. */
  private static EvmScheme counting(EvmScheme scheme, AtomicInteger reads) {
    return new EvmScheme() {
      @Override
      public String name() {
        return scheme.name();
      }

      @Override
      public boolean covers(PaymentRequirements requirements) {
        return scheme.covers(requirements);
      }

      @Override
      public EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
          throws MalformedPaymentException {
        reads.incrementAndGet();
        return scheme.read(payload, requirements);
      }

      @Override
      public void start(PaymentRequirements offered, @Nullable Chain chain)
          throws FacilitatorException {
        scheme.start(offered, chain);
      }
    };
  }

  private MemoryTransport pay(PaymentFlow flow, PaymentPayload payload, boolean handlerWorks) {
    MemoryTransport transport = MemoryTransport.running(() -> handlerWorks);
    gate.sell(
        gate.challenge(
            PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer)).withFlow(flow)),
        Sale.purchase(Sale.REQUEST),
        Sale.headers(Offers.in(flow, payload)),
        transport);
    return transport;
  }

  private static PaymentPayload payment() {
    TestWallet payer = shop.payer(Shop.PRICE);
    return PaymentPayload.v2(
        shop.offer, shop.sign(shop.authorization(payer.address()), payer).toMap());
  }

  @Test
  void readsAPayloadOnceInAWholePaidRequest() {
    assertThat(pay(PaymentFlow.AUTHORIZATION, payment(), true).calls)
        .containsExactly("run", "headers", "deliver");
    assertThat(reads).hasValue(1);
  }

  @Test
  void readsAPayloadOnceWhereTheMoneyMovesFirst() {
    assertThat(pay(PaymentFlow.UPFRONT, payment(), true).calls).containsExactly("headers", "run");
    assertThat(reads).hasValue(1);
  }

  @Test
  void readsAPayloadThatIsSentAgainOnceARequest() {
    PaymentPayload payment = payment();
    assertThat(pay(PaymentFlow.UPFRONT, payment, false).calls)
        .containsExactly("headers", "run", "fail");
    assertThat(pay(PaymentFlow.UPFRONT, payment, true).calls).containsExactly("headers", "run");
    assertThat(reads).hasValue(2);
  }

  @Test
  void readsNothingOfARequestWithoutAPayment() {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer))),
        Sale.purchase(Sale.REQUEST),
        Sale.headers(),
        transport);
    assertThat(transport.calls).containsExactly("refuse 402");
    assertThat(reads).hasValue(0);
  }

  @Test
  void findsTheSchemeByNameAndTransferMethod() {
    PaymentRequirements exact = shop.offer;
    EvmSchemes standard = EvmSchemes.standard();
    assertThat(standard.of(exact)).isPresent();
    assertThat(standard.of(with(exact, "exact", "eip3009"))).isPresent();
    assertThat(standard.of(with(exact, "exact", "permit2")).orElseThrow())
        .isInstanceOf(Permit2Scheme.class);
    assertThat(standard.of(with(exact, "exact", "erc7710"))).isEmpty();
    assertThat(standard.of(with(exact, "upto", "eip3009"))).isEmpty();
  }

  private static PaymentRequirements with(
      PaymentRequirements exact, String scheme, String transferMethod) {
    return new PaymentRequirements(
        scheme,
        exact.network(),
        exact.amount(),
        exact.asset(),
        exact.payTo(),
        exact.maxTimeout(),
        Map.of("name", "USDC", "version", "2", "assetTransferMethod", transferMethod));
  }
}
