// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Junk that sellers bring to a facilitator keeps up no payer whose money has moved there. */
@Timeout(60)
class FacilitatorFairnessTest {
  private static final int VERIFICATIONS = 16;
  private static final int KNOWN = 1;
  private static final int JUNK = 100;

  private final CountDownLatch release = new CountDownLatch(1);

  /** 2 of 16 are reserved. */
  private final CountDownLatch junkInside = new CountDownLatch(VERIFICATIONS - 2);

  private final FacilitatorService service =
      FacilitatorService.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(1_000))
          .facilitator(new SlowForJunk())
          .token(Usdc.BASE)
          .maxConcurrentVerifications(VERIFICATIONS)
          .maxConcurrentSettlements(VERIFICATIONS)
          .build();

  private static Address payer(int number) {
    return Address.parse(String.format("0x%040x", number));
  }

  private static SignedPayment signed(PaymentPayload payload, PaymentRequirements requirements) {
    String nonce = (String) payload.payload().get("nonce");
    int payer = Integer.parseInt((String) payload.payload().get("payer"));
    return new SignedPayment(
        payload,
        requirements,
        new PaymentKey(requirements.network(), requirements.asset(), payer(payer), nonce),
        Bytes32.parse("digest", nonce),
        Instant.now().plusSeconds(60),
        Sale.STUB);
  }

  private static String request(int payer, int nonce) {
    PaymentPayload payload =
        PaymentPayload.v2(
            Offers.BASE, Map.of("nonce", Sale.nonce(nonce), "payer", Integer.toString(payer)));
    return FacilitatorMessages.request(
        signed(payload, Offers.BASE), ResourceInfo.of("https://shop.example/"));
  }

  private final class SlowForJunk implements Facilitator {
    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return true;
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements) {
      return new Verification.Valid(signed(payload, requirements));
    }

    @Override
    public Verification verify(SignedPayment payment) {
      if (payment.payer().equals(payer(KNOWN))) {
        return new Verification.Valid(payment);
      }
      junkInside.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "", payment.payer());
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      String transaction = payment.key().nonce();
      beforeBroadcast.sending(transaction);
      return new Settlement.Settled(transaction, payment.payer(), payment.requirements().amount());
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      return new Settlement.Pending(transactions.get(0));
    }
  }

  @Test
  void aKnownPayerIsVerifiedAndSettledAmongJunk() throws Exception {
    assertThat(service.settle(request(KNOWN, 1)).json()).contains("\"success\":true");
    ExecutorService sellers = Executors.newFixedThreadPool(JUNK);
    try {
      for (int i = 0; i < JUNK; i++) {
        String junk = request(100 + i, 100 + i);
        boolean settles = i % 2 == 0;
        sellers.submit(() -> settles ? service.settle(junk) : service.verify(junk));
      }
      assertThat(junkInside.await(30, TimeUnit.SECONDS)).isTrue();
      for (int i = 2; i < 12; i++) {
        assertThat(service.verify(request(KNOWN, i)).json()).contains("\"isValid\":true");
        assertThat(service.settle(request(KNOWN, i)).json()).contains("\"success\":true");
      }
    } finally {
      release.countDown();
      sellers.shutdown();
    }
    assertThat(sellers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }
}
