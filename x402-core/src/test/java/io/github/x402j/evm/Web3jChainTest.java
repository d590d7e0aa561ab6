// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.testing.LocalChain;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node's answers, and what they are taken for. */
class Web3jChainTest {
  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);

  @AfterEach
  void close() {
    shop.close();
  }

  private Settlement settle(Chain port) throws Exception {
    EvmFacilitator facilitator = shop.builder(port).settleTimeout(Duration.ofSeconds(5)).build();
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    return facilitator.settle(payment, hash -> {});
  }

  /** A proxy has sent it twice, and tells of the second time. */
  @Test
  void aNonceTooLowOfOurOwnTransactionThatTheNodeHasIsNoRefusal() throws Exception {
    Chain twice =
        new DelegatingChain(shop.rpc) {
          @Override
          public Broadcast send(String rawTransaction) {
            super.send(rawTransaction);
            return SendErrors.classify("nonce too low: next nonce 1, tx nonce 0");
          }
        };
    assertThat(settle(twice)).isInstanceOf(Settlement.Settled.class);
    assertThat(chain.nonce(shop.gas.address())).isEqualTo(1);
  }

  @Test
  void aTransactionThatWaitsIsKnownAndOneThatIsNowhereIsNot() throws Exception {
    chain.automine(false);
    List<String> hashes = new ArrayList<>();
    Chain unknown =
        new DelegatingChain(shop.rpc) {
          @Override
          public Broadcast send(String rawTransaction) {
            super.send(rawTransaction);
            return new Broadcast.Rejected("nonce too low");
          }
        };
    EvmFacilitator facilitator =
        shop.builder(unknown).settleTimeout(Duration.ofMillis(300)).build();
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    assertThat(facilitator.settle(payment, hashes::add)).isInstanceOf(Settlement.Pending.class);
    assertThat(shop.rpc.isKnown(hashes.get(0))).isTrue();
    assertThat(shop.rpc.isKnown("0x" + "ab".repeat(32))).isFalse();
  }

  @Test
  void itsOwnWordsAreNotLogged() throws Exception {
    chain
        .faults()
        .error(
            "eth_sendRawTransaction",
            -32000,
            "insufficient funds; see https://node.example/v2/s3cretkey");
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, UTF_8));
    try {
      assertThat(settle(shop.rpc)).isInstanceOf(Settlement.Pending.class);
    } finally {
      System.setErr(before);
    }
    assertThat(log.toString(UTF_8)).doesNotContain("s3cret");
    assertThat(SendErrors.shown(new Chain.Broadcast.Rejected("https://node/s3cret")))
        .doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"0xzz\"", "\"0x1\"", "\"yes\"", "\"\"", "\"<html>\""})
  void whatIsNoCodeIsNone(String code) {
    chain.faults().garbage("eth_getCode", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" + code + "}");
    assertThatThrownBy(() -> shop.rpc.hasCode(shop.offer.asset()))
        .isInstanceOf(FacilitatorException.class);
  }

  /** Code at the payer's account could compute for as long as the node lets it. */
  @Test
  void neitherTheSimulatedTransferNorItsEstimateMayUseMoreGasThanASettlement() throws Exception {
    List<Chain.Call> asked = new ArrayList<>();
    Chain watched =
        new DelegatingChain(shop.rpc) {
          @Override
          public List<CallResult> call(List<Call> calls) throws FacilitatorException {
            asked.addAll(calls);
            return super.call(calls);
          }

          @Override
          public Quote quote(Call call) throws FacilitatorException {
            asked.add(call);
            return super.quote(call);
          }
        };
    EvmFacilitator facilitator = shop.builder(watched).build();
    SignedPayment payment = shop.payment(facilitator, shop.payer(Shop.PRICE));
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(asked)
        .filteredOn(call -> call.data().startsWith("0xe3ee160e"))
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(call -> call.gas() != null && call.gas().compareTo(EvmFacilitator.MAX_GAS) <= 0);
  }

  @Test
  void aTransferThatNeedsMoreGasThanItsCapIsRefusedAndNoTroubleOfTheChain() throws Exception {
    List<Chain.CallResult> results =
        shop.rpc.call(
            List.of(
                new Chain.Call(
                    null,
                    shop.offer.asset(),
                    Eip3009.balanceOf(shop.payTo),
                    true,
                    BigInteger.valueOf(21_500))));
    assertThat(results.get(0)).isInstanceOf(Chain.CallResult.Reverted.class);
  }

  @Test
  void showsTheBlocksThatThereAre() throws Exception {
    assertThat(shop.rpc.block(BigInteger.ZERO)).isPresent();
    assertThat(shop.rpc.block(BigInteger.valueOf(1_000_000))).isEmpty();
    assertThat(shop.rpc.block(shop.rpc.head().number())).contains(shop.rpc.head());
  }
}
