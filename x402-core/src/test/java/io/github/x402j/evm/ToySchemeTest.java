// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.gate.MemoryTransport;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * {@link ToyScheme} is sold without a word about it in the gate, the engine and the facilitator:
 * registering it is all.
 */
class ToySchemeTest {
  private static final EvmSchemes TOY = new EvmSchemes(List.of(new ToyScheme()));

  private static Shop shop;
  private static TestWallet secondGas;
  private static EvmFacilitator facilitator;
  private static PaymentRequirements offer;
  private static PaymentGate gate;

  @BeforeAll
  static void open() {
    shop = Shop.open();
    secondGas = TestWallet.random();
    shop.chain.fund(secondGas.address(), BigInteger.TEN.pow(18));
    offer = ToyScheme.offer(shop.offer);
    facilitator =
        shop.builder().gasKey(EvmSigner.ofPrivateKey(secondGas.privateKey())).schemes(TOY).build();
    gate = PaymentGate.builder().facilitator(facilitator).clock(shop.clock).build();
    gate.start(List.of(offer));
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  private static String order() {
    return "order " + UUID.randomUUID();
  }

  private static PaymentPayload payment(
      TestWallet payer, TestWallet signer, String nonce, String order, @Nullable Address sender) {
    TransferAuthorization usual = shop.authorization(payer.address());
    TransferAuthorization authorization =
        new TransferAuthorization(
            usual.from(),
            usual.to(),
            usual.value(),
            usual.validAfter(),
            usual.validBefore(),
            nonce);
    return PaymentPayload.v2(
        offer, ToyScheme.payload(shop.sign(authorization, signer), order, sender));
  }

  private static PaymentPayload payment(TestWallet payer) {
    String order = order();
    return payment(payer, payer, ToyScheme.nonceOf(order), order, null);
  }

  private static SignedPayment checked(PaymentPayload payload) throws Exception {
    return ((Verification.Valid) facilitator.check(payload, offer)).payment();
  }

  private static MemoryTransport ask(Function<String, List<String>> headers) {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(offer))),
        Sale.purchase(Sale.REQUEST),
        headers,
        transport);
    return transport;
  }

  private static MemoryTransport pay(PaymentPayload payload) {
    return ask(Sale.headers(payload));
  }

  @Test
  void isOfferedPaidSettledAndDelivered() throws Exception {
    MemoryTransport unpaid = ask(Sale.headers());
    assertThat(unpaid.calls).containsExactly("refuse 402");
    String descriptor = unpaid.refusal.headers().get("PAYMENT-REQUIRED");
    assertThat(new String(Base64.getDecoder().decode(descriptor), StandardCharsets.UTF_8))
        .contains("\"scheme\":\"toy\"");

    TestWallet payer = shop.payer(25_000);
    long before = shop.earned();
    MemoryTransport sold = pay(payment(payer));

    assertThat(sold.calls).containsExactly("run", "headers", "deliver");
    SettlementResponse response =
        PaymentCodec.decodeSettlement(sold.headers.get("PAYMENT-RESPONSE"));
    assertThat(response.success()).isTrue();
    assertThat(shop.earned()).isEqualTo(before + Shop.PRICE);
    assertThat(shop.balance(Address.parse(payer.address()))).isEqualTo(15_000);
  }

  @Test
  void refusesAReplay() {
    PaymentPayload payment = payment(shop.payer(25_000));
    assertThat(pay(payment).calls).containsExactly("run", "headers", "deliver");
    long earned = shop.earned();

    assertThat(pay(payment).calls).containsExactly("refuse 402");
    assertThat(shop.earned()).isEqualTo(earned);
  }

  @Test
  void refusesAReplayThatOnlyTheChainRemembers() throws Exception {
    PaymentPayload payment = payment(shop.payer(25_000));
    assertThat(pay(payment).calls).containsExactly("run", "headers", "deliver");

    assertThat(facilitator.verify(checked(payment)))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.NONCE_ALREADY_USED));
  }

  @Test
  void refusesABadSignature() {
    TestWallet payer = shop.payer(25_000);
    String order = order();
    MemoryTransport refused =
        pay(payment(payer, TestWallet.random(), ToyScheme.nonceOf(order), order, null));

    assertThat(refused.calls).containsExactly("refuse 402");
    assertThat(refused.refusal.body()).contains(ErrorReason.INVALID_SIGNATURE.wireCode());
    assertThat(shop.balance(Address.parse(payer.address()))).isEqualTo(25_000);
  }

  @Test
  void refusesWhatBreaksTheRuleOfTheScheme() {
    TestWallet payer = shop.payer(25_000);
    MemoryTransport refused = pay(payment(payer, payer, Sale.nonce(7), order(), null));

    assertThat(refused.calls).containsExactly("refuse 402");
    assertThat(refused.refusal.body()).contains(ErrorReason.INVALID_PAYLOAD.wireCode());
  }

  @Test
  void refusesWhatTheSchemeCannotRead() {
    assertThat(pay(PaymentPayload.v2(offer, Map.of("order", "1"))).calls)
        .containsExactly("refuse 400");
  }

  @Test
  void tellsThePaymentFromLikeTransfersOfThePayer() throws Exception {
    TestWallet payer = shop.payer(100_000);
    assertThat(pay(payment(payer)).calls).containsExactly("run", "headers", "deliver");
    SignedPayment payment = checked(payment(payer));
    assertThat(facilitator.outcome(payment, List.of())).isEqualTo(new Settlement.Pending(null));

    String theirs = sendBy(TestWallet.random(), payment);
    assertThat(pay(payment(payer)).calls).containsExactly("run", "headers", "deliver");

    assertThat(facilitator.outcome(payment, List.of()))
        .isEqualTo(new Settlement.Settled(theirs, payment.payer(), offer.amount()));
  }

  @Test
  void tellsItsCancellationFromAnotherOfThePayer() throws Exception {
    TestWallet payer = shop.payer(100_000);
    SignedPayment cancelled = checked(payment(payer));
    SignedPayment paid = checked(payment(payer));
    shop.usdc.cancelAuthorization(payer, cancelled.key().nonce());
    String theirs = sendBy(TestWallet.random(), paid);

    assertThat(facilitator.outcome(paid, List.of()))
        .isEqualTo(new Settlement.Settled(theirs, paid.payer(), offer.amount()));
    assertThat(facilitator.outcome(cancelled, List.of()))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.NONCE_ALREADY_USED));
  }

  @Test
  void sendsFromTheAccountThatThePayerNames() throws Exception {
    for (TestWallet gas : List.of(secondGas, secondGas, shop.gas, shop.gas)) {
      TestWallet payer = shop.payer(25_000);
      String order = order();
      SignedPayment payment =
          checked(
              payment(payer, payer, ToyScheme.nonceOf(order), order, Address.parse(gas.address())));
      assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
      Settlement settled = facilitator.settle(payment, hash -> {});

      String hash = ((Settlement.Settled) settled).transaction();
      assertThat(shop.rpc.receipt(hash).orElseThrow().sender())
          .isEqualTo(Address.parse(gas.address()));
    }
  }

  @Test
  void refusesASenderWhoseKeyIsNotHere() {
    TestWallet payer = shop.payer(25_000);
    String order = order();
    MemoryTransport refused =
        pay(
            payment(
                payer,
                payer,
                ToyScheme.nonceOf(order),
                order,
                Address.parse(TestWallet.random().address())));

    assertThat(refused.calls).containsExactly("refuse 402");
    assertThat(shop.balance(Address.parse(payer.address()))).isEqualTo(25_000);
  }

  @Test
  void isUnknownWhereItIsNotRegistered() {
    PaymentGate standard = PaymentGate.builder().facilitator(shop.builder().build()).build();
    assertThatIllegalStateException()
        .isThrownBy(() -> standard.start(List.of(offer)))
        .withMessageContaining("toy");
  }

  private static String sendBy(TestWallet stranger, SignedPayment payment) throws Exception {
    @SuppressWarnings("unchecked")
    ExactEvmPayload exact =
        ExactEvmPayload.parse((Map<String, Object>) payment.payload().payload().get("toy"));
    return ChainSale.send(shop.usdc, stranger, exact);
  }
}
