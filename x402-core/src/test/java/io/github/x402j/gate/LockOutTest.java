// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.Offers;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ReceiptKey;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.TransferConfirmation;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who can lock out whom: each row does its worst ten times as often as a payer may fail. */
class LockOutTest {
  private static final int BUDGET = 3;
  private static final int ATTEMPTS = 10 * BUDGET;
  private static final int GOOD = 1_000_000;

  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final MutableClock clock = new MutableClock();
  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(1_000))
          .facilitator(chain)
          .failuresPerMinute(BUDGET)
          .clock(clock)
          .acceptReceipts(new Refuted())
          .build();
  private final Challenge challenge = gate.challenge(Offers.REQUIRED);
  private final FacilitatorService service =
      FacilitatorService.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(1_000))
          .facilitator(chain)
          .token(Usdc.BASE)
          .failuresPerMinute(BUDGET)
          .clock(clock)
          .build();

  /** What is done, the number of the attempt given. */
  interface Act {
    void by(LockOutTest world, int number);
  }

  /** A receipt of a trusted issuer, which names the payer and a transaction that did not pay. */
  private static final class Refuted implements ReceiptAcceptor {
    @Override
    public Decision accept(String token, PaymentRequired required, Purchase purchase) {
      return new Decision.Accepted(
          new AcceptedReceipt(
              new ReceiptKey("issuer", token),
              Offers.PAYER,
              Offers.BASE,
              ScriptedFacilitator.TX,
              false,
              OptionalLong.of(1),
              Sale.NOW.plus(Duration.ofDays(1000))));
    }

    @Override
    public TransferConfirmation.Answer confirm(AcceptedReceipt receipt) {
      return new TransferConfirmation.Answer.Refuted("reverted");
    }

    @Override
    public Duration transactionMemory() {
      return Duration.ofHours(1);
    }
  }

  private Admission bring(int number, String request) {
    return gate.admit(
        challenge,
        Sale.purchase(request),
        name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(number)) : List.of());
  }

  private Admission bring(int number) {
    return bring(number, "GET /premium");
  }

  private void admitted(int number, Consumer<VerifiedPayment> then) {
    if (bring(number) instanceof Admission.Admitted admitted) {
      then.accept(admitted.payment());
    }
  }

  private void verify(int number) {
    service.verify(request(number));
  }

  private static String request(int number) {
    SignedPayment payment = Offers.signed(number);
    return FacilitatorMessages.request(payment, ResourceInfo.of("https://shop.example/"));
  }

  private void refusesAll(ErrorReason reason) {
    chain.invalidOnChain = new Verification.Invalid(reason, "", Offers.PAYER);
  }

  private void failsAll(Settlement.Failed failed) {
    chain.settlement = failed;
  }

  static Stream<Arguments> attempts() {
    return Stream.of(
        row(
            "a stranger signs in the payer's name",
            false,
            (world, n) -> {
              world.chain.invalidTerms =
                  new Verification.Invalid(ErrorReason.INVALID_SIGNATURE, "", Offers.PAYER);
              world.bring(n);
              world.verify(n);
            }),
        row(
            "a stranger brings what the payer signed for other sellers",
            false,
            (world, n) -> {
              world.chain.invalidTerms =
                  new Verification.Invalid(ErrorReason.RECIPIENT_MISMATCH, "", Offers.PAYER);
              world.bring(n);
              world.verify(n);
            }),
        row(
            "a stranger brings authorizations from the chain, all used",
            false,
            (world, n) -> {
              world.refusesAll(ErrorReason.NONCE_ALREADY_USED);
              world.bring(n);
            }),
        row(
            "a stranger brings them to the facilitator of other sellers",
            false,
            (world, n) -> {
              world.refusesAll(ErrorReason.NONCE_ALREADY_USED);
              world.verify(n);
              world.service.settle(request(n));
            }),
        row(
            "a stranger brings one authorization again and again, over minutes",
            false,
            (world, n) -> {
              world.refusesAll(ErrorReason.INSUFFICIENT_FUNDS);
              world.bring(1);
              world.clock.advance(Duration.ofSeconds(5));
            }),
        row(
            "a seller brings one authorization to the facilitator again and again",
            false,
            (world, n) -> {
              world.refusesAll(ErrorReason.INSUFFICIENT_FUNDS);
              world.verify(1);
              world.service.settle(request(1));
            }),
        row(
            "a stranger brings what another server of the seller is settling",
            false,
            (world, n) -> {
              world.failsAll(
                  new Settlement.Failed(
                      ErrorReason.NONCE_ALREADY_USED,
                      "another server of this gas account settled it"));
              world.admitted(n, world.gate::settle);
            }),
        row(
            "a stranger brings a payment for another request than it was begun for",
            false,
            (world, n) -> {
              world.bring(n);
              world.bring(n, "GET /other");
            }),
        row(
            "an issuer writes receipts of transactions that paid nothing",
            false,
            (world, n) ->
                world.gate.admit(
                    world.challenge,
                    Sale.purchase("GET /premium"),
                    name -> name.equals("X-Payment-Receipt") ? List.of("r" + n) : List.of())),
        row(
            "the handler fails after the payer has paid",
            false,
            (world, n) -> {
              world.chain.settlement = ScriptedFacilitator.settled();
              world.admitted(
                  n,
                  payment -> {
                    world.gate.settle(payment);
                    world.gate.release(payment);
                  });
            }),
        row(
            "the facilitator fails of itself",
            false,
            (world, n) -> {
              world.failsAll(new Settlement.Failed(ErrorReason.UNEXPECTED_SETTLE_ERROR, ""));
              world.admitted(n, world.gate::settle);
              world.refusesAll(ErrorReason.UNEXPECTED_VERIFY_ERROR);
              world.bring(ATTEMPTS + n);
              world.chain.invalidOnChain = null;
            }),
        row(
            "the node does not answer",
            false,
            (world, n) -> {
              world.chain.fails = n % 2 == 0; // so that the circuit stays closed
              world.bring(n);
            }),
        row(
            "the payer has no money",
            true,
            (world, n) -> {
              world.refusesAll(ErrorReason.INSUFFICIENT_FUNDS);
              world.bring(n);
              world.verify(n);
            }),
        row(
            "the payer's requests make the handler fail",
            true,
            (world, n) -> world.admitted(n, world.gate::release)),
        row(
            "the payer's transfers revert",
            true,
            (world, n) -> {
              world.failsAll(new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, ""));
              world.admitted(n, world.gate::settle);
              world.service.settle(request(n));
            }),
        row(
            "the payer cancels what is on its way",
            true,
            (world, n) -> {
              world.failsAll(Settlement.CANCELLED_BY_PAYER);
              world.admitted(n, world.gate::settle);
              world.service.settle(request(n));
            }));
  }

  private static Arguments row(String who, boolean locksOut, Act act) {
    return arguments(who, locksOut, act);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("attempts")
  void locksOut(String who, boolean locksOut, Act act) {
    for (int i = 1; i <= ATTEMPTS; i++) {
      act.by(this, i);
    }
    chain.invalidTerms = null;
    chain.invalidOnChain = null;
    chain.fails = false;
    clock.advance(GuardedFacilitator.OPEN_FOR);

    assertThat(
            bring(GOOD) instanceof Admission.Refused refused && refused.refusal().status() == 429)
        .as("at the gate")
        .isEqualTo(locksOut);
    if (!locksOut || !who.contains("handler")) { // a facilitator runs none
      assertThat(service.verify(request(GOOD)).json().contains("too many"))
          .as("at the facilitator")
          .isEqualTo(locksOut);
    }
  }

  @Test
  void aPaymentThatWasBegunGetsItsAnswerThoughItsPayerHasFailedSince() {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    chain.outcome = chain.settlement;
    admitted(GOOD, gate::settle);
    chain.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "");
    for (int i = 1; i <= BUDGET; i++) {
      admitted(i, gate::settle);
    }
    assertThat(((Admission.Refused) bring(BUDGET + 1)).refusal().status()).isEqualTo(429);
    chain.outcome = ScriptedFacilitator.settled();
    assertThat(bring(GOOD)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void anAuthorizationOrReceiptThatFailsAgainAndAgainIsRefusedAlone() {
    chain.invalidOnChain =
        new Verification.Invalid(ErrorReason.NONCE_ALREADY_USED, "", Offers.PAYER);
    for (int i = 0; i < BUDGET; i++) {
      assertThat(((Admission.Refused) bring(1)).refusal().status()).isEqualTo(402);
    }
    int asked = chain.verifications.get();
    assertThat(((Admission.Refused) bring(1)).refusal().status()).isEqualTo(429);
    assertThat(chain.verifications).hasValue(asked);
    assertThat(((Admission.Refused) bring(2)).refusal().status()).isEqualTo(402);
  }
}
