// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentPayload;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What only the engine decides; the doors' own tests cover the rest. */
class PaymentEngineTest {
  private static final PaymentEngine.Claim CLAIM = new PaymentEngine.Claim("GET /a", "");

  private final ScriptedFacilitator facilitator = new ScriptedFacilitator();
  private final InMemoryPaymentLedger memory = InMemoryPaymentLedger.create();
  private final SignedPayment payment =
      ScriptedFacilitator.signed(
          PaymentPayload.v2(Offers.BASE, Offers.payload(1)),
          Offers.BASE,
          Instant.now().plusSeconds(60));

  private PaymentEngine engine(PaymentLedger ledger) {
    return new PaymentEngine(
        new Facilitators(List.of(facilitator)),
        ledger,
        new FailureBudget(30, Clock.systemUTC()),
        TransactionClaims.none(ledger, Clock.systemUTC()),
        new SalesInProgress());
  }

  /** A ledger that still shows an entry which is released before it is claimed. */
  private PaymentLedger lateToForget() {
    return (PaymentLedger)
        Proxy.newProxyInstance(
            PaymentLedger.class.getClassLoader(),
            new Class<?>[] {PaymentLedger.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("find")) {
                return Optional.of(
                    new PaymentLedger.Entry(PaymentLedger.State.SUSPENDED, List.of()));
              }
              try {
                return method.invoke(memory, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void beginsNothingAfterTheWindowThoughTheEntryWasThereAMomentAgo() throws Exception {
    PaymentEngine.Claimed claimed =
        engine(lateToForget()).claim(payment, CLAIM, Optional.of(PaymentEngine.expired(payment)));

    assertThat(claimed)
        .isInstanceOfSatisfying(
            PaymentEngine.Claimed.Refused.class,
            refused ->
                assertThat(refused.refusal().reason())
                    .isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED));
    assertThat(facilitator.verifications).hasValue(0);
    assertThat(memory.find(payment.key())).isEmpty();
  }

  @Test
  void countsALateFailureAgainstThePayerAndKeepsTheAuthorizationBound() throws Exception {
    PaymentEngine engine = engine(memory);
    engine.claim(payment, CLAIM, Optional.empty());
    facilitator.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    engine.settle(payment, transaction -> {});
    facilitator.outcome = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");

    assertThat(engine.claim(payment, CLAIM, Optional.empty()))
        .isInstanceOf(PaymentEngine.Claimed.Refused.class);
    assertThat(memory.find(payment.key()).orElseThrow().state())
        .isEqualTo(PaymentLedger.State.SUSPENDED);
    assertThat(engine.claim(payment, new PaymentEngine.Claim("GET /b", ""), Optional.empty()))
        .isInstanceOf(PaymentEngine.Claimed.Refused.class);
  }

  @Test
  void sharesOneWriteBetweenThePaymentsOfOneTransaction() {
    List<String> writes = new ArrayList<>();
    PaymentLedger ledger = counting(writes);
    TransactionClaims claims = TransactionClaims.none(ledger, Clock.systemUTC());
    List<BeforeBroadcast> payments = new ArrayList<>();
    List<String> told = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      SignedPayment each =
          ScriptedFacilitator.signed(
              PaymentPayload.v2(Offers.BASE, Offers.payload(i)),
              Offers.BASE,
              Instant.now().plusSeconds(60));
      memory.claim(each.key(), "GET /a", Instant.now().plusSeconds(60));
      String name = "payment " + i;
      payments.add(
          new TransactionRecords(claims, ledger, null).of(each, transaction -> told.add(name)));
      if (i == 2) {
        memory.release(each.key()); // another process has taken it over
      }
    }

    Map<BeforeBroadcast, RuntimeException> failed =
        BeforeBroadcast.sendingAll(payments, ScriptedFacilitator.TX);

    assertThat(failed).containsOnlyKeys(payments.get(1));
    assertThat(failed.values()).allMatch(IllegalStateException.class::isInstance);
    assertThat(told).containsExactly("payment 1", "payment 3");
    assertThat(writes).containsExactly("settling of 3");
    assertThat(payments)
        .extracting(each -> ((TransactionRecords.Member) each).isPublic())
        .containsExactly(true, false, true);
  }

  private PaymentLedger counting(List<String> writes) {
    return (PaymentLedger)
        Proxy.newProxyInstance(
            PaymentLedger.class.getClassLoader(),
            new Class<?>[] {PaymentLedger.class},
            (proxy, method, arguments) -> {
              if (method.getDeclaringClass() != Object.class) {
                writes.add(
                    method.getName()
                        + (arguments[0] instanceof Set<?> keys ? " of " + keys.size() : ""));
              }
              return method.invoke(memory, arguments);
            });
  }

  /**
   * One home for the order of ledger calls: no other type of the gate makes them, save the sales
   * book, to which the engine hands the ledger for the calls that one transaction may hold, and the
   * recorders of transactions, which the engine makes so that payments can share a write.
   */
  @Test
  void isWithItsTransactionClaimsTheOnlyCallerOfTheLedger() {
    assertThat(
            new ClassFileImporter()
                    .importPackagesOf(PaymentEngine.class)
                    .get(PaymentLedger.class)
                    .getMethodCallsToSelf()
                    .stream()
                    .map(call -> call.getOriginOwner())
                    .map(JavaClass::getSimpleName)
                    .filter(name -> !name.endsWith("Test") && !name.endsWith("Contract")))
        .containsOnly(
            "PaymentEngine",
            "PaymentLedger", // its own default
            "SalesBook",
            "TransactionClaims",
            "TransactionRecords");
  }
}
