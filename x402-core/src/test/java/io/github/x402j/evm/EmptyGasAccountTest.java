// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentRequired;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A seller whose gas accounts cannot pay. */
class EmptyGasAccountTest {
  private static final BigInteger GWEI = BigInteger.valueOf(1_000_000_000L);

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final TestWallet gas = TestWallet.random();
  private final EvmFacilitator facilitator =
      EvmFacilitator.builder(shop.network(), shop.rpc, EvmSigner.ofPrivateKey(gas.privateKey()))
          .clock(shop.clock)
          .build();
  private final PaymentGate gate =
      PaymentGate.builder().facilitator(facilitator).clock(shop.clock).build();
  private final Challenge challenge =
      gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(shop.offer)));

  @AfterEach
  void close() {
    shop.close();
  }

  private static int status(Admission admission) {
    return admission instanceof Admission.Refused refused ? refused.refusal().status() : 200;
  }

  private Admission ask(Function<String, List<String>> headers) {
    return gate.admit(challenge, Sale.purchase(Sale.REQUEST), headers);
  }

  private Admission pay() {
    return ask(Sale.headers(shop.payment(facilitator, shop.payer(Shop.PRICE)).payload()));
  }

  private static String logged(Runnable action) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static long warnings(String log) {
    return log.lines().filter(line -> line.contains("WARN") && line.contains("gas key")).count();
  }

  @Test
  void answers503BeforeTheHandlerRunsAndRecoversWhenItIsFunded() {
    String log =
        logged(
            () -> {
              gate.start(List.of(shop.offer));
              for (int i = 0; i < 20; i++) {
                assertThat(status(pay())).as("with a payment").isEqualTo(503);
                assertThat(status(ask(name -> List.of()))).as("without one").isEqualTo(503);
              }
            });
    assertThat(warnings(log)).as(log).isEqualTo(1);
    assertThat(log).contains(gas.address());
    assertThat(gate.outages()).hasSize(1).first().asString().contains(gas.address());

    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    chain.advanceTime(Duration.ofSeconds(3));

    assertThat(status(ask(name -> List.of()))).isEqualTo(402);
    Admission admission = pay();
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    assertThat(gate.settle(((Admission.Admitted) admission).payment()))
        .isInstanceOf(Settlement.Settled.class);
    assertThat(gate.outages()).isEmpty();
  }

  /** Also what would pay at a tenth of the present price. */
  @Test
  void isEmptyWhenItCannotPayForOneSettlement() {
    chain.fund(gas.address(), GWEI.multiply(BigInteger.valueOf(200_000)));
    gate.start(List.of(shop.offer));
    assertThat(pay()).isInstanceOf(Admission.Admitted.class);

    chain.gasPrice(GWEI.multiply(BigInteger.TEN));
    chain.advanceTime(Duration.ofSeconds(11));
    assertThat(status(pay())).isEqualTo(503);

    chain.gasPrice(GWEI);
    chain.advanceTime(Duration.ofSeconds(3));
    assertThat(pay()).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void asksOnceInTenSecondsWhateverComes() {
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    gate.start(List.of(shop.offer));
    long asked = chain.requests("eth_getBalance");
    for (int i = 0; i < 20; i++) {
      assertThat(pay()).isInstanceOf(Admission.Admitted.class);
    }
    assertThat(chain.requests("eth_getBalance")).isLessThanOrEqualTo(asked + 1);
  }

  @Test
  void oneOfTwoIsEnough() throws Exception {
    TestWallet full = TestWallet.random();
    chain.fund(full.address(), BigInteger.TEN.pow(18));
    EvmFacilitator two =
        EvmFacilitator.builder(shop.network(), shop.rpc, EvmSigner.ofPrivateKey(gas.privateKey()))
            .gasKey(EvmSigner.ofPrivateKey(full.privateKey()))
            .clock(shop.clock)
            .build();
    String log = logged(() -> two.start(List.of(shop.offer)));
    assertThat(log).contains(gas.address()).doesNotContain(full.address());
    assertThat(two.outage()).isEmpty();
    for (int i = 0; i < 4; i++) {
      assertThat(two.settle(shop.payment(two, shop.payer(Shop.PRICE)), hash -> {}))
          .isInstanceOf(Settlement.Settled.class);
    }
    assertThat(chain.nonce(full.address())).isEqualTo(4);
  }

  @Test
  void theHealthOfAFacilitatorServiceTellsIt() {
    FacilitatorService service =
        FacilitatorService.builder()
            .facilitator(facilitator)
            .token(shop.token)
            .clock(shop.clock)
            .build();
    service.start();
    assertThat(service.health().status()).isEqualTo(503);
    assertThat(service.health().json()).contains("down").contains(gas.address());

    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    chain.advanceTime(Duration.ofSeconds(3));
    assertThat(service.health().status()).isEqualTo(200);
    assertThat(service.health().json().toLowerCase(Locale.ROOT)).contains("up");
  }

  @Test
  void gasThatCostsTooMuchIsRefusedBeforeTheHandlerToo() throws Exception {
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    EvmFacilitator thrifty =
        EvmFacilitator.builder(shop.network(), shop.rpc, EvmSigner.ofPrivateKey(gas.privateKey()))
            .clock(shop.clock)
            .feeCeiling(GWEI)
            .build();
    PaymentGate cheap = PaymentGate.builder().facilitator(thrifty).clock(shop.clock).build();
    chain.gasPrice(GWEI.add(BigInteger.ONE));
    cheap.start(List.of(shop.offer));
    for (int i = 0; i < 10; i++) {
      assertThat(
              status(
                  cheap.admit(
                      challenge,
                      Sale.purchase(Sale.REQUEST),
                      Sale.headers(shop.payment(thrifty, shop.payer(Shop.PRICE)).payload()))))
          .isEqualTo(503);
    }
    assertThat(cheap.outages()).as("dearer things can be sold").isEmpty();

    chain.gasPrice(GWEI);
    chain.advanceTime(Duration.ofSeconds(3));
    assertThat(
            cheap.admit(
                challenge,
                Sale.purchase(Sale.REQUEST),
                Sale.headers(shop.payment(thrifty, shop.payer(Shop.PRICE)).payload())))
        .isInstanceOf(Admission.Admitted.class);
  }
}
