// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.web3j.crypto.Hash;

/**
 * Payers who make the gas account pay for transactions that revert, on a local chain or the node of
 * {@code -Dx402.rpc}.
 */
class CentAttackTest {
  private static final int PAYMENTS = 300;

  /** Code that approves every signature while no gas is paid for, and reverts otherwise. */
  private static final String APPROVES_SIMULATIONS =
      "0x3a15600957600080fd5b631626ba7e60e01b60005260206000f3";

  /** How a node behaves. */
  enum Node {
    PROMPT,
    LATE,
    BEHIND,
    MINES_LATER
  }

  /** How the payments come in. */
  enum Door {
    /** Through a gate with its default limits. */
    GATE,
    /** All of them verified before the first is settled, without any limit in front. */
    FACILITATOR
  }

  /** What an attack did to the gas account. */
  private record Damage(int sent, int reverted, BigInteger gasSpent) {}

  private final List<String> sent = new CopyOnWriteArrayList<>();

  private EvmFacilitator.Builder facilitator(Shop shop, Chain port) {
    return shop.builder(
            new DelegatingChain(port) {
              @Override
              public Broadcast send(String rawTransaction) {
                sent.add(Hash.sha3(rawTransaction));
                return super.send(rawTransaction);
              }

              @Override
              public Inspections inspectAll(List<Address> accounts, List<Call> calls)
                  throws FacilitatorException {
                return port.inspectAll(accounts, calls);
              }

              @Override
              public Newest newest() throws FacilitatorException {
                return port.newest();
              }

              @Override
              public Progress progress(List<String> transactions, List<Address> senders)
                  throws FacilitatorException {
                return port.progress(transactions, senders);
              }
            })
        .settleTimeout(Duration.ofSeconds(60));
  }

  private Damage damage(Shop shop, BigInteger etherBefore) throws Exception {
    int reverted = 0;
    for (String each : sent) {
      JsonNode receipt = ChainSale.rpc(shop.chain, "eth_getTransactionReceipt", each);
      if (receipt.path("status").asText().equals("0x0")) {
        reverted++;
      }
    }
    return new Damage(
        sent.size(), reverted, etherBefore.subtract(shop.chain.etherBalance(shop.gas.address())));
  }

  @ParameterizedTest
  @CsvSource({
    "PROMPT, GATE", "LATE, GATE", "BEHIND, GATE", "MINES_LATER, GATE",
    "PROMPT, FACILITATOR", "LATE, FACILITATOR", "BEHIND, FACILITATOR", "MINES_LATER, FACILITATOR",
  })
  void threeHundredPaymentsForOneCentMakeAtMostOneTransactionThatReverts(Node kind, Door door)
      throws Exception {
    try (Shop shop = Shop.open();
        NodeInFront node = NodeInFront.of(shop.chain.rpcUrl())) {
      assumeTrue(
          kind != Node.MINES_LATER || shop.chain instanceof LocalChain, "anvil mines at once");
      EvmFacilitator facilitator = facilitator(shop, node.port()).build();
      facilitator.start(List.of(shop.offer));
      TestWallet payer = shop.payer(Shop.PRICE);
      shop.usdc.mint(TestWallet.random().address(), 1); // a block after the cent
      BigInteger ether = shop.chain.etherBalance(shop.gas.address());
      ScheduledExecutorService miner = behave(kind, node, shop);
      try {
        if (door == Door.GATE) {
          throughTheGate(shop, facilitator, payer);
        } else {
          throughTheFacilitator(shop, facilitator, payer);
        }
      } finally {
        miner.shutdownNow();
      }
      Damage damage = damage(shop, ether);
      System.out.printf(
          "EVM: cent attack, node %s, %s: %d sent, %d reverted, %s wei of gas, %d earned%n",
          kind, door, damage.sent, damage.reverted, damage.gasSpent, shop.earned());
      assertThat(damage.reverted).isLessThanOrEqualTo(1);
      assertThat(shop.earned()).isEqualTo(Shop.PRICE);
    }
  }

  private static ScheduledExecutorService behave(Node kind, NodeInFront node, Shop shop) {
    ScheduledExecutorService miner = Executors.newSingleThreadScheduledExecutor();
    switch (kind) {
      case LATE -> node.late(Duration.ofMillis(150));
      case BEHIND -> node.behind(1);
      case MINES_LATER -> {
        LocalChain local = (LocalChain) shop.chain;
        local.automine(false);
        miner.scheduleAtFixedRate(local::mine, 1_500, 1_500, TimeUnit.MILLISECONDS);
      }
      default -> {}
    }
    return miner;
  }

  private static void throughTheGate(Shop shop, EvmFacilitator facilitator, TestWallet payer)
      throws Exception {
    PaymentGate gate = PaymentGate.builder().facilitator(facilitator).clock(shop.clock).build();
    Challenge challenge =
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of(patient(shop))));
    atOnce(
        () -> {
          SignedPayment payment = patientPayment(shop, facilitator, payer);
          Admission admission =
              gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(payment.payload()));
          if (admission instanceof Admission.Admitted admitted) {
            gate.settle(admitted.payment());
          }
        });
  }

  private static void throughTheFacilitator(Shop shop, EvmFacilitator facilitator, TestWallet payer)
      throws Exception {
    CountDownLatch verified = new CountDownLatch(PAYMENTS);
    atOnce(
        () -> {
          SignedPayment payment = patientPayment(shop, facilitator, payer);
          try {
            facilitator.verify(payment);
          } catch (FacilitatorException e) {
            return; // as the gate: the handler does not run
          } finally {
            verified.countDown();
          }
          verified.await();
          settle(facilitator, payment);
        });
  }

  /** A window that does not close while hundreds of threads share a slow machine. */
  private static PaymentRequirements patient(Shop shop) {
    return PaymentRequirements.exact(
        shop.token, shop.offer.amount(), shop.payTo, Duration.ofMinutes(10));
  }

  private static SignedPayment patientPayment(
      Shop shop, EvmFacilitator facilitator, TestWallet payer) throws Exception {
    TransferAuthorization usual = shop.authorization(payer.address());
    TransferAuthorization longer =
        new TransferAuthorization(
            usual.from(),
            usual.to(),
            usual.value(),
            usual.validAfter(),
            usual.validBefore().add(BigInteger.valueOf(500)),
            usual.nonce());
    PaymentPayload payload = PaymentPayload.v2(patient(shop), shop.sign(longer, payer).toMap());
    Verification checked = facilitator.check(payload, patient(shop));
    assertThat(checked).isInstanceOf(Verification.Valid.class);
    return ((Verification.Valid) checked).payment();
  }

  /** As the gate does: what was not sent is no result. */
  private static void settle(EvmFacilitator facilitator, SignedPayment payment) {
    try {
      facilitator.settle(payment, hash -> {});
    } catch (FacilitatorException e) {
      assertThat(e.getMessage()).as("a reason").isNotEmpty();
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  private static void atOnce(Step step) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(PAYMENTS);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < PAYMENTS; i++) {
        running.add(
            threads.submit(
                () -> {
                  step.run();
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get(120, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** The payer moves its cent away in front of each transaction, and back afterwards. */
  @Test
  void aPayerWhoEmptiesItsAccountInFrontOfTheTransactionDoesSoOnce() throws Exception {
    LocalChain chain = LocalChain.start();
    try (Shop shop = Shop.on(chain)) {
      EvmFacilitator facilitator = facilitator(shop, shop.rpc).build();
      TestWallet payer = shop.payer(Shop.PRICE);
      BigInteger ether = chain.etherBalance(shop.gas.address());
      for (int i = 0; i < 10; i++) {
        chain
            .faults()
            .beforeNext(
                "eth_sendRawTransaction",
                () -> shop.usdc.burn(payer.address(), BigInteger.valueOf(Shop.PRICE)));
        SignedPayment payment = shop.payment(facilitator, payer);
        if (facilitator.verify(payment) instanceof Verification.Valid) {
          settle(facilitator, payment);
        }
        chain.faults().clear();
        BigInteger missing =
            BigInteger.valueOf(Shop.PRICE).subtract(shop.usdc.balanceOf(payer.address()));
        shop.usdc.mint(payer.address(), missing);
      }
      Damage damage = damage(shop, ether);
      System.out.printf("EVM: payer that empties its account ten times: %s%n", damage);
      assertThat(damage.reverted).isEqualTo(1);

      chain.advanceTime(Duration.ofMinutes(2));
      assertThat(facilitator.verify(shop.payment(facilitator, payer)))
          .as("after its rest it may pay again")
          .isInstanceOf(Verification.Valid.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void aPayerWhoseCodeTellsASimulationFromATransactionMakesNone(boolean delegated)
      throws Exception {
    try (Shop shop = Shop.open()) {
      assumeTrue(!delegated || !(shop.chain instanceof LocalChain), "it knows no EIP-7702");
      for (boolean wallets : new boolean[] {false, true}) {
        EvmFacilitator.Builder builder = facilitator(shop, shop.rpc);
        EvmFacilitator facilitator = (wallets ? builder.acceptContractWallets() : builder).build();
        BigInteger ether = shop.chain.etherBalance(shop.gas.address());
        for (int i = 0; i < 20; i++) {
          TestWallet payer = shop.payer(Shop.PRICE);
          if (delegated) {
            String delegate = TestWallet.random().address();
            shop.chain.placeCode(delegate, APPROVES_SIMULATIONS);
            shop.chain.placeCode(payer.address(), "0xef0100" + delegate.substring(2));
          } else {
            shop.chain.placeCode(payer.address(), APPROVES_SIMULATIONS);
          }
          SignedPayment payment = shop.payment(facilitator, payer);
          if (facilitator.verify(payment) instanceof Verification.Valid) {
            settle(facilitator, payment);
          }
        }
        Damage damage = damage(shop, ether);
        System.out.printf(
            "EVM: payers with code (delegated %s, contract wallets %s): %s%n",
            delegated, wallets ? "accepted" : "refused", damage);
        assertThat(damage.sent).isZero();
      }
    }
  }

  /** As a node shows it that knows EIP-7702. */
  @Test
  void aDelegatedPayerIsRefusedBeforeTheHandlerAndAgainBeforeTheBroadcast() throws Exception {
    try (Shop shop = Shop.open();
        NodeInFront node = NodeInFront.of(shop.chain.rpcUrl())) {
      EvmFacilitator facilitator = facilitator(shop, node.port()).build();
      TestWallet payer = shop.payer(Shop.PRICE);
      SignedPayment payment = shop.payment(facilitator, payer);
      assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);

      node.code(payer.address(), "0xef0100" + "12".repeat(20));
      assertThat(facilitator.verify(payment))
          .isInstanceOfSatisfying(
              Verification.Invalid.class, invalid -> assertThat(invalid.detail()).contains("code"));
      settle(facilitator, payment);
      assertThat(sent).isEmpty();
      assertThat(facilitator(shop, node.port()).acceptContractWallets().build().verify(payment))
          .isInstanceOf(Verification.Valid.class);
    }
  }

  @Test
  void theTimeMarginIsRequiredAgainRightBeforeTheBroadcast() throws Exception {
    LocalChain chain = LocalChain.start();
    try (Shop shop = Shop.on(chain)) {
      EvmFacilitator facilitator = facilitator(shop, shop.rpc).build();
      SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
      assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
      // The ledger takes its time, after everything else was checked.
      Object settlement =
          facilitator.settle(payment, hash -> chain.advanceTime(Duration.ofSeconds(55)));

      assertThat(sent).as("%s", settlement).isEmpty();
      assertThat(chain.nonce(shop.gas.address())).isZero();
      SignedPayment next = shop.payment(facilitator, shop.payer(Shop.PRICE));
      assertThat(facilitator.settle(next, hash -> {})).isInstanceOf(Settlement.Settled.class);
    }
  }

  @Test
  void theLastSimulationIsTheTransactionThatIsSent() throws Exception {
    try (Shop shop = Shop.open();
        NodeInFront node = NodeInFront.of(shop.chain.rpcUrl())) {
      TestWallet second = TestWallet.random();
      shop.chain.fund(second.address(), BigInteger.TEN.pow(18));
      EvmFacilitator facilitator =
          facilitator(shop, node.port())
              .gasKey(EvmSigner.ofPrivateKey(second.privateKey()))
              .build();
      for (int i = 0; i < 4; i++) {
        SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
        assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
        List<JsonNode> calls =
            node.requests("eth_call").stream()
                .filter(call -> call.at("/params/0/data").asText().startsWith("0xe3ee160e"))
                .toList();
        JsonNode simulated = calls.get(calls.size() - 1).at("/params/0");
        JsonNode mined =
            ChainSale.rpc(shop.chain, "eth_getTransactionByHash", sent.get(sent.size() - 1));
        for (String field : List.of("from", "to", "gas")) {
          assertThat(simulated.path(field).asText()).isEqualTo(mined.path(field).asText());
        }
        String price = mined.path("type").asText().equals("0x2") ? "maxFeePerGas" : "gasPrice";
        assertThat(simulated.path(price).asText()).isEqualTo(mined.path(price).asText());
      }
    }
  }
}
