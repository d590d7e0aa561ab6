// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.UnreachableException;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node that is away at the start, or later, and comes back. */
class NodeAwayTest {
  private static final Duration A_WHILE = Duration.ofSeconds(6);

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final NodeInFront node = NodeInFront.of(chain.rpcUrl()).away(true);

  @AfterEach
  void close() {
    node.close();
    shop.close();
  }

  /** With and without the network in the configuration. */
  private EvmFacilitator facilitator(boolean named) {
    Web3jChain port = Web3jChain.at(node.url(), Duration.ofSeconds(5));
    return (named
            ? EvmFacilitator.builder(shop.network(), port, shop.gasKey())
            : EvmFacilitator.builder(port, shop.gasKey()))
        .clock(shop.clock)
        .build();
  }

  private PaymentGate gate(EvmFacilitator facilitator) {
    return PaymentGate.builder()
        .facilitator(facilitator)
        .clock(shop.clock)
        .startWithoutNode()
        .build();
  }

  private int status(PaymentGate gate, Function<String, List<String>> headers) {
    Challenge challenge =
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer)));
    return gate.admit(challenge, Sale.purchase(Sale.REQUEST), headers)
            instanceof Admission.Refused refused
        ? refused.refusal().status()
        : 200;
  }

  private Function<String, List<String>> payment() {
    EvmFacilitator own = shop.builder().build(); // only to sign and encode
    SignedPayment payment = shop.payment(own, shop.payer(Shop.PRICE));
    return Sale.headers(payment.payload());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void failsTheStartUnlessConfigured(boolean named) {
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator(named)).build();
    assertThatThrownBy(() -> gate.start(List.of(shop.offer)))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("RPC URL");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ifConfiguredPricedRoutesAnswer503UntilItComesBack(boolean named) {
    PaymentGate gate = gate(facilitator(named));
    gate.start(List.of(shop.offer));

    assertThat(status(gate, name -> List.of())).isEqualTo(503);
    assertThat(status(gate, payment())).isEqualTo(503);
    assertThat(gate.outages()).hasSize(1).first().asString().contains("not started");
    chain.advanceTime(A_WHILE);
    assertThat(status(gate, payment())).as("still away").isEqualTo(503);

    node.away(false);
    assertThat(status(gate, payment())).as("it is not asked all the time").isEqualTo(503);
    chain.advanceTime(A_WHILE);
    assertThat(status(gate, name -> List.of())).isEqualTo(402);
    assertThat(status(gate, payment())).isEqualTo(200);
    assertThat(gate.outages()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aNodeOfAnotherChainThatComesBackStaysClosed(boolean named) {
    PaymentGate gate = gate(facilitator(named));
    gate.start(List.of(shop.offer));
    node.chainId("0x1").away(false);
    for (int i = 0; i < 3; i++) {
      chain.advanceTime(A_WHILE);
      assertThat(status(gate, name -> List.of())).isEqualTo(503);
      assertThat(status(gate, payment())).isEqualTo(503);
      assertThat(gate.outages()).hasSize(1).first().asString().contains("eip155:1");
    }
    node.chainId("");
    chain.advanceTime(A_WHILE);
    assertThat(status(gate, payment())).as("the right one is taken").isEqualTo(200);
  }

  @Test
  void theChecksOfTheStartAreMadeBeforeAnythingIsSold() {
    Token wrong = new Token(shop.network(), shop.token.contract(), 6, "USD Coin", "2");
    PaymentRequirements offer = shop.offering(wrong).get(0);
    PaymentGate gate = gate(facilitator(true));
    gate.start(List.of(offer));
    node.away(false);
    chain.advanceTime(A_WHILE);

    Challenge challenge =
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(offer)));
    assertThat(gate.admit(challenge, Sale.purchase(Sale.REQUEST), name -> List.of()))
        .isInstanceOfSatisfying(
            Admission.Refused.class,
            refused -> assertThat(refused.refusal().status()).isEqualTo(503));
    assertThat(gate.outages()).hasSize(1).first().asString().contains("domain separator");
  }

  @Test
  void aWrongConfigurationFailsTheStartInAnyCase() {
    node.chainId("0x1").away(false);
    PaymentGate gate = gate(facilitator(true));
    assertThatIllegalStateException()
        .isThrownBy(() -> gate.start(List.of(shop.offer)))
        .isNotInstanceOf(UnreachableException.class)
        .withMessageContaining("eip155:1");
  }

  @Test
  void aNodeThatGoesAwayLaterIsPickedUpWhenItComesBack() {
    node.away(false);
    PaymentGate gate = gate(facilitator(true));
    gate.start(List.of(shop.offer));
    assertThat(status(gate, payment())).isEqualTo(200);
    node.away(true);
    for (int i = 0; i < 6; i++) {
      assertThat(status(gate, payment())).isEqualTo(503);
    }
    node.away(false);
    chain.advanceTime(A_WHILE);
    assertThat(status(gate, payment())).isEqualTo(200);
  }

  @Test
  void theHealthOfAFacilitatorServiceTellsIt() {
    FacilitatorService service =
        FacilitatorService.builder()
            .facilitator(facilitator(true))
            .token(shop.token)
            .clock(shop.clock)
            .startWithoutNode()
            .build();
    service.start();
    assertThat(service.health().status()).isEqualTo(503);
    assertThat(service.health().json()).contains("not started").doesNotContain("127.0.0.1");

    node.away(false);
    chain.advanceTime(A_WHILE);
    assertThat(service.health().status()).isEqualTo(200);
  }
}
