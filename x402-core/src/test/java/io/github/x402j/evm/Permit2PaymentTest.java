// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorMessages;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.MemoryTransport;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestToken;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Any ERC-20 token, moved by Permit2, on a chain that runs the contracts. */
class Permit2PaymentTest {
  private static final long PRICE = 10_000;
  private static final BigInteger MUCH = BigInteger.TEN.pow(24);

  private final LocalChain chain = LocalChain.start();
  private Shop shop;
  private TestToken erc20;
  private PaymentRequirements offer;
  private EvmFacilitator facilitator;
  private TestWallet payer;
  private long nonces = System.nanoTime();

  @BeforeEach
  void open() {
    shop = Shop.on(chain);
    erc20 = chain.deployToken("Test Dai", "TDAI", 18);
    offer = offer(erc20, 18);
    facilitator = shop.builder().build();
    facilitator.start(List.of(offer.withDecimals(18)));
    payer = payer(PRICE, MUCH);
  }

  @AfterEach
  void close() {
    chain.close();
  }

  private PaymentRequirements offer(TestToken token, int decimals) {
    return PaymentRequirements.exact(
        Token.erc20(shop.network(), Address.parse(token.address()), decimals),
        TokenAmount.of(PRICE),
        shop.payTo,
        Duration.ofSeconds(60));
  }

  private TestWallet payer(long balance, BigInteger approved) {
    TestWallet wallet = TestWallet.random();
    chain.fund(wallet.address(), BigInteger.TEN.pow(18));
    erc20.mint(wallet.address(), balance);
    if (approved.signum() > 0) {
      erc20.approve(wallet, TestChain.PERMIT2, approved);
    }
    return wallet;
  }

  private Permit2Authorization authorization(TestWallet from) {
    BigInteger now = BigInteger.valueOf(shop.clock.instant().getEpochSecond());
    return new Permit2Authorization(
        Address.parse(from.address()),
        offer.asset(),
        offer.amount(),
        Permit2.EXACT_PROXY,
        BigInteger.valueOf(nonces++),
        now.add(BigInteger.valueOf(60)),
        shop.payTo,
        BigInteger.ZERO);
  }

  private Permit2Payload signed(Permit2Authorization authorization) {
    return Permit2Payload.sign(
        shop.network(), authorization, EvmSigner.ofPrivateKey(payer.privateKey()));
  }

  private Verification check(Permit2Authorization authorization) throws Exception {
    return check(signed(authorization).toMap());
  }

  private Verification check(Map<String, Object> payload) throws Exception {
    return facilitator.check(PaymentPayload.v2(offer, payload), offer);
  }

  private SignedPayment checked(Permit2Authorization authorization) throws Exception {
    return ((Verification.Valid) check(authorization)).payment();
  }

  private BigInteger earned() {
    return erc20.balanceOf(shop.payTo.text());
  }

  private static ErrorReason reason(Verification verification) {
    assertThat(verification).isInstanceOf(Verification.Invalid.class);
    return ((Verification.Invalid) verification).reason();
  }

  // ---- golden values: permit2-upto.json, exactPermit2

  private static final Permit2Authorization GOLDEN =
      new Permit2Authorization(
          Address.parse("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
          Address.parse("0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
          TokenAmount.of(10_000),
          Permit2.EXACT_PROXY,
          new BigInteger("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", 16),
          BigInteger.valueOf(1_800_000_600),
          Address.parse("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
          BigInteger.ZERO);
  private static final String GOLDEN_SIGNATURE =
      "0x79d580ab3667c6764494de4b51e5f4714013b7fcb263724f0a8f2871638cfe3a"
          + "4aff5f97752ad18e2894d8cb50f9a751bd247edf83108bd1039b0612acf938b61c";

  @Test
  void makesTheGoldenDigest() {
    byte[] separator = Permit2.domainSeparator(Network.BASE_SEPOLIA);
    assertThat(Hex.text(separator))
        .isEqualTo("0x010f27a92fb9a32622f44f001dc4d15706a85b33499cfc2ce9033113ab26592c");
    assertThat(Hex.text(Permit2.domainSeparator(Network.BASE)))
        .isEqualTo("0x3b6f35e4fce979ef8eac3bcdc8c3fc38fe7911bb0c69c8fe72bf1fd1a17e6f07");
    assertThat(Hex.text(Permit2.structHash(GOLDEN)))
        .isEqualTo("0x8507bfb7f3ecd76b4555890e77e52704a5841b67684c1f8860af956576595e00");
    byte[] digest = Eip712.digest(separator, Permit2.structHash(GOLDEN));
    assertThat(Hex.text(digest))
        .isEqualTo("0x3d65b91a5d9d9b1699e7b569345ea9e3ebc04654b9042a00923dfad55b830566");
    assertThat(SigningWallets.ofAccount(GOLDEN.from(), digest, GOLDEN_SIGNATURE)).isPresent();
  }

  @Test
  void makesTheGoldenCallData() {
    assertThat(Permit2.settle(GOLDEN, Hex.bytes(GOLDEN_SIGNATURE)))
        .isEqualTo(
            "0x13cd3b53000000000000000000000000036cbd53842c5426634e7929541ec2318f3dcf7e"
                + "0000000000000000000000000000000000000000000000000000000000002710"
                + "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
                + "000000000000000000000000000000000000000000000000000000006b49d458"
                + "0000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc"
                + "00000000000000000000000090f79bf6eb2c4f870365e785982e1f101e93b906"
                + "0000000000000000000000000000000000000000000000000000000000000000"
                + "0000000000000000000000000000000000000000000000000000000000000100"
                + "0000000000000000000000000000000000000000000000000000000000000041"
                + GOLDEN_SIGNATURE.substring(2)
                + "0".repeat(62));
  }

  // ---- sold

  @Test
  void isOfferedPaidSettledAndDelivered() {
    assertThat(offer.extra()).isEqualTo(Map.of("assetTransferMethod", "permit2"));
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator).clock(shop.clock).build();
    gate.start(List.of(offer));
    PaymentPayload payment = PaymentPayload.v2(offer, signed(authorization(payer)).toMap());

    assertThat(sell(gate, payment).calls).containsExactly("run", "headers", "deliver");
    assertThat(earned()).isEqualTo(PRICE);
    assertThat(erc20.balanceOf(payer.address())).isZero();

    assertThat(sell(gate, payment).calls).containsExactly("refuse 402");
    assertThat(earned()).isEqualTo(PRICE);
  }

  private MemoryTransport sell(PaymentGate gate, PaymentPayload payment) {
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(offer))),
        Sale.purchase(Sale.REQUEST),
        Sale.headers(payment),
        transport);
    return transport;
  }

  @Test
  void aFacilitatorSettlesItForOthers() throws Exception {
    Token token = Token.erc20(shop.network(), offer.asset(), 18);
    FacilitatorService service =
        FacilitatorService.builder()
            .facilitator(facilitator)
            .token(token)
            .clock(shop.clock)
            .build();
    service.start();
    assertThat(service.supported().json())
        .contains("\"assetTransferMethod\":\"permit2\"", "\"decimals\":18")
        .doesNotContain("\"name\":\"\"");
    String request =
        FacilitatorMessages.request(checked(authorization(payer)), ResourceInfo.of(Sale.URL));

    assertThat(service.verify(request).json()).contains("\"isValid\":true");
    assertThat(service.settle(request).json()).contains("\"success\":true");
    assertThat(earned()).isEqualTo(PRICE);
    assertThat(service.verify(request.replace("\"permit2\"", "\"eip3009\"")).json())
        .contains("\"isValid\":false", "invalid_payment_requirements");
  }

  @Test
  void deliversOnceHoweverOftenItIsSentAtATime() throws Exception {
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator).clock(shop.clock).build();
    gate.start(List.of(offer));
    erc20.mint(payer.address(), 100 * PRICE);
    PaymentPayload payment = PaymentPayload.v2(offer, signed(authorization(payer)).toMap());
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<MemoryTransport>> sales = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      sales.add(threads.submit(() -> sell(gate, payment)));
    }
    int delivered = 0;
    for (Future<MemoryTransport> sale : sales) {
      delivered += sale.get().calls.contains("deliver") ? 1 : 0;
    }
    threads.shutdown();
    assertThat(delivered).isEqualTo(1);
    assertThat(earned()).isEqualTo(PRICE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, 18})
  void paysWithAnyDecimals(int decimals) throws Exception {
    erc20 = chain.deployToken("Points", "PTS", decimals);
    offer = offer(erc20, decimals);
    facilitator.start(List.of(offer.withDecimals(decimals)));
    payer = payer(PRICE, MUCH);
    assertThat(settle(checked(authorization(payer)))).isInstanceOf(Settlement.Settled.class);
    assertThat(earned()).isEqualTo(PRICE);
  }

  private Settlement settle(SignedPayment payment) throws Exception {
    return facilitator.settle(payment, transaction -> {});
  }

  // ---- refused without the chain

  static Stream<Arguments> otherTerms() {
    return Stream.of(
        terms("spender", ErrorReason.PERMIT2_SPENDER_MISMATCH, a -> with(a, "spender")),
        terms("recipient", ErrorReason.PERMIT2_RECIPIENT_MISMATCH, a -> with(a, "to")),
        terms("token", ErrorReason.PERMIT2_TOKEN_MISMATCH, a -> with(a, "token")),
        terms("more", ErrorReason.PERMIT2_AMOUNT_MISMATCH, a -> with(a, "more")),
        terms("less", ErrorReason.PERMIT2_AMOUNT_MISMATCH, a -> with(a, "less")),
        terms("too early", ErrorReason.PERMIT2_NOT_YET_VALID, a -> with(a, "validAfter")),
        terms("too long", ErrorReason.PERMIT2_DEADLINE_EXPIRED, a -> with(a, "deadline")),
        terms("for ever", ErrorReason.PERMIT2_DEADLINE_EXPIRED, a -> with(a, "maximum")));
  }

  private static Arguments terms(
      String name, ErrorReason reason, UnaryOperator<Permit2Authorization> change) {
    return arguments(name, reason, change);
  }

  private static Permit2Authorization with(Permit2Authorization a, String changed) {
    Address other = Address.parse("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
    TokenAmount amount =
        switch (changed) {
          case "more" -> TokenAmount.of(PRICE + 1);
          case "less" -> TokenAmount.of(PRICE - 1);
          default -> a.amount();
        };
    BigInteger deadline =
        switch (changed) {
          case "deadline" -> a.deadline().add(BigInteger.valueOf(31));
          case "maximum" -> BigInteger.TWO.pow(256).subtract(BigInteger.ONE);
          default -> a.deadline();
        };
    return new Permit2Authorization(
        a.from(),
        changed.equals("token") ? other : a.token(),
        amount,
        changed.equals("spender") ? other : a.spender(),
        a.nonce(),
        deadline,
        changed.equals("to") ? other : a.to(),
        changed.equals("validAfter") ? a.deadline() : a.validAfter());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("otherTerms")
  void refusesOtherTermsBeforeAnyCall(
      String name, ErrorReason reason, UnaryOperator<Permit2Authorization> change)
      throws Exception {
    Permit2Authorization changed = change.apply(authorization(payer));
    long before = chain.requests();
    assertThat(reason(check(changed))).isEqualTo(reason);
    assertThat(chain.requests()).isEqualTo(before);
  }

  @Test
  void refusesASignatureOfOtherTermsOrOfAnother() throws Exception {
    Permit2Authorization authorization = authorization(payer);
    Permit2Payload other = signed(authorization(payer));
    assertThat(reason(check(new Permit2Payload(authorization, other.signature()).toMap())))
        .isEqualTo(ErrorReason.PERMIT2_INVALID_SIGNATURE);
    assertThat(check(authorization(payer))).isInstanceOf(Verification.Valid.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "permit2Authorization",
        "permit2Authorization.permitted",
        "permit2Authorization.witness",
        "permit2Authorization.from",
        "permit2Authorization.spender",
        "permit2Authorization.nonce",
        "permit2Authorization.deadline",
        "permit2Authorization.permitted.token",
        "permit2Authorization.permitted.amount",
        "permit2Authorization.witness.to",
        "permit2Authorization.witness.validAfter",
        "signature"
      })
  void refusesAPayloadWithoutAMemberOrWithANumberForIt(String path) {
    for (Object instead : new Object[] {1, List.of(), ""}) {
      Map<String, Object> payload = signed(authorization(payer)).toMap();
      replace(payload, path.split("\\.", -1), 0, instead);
      assertThatThrownBy(() -> check(payload)).isInstanceOf(MalformedPaymentException.class);
    }
    Map<String, Object> payload = signed(authorization(payer)).toMap();
    replace(payload, path.split("\\.", -1), 0, null);
    assertThatThrownBy(() -> check(payload))
        .isInstanceOf(MalformedPaymentException.class)
        .hasMessageContaining(path.substring(path.lastIndexOf('.') + 1));
  }

  @SuppressWarnings("unchecked")
  private static void replace(Map<String, Object> members, String[] path, int at, Object instead) {
    if (at < path.length - 1) {
      Map<String, Object> inner = new LinkedHashMap<>((Map<String, Object>) members.get(path[at]));
      members.put(path[at], inner);
      replace(inner, path, at + 1, instead);
    } else if (instead == null) {
      members.remove(path[at]);
    } else {
      members.put(path[at], instead);
    }
  }

  @Test
  void refusesAPayloadOfTheOtherMethod() {
    Map<String, Object> both = signed(authorization(payer)).toMap();
    both.put("authorization", Map.of());
    assertThatThrownBy(() -> check(both)).isInstanceOf(MalformedPaymentException.class);
    Map<String, Object> eip3009 = shop.sign(shop.authorization(payer.address()), payer).toMap();
    assertThatThrownBy(() -> check(eip3009)).isInstanceOf(MalformedPaymentException.class);
  }

  // ---- refused by the chain

  @Test
  void refusesAPayerWhoHasNotApprovedPermit2() throws Exception {
    payer = payer(PRICE, BigInteger.ZERO);
    assertThat(reason(facilitator.verify(checked(authorization(payer)))))
        .isEqualTo(ErrorReason.PERMIT2_ALLOWANCE_REQUIRED);
    payer = payer(PRICE, BigInteger.valueOf(PRICE - 1));
    assertThat(reason(facilitator.verify(checked(authorization(payer)))))
        .isEqualTo(ErrorReason.PERMIT2_ALLOWANCE_REQUIRED);
    payer = payer(PRICE, BigInteger.valueOf(PRICE));
    assertThat(settle(checked(authorization(payer)))).isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void refusesAPayerWithTooLittle() throws Exception {
    payer = payer(PRICE - 1, MUCH);
    assertThat(reason(facilitator.verify(checked(authorization(payer)))))
        .isEqualTo(ErrorReason.INSUFFICIENT_FUNDS);
  }

  @Test
  void refusesAUsedNonceAlsoForOtherTerms() throws Exception {
    erc20.mint(payer.address(), PRICE);
    Permit2Authorization first = authorization(payer);
    assertThat(settle(checked(first))).isInstanceOf(Settlement.Settled.class);
    Permit2Authorization later =
        new Permit2Authorization(
            first.from(),
            first.token(),
            first.amount(),
            first.spender(),
            first.nonce(),
            first.deadline().subtract(BigInteger.ONE),
            first.to(),
            first.validAfter());
    assertThat(checked(later).key()).isEqualTo(checked(first).key());
    assertThat(reason(facilitator.verify(checked(later))))
        .isEqualTo(ErrorReason.PERMIT2_INVALID_NONCE);
    assertThat(settle(checked(later))).isNotInstanceOf(Settlement.Settled.class);
    assertThat(earned()).isEqualTo(PRICE);
  }

  @ParameterizedTest
  @EnumSource(
      value = TestToken.Behaviour.class,
      names = {"RETURNS_FALSE", "FEE_ON_TRANSFER", "LOSES_A_UNIT", "PAUSED"})
  void refusesATokenThatDoesNotMoveThePrice(TestToken.Behaviour behaviour) throws Exception {
    SignedPayment payment = checked(authorization(payer));
    erc20.misbehave(behaviour);
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Invalid.class);
    assertThat(earned()).isZero();
  }

  @Test
  void takesATokenThatReturnsNothing() throws Exception {
    erc20.misbehave(TestToken.Behaviour.RETURNS_NOTHING);
    SignedPayment payment = checked(authorization(payer));
    assertThat(facilitator.verify(payment)).isEqualTo(new Verification.Valid(payment));
    assertThat(settle(payment)).isInstanceOf(Settlement.Settled.class);
    assertThat(earned()).isEqualTo(PRICE);
  }

  @Test
  void refusesABlockedPayer() throws Exception {
    erc20.block(payer.address());
    assertThat(facilitator.verify(checked(authorization(payer))))
        .isInstanceOf(Verification.Invalid.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x", "0x00", "0x60016000f3"})
  void neverTakesAProxyWithoutItsCodeForASettlement(String code) throws Exception {
    SignedPayment payment = checked(authorization(payer));
    chain.placeCode(TestChain.EXACT_PROXY, code);
    assertThat(reason(facilitator.verify(payment)))
        .isEqualTo(ErrorReason.PERMIT2_PROXY_NOT_DEPLOYED);
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(List.of(offer)))
        .withMessageContaining("x402ExactPermit2Proxy");
    Settlement settlement;
    try {
      settlement = settle(payment);
    } catch (io.github.x402j.FacilitatorException e) {
      return; // nothing was sent
    }
    assertThat(settlement).isNotInstanceOf(Settlement.Settled.class);
  }

  /** It returns Permit2's address to every call, and moves nothing. */
  @Test
  void neverTakesAProxyThatOnlyAnswersAsOneForASettlement() throws Exception {
    SignedPayment payment = checked(authorization(payer));
    chain.placeCode(
        TestChain.EXACT_PROXY, "0x73" + TestChain.PERMIT2.substring(2) + "60005260206000f3");
    assertThat(reason(facilitator.verify(payment)))
        .isEqualTo(ErrorReason.PERMIT2_SIMULATION_FAILED);
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(List.of(offer)))
        .withMessageContaining("x402ExactPermit2Proxy");
    assertThat(settle(payment)).isNotInstanceOf(Settlement.Settled.class);
  }

  @Test
  void failsTheStartWithoutPermit2OrWithOtherDecimals() {
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(List.of(offer.withDecimals(6))))
        .withMessageContaining("18 decimals");
    chain.placeCode(TestChain.PERMIT2, "0x");
    assertThatIllegalStateException()
        .isThrownBy(() -> shop.builder().build().start(List.of(offer)))
        .withMessageContaining("no Permit2");
  }

  // ---- who sent it

  @Test
  void deliversWhatAStrangerSettled() throws Exception {
    SignedPayment payment = checked(authorization(payer));
    preempt(payment);
    assertThat(earned()).isEqualTo(PRICE);
    assertThat(settle(payment)).isInstanceOf(Settlement.Settled.class);
    assertThat(earned()).isEqualTo(PRICE);
  }

  private String preempt(SignedPayment payment) throws Exception {
    TestWallet stranger = TestWallet.random();
    chain.fund(stranger.address(), BigInteger.TEN.pow(18));
    EvmFacilitator other =
        EvmFacilitator.builder(
                shop.network(), shop.rpc, EvmSigner.ofPrivateKey(stranger.privateKey()))
            .clock(shop.clock)
            .build();
    return ((Settlement.Settled) other.settle(payment, transaction -> {})).transaction();
  }

  /** The transfers look alike; the call data tells which authorization was used. */
  @Test
  void neverTakesOnePaymentsTransferForAnother() throws Exception {
    erc20.mint(payer.address(), PRICE);
    Permit2Authorization paid = authorization(payer);
    Permit2Authorization unpaid = authorization(payer);
    Settlement.Settled settled = (Settlement.Settled) settle(checked(paid));
    Chain.Receipt receipt = shop.rpc.receipt(settled.transaction()).orElseThrow();

    assertThat(new Permit2Payment.Proof(paid).use(receipt, shop.rpc))
        .isEqualTo(new EvmPayment.Use.Moved(TokenAmount.of(PRICE)));
    assertThat(new Permit2Payment.Proof(unpaid).use(receipt, shop.rpc))
        .isEqualTo(new EvmPayment.Use.None());
    assertThat(facilitator.outcome(checked(unpaid), List.of()))
        .isInstanceOf(Settlement.Pending.class);
  }

  @Test
  void countsOneTransferForOneOfTheAuthorizationsInACall() {
    Permit2Authorization one = authorization(payer);
    Permit2Authorization other = authorization(payer);
    byte[] signature = new byte[65];
    Chain.Event transfer =
        new Chain.Event(
            one.token(),
            Eip3009.transferTopics(one.from(), one.to()),
            "0x" + Hex.word(BigInteger.valueOf(PRICE)),
            "0x");
    String both = Permit2.settle(one, signature) + Permit2.settle(other, signature).substring(2);

    assertThat(Permit2.isMadeBy(List.of(transfer), Permit2.settle(one, signature), one)).isTrue();
    assertThat(Permit2.isMadeBy(List.of(), Permit2.settle(one, signature), one)).isFalse();
    assertThat(Permit2.isMadeBy(List.of(transfer), both, one)).isFalse();
    assertThat(Permit2.isMadeBy(List.of(transfer, transfer), both, one)).isTrue();
    assertThat(Permit2.isMadeBy(List.of(transfer, transfer), both, other)).isTrue();
  }

  /** A payment by EIP-3009 in the same transaction has a transfer of its own. */
  @Test
  void countsNoTransferThatTheTokenMadeByItself() {
    Permit2Authorization permit = authorization(payer);
    String callData = Permit2.settle(permit, new byte[65]);
    List<String> topics = Eip3009.transferTopics(permit.from(), permit.to());
    Chain.Event transfer =
        new Chain.Event(permit.token(), topics, "0x" + Hex.word(BigInteger.valueOf(PRICE)), "0x");
    Chain.Event used =
        new Chain.Event(
            permit.token(),
            List.of(Eip3009.AUTHORIZATION_USED, topics.get(1), "0x" + "0".repeat(64)),
            "0x",
            "0x");
    Chain.Event ofAnother =
        new Chain.Event(
            permit.token(),
            List.of(Eip3009.AUTHORIZATION_USED, topics.get(2), "0x" + "0".repeat(64)),
            "0x",
            "0x");

    assertThat(Permit2.isMadeBy(List.of(used, transfer), callData, permit)).isFalse();
    assertThat(Permit2.isMadeBy(List.of(used, transfer, transfer), callData, permit)).isTrue();
    assertThat(Permit2.isMadeBy(List.of(ofAnother, transfer), callData, permit)).isTrue();
  }
}
