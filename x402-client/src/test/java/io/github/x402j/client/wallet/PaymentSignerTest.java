// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.USDC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.client.Purse;
import io.github.x402j.client.wallet.Spender.CountingSigner;
import io.github.x402j.testing.MutableClock;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** The order in which a payment is decided on, reserved, signed and let out. */
class PaymentSignerTest {
  private static final URI SHOP = URI.create("https://shop.example/a");

  private final SpendJournal journal = SpendJournal.inMemory();
  private final CountingSigner keys = new CountingSigner();
  private final AgentWallet wallet =
      AgentWallet.provision("a", keys, journal)
          .limit("$0.000010", BillingPeriod.EVER)
          .allowedDomains("shop.example")
          .clock(new MutableClock(NOW))
          .create();

  @Test
  void asksForApprovalAfterTheRulesAndBeforeAnythingIsReserved() throws Exception {
    List<Dollars> reserved = new ArrayList<>();
    SpendingPolicy policy =
        SpendingPolicy.empty()
            .maxTotal("$1")
            .approvalAlways(payment -> reserved.add(wallet.status().reserved()));
    PaymentSigner signer = PaymentSigner.of(wallet, List.of(policy));

    assertThat(pay(signer, 11)).isInstanceOf(PaymentDecision.Declined.class);
    assertThat(reserved).isEmpty();
    assertThat(pay(signer, 10)).isInstanceOf(PaymentDecision.Signed.class);
    assertThat(reserved).containsExactly(Dollars.ZERO);
    assertThat(wallet.status().reserved()).hasToString("$0.00001");
  }

  @Test
  void signsNothingThatIsDeclined() throws Exception {
    PaymentSigner signer =
        PaymentSigner.of(
            wallet,
            List.of(SpendingPolicy.empty().maxTotal("$1").approvalAlways(payment -> false)));
    assertThat(pay(signer, 1))
        .isInstanceOfSatisfying(
            PaymentDecision.Declined.class,
            reason -> assertThat(reason.text()).startsWith("declined by rule approval: asked $0"));
    assertThat(keys.signatures()).isZero();
    assertThat(wallet.status().spent()).isEqualTo(Dollars.ZERO);
  }

  @Test
  void saysOfARevokedWalletThatItIsRevoked() throws Exception {
    wallet.revoke();
    assertThat(pay(PaymentSigner.of(wallet, List.of()), 1))
        .isInstanceOfSatisfying(
            PaymentDecision.Declined.class,
            reason ->
                assertThat(reason.text())
                    .startsWith("declined: the wallet is revoked ($0.000001")
                    .endsWith(" asked)"));
  }

  @Test
  void reservesNothingForACallerWhoHasCancelled() throws Exception {
    PaymentSigner signer = PaymentSigner.of(wallet, List.of());
    Offer offer = Purse.offer(USDC, SELLER, 1);
    assertThatThrownBy(
            () -> signer.pay(new RequestToPay("r", "GET", SHOP, null), List.of(offer), () -> true))
        .isInstanceOf(CancellationException.class);
    assertThat(keys.signatures()).isZero();
    assertThat(events()).containsExactly(JournalEntry.Event.PROVISIONED);
  }

  @Test
  void recordsOutcomesOnly() throws Exception {
    PaymentSigner signer = PaymentSigner.of(wallet, List.of());
    PaymentDecision.Signed payment = (PaymentDecision.Signed) pay(signer, 1);
    assertThatThrownBy(() -> signer.record(payment, JournalEntry.Event.REVOKED, Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    signer.record(payment, JournalEntry.Event.SETTLED, Map.of("reason", "test"));
    signer.record(payment, JournalEntry.Event.RETURNED, Map.of("reason", "too late"));
    assertThat(events()).endsWith(JournalEntry.Event.SIGNED, JournalEntry.Event.SETTLED);
    assertThat(wallet.status().spent()).hasToString("$0.000001");
  }

  @Test
  void showsNoSignature() throws Exception {
    PaymentDecision.Signed payment =
        (PaymentDecision.Signed) pay(PaymentSigner.of(wallet, List.of()), 1);
    assertThat(payment).asString().contains(payment.nonce());
    assertThat(payment.toString()).doesNotContain(payment.payload().signature());
  }

  private PaymentDecision pay(PaymentSigner signer, long atomicUnits) throws IOException {
    return signer.pay(
        new RequestToPay(signer.newRequestId(), "GET", SHOP, null),
        List.of(Purse.offer(USDC, SELLER, atomicUnits)),
        () -> false);
  }

  private List<JournalEntry.Event> events() throws IOException {
    return journal.entries().stream().map(JournalEntry::event).toList();
  }
}
