// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.facilitator.LocalChecks;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.SaleTransport;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.testing.TestWallet;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sellers that share a facilitator and nothing else: a payment is delivered by one of them. */
class SharedFacilitatorTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static final int SELLERS = 8;
  private static final int PAYMENTS = 10;
  private static final long CENT = 10_000;

  private final TestContainer facilitator = start();
  private final TestWallet payer = TestWallet.random();
  private final Random random = new Random(11);
  private final Instant now = Instant.now(); // of one window, so that it is one authorization
  private final AtomicInteger deliveries = new AtomicInteger();

  private static TestContainer start() {
    FacilitatorServlet servlet =
        FacilitatorServlet.of(
            FacilitatorService.builder()
                .ledger(InMemoryPaymentLedger.withCapacity(1000))
                .facilitator(MARKET.facilitator(Duration.ofSeconds(10)))
                .failuresPerMinute(10_000) // most of what is brought here is refused
                .token(MARKET.token)
                .build());
    return TestContainer.on(Stack.JETTY)
        .start(context -> TestContainer.addServlet(context, "facilitator", servlet, "/*"));
  }

  @AfterEach
  void stop() throws Exception {
    facilitator.close();
  }

  /** How a seller speaks to the facilitator. */
  enum Mode {
    /** It says that the facilitator may be asked twice. */
    IDEMPOTENT,
    /** It says so, and reads the chain. */
    READS_THE_CHAIN,
    /** It says nothing of the facilitator. */
    UNKNOWN
  }

  /** A seller with a ledger of its own. */
  private final class Seller {
    private final Address payTo;
    private final PaymentGate gate;

    Seller(Address payTo, Mode mode) {
      this.payTo = payTo;
      HttpFacilitator.Builder remote =
          HttpFacilitator.builder(URI.create(facilitator.url()), local(mode))
              .requestTimeout(Duration.ofSeconds(10));
      if (mode != Mode.UNKNOWN) {
        remote.settleIsIdempotent();
      }
      gate = PaymentGate.builder().facilitator(remote.build()).build();
    }

    private static LocalChecks local(Mode mode) {
      return mode == Mode.READS_THE_CHAIN
          ? EvmLocalChecks.builder()
              .chain(
                  MARKET.token.network(),
                  Web3jChain.at(MARKET.chain.rpcUrl(), Duration.ofSeconds(2)))
              .build()
          : EvmLocalChecks.withoutChain();
    }

    PaymentRequirements offer(long amount) {
      return PaymentRequirements.exact(
          MARKET.token, TokenAmount.of(amount), payTo, Duration.ofSeconds(60));
    }

    /** Sells, and returns the status: 200 for a delivery. */
    int sell(long amount, String nonce, PaymentFlow flow, boolean handlerFails) {
      return sell(amount, nonce, flow, new Sold(handlerFails, () -> {}));
    }

    int sell(long amount, String nonce, PaymentFlow flow, Sold sold) {
      PaymentRequirements offer = offer(amount).withFlow(flow);
      PaymentRequired required =
          PaymentRequired.of(ResourceInfo.of("https://shop.example/x"), List.of(offer));
      String header = PaymentCodec.encodePayload(sign(offer, nonce));
      gate.sell(
          gate.challenge(required),
          Purchase.of("GET /x", "GET"),
          name ->
              name.equalsIgnoreCase(PaymentHeader.PAYMENT_SIGNATURE) ? List.of(header) : List.of(),
          sold);
      return sold.status;
    }

    int sell(String nonce) {
      return sell(CENT, nonce, PaymentFlow.AUTHORIZATION, false);
    }
  }

  private PaymentPayload sign(PaymentRequirements offer, String nonce) {
    return PaymentPayload.v2(offer, signed(offer, nonce).toMap());
  }

  private ExactEvmPayload signed(PaymentRequirements offer, String nonce) {
    return ExactEvmPayload.sign(
        MARKET.token,
        TransferAuthorization.between(
            Address.parse(payer.address()),
            offer.payTo(),
            offer.amount(),
            now.minusSeconds(60),
            now.plusSeconds(50),
            nonce),
        EvmSigner.ofPrivateKey(payer.privateKey()));
  }

  /** Sends the payment to the token, in front of everybody who was asked to. */
  private void sendEarly(PaymentRequirements offer, String nonce) {
    ExactEvmPayload payload = signed(offer, nonce);
    TransferAuthorization authorization = payload.authorization();
    MARKET.usdc.transferWithAuthorization(
        payer,
        authorization.from().text(),
        authorization.to().text(),
        authorization.value().atomicUnits(),
        authorization.validAfter(),
        authorization.validBefore(),
        authorization.nonce(),
        payload.signature());
  }

  private String nonce() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return "0x" + HexFormat.of().formatHex(bytes);
  }

  /** Counts what goes out. */
  private final class Sold implements SaleTransport<RuntimeException> {
    private final boolean handlerFails;
    private final Runnable handler;
    private int status = 500;

    Sold(boolean handlerFails, Runnable handler) {
      this.handlerFails = handlerFails;
      this.handler = handler;
    }

    @Override
    public void refuse(Refusal refusal) {
      status = refusal.status();
    }

    @Override
    public void repeat(StoredAnswer answer) {
      throw new AssertionError();
    }

    @Override
    public void run(VerifiedPayment payment, Ending<RuntimeException> ending) {
      handler.run();
      if (handlerFails) {
        ending.failed();
        return;
      }
      if (payment.settlement().isPresent()) {
        deliver(payment);
      }
      ending.completed();
    }

    @Override
    public void fail(VerifiedPayment payment) {}

    @Override
    public void addHeaders(VerifiedPayment payment, Map<String, String> headers) {}

    @Override
    public Optional<StoredAnswer> copy(long maxBytes) {
      return Optional.empty();
    }

    @Override
    public void deliver(VerifiedPayment payment) {
      if (status != 200) {
        status = 200;
        deliveries.incrementAndGet();
      }
    }
  }

  private static Address stranger() {
    return Address.parse(TestWallet.random().address());
  }

  private long balanceOf(Address account) {
    return MARKET.usdc.balanceOf(account.text()).longValueExact();
  }

  private static void atOnce(List<Callable<Integer>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      for (Future<Integer> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void oneNonceSignedForEightSellersBuysOneDeliveryInTurn(Mode mode) {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    List<Seller> sellers = new ArrayList<>();
    for (int i = 0; i < SELLERS; i++) {
      sellers.add(new Seller(stranger(), mode));
    }
    for (int payment = 0; payment < PAYMENTS; payment++) {
      String nonce = nonce();
      sellers.forEach(seller -> seller.sell(nonce));
    }
    long paid = sellers.stream().mapToLong(seller -> balanceOf(seller.payTo)).sum() / CENT;
    System.out.println("one nonce, in turn: paid " + paid + ", delivered " + deliveries);
    assertThat(paid).isEqualTo(PAYMENTS);
    assertThat(deliveries).hasValue(PAYMENTS);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void oneNonceSignedForEightSellersBuysOneDeliveryAtOnce(Mode mode) throws Exception {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    List<Seller> sellers = new ArrayList<>();
    for (int i = 0; i < SELLERS; i++) {
      sellers.add(new Seller(stranger(), mode));
    }
    for (int payment = 0; payment < PAYMENTS; payment++) {
      String nonce = nonce();
      List<Callable<Integer>> tasks = new ArrayList<>();
      sellers.forEach(seller -> tasks.add(() -> seller.sell(nonce)));
      atOnce(tasks);
    }
    long paid = sellers.stream().mapToLong(seller -> balanceOf(seller.payTo)).sum() / CENT;
    System.out.println("one nonce, at once: paid " + paid + ", delivered " + deliveries);
    assertThat(paid).isEqualTo(PAYMENTS);
    assertThat(deliveries).hasValue(PAYMENTS);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void aSettlementOfACentIsNotAnsweredForAnAuthorizationOfFiveDollars(Mode mode) {
    MARKET.usdc.mint(payer.address(), 10_000_000);
    Seller seller = new Seller(stranger(), mode);
    String nonce = nonce();
    assertThat(seller.sell(CENT, nonce, PaymentFlow.UPFRONT, true)).isEqualTo(500);
    int dear = seller.sell(500 * CENT, nonce, PaymentFlow.UPFRONT, false);
    System.out.println(
        "$0.01 and $5.00: status " + dear + ", received " + balanceOf(seller.payTo) + " units");
    assertThat(dear).isEqualTo(402);
    assertThat(seller.sell(CENT, nonce, PaymentFlow.UPFRONT, false)).isEqualTo(200);
    assertThat(balanceOf(seller.payTo)).isEqualTo(CENT);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void sellersOfOneRecipientWithoutASharedLedgerDeliverAPaymentOnceInTurn(Mode mode) {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    Address payTo = stranger();
    for (int payment = 0; payment < PAYMENTS; payment++) {
      String nonce = nonce();
      for (int i = 0; i < SELLERS; i++) {
        new Seller(payTo, mode).sell(nonce);
      }
    }
    System.out.println(
        "one recipient, in turn: paid " + balanceOf(payTo) / CENT + ", delivered " + deliveries);
    assertThat(deliveries).hasValue(PAYMENTS);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void sellersOfOneRecipientWithoutASharedLedgerDeliverAPaymentOnceAtOnce(Mode mode)
      throws Exception {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    Address payTo = stranger();
    for (int payment = 0; payment < PAYMENTS; payment++) {
      String nonce = nonce();
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < SELLERS; i++) {
        Seller seller = new Seller(payTo, mode);
        tasks.add(() -> seller.sell(nonce));
      }
      atOnce(tasks);
    }
    System.out.println(
        "one recipient, at once: paid " + balanceOf(payTo) / CENT + ", delivered " + deliveries);
    assertThat(deliveries).hasValue(PAYMENTS);
  }

  /**
   * A payer that sends its payment itself, when all have verified it, and before anybody settles:
   * all of them see on the chain that they were paid, and one was.
   */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void aPaymentThatItsPayerSendsItselfIsDeliveredOnce(Mode mode) throws Exception {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    Address payTo = stranger();
    for (int payment = 0; payment < PAYMENTS; payment++) {
      String nonce = nonce();
      List<Seller> sellers = new ArrayList<>();
      for (int i = 0; i < SELLERS; i++) {
        sellers.add(new Seller(payTo, mode));
      }
      CyclicBarrier verified =
          new CyclicBarrier(SELLERS, () -> sendEarly(sellers.get(0).offer(CENT), nonce));
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (Seller seller : sellers) {
        Sold sold = new Sold(false, () -> await(verified));
        tasks.add(() -> seller.sell(CENT, nonce, PaymentFlow.AUTHORIZATION, sold));
      }
      atOnce(tasks);
    }
    System.out.println(
        "sent by the payer: paid " + balanceOf(payTo) / CENT + ", delivered " + deliveries);
    assertThat(balanceOf(payTo)).isEqualTo(PAYMENTS * CENT);
    // Who reads no chain sees of such a payment only that it is used.
    assertThat(deliveries).hasValue(mode == Mode.READS_THE_CHAIN ? PAYMENTS : 0);
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The seller whose delivery failed asks again, under its own name: that is its first answer. */
  @Test
  void theSellerThatAskedFirstGetsTheSameAnswerAgain() {
    MARKET.usdc.mint(payer.address(), 1_000_000);
    Address payTo = stranger();
    Seller first = new Seller(payTo, Mode.IDEMPOTENT);
    String nonce = nonce();
    assertThat(first.sell(CENT, nonce, PaymentFlow.UPFRONT, true)).isEqualTo(500);
    assertThat(new Seller(payTo, Mode.IDEMPOTENT).sell(nonce)).isEqualTo(402);
    assertThat(first.sell(CENT, nonce, PaymentFlow.UPFRONT, false)).isEqualTo(200);
    assertThat(balanceOf(payTo)).isEqualTo(CENT);
  }
}
