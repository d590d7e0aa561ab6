// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static io.github.x402j.evm.ChainSale.PRICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.Faults;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc.Mode;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.web3j.crypto.Credentials;
import org.web3j.crypto.RawTransaction;
import org.web3j.crypto.TransactionEncoder;
import org.web3j.utils.Numeric;

/**
 * A settlement on a chain that misbehaves: it never says settled unless the money moved, and never
 * leaves unsaid that something may have been sent.
 */
class UncertainSettlementTest {
  private static final Duration RPC_TIMEOUT = Duration.ofMillis(1500);
  private static final Duration SETTLE_TIMEOUT = Duration.ofMillis(300);
  private static final Duration TOO_LONG = Duration.ofMillis(2000);
  private static final String SEND = "eth_sendRawTransaction";
  private static final String RECEIPT = "eth_getTransactionReceipt";
  private static final List<String> BEFORE_SENDING =
      List.of("eth_estimateGas", "eth_getBlockByNumber", "eth_gasPrice", "eth_getTransactionCount");

  private final LocalChain chain = LocalChain.start();
  private final Chain port = Web3jChain.at(chain.rpcUrl(), RPC_TIMEOUT);
  private final ChainSale sale = ChainSale.on(chain);
  private final EvmFacilitator facilitator =
      sale.facilitator(port).settleTimeout(SETTLE_TIMEOUT).build();

  /** The first settlement of a JVM takes longer than the timeouts here. */
  @BeforeAll
  static void warmUp() throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      ChainSale sale = ChainSale.on(chain);
      EvmFacilitator facilitator = sale.facilitator().build();
      for (int i = 0; i < 3; i++) {
        assertSettled(sale.settle(facilitator, sale.pay(facilitator, sale.payer(PRICE))));
      }
    }
  }

  @AfterEach
  void close() {
    chain.close();
  }

  private static void assertSettled(Settlement settlement) {
    assertThat(settlement).isInstanceOf(Settlement.Settled.class);
  }

  private static void assertFailed(Settlement settlement, ErrorReason reason) {
    assertThat(settlement)
        .isInstanceOfSatisfying(
            Settlement.Failed.class, failed -> assertThat(failed.reason()).isEqualTo(reason));
  }

  private SignedPayment payment() throws Exception {
    return sale.pay(facilitator, sale.payer(PRICE));
  }

  /** Returns the settlement, or null where it is said that nothing was sent. */
  private @Nullable Settlement settle(SignedPayment payment) throws Exception {
    try {
      return sale.settle(facilitator, payment);
    } catch (FacilitatorException e) {
      return null;
    }
  }

  private boolean isNowhere(String hash) throws Exception {
    return sale.transaction(hash).isNull();
  }

  private void assertNothingIsOnItsWay() throws Exception {
    assertThat(sale.received()).isZero();
    for (String hash : sale.recorded()) {
      assertThat(isNowhere(hash)).isTrue();
    }
  }

  /** The account goes on as if nothing had happened. */
  private void assertTheNextOneSettles() throws Exception {
    long before = sale.received();
    assertSettled(sale.settle(facilitator, payment()));
    assertThat(sale.received()).isEqualTo(before + PRICE);
  }

  /** What was lost is sent again before the next one: each payment is paid once. */
  private void assertTheNextOneAndTheLostOneSettle(SignedPayment lost) throws Exception {
    long before = sale.received();
    SignedPayment next = payment();
    assertSettled(sale.settle(facilitator, next));
    await(() -> sale.usdc().balanceOf(lost.payer().text()).signum() == 0);
    assertThat(sale.received()).isEqualTo(before + 2 * PRICE);
    assertThat(sale.usdc().balanceOf(next.payer().text())).isZero();
    assertSettled(facilitator.outcome(lost, List.of(sale.recorded().get(0))));
  }

  // ---- the node does not answer as it should

  private enum Fault {
    DELAY {
      @Override
      void of(Faults faults, String method) {
        faults.delay(method, TOO_LONG);
      }
    },
    DROP {
      @Override
      void of(Faults faults, String method) {
        faults.drop(method);
      }
    },
    DROP_ANSWER {
      @Override
      void of(Faults faults, String method) {
        faults.dropAnswer(method);
      }
    },
    GARBAGE {
      @Override
      void of(Faults faults, String method) {
        faults.garbage(method, "<html>502 Bad Gateway</html>");
      }
    },
    ERROR {
      @Override
      void of(Faults faults, String method) {
        faults.error(method, -32603, "internal error");
      }
    },
    HTTP_500 {
      @Override
      void of(Faults faults, String method) {
        faults.status(method, 500);
      }
    };

    abstract void of(Faults faults, String method);
  }

  static Stream<Arguments> faultsBeforeSending() {
    return BEFORE_SENDING.stream()
        .flatMap(method -> Stream.of(Fault.values()).map(fault -> Arguments.of(method, fault)));
  }

  @ParameterizedTest
  @MethodSource("faultsBeforeSending")
  void saysThatNothingWasSentOnlyWhereNothingWas(String method, Fault fault) throws Exception {
    SignedPayment payment = payment();
    fault.of(chain.faults(), method);

    assertThat(settle(payment)).isNull();
    chain.faults().clear();
    assertThat(chain.requests(SEND)).isZero();
    assertNothingIsOnItsWay();
    assertSettled(sale.settle(facilitator, payment));
    assertThat(chain.nonce(sale.gas().address())).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void doesNotKnowWhatBecameOfABroadcastWithoutAnswer(Fault fault) throws Exception {
    SignedPayment payment = payment();
    fault.of(chain.faults(), SEND);

    Settlement settlement = sale.settle(facilitator, payment);
    chain.faults().clear();
    if (fault == Fault.DELAY || fault == Fault.DROP_ANSWER) { // it went through, seen or not
      Thread.sleep(TOO_LONG.toMillis());
      assertThat(sale.received()).isEqualTo(PRICE);
      assertSettled(facilitator.outcome(payment, List.of(sale.onlyHash())));
      assertTheNextOneSettles();
    } else {
      assertThat(settlement).isEqualTo(new Settlement.Pending(sale.onlyHash()));
      assertTheNextOneAndTheLostOneSettle(payment);
    }
  }

  static Stream<Fault> faults() {
    return Stream.of(Fault.values());
  }

  static Stream<Arguments> faultsAfterARevert() {
    return Stream.of("eth_call", "eth_getLogs", "eth_getBlockByNumber")
        .flatMap(
            method ->
                Stream.of(Fault.DROP, Fault.GARBAGE, Fault.ERROR)
                    .map(fault -> Arguments.of(method, fault)));
  }

  /** The transaction is mined and reverted; why, the node does not say. */
  @ParameterizedTest
  @MethodSource("faultsAfterARevert")
  void doesNotTakeARevertForAFailureBeforeItKnowsWhy(String method, Fault fault) throws Exception {
    SignedPayment payment = payment();
    AtomicReference<String> theirs = new AtomicReference<>();
    chain
        .faults()
        .beforeNext(
            SEND,
            () -> {
              theirs.set(sale.sendBy(TestWallet.random(), payment));
              fault.of(chain.faults(), method);
            });

    assertThat(sale.settle(facilitator, payment))
        .isEqualTo(new Settlement.Pending(sale.onlyHash()));
    chain.faults().clear();
    assertThat(facilitator.outcome(payment, List.of(sale.onlyHash())))
        .isEqualTo(new Settlement.Settled(theirs.get(), payment.payer(), sale.offer().amount()));
  }

  @Test
  void isPendingAndNotBrokenWhenItsThreadIsInterrupted() throws Exception {
    SignedPayment payment = payment();
    chain.faults().withholdReceipts();
    EvmFacilitator patient = sale.facilitator(port).settleTimeout(Duration.ofSeconds(30)).build();
    CompletableFuture<Settlement> result = new CompletableFuture<>();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(sale.settle(patient, payment));
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
              interrupted.complete(Thread.currentThread().isInterrupted());
            });
    thread.start();
    await(() -> chain.requests(RECEIPT) > 0);
    thread.interrupt();

    assertThat(result.get(5, TimeUnit.SECONDS)).isEqualTo(new Settlement.Pending(sale.onlyHash()));
    assertThat(interrupted.get()).isTrue();
  }

  // ---- the transaction gets lost

  @Test
  void sendsASwallowedTransactionAgainBeforeTheNext() throws Exception {
    chain.faults().swallowTransactions();
    SignedPayment lost = payment();
    assertThat(settle(lost)).isInstanceOf(Settlement.Pending.class);
    chain.faults().clear();

    assertTheNextOneAndTheLostOneSettle(lost);
    assertTheNextOneSettles();
    assertThat(chain.nonce(sale.gas().address())).isEqualTo(3);
  }

  @Test
  void doesNotSettleByWhatTookThePlaceOfAStuckTransaction() throws Exception {
    ChainSale timed = ChainSale.on(chain, chain.clock());
    EvmFacilitator seller = timed.facilitator(port).settleTimeout(Duration.ofSeconds(1)).build();
    SignedPayment payment = timed.pay(seller, timed.payer(PRICE));
    chain.automine(false);
    assertThat(timed.settle(seller, payment)).isEqualTo(new Settlement.Pending(timed.onlyHash()));
    String other = replaceFirstTransaction(timed);
    chain.mine();
    List<String> hash = List.of(timed.onlyHash());

    assertThat(chain.mined(other)).isTrue();
    assertThat(chain.mined(timed.onlyHash())).isFalse();
    assertThat(seller.outcome(payment, hash)).isInstanceOf(Settlement.Pending.class);
    chain.advanceTime(ChainSale.WINDOW.plusSeconds(1));
    chain.mine();
    assertFailed(seller.outcome(payment, hash), ErrorReason.AUTHORIZATION_EXPIRED);
  }

  private static String replaceFirstTransaction(ChainSale sale) throws Exception {
    RawTransaction nothing =
        RawTransaction.createTransaction(
            BigInteger.ZERO,
            BigInteger.valueOf(2_000_000_000),
            BigInteger.valueOf(21_000),
            sale.gas().address(),
            BigInteger.ZERO,
            "");
    byte[] raw =
        TransactionEncoder.signMessage(
            nothing, sale.token().network().chainId(), Credentials.create(sale.gas().privateKey()));
    return sale.rpc(SEND, Numeric.toHexString(raw)).asText();
  }

  // ---- the payer, or another sender, is quicker

  private void beforeTheBroadcast(Runnable action) {
    chain.faults().beforeNext(SEND, action);
  }

  @Test
  void settlesByTheTransactionOfAStrangerThoughItsOwnIsRejected() throws Exception {
    SignedPayment payment = payment();
    AtomicReference<String> theirs = new AtomicReference<>();
    beforeTheBroadcast(() -> theirs.set(sale.sendBy(TestWallet.random(), payment)));
    chain.faults().error(SEND, -32000, "insufficient funds for gas * price + value");

    assertThat(sale.settle(facilitator, payment))
        .isEqualTo(new Settlement.Settled(theirs.get(), payment.payer(), sale.offer().amount()));
  }

  @Test
  void doesNotDeliverAgainWhatAServerOfTheSameGasAccountSettlesMeanwhile() throws Exception {
    SignedPayment payment = payment();
    EvmFacilitator other = sale.facilitator().build();
    AtomicReference<Settlement> theirs = new AtomicReference<>();
    beforeTheBroadcast(
        () -> {
          try {
            theirs.set(other.settle(payment, hash -> {}));
          } catch (FacilitatorException e) {
            throw new IllegalStateException(e);
          }
        });

    // Both transactions have the same number and content, so they are one: the other's may be
    // known already, or be mined. Whichever server delivers, only one does.
    Settlement ours = sale.settle(facilitator, payment);

    assertSettled(theirs.get());
    assertThat(sale.received()).isEqualTo(PRICE);
    assertThat(ours).isInstanceOfAny(Settlement.Settled.class, Settlement.Failed.class);
  }

  // ---- the token is not what it should be

  @ParameterizedTest
  @MethodSource("dishonestModes")
  void doesNotSettleWithoutTheEventsOfExactlyThisTransfer(Mode mode) throws Exception {
    SignedPayment payment = payment();
    sale.usdc().misbehave(mode);

    Settlement settlement = sale.settle(facilitator, payment);

    assertFailed(settlement, ErrorReason.INVALID_TRANSACTION_STATE);
    assertThat(chain.mined(sale.onlyHash())).isTrue();
    assertThat(sale.received()).isNotEqualTo(PRICE);
    assertThat(facilitator.outcome(payment, List.of(sale.onlyHash()))).isEqualTo(settlement);
  }

  static Stream<Mode> dishonestModes() {
    return Stream.of(
        Mode.SILENT_NO_TRANSFER, Mode.AUTHORIZATION_USED_WITHOUT_TRANSFER, Mode.TRANSFERS_ONE_LESS);
  }

  /**
   * What a token says in its events is believed: the seller chose the token. A look at balances
   * would not be better, as others move the same balances in the same block.
   */
  @Test
  void believesTheEventsOfTheTokenThatTheSellerChose() throws Exception {
    SignedPayment payment = payment();
    sale.usdc().misbehave(Mode.EVENTS_WITHOUT_TRANSFER);

    assertSettled(sale.settle(facilitator, payment));
    assertThat(sale.received()).isZero();
  }

  @Test
  void doesNotSettleTwiceWithATokenThatSucceedsOnAUsedAuthorization() throws Exception {
    SignedPayment payment = payment();
    sale.usdc().misbehave(Mode.NO_REVERT_ON_USED_NONCE);
    assertSettled(sale.settle(facilitator, payment));

    assertFailed(sale.settle(facilitator, payment), ErrorReason.NONCE_ALREADY_USED);
    assertThat(sale.recorded()).as("the second time nothing is sent").hasSize(1);
    assertThat(sale.received()).isEqualTo(PRICE);
  }

  // ---- gas

  @Test
  void waitsForGasWithoutLosingThePayment() throws Exception {
    TestWallet poor = TestWallet.random();
    EvmFacilitator seller = sale.facilitator(port, poor).settleTimeout(SETTLE_TIMEOUT).build();
    SignedPayment payment = sale.pay(seller, sale.payer(PRICE));

    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(() -> sale.settle(seller, payment));
    assertNothingIsOnItsWay();

    chain.fund(poor.address(), ChainSale.ETHER);
    assertSettled(sale.settle(seller, payment));
    assertThat(chain.nonce(poor.address())).isEqualTo(1);
  }

  /**
   * As where a provider hands a transaction to several nodes, and passes on the slower's answer.
   */
  @Test
  void knowsItsOwnTransactionThoughTheNodeSaysThatItsNumberIsTaken() throws Exception {
    AtomicReference<String> answer = new AtomicReference<>();
    EvmFacilitator seller =
        sale.facilitator(
                new DelegatingChain(port) {
                  @Override
                  public Broadcast send(String rawTransaction) {
                    Broadcast broadcast = super.send(rawTransaction);
                    String words = answer.get();
                    return words == null ? broadcast : new Broadcast.Rejected(words);
                  }
                })
            .settleTimeout(SETTLE_TIMEOUT)
            .build();
    assertSettled(sale.settle(seller, payment()));
    answer.set("nonce too low");
    SignedPayment payment = payment();

    assertThat(sale.settle(seller, payment))
        .isEqualTo(
            new Settlement.Settled(sale.recorded().get(1), payment.payer(), sale.offer().amount()));
    assertThat(sale.recorded()).hasSize(2);
  }

  @Test
  void asksAgainForItsNumberWhenItGotNoAnswer() throws Exception {
    chain.faults().drop("eth_getTransactionCount");
    assertThat(settle(payment())).isNull();
    chain.faults().clear();

    assertTheNextOneSettles();
    assertThat(chain.nonce(sale.gas().address())).isEqualTo(1);
  }

  /** The lost one is sent again, takes no other with it and leaves no gap. */
  @Test
  void aBroadcastThatGetsLostTakesNoOtherWithIt() throws Exception {
    int count = 50;
    EvmFacilitator seller = sale.facilitator().settleTimeout(Duration.ofSeconds(5)).build();
    TestWallet payer = sale.payer(count * PRICE);
    assertSettled(sale.settle(seller, sale.pay(seller, payer)));
    List<SignedPayment> payments = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      payments.add(sale.pay(seller, payer));
    }
    chain
        .faults()
        .beforeNext(SEND, () -> chain.faults().drop(SEND))
        // which numbers were used is asked after the loss, and only then
        .beforeNext("eth_getTransactionCount", () -> chain.faults().clear());
    ExecutorService threads = Executors.newFixedThreadPool(count);
    List<Future<Settlement>> settlements = new ArrayList<>();
    for (SignedPayment payment : payments) {
      settlements.add(threads.submit(() -> sale.settle(seller, payment)));
    }
    int settled = 0;
    for (Future<Settlement> settlement : settlements) {
      settled += settlement.get() instanceof Settlement.Settled ? 1 : 0;
    }
    threads.shutdown();

    assertThat(settled).isEqualTo(count - 1);
    assertThat(chain.nonce(sale.gas().address())).isEqualTo(count);
    assertThat(sale.received()).isEqualTo(count * PRICE);
  }

  // ---- the chain reorganises itself

  private EvmFacilitator careful(Duration timeout) {
    return sale.facilitator(port).confirmations(2).settleTimeout(timeout).build();
  }

  @Test
  void settlesWithTheLastConfirmationThatWasAskedFor() throws Exception {
    EvmFacilitator careful = careful(Duration.ofSeconds(5));
    SignedPayment payment = sale.pay(careful, sale.payer(PRICE));
    chain.faults().beforeNext(RECEIPT, () -> {}).beforeNext(RECEIPT, chain::mine);

    assertSettled(sale.settle(careful, payment));
    assertThat(chain.requests(RECEIPT)).isGreaterThanOrEqualTo(2);
  }

  /** The receipt is from the old branch, the newest block from the new one. */
  @Test
  void doesNotSettleWhenTheBlockIsTakenBackBetweenTwoQuestions() throws Exception {
    EvmFacilitator careful = careful(SETTLE_TIMEOUT);
    SignedPayment payment = sale.pay(careful, sale.payer(PRICE));
    LocalChain.Snapshot before = chain.snapshot();
    beforeTheBroadcast(
        () ->
            chain
                .faults()
                .beforeNext(
                    "eth_getBlockByNumber",
                    () -> {
                      chain.revertTo(before);
                      chain.mine();
                      chain.mine();
                      chain.mine();
                    }));

    assertThat(sale.settle(careful, payment)).isEqualTo(new Settlement.Pending(sale.onlyHash()));
    await(() -> sale.received() == PRICE); // sent again: the same transaction on the new branch
    chain.mine();
    assertSettled(careful.outcome(payment, List.of(sale.onlyHash())));
  }

  // ---- helpers

  private static void await(BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(end);
      Thread.sleep(5);
    }
  }
}
