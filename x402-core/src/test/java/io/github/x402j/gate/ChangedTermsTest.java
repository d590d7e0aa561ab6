// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.TransferAuthorization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A seller changes what it asks for between a payment and its retry. What was admitted is
 * delivered, once; what was not is compared with the terms of today. Terms and signatures are
 * checked for real.
 */
class ChangedTermsTest {
  private static final String TX = "0x" + "cd".repeat(32);
  private static final Address OTHER = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");
  private static final Settlement SETTLED =
      new Settlement.Settled(TX, Sale.PAYER.address(), Sale.OFFER.amount());

  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100, Sale.CLOCK);
  private final Node node = new Node();

  /** Checks for real; of the chain it knows what a test wants. */
  private static final class Node implements Facilitator {
    private final Facilitator local =
        EvmFacilitator.builder(Sale.OFFER.network(), Untouchable.of(Chain.class), Sale.PAYER)
            .clock(Sale.CLOCK)
            .build();
    private Settlement settlement = SETTLED;
    private int settlements;

    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return local.supports(scheme, network);
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return local.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) {
      return new Verification.Valid(payment);
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
      settlements++;
      beforeBroadcast.sending(TX);
      return settlement;
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions) {
      return SETTLED;
    }
  }

  private static PaymentRequirements offer(Token token, long amount, Address payTo, int seconds) {
    return PaymentRequirements.exact(
        token, TokenAmount.of(amount), payTo, Duration.ofSeconds(seconds));
  }

  /** What a seller can change; in version 1 a payment does not say which token it was made in. */
  static Stream<Arguments> changes() {
    Token usdc = Usdc.BASE_SEPOLIA;
    Token elsewhere = new Token(usdc.network(), OTHER, 6, "Other", "1");
    Map<String, List<PaymentRequirements>> after =
        Map.of(
            "dearer", List.of(offer(usdc, 500_000, Sale.PAY_TO, 60)),
            "cheaper", List.of(offer(usdc, 1, Sale.PAY_TO, 60)),
            "another recipient", List.of(offer(usdc, 10_000, OTHER, 60)),
            "a shorter window", List.of(offer(usdc, 10_000, Sale.PAY_TO, 5)),
            "everything", List.of(offer(usdc, 77, OTHER, 3)),
            "a token before it", List.of(offer(elsewhere, 9, OTHER, 60), Sale.OFFER),
            "another token", List.of(offer(elsewhere, 10_000, Sale.PAY_TO, 60)),
            "another network", List.of(offer(Usdc.BASE, 10_000, Sale.PAY_TO, 60)));
    List<Arguments> table = new ArrayList<>();
    for (String before : List.of("pending", "failed after the settlement", "broken off")) {
      after.forEach(
          (change, offers) -> {
            table.add(Arguments.of(change, before, 2, offers));
            if (!change.equals("another token") && !change.equals("another network")) {
              table.add(Arguments.of(change, before, 1, offers));
            }
          });
    }
    return table.stream();
  }

  /** A gate that was just started: what is left of the one before is the ledger. */
  private MemoryTransport sell(
      List<PaymentRequirements> offers, PaymentPayload payload, MemoryTransport transport) {
    return sell(offers, payload, transport, Sale.purchase(Sale.REQUEST).withFixedPrice());
  }

  private MemoryTransport sell(
      List<PaymentRequirements> offers,
      PaymentPayload payload,
      MemoryTransport transport,
      Purchase purchase) {
    PaymentGate gate =
        PaymentGate.builder().ledger(ledger).facilitator(node).clock(Sale.CLOCK).build();
    gate.sell(
        gate.challenge(
            PaymentRequired.of(ResourceInfo.of(Sale.URL), offers).withFlow(PaymentFlow.UPFRONT)),
        purchase,
        Sale.headers(Offers.in(PaymentFlow.UPFRONT, payload)),
        transport);
    return transport;
  }

  private static MemoryTransport handler() {
    return MemoryTransport.running(() -> true);
  }

  private void begin(String before, PaymentPayload payload) {
    if (before.equals("pending")) {
      node.settlement = new Settlement.Pending(TX);
      assertThat(sell(List.of(Sale.OFFER), payload, handler()).calls).containsExactly("refuse 503");
    } else if (before.equals("broken off")) {
      sell(List.of(Sale.OFFER), payload, MemoryTransport.running(null)).later.brokeOff();
    } else {
      sell(List.of(Sale.OFFER), payload, MemoryTransport.running(() -> false));
    }
  }

  private static PaymentPayload payment(int version) {
    return version == 1 ? Sale.v1(1) : Sale.v2(1);
  }

  @ParameterizedTest(name = "{0}, {1}, version {2}")
  @MethodSource("changes")
  void whatWasAdmittedIsDeliveredOnce(
      String change, String before, int version, List<PaymentRequirements> offers) {
    begin(before, payment(version));
    assertThat(sell(offers, payment(version), handler()).calls).containsExactly("headers", "run");
    assertThat(sell(offers, payment(version), handler()).calls).containsExactly("refuse 402");
    assertThat(node.settlements).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0}, {1}, version {2}")
  @MethodSource("changes")
  void whatWasNotAdmittedIsComparedWithTheTermsOfToday(
      String change, String before, int version, List<PaymentRequirements> offers) {
    if (offers.contains(Sale.OFFER)) {
      return;
    }
    assertThat(sell(offers, payment(version), handler()).calls).containsExactly("refuse 402");
    assertThat(node.settlements).isZero();
    assertThat(ledger.size()).isZero();
  }

  @ParameterizedTest(name = "{0}, {1}, version {2}")
  @MethodSource("changes")
  void whatWasAdmittedIsDeliveredForItsOwnRequestOnly(
      String change, String before, int version, List<PaymentRequirements> offers) {
    begin(before, payment(version));
    Purchase other = Sale.purchase("GET /other").withFixedPrice();
    assertThat(sell(offers, payment(version), handler(), other).calls)
        .containsExactly("refuse 402");
    assertThat(node.settlements).isEqualTo(1);
  }

  /** A nonce that is known is no admission: what was signed is. */
  @ParameterizedTest(name = "{0}, {1}, version {2}")
  @MethodSource("changes")
  void anotherAuthorizationWithTheNonceIsNotAdmitted(
      String change, String before, int version, List<PaymentRequirements> offers) {
    begin(before, payment(version));
    PaymentRequirements cheap = offer(Usdc.BASE_SEPOLIA, 1, Sale.PAY_TO, 60);
    Map<String, Object> signed =
        Sale.signed(
            TransferAuthorization.between(
                Sale.PAYER.address(),
                Sale.PAY_TO,
                cheap.amount(),
                Sale.NOW.minusSeconds(60),
                Sale.NOW.plusSeconds(60),
                Sale.nonce(1)));
    PaymentPayload other =
        version == 1
            ? PaymentPayload.v1("exact", cheap.network(), signed)
            : PaymentPayload.v2(cheap, signed);
    assertThat(sell(offers, other, handler()).calls).containsExactly("refuse 402");
    assertThat(node.settlements).isEqualTo(1);
  }

  /**
   * Where the price depends on more than the name of the request, it may be another request: it is
   * worth no more than was paid, or it gets nothing, and is not asked for another payment either.
   */
  @ParameterizedTest
  @CsvSource({"10000, true", "9999, true", "1, true", "10001, false", "5000000, false"})
  void aPriceThatDependsOnTheRequestIsCompared(long price, boolean delivered) {
    begin("failed after the settlement", Sale.v2(1));
    Purchase perRequest = Sale.purchase(Sale.REQUEST);
    List<PaymentRequirements> offers = List.of(offer(Usdc.BASE_SEPOLIA, price, OTHER, 60));
    assertThat(sell(offers, Sale.v2(1), handler(), perRequest).calls)
        .containsExactly(delivered ? new String[] {"headers", "run"} : new String[] {"refuse 503"});
    if (delivered) {
      List<PaymentRequirements> dearer = List.of(offer(Usdc.BASE_SEPOLIA, 20_000, OTHER, 60));
      assertThat(sell(dearer, Sale.v2(1), handler(), perRequest).calls)
          .containsExactly("refuse 402");
    }
    assertThat(node.settlements).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"extra\":{\"name\":\"USDC\",\"version\":\"2\",|\"extra\":{",
        "\"name\":\"USDC\"|\"name\":\"\"",
        "\"name\":\"USDC\"|\"name\":7",
        "\"asset\":\"0x036CbD53842c5426634e7929541eC2318f3dCF7e\""
            + "|\"asset\":\"0x0000000000000000000000000000000000000000\"",
        "eip155:84532|eip155:1",
        "\"scheme\":\"exact\"|\"scheme\":\"upto\"",
        "\"maxTimeoutSeconds\":60|\"maxTimeoutSeconds\":3600"
      })
  void termsThatNobodyOfferedAreRefused(String offered, String accepted) {
    begin("pending", Sale.v2(1));
    String json = PaymentCodec.payloadJson(Offers.in(PaymentFlow.UPFRONT, Sale.v2(1)));
    assertThat(json).contains(offered);
    String header = Base64.getEncoder().encodeToString(json.replace(offered, accepted).getBytes());
    PaymentGate gate =
        PaymentGate.builder().ledger(ledger).facilitator(node).clock(Sale.CLOCK).build();
    MemoryTransport transport = handler();
    gate.sell(
        gate.challenge(Sale.REQUIRED.withFlow(PaymentFlow.UPFRONT)),
        Sale.purchase(Sale.REQUEST).withFixedPrice(),
        Sale.headers("PAYMENT-SIGNATURE", header),
        transport);
    // The window is not signed: with another one it is the same authorization.
    assertThat(transport.calls)
        .containsExactly(
            accepted.contains("3600")
                ? new String[] {"headers", "run"}
                : new String[] {"refuse 402"});
  }

  @Test
  void anUnsignedPaymentFindsNothingOfTheLedger() {
    begin("pending", Sale.v2(1));
    PaymentPayload real = Sale.v2(1);
    PaymentPayload forged =
        real.withPayload(
            Map.of(
                "authorization",
                real.payload().get("authorization"),
                "signature",
                "0x" + "11".repeat(65)));
    List<PaymentRequirements> offers = List.of(offer(Usdc.BASE_SEPOLIA, 5, Sale.PAY_TO, 60));
    assertThat(sell(offers, forged, handler()).calls).containsExactly("refuse 402");
  }
}
