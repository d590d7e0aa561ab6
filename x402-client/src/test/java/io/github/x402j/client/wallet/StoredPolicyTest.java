// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static io.github.x402j.client.Asking.NOW;
import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.USDC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Usdc;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.Purse;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The policy of a wallet is kept with it: each process that opens the wallet applies it. */
class StoredPolicyTest {
  private static final SpendingPolicy LIMITED = SpendingPolicy.empty().maxPerPayment("$0.05");

  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final MemoryJournal storage = new MemoryJournal();
  private SpendJournal journal;

  @BeforeEach
  void open() throws Exception {
    journal = SpendJournal.on(storage);
  }

  static Stream<Arguments> rules() {
    return Stream.of(
        Arguments.of("maxPerPayment", LIMITED.and(SpendingPolicy.empty().maxPerPayment("$0.01"))),
        Arguments.of("maxPerHost", LIMITED.maxPerHost("$0.015")),
        Arguments.of("maxPerHour", LIMITED.maxPerHour("$0.015")),
        Arguments.of("maxPerDay", LIMITED.maxPerDay("$0.015")),
        Arguments.of("maxTotal", LIMITED.maxTotal("$0.015")),
        Arguments.of("hosts", LIMITED.hosts("other.example")),
        Arguments.of("methods", LIMITED.methods("POST")),
        Arguments.of("recipients", LIMITED.recipients(Address.parse("0x" + "22".repeat(20)))),
        Arguments.of("networks", LIMITED.networks(Network.BASE)),
        Arguments.of("tokens", LIMITED.tokens(Usdc.BASE)),
        Arguments.of("rate", LIMITED.rate(1, Duration.ofHours(1))),
        Arguments.of("approval", LIMITED.approvalAlways(Duration.ofHours(1))),
        Arguments.of("policy", SpendingPolicy.empty()));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void everyRuleAppliesInAProcessThatOnlyOpensTheWallet(String rule, SpendingPolicy policy)
      throws Exception {
    provision(policy);
    AgentWallet opened = AgentWallet.open("scout", SIGNER, SpendJournal.on(storage));
    Purse purse = new Purse(opened, clock);
    assertThatThrownBy(
            () -> {
              purse.pay(10_000);
              purse.pay(10_001);
            })
        .isInstanceOfSatisfying(
            PaymentDeclinedException.class,
            declined -> assertThat(declined.rule()).isEqualTo(rule));
  }

  @Test
  void aChangeAppliesAtOnceAndHasAVersionAndAnAuthor() throws Exception {
    AgentWallet wallet = provision(LIMITED);
    Purse purse = new Purse(wallet, clock);
    purse.pay(10_000);
    assertThat(wallet.status().policyVersion()).isEqualTo(1);
    SpendingPolicy strict = SpendingPolicy.empty().maxPerPayment("$0.001");
    SpendJournal.on(storage).setPolicy("scout", strict, "alice", NOW);
    assertThatThrownBy(() -> purse.pay(10_000)).isInstanceOf(PaymentDeclinedException.class);
    assertThat(wallet.status().policyVersion()).isEqualTo(2);
    assertThat(wallet.status().policy()).contains("maxPerPayment $0.001");
    assertThat(journal.entries())
        .filteredOn(entry -> entry.event() == JournalEntry.Event.PROVISIONED)
        .extracting(
            entry -> entry.detail("policyVersion").orElse(""),
            entry -> entry.detail("policy").orElse(""),
            entry -> entry.detail("by").orElse(""))
        .containsExactly(
            tuple("1", "maxPerPayment $0.05", ""), tuple("2", "maxPerPayment $0.001", "alice"));
    assertThat(wallet.status().limit()).isPresent();
  }

  @Test
  void newTermsWithoutAPolicyKeepTheOneThatThereIs() throws Exception {
    provision(LIMITED);
    AgentWallet again = provision(null);
    assertThat(again.status().policy()).contains("maxPerPayment $0.05");
    assertThat(again.status().policyVersion()).isEqualTo(1);
    assertThat(provision(LIMITED).status().policyVersion()).isEqualTo(1);
    assertThatThrownBy(
            () ->
                new Purse(again, clock)
                    .pay("https://shop.example/a", "GET", Purse.offer(USDC, SELLER, 50_001)))
        .isInstanceOf(PaymentDeclinedException.class);
  }

  private AgentWallet provision(SpendingPolicy policy) {
    AgentWallet.Builder wallet =
        AgentWallet.provision("scout", SIGNER, journal)
            .limit("$10", BillingPeriod.EVER)
            .allowedDomains("shop.example")
            .clock(clock);
    return policy == null ? wallet.create() : wallet.policy(policy).create();
  }
}
