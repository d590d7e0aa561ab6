// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payer;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import io.modelcontextprotocol.spec.McpError;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an agent's client does when a server or the network fails. */
@Timeout(30)
class PaidToolClientTest {
  private static final String TRANSACTION = "0x" + "ab".repeat(32);
  private static final Address SELLER = Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c");

  private final SpendJournal journal = SpendJournal.inMemory();
  private final AgentWallet wallet =
      AgentWallet.provision(
              "agent", EvmSigner.ofPrivateKey(TestWallet.random().privateKey()), journal)
          .limit("$0.05", BillingPeriod.DAY)
          .allowedDomains("127.0.0.1")
          .create();
  private final Payer payer = Payer.of(wallet, Usdc.BASE_SEPOLIA);
  private McpStub server;
  private PaidToolClient client;

  @BeforeEach
  void open() throws Exception {
    server = McpStub.start();
    client =
        PaidToolClient.connect(server.url(), payer, Duration.ofMillis(1500), Duration.ofMillis(20));
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void sendsTheSamePaymentAgainWhenTheAnswerIsLost() throws Exception {
    server.answers(asking(), McpStub.DROPPED, McpStub.DROPPED, delivery());
    ToolAnswer answer = client.call("forecast", Map.of());
    assertThat(answer.isError()).isFalse();
    assertThat(answer.payment().orElseThrow().settled()).isTrue();
    assertThat(server.payments()).hasSize(3).allMatch(server.payments().get(0)::equals);
    assertThat(events()).containsOnlyOnce(JournalEntry.Event.SIGNED);
    assertThat(events()).endsWith(JournalEntry.Event.SETTLED);
  }

  @Test
  void sendsTheSamePaymentAgainWhenTheServerDoesNotKnowYetOrNotInTime() throws Exception {
    server.answers(asking(), pending(), McpStub.SILENCE, delivery());
    assertThat(client.call("forecast", Map.of()).isError()).isFalse();
    assertThat(server.payments()).hasSize(3).allMatch(server.payments().get(0)::equals);
    assertThat(wallet.remaining()).hasToString("$0.04");
  }

  @Test
  void anOutcomeThatStaysUnknownIsReportedAndTheSamePaymentCanBeResent() throws Exception {
    List<Map<String, Object>> answers = new ArrayList<>(List.of(asking()));
    answers.addAll(Collections.nCopies(PaidToolClient.RESEND_TIMES + 1, pending()));
    server.answers(answers.toArray(Map[]::new));
    ToolPaymentPendingException pending =
        catchThrowableOfType(
            ToolPaymentPendingException.class, () -> client.call("forecast", Map.of()));
    assertThat(pending).hasMessageContaining("do not pay again");
    assertThat(pending.toString()).doesNotContain(signature());
    assertThat(events()).endsWith(JournalEntry.Event.SIGNED, JournalEntry.Event.PENDING);
    assertThat(wallet.remaining()).hasToString("$0.04");

    server.answers(delivery());
    assertThat(client.resend(pending).isError()).isFalse();
    assertThat(server.payments()) // the last of them after the time that is for sending again
        .hasSizeBetween(6, PaidToolClient.RESEND_TIMES + 2)
        .allMatch(server.payments().get(0)::equals);
    assertThat(events()).endsWith(JournalEntry.Event.SETTLED);
  }

  /** The client of the SDK says the same when a connection broke after the payment was sent. */
  @Test
  void aPaymentThatFoundNoConnectionStaysReserved() {
    server.answers(asking());
    server.closesAfterAnswer();
    assertThatThrownBy(() -> client.call("forecast", Map.of()))
        .isInstanceOf(ToolPaymentPendingException.class);
    assertThat(events()).endsWith(JournalEntry.Event.SIGNED, JournalEntry.Event.PENDING);
    assertThat(wallet.remaining()).hasToString("$0.04");
  }

  @Test
  void aRefusalAfterALostAnswerLeavesThePaymentPending() {
    for (Map<String, Object> refusal : List.of(asking(), McpStub.JSON_RPC_ERROR)) {
      Map<String, Object> arguments = Map.of("refusal", refusal == McpStub.JSON_RPC_ERROR);
      server.answers(asking(), McpStub.DROPPED, McpStub.DROPPED, refusal);
      assertThatThrownBy(() -> client.call("forecast", arguments))
          .isInstanceOf(ToolPaymentPendingException.class);
      assertThat(events()).endsWith(JournalEntry.Event.SIGNED, JournalEntry.Event.PENDING);
      server.answers(asking());
      assertThatThrownBy(() -> client.call("forecast", arguments)) // would pay a second time
          .isInstanceOf(PaymentDeclinedException.class)
          .hasMessageContaining("unresolved");
    }
  }

  @Test
  void anErrorOfTheProtocolKeepsTheAmountAndIsTheCallers() {
    server.answers(asking(), McpStub.JSON_RPC_ERROR);
    assertThatThrownBy(() -> client.call("forecast", Map.of())).isInstanceOf(McpError.class);
    assertThat(server.payments()).hasSize(1);
    assertThat(events()).endsWith(JournalEntry.Event.REJECTED);
    assertThat(wallet.remaining()).hasToString("$0.04");
  }

  @Test
  void aDeliveryWithoutASettlementIsNotTakenForPaid() throws Exception {
    server.answers(asking(), Map.of("content", List.of(content("sun"))));
    assertThat(client.call("forecast", Map.of()).payment().orElseThrow().settled()).isFalse();
    assertThat(events()).endsWith(JournalEntry.Event.UNCONFIRMED);
  }

  @Test
  void paysOnceThoughTheServerAsksAgainAndAgain() throws Exception {
    server.answers(asking(), asking());
    assertThat(client.call("forecast", Map.of()).isError()).isTrue();
    assertThat(server.payments()).hasSize(1);
    assertThat(events()).endsWith(JournalEntry.Event.REJECTED);
  }

  @Test
  void readsTheDescriptorFromTheTextWhereThereIsNoStructuredContent() throws Exception {
    server.answers(
        Map.of("isError", true, "content", List.of(content(descriptor("mcp://tool/forecast")))),
        delivery());
    assertThat(client.call("forecast", Map.of()).isError()).isFalse();
  }

  @Test
  void aResultThatIsNoErrorAsksForNothing() throws Exception {
    Map<String, Object> answer = new HashMap<>(asking());
    answer.remove("isError");
    server.answers(answer);
    assertThat(client.call("forecast", Map.of()).payment()).isEmpty();
    assertThat(events()).doesNotContain(JournalEntry.Event.SIGNED);
  }

  @Test
  void anErrorOfTheToolsAsksForNothing() throws Exception {
    server.answers(Map.of("isError", true, "content", List.of(content("no such city"))));
    assertThat(client.call("forecast", Map.of()).payment()).isEmpty();
    assertThat(events()).doesNotContain(JournalEntry.Event.SIGNED);
  }

  @Test
  void aDescriptorOfAnotherToolOrSiteIsNotPaid() {
    for (String other : List.of("mcp://tool/other", "https://example.com/", "x402://forecast")) {
      server.answers(asking(other));
      PaymentDeclinedException declined =
          catchThrowableOfType(
              PaymentDeclinedException.class, () -> client.call("forecast", Map.of()));
      assertThat(declined.rule()).isEqualTo("resource");
    }
    assertThat(server.payments()).isEmpty();
  }

  @Test
  void aPaymentDoesNotFollowARedirect() throws Exception {
    try (McpStub other = McpStub.start()) {
      other.answers(delivery());
      server.answers(asking());
      server.redirectsPaymentsTo(other.url());
      assertThatThrownBy(() -> client.call("forecast", Map.of()))
          .isInstanceOf(ToolPaymentPendingException.class);
      assertThat(other.payments()).isEmpty();
    }
  }

  private String signature() {
    return String.valueOf(
        ((Map<?, ?>) ((Map<?, ?>) server.payments().get(0)).get("payload")).get("signature"));
  }

  private List<JournalEntry.Event> events() {
    try {
      return journal.entries().stream().map(JournalEntry::event).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, Object> asking() {
    return asking("mcp://tool/forecast");
  }

  private static Map<String, Object> asking(String resource) {
    String descriptor = descriptor(resource);
    return Map.of(
        "isError",
        true,
        "content",
        List.of(content(descriptor)),
        "structuredContent",
        McpJson.object(descriptor).orElseThrow());
  }

  private static String descriptor(String resource) {
    PaymentRequirements option =
        PaymentRequirements.exact(
            Usdc.BASE_SEPOLIA, TokenAmount.of(10_000), SELLER, Duration.ofSeconds(60));
    return PaymentMeta.textOf(PaymentRequired.of(ResourceInfo.of(resource), List.of(option)));
  }

  private static Map<String, Object> delivery() {
    return Map.of(
        "content",
        List.of(content("sun")),
        "_meta",
        Map.of(
            "x402/payment-response",
            Map.of("success", true, "transaction", TRANSACTION, "network", "eip155:84532")));
  }

  private static Map<String, Object> pending() {
    return Map.of(
        "isError",
        true,
        "content",
        List.of(content("later")),
        "_meta",
        Map.of(
            "x402/payment-response",
            Map.of(
                "success",
                false,
                "transaction",
                TRANSACTION,
                "network",
                "eip155:84532",
                "errorReason",
                "settlement_pending")));
  }

  private static Map<String, Object> content(String text) {
    return Map.of("type", "text", "text", text);
  }
}
