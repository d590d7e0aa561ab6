// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.TX;
import static io.github.x402j.facilitator.HttpFacilitatorTest.checked;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.gate.Sale;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose success a facilitator's success is: as far as it says, it must be this payment's. */
class RemoteSettlementTest {
  private static final String OTHER_ADDRESS = "0x1212121212121212121212121212121212121212";
  private static final String OTHER_DIGEST =
      "0x3434343434343434343434343434343434343434343434343434343434343434";

  private static final String NONCE_USED = ErrorReason.NONCE_ALREADY_USED.wireCode();
  private static final String REPEATED = ",\"repeated\":true";

  private final HostileFacilitator remote = new HostileFacilitator();

  @AfterEach
  void close() {
    remote.close();
  }

  private static String successWith(String members) {
    return success(TX).replace("}", "," + members + "}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"amount\":\"9999\"",
        "\"asset\":\"" + OTHER_ADDRESS + "\"",
        "\"payTo\":\"" + OTHER_ADDRESS + "\"",
        "\"digest\":\"" + OTHER_DIGEST + "\"",
        "\"asset\":7",
        "\"payTo\":\"\"",
        "\"digest\":\"0x12\"",
        "\"repeated\":\"true\"",
        "\"repeated\":1"
      })
  void aSuccessThatDoesNotFitIsUnknown(String members) throws Exception {
    remote.on("/settle", json(200, successWith(members)));
    HttpFacilitator facilitator = to(remote.url()).build();
    assertThat(facilitator.settle(checked(facilitator, Sale.v2(1)), hash -> {}))
        .isInstanceOf(Settlement.Pending.class);
  }

  @Test
  void aSuccessThatSaysEverythingAndFitsIsOne() throws Exception {
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    remote.on(
        "/settle",
        json(
            200,
            successWith(
                "\"amount\":\"10000\",\"asset\":\""
                    + Sale.OFFER.asset().lowerCase()
                    + "\",\"payTo\":\""
                    + Sale.PAY_TO.lowerCase()
                    + "\",\"digest\":\""
                    + payment.digest()
                    + "\",\"repeated\":false")));
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aSuccessThatAnotherHasHadIsNotOurs(boolean idempotent) throws Exception {
    remote.on("/settle", json(200, successWith("\"repeated\":true")));
    HttpFacilitator.Builder builder = to(remote.url());
    HttpFacilitator facilitator = (idempotent ? builder.settleIsIdempotent() : builder).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    Settlement used =
        new Settlement.Failed(
            ErrorReason.NONCE_ALREADY_USED, "the facilitator has settled it for another seller");
    assertThat(facilitator.settle(payment, hash -> {})).isEqualTo(used);
    assertThat(facilitator.outcome(payment, List.of(TX))).isEqualTo(used);
  }

  /** What a facilitator answers last of a payment, and what it has told before. */
  enum Said {
    NOTHING(HostileFacilitator.hangUp(), List.of(), Settlement.Pending.class),
    NOTHING_AFTER_A_TRANSACTION(HostileFacilitator.hangUp(), List.of(TX), Settlement.Settled.class),
    PENDING(json(200, failure("settlement_pending", "")), List.of(), Settlement.Pending.class),
    USED(json(200, failure(NONCE_USED, "")), List.of(), Settlement.Settled.class),
    USED_AND_KEPT_FOR_ANOTHER(
        json(200, failure(NONCE_USED, REPEATED)), List.of(), Settlement.Failed.class),
    REVERTED_FOR_ANOTHER(
        json(200, failure("invalid_transaction_state", REPEATED)),
        List.of(),
        Settlement.Failed.class),
    SETTLED(json(200, success(TX)), List.of(), Settlement.Settled.class),
    SETTLED_FOR_ANOTHER(
        json(200, success(TX).replace("}", REPEATED + "}")), List.of(), Settlement.Failed.class);

    private final HostileFacilitator.Script reply;
    private final List<String> told;
    private final Class<? extends Settlement> outcome;

    Said(HostileFacilitator.Script reply, List<String> told, Class<? extends Settlement> outcome) {
      this.reply = reply;
      this.told = told;
      this.outcome = outcome;
    }

    private static String failure(String reason, String members) {
      return "{\"success\":false,\"errorReason\":\"" + reason + "\"" + members + "}";
    }
  }

  /** The chain shows all sellers the same transfer, and a stranger's belongs to one of them. */
  @ParameterizedTest
  @EnumSource
  void theFacilitatorSaysWhoseTheTransferOfAStrangerIs(Said said) throws Exception {
    HttpFacilitator facilitator =
        HttpFacilitator.builder(remote.url(), FailureReasonsTest.OnChain.PAID_US)
            .settleIsIdempotent()
            .clock(Sale.CLOCK)
            .build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    remote.on("/settle", said.reply);
    assertThat(facilitator.outcome(payment, said.told)).isInstanceOf(said.outcome);
    if (said.told.isEmpty()) {
      SignedPayment another = checked(facilitator, Sale.v2(2));
      assertThat(facilitator.settle(another, hash -> {})).isInstanceOf(said.outcome);
    }
  }

  @Test
  void namesItsClaimantEachTimeAndOnlyInSettlements() throws Exception {
    remote
        .on("/verify", json(200, HttpFacilitatorTest.VALID))
        .on("/settle", json(200, success(TX).replace("true", "false")));
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1)).claimedBy("us");
    facilitator.verify(payment);
    assertThat(remote.last("/verify").head()).doesNotContainIgnoringCase("Idempotency-Key");
    facilitator.settle(payment, hash -> {});
    assertThat(remote.last("/settle").head()).containsIgnoringCase("Idempotency-Key: us");
    facilitator.outcome(payment, List.of());
    assertThat(remote.last("/settle").head()).containsIgnoringCase("Idempotency-Key: us");
    facilitator.settle(checked(facilitator, Sale.v2(2)), hash -> {});
    assertThat(remote.last("/settle").head()).doesNotContainIgnoringCase("Idempotency-Key");
  }

  @Test
  void remembersNoSettlementForAnotherAuthorizationWithTheSameNonce() throws Exception {
    remote.on("/settle", json(200, success(TX)));
    HttpFacilitator facilitator = to(remote.url()).build();
    SignedPayment payment = checked(facilitator, Sale.v2(1));
    facilitator.settle(payment, hash -> {});
    remote.on("/settle", json(200, "{\"success\":false,\"errorReason\":\"settlement_pending\"}"));
    assertThat(facilitator.outcome(payment, List.of(TX))).isInstanceOf(Settlement.Settled.class);
    SignedPayment other =
        new SignedPayment(
            payment.payload(),
            payment.requirements(),
            payment.key(),
            new Bytes32(OTHER_DIGEST),
            payment.validBefore(),
            payment.signed());
    assertThat(facilitator.outcome(other, List.of(TX))).isInstanceOf(Settlement.Pending.class);
  }
}
