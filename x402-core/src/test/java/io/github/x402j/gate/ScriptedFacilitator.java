// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Bytes32;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Hashes;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** A facilitator that answers what a test wants; the signature of a payment is its nonce. */
public final class ScriptedFacilitator implements Facilitator {
  static final String TX = "0x" + "cd".repeat(32);

  final AtomicInteger verifications = new AtomicInteger();
  final AtomicInteger settlements = new AtomicInteger();
  final AtomicInteger outcomes = new AtomicInteger();

  volatile Instant validBefore = Instant.now().plusSeconds(60);
  volatile boolean expired;
  volatile boolean fails;
  volatile boolean breaks;
  volatile Verification.Invalid invalidOnChain;
  volatile Verification.Invalid invalidTerms;
  public volatile Settlement settlement;
  public volatile Settlement outcome;
  volatile boolean failsToSettle;

  /** What {@link #settleLater} returns; null to settle at once. */
  volatile CompletableFuture<Settlement> later;

  volatile boolean tellsFirst = true;
  volatile boolean settleVerifies;
  volatile boolean breaksBeforeItTells;
  volatile Runnable beforeSettle = () -> {};
  volatile Step beforeVerify = () -> {};

  /** Something that a test wants to happen. */
  interface Step {
    void run() throws InterruptedException;
  }

  public static SignedPayment signed(
      PaymentPayload payload, PaymentRequirements requirements, Instant validBefore) {
    PaymentKey key =
        new PaymentKey(
            requirements.network(),
            requirements.asset(),
            Offers.PAYER,
            (String) payload.payload().get("nonce"));
    return new SignedPayment(
        payload, requirements, key, digest(payload, requirements), validBefore, Sale.STUB);
  }

  /** Price and recipient are signed, as in every scheme. */
  private static Bytes32 digest(PaymentPayload payload, PaymentRequirements requirements) {
    return Bytes32.of(
        Hashes.sha256(
            payload.payload().get("nonce")
                + " "
                + requirements.amount()
                + " "
                + requirements.payTo()));
  }

  public static Settlement.Settled settled() {
    return new Settlement.Settled(TX, Offers.PAYER, Offers.BASE.amount());
  }

  @Override
  public void start(List<PaymentRequirements> offered) {}

  @Override
  public boolean supports(String scheme, Network network) {
    return true;
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException {
    if (!payload.payload().containsKey("nonce")) {
      throw new MalformedPaymentException("payload.nonce: missing");
    }
    if (invalidTerms != null) {
      return invalidTerms;
    }
    SignedPayment payment = signed(payload, requirements, validBefore);
    return expired ? new Verification.Expired(payment) : new Verification.Valid(payment);
  }

  @Override
  public Verification verify(SignedPayment payment) throws FacilitatorException {
    verifications.incrementAndGet();
    pause();
    if (breaks) {
      throw new IllegalStateException("a bug");
    }
    if (fails) {
      throw new FacilitatorException("the chain did not answer");
    }
    return invalidOnChain == null ? new Verification.Valid(payment) : invalidOnChain;
  }

  private void pause() {
    try {
      beforeVerify.run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
      throws FacilitatorException {
    settlements.incrementAndGet();
    beforeSettle.run();
    if (breaksBeforeItTells) {
      throw new IllegalStateException("a bug");
    }
    if (failsToSettle) {
      throw new FacilitatorException("gas is too dear");
    }
    beforeBroadcast.sending(TX);
    if (breaks) {
      throw new IllegalStateException("a bug");
    }
    return settlement;
  }

  @Override
  public CompletionStage<Settlement> settleLater(
      SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    CompletableFuture<Settlement> outcome = later;
    if (outcome == null) {
      return Facilitator.super.settleLater(payment, beforeBroadcast);
    }
    settlements.incrementAndGet();
    beforeBroadcast.sending(TX);
    return outcome;
  }

  @Override
  public boolean settleVerifies() {
    return settleVerifies;
  }

  @Override
  public boolean tellsBeforeBroadcast() {
    return tellsFirst;
  }

  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions)
      throws FacilitatorException {
    outcomes.incrementAndGet();
    if (fails) {
      throw new FacilitatorException("the chain did not answer");
    }
    return outcome;
  }
}
