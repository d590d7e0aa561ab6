// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.ReceiptKey;
import io.github.x402j.Verification;
import io.github.x402j.gate.Sale;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A node that does not answer holds up a bounded number of threads, whoever they ask for. */
class CallLimitTest {
  private static final int CALLERS = 100;

  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch release = new CountDownLatch(1);
  private final Chain silent =
      (Chain)
          Proxy.newProxyInstance(
              Chain.class.getClassLoader(),
              new Class<?>[] {Chain.class},
              (proxy, method, arguments) -> {
                asked.incrementAndGet();
                release.await();
                return method.getReturnType() == long.class ? (Object) 1L : false;
              });
  private final EvmLocalChecks checks =
      EvmLocalChecks.builder()
          .chain(Sale.OFFER.network(), silent)
          .acceptContractWallets()
          .clock(Sale.CLOCK)
          .build();

  /** Not its payer's own signature, so that a contract would have to say whether it is. */
  private static PaymentPayload ofWallet(int number) {
    Map<String, Object> members =
        new HashMap<>(Sale.signed(Sale.authorization(Sale.nonce(number))));
    members.put("signature", "0x" + "11".repeat(65));
    return PaymentPayload.v2(Sale.OFFER, members);
  }

  /** A receipt that is not in the chain is not remembered, so each request asks for it again. */
  @Test
  void boundsHowManyReceiptsAreLookedUpAndLooksEachUpOnceAtATime() throws Exception {
    OnChainTransfers transfers = OnChainTransfers.of(silent, 1);
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    CountDownLatch refused = new CountDownLatch(CALLERS - 2);
    try {
      for (int i = 0; i < CALLERS; i++) {
        AcceptedReceipt receipt = receipt(i % 2);
        threads.submit(
            () -> {
              assertThatThrownBy(() -> transfers.confirm(receipt))
                  .hasMessageContaining("too many receipts");
              refused.countDown();
            });
      }
      assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(asked).hasValue(2);
    } finally {
      release.countDown();
      threads.shutdown();
    }
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  private static AcceptedReceipt receipt(int number) {
    return new AcceptedReceipt(
        new ReceiptKey("issuer", "" + number),
        Sale.PAYER.address(),
        Sale.OFFER,
        Sale.nonce(number),
        false,
        OptionalLong.of(1),
        Sale.NOW.plusSeconds(60));
  }

  @Test
  void boundsHowManyAskAndKeepsNoOtherPaymentWaiting() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    CountDownLatch refused = new CountDownLatch(CALLERS - CallLimit.MAX_CALLS);
    try {
      for (int i = 0; i < CALLERS; i++) {
        int number = i;
        threads.submit(
            () -> {
              assertThatThrownBy(() -> checks.check(ofWallet(number), Sale.OFFER))
                  .isInstanceOf(FacilitatorException.class)
                  .hasMessageContaining("too many contract wallets");
              refused.countDown();
            });
      }
      assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(asked).hasValue(CallLimit.MAX_CALLS);
      assertThat(checks.check(Sale.v2(1), Sale.OFFER)).isInstanceOf(Verification.Valid.class);
    } finally {
      release.countDown();
      threads.shutdown();
    }
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(checks.check(ofWallet(1), Sale.OFFER)).isInstanceOf(Verification.Invalid.class);
  }
}
